"""What theory has for a pair of networks, and the servers that let it come true."""

from .world import SERVER6

CLOSED = ("no-udp", "https-only")
SIX = ("ipv6", "dual")
HARD = ("address-dependent", "symmetric")


def best(one, other):
    """RFC 5128 section 3.3 and 3.4: two mappings that no server can tell the other side do not meet."""
    if one in SIX and other in SIX:
        return "host"
    if "ipv6" in (one, other) or one in CLOSED or other in CLOSED:
        return "relay"
    if one == other == "public":
        return "host"
    if (one in HARD or other in HARD) and "public" not in (one, other):
        return "relay"
    return "srflx"


def servers_of(usual, web):
    """By both families' addresses, as a name would give them."""
    six = usual.at(SERVER6)
    return [usual.stun(), six.stun(), usual.server("udp", "tcp"), six.server("udp"), web.server("tcp")]
