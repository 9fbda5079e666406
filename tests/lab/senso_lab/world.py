"""An internet with a STUN and TURN server, and networks behind routers of each kind."""

import contextlib
import shutil

from . import coturn, machines

SERVER = "203.0.113.9"
SERVER6 = "2001:db8:9::9"

# What the router of a network does; the words are those of RFC 4787 for its mapping and filtering.
KINDS = {
    "public": "no NAT, no filter",
    "cone": "endpoint-independent mapping, address-and-port-dependent filtering",
    "address-dependent": "address-dependent mapping, address-and-port-dependent filtering",
    "symmetric": "address-and-port-dependent mapping and filtering",
    "cgnat": "as cone, behind a carrier's NAT of the same kind",
    "ipv6": "IPv6 alone, without NAT",
    "dual": "as cone, and IPv6 without NAT",
    "no-udp": "as cone, and UDP is closed",
    "https-only": "as cone, and nothing but TCP to 443 is open",
}

NAT = "chain out { type nat hook postrouting priority 100; oifname wan masquerade; }"
NAT_V4 = "chain out { type nat hook postrouting priority 100; meta nfproto ipv4 oifname wan masquerade; }"
NEVER_THE_SAME = "chain out { type nat hook postrouting priority 100; oifname wan masquerade fully-random; }"
# Another address outside for the server than for anybody else.
BY_ADDRESS = ("chain out {{ type nat hook postrouting priority 100; oifname wan ip daddr {server} snat ip to {first}; "
              "oifname wan snat ip to {second}; }}")
NO_UDP = "chain pass { type filter hook forward priority 0; oifname wan meta l4proto udp drop; }"
ONLY_443 = ("chain pass { type filter hook forward priority 0; "
            "oifname wan meta l4proto != tcp drop; oifname wan tcp dport != 443 drop; }")

# A router that let what nobody asked for in as far as itself would remember it, and map around it.
CLOSED = ("chain self { type filter hook input priority 0; meta nfproto ipv4 iifname wan ct state new drop; }")

RULES = {
    "public": (),
    "cone": (NAT, CLOSED),
    "address-dependent": (CLOSED,),
    "symmetric": (NEVER_THE_SAME, CLOSED),
    "cgnat": (NAT, CLOSED),
    "ipv6": (),
    "dual": (NAT_V4, CLOSED),
    "no-udp": (NAT, CLOSED, NO_UDP),
    "https-only": (NAT, CLOSED, ONLY_443),
}


def why_not():
    missing = [tool for tool in ("nft", "openssl", "conntrack") if not shutil.which(tool)]
    return f"no {' and no '.join(missing)} here" if missing else machines.why_not() or coturn.why_not()


class Network:
    """A LAN behind a router of a kind; `device` is one on it."""

    def __init__(self, world, number, kind):
        self.world, self.number, self.kind = world, number, kind
        self.lan = f"192.0.2.{16 * number}" if kind == "public" else f"10.{number}.0.0"
        self.router = world.site.machine(f"router{number}")
        site, wan = world.site, f"198.51.100.{4 * number}"
        outside = self.carrier(site, wan) if kind == "cgnat" else world.internet
        if kind == "cgnat":
            wan = f"100.64.{number}.0"
        self.join(site, outside, f"net{number}", self.router, wan)
        self.router.write("/proc/sys/net/ipv4/ip_forward", "1")
        self.router.ip("link", "add", "lan", "type", "bridge")
        if kind != "ipv6":
            self.router.ip("addr", "add", f"{next_address(self.lan, 1)}/28", "dev", "lan")
        self.router.ip("link", "set", "lan", "up")
        if kind in ("ipv6", "dual"):
            self.join6(number)
        if kind == "public":
            world.internet.ip("route", "add", f"{self.lan}/28", "via", next_address(wan, 2))
        self.pool = [f"198.18.{number}.{n}" for n in range(8)]
        world.internet.ip("route", "add", f"{self.pool[0]}/29", "via", next_address(f"198.51.100.{4 * number}", 2))
        self.filter(*RULES[kind], *self.by_address())
        self.devices = 0

    def by_address(self):
        if self.kind != "address-dependent":
            return ()
        for address in self.pool[1:3]:  # its own, so that what nobody asked for ends there
            self.router.ip("addr", "add", f"{address}/32", "dev", "wan")
        return (BY_ADDRESS.format(server=SERVER, first=self.pool[1], second=self.pool[2]),)

    def on_second_vlan(self):
        """A device on another LAN of the same router, which routes between the two and maps neither for the other."""
        self.devices += 1
        device, port = self.world.site.machine(f"vlan{self.number}-{self.devices}"), f"vlan{self.devices}"
        self.world.site.cable(self.router, port, device, "net0")
        base = f"10.{self.number}.{16 + self.devices}.0"
        for machine, name, n in ((self.router, port, 1), (device, "net0", 2)):
            machine.ip("addr", "add", f"{next_address(base, n)}/28", "dev", name)
            machine.ip("link", "set", name, "up")
        device.ip("route", "add", "default", "via", next_address(base, 1))
        return device

    def keep_apart(self):
        """Client isolation, as access points have it."""
        for n in range(1, self.devices + 1):
            self.router.run("bridge", "link", "set", "dev", f"port{n}", "isolated", "on")

    def one_to_one(self, hairpin):
        """An address outside for each device, which is let in by all (RFC 4787: independent filtering)."""
        for which in ("all", "lan"):  # or it would send the devices to each other
            self.router.write(f"/proc/sys/net/ipv4/conf/{which}/send_redirects", "0")
        # Else what is turned round is bridged and not routed, where the kernel filters bridges.
        self.router.run("sh", "-c", "cd /proc/sys/net/bridge && echo 0 >bridge-nf-call-iptables", check=False)
        pairs = [(next_address(self.lan, 1 + n), self.pool[n]) for n in range(1, self.devices + 1)]
        inside = ", ".join(f"{device} : {outside}" for device, outside in pairs)
        outside = ", ".join(f"{outside} : {device}" for device, outside in pairs)
        into = "" if hairpin else "iifname wan"
        out = "oifname { wan, lan }" if hairpin else "oifname wan"
        # What is outside would turn them round.
        drop = f"chain pass {{ type filter hook forward priority 0; iifname lan ip daddr {self.pool[0]}/29 drop; }}"
        self.filter(drop, f"chain in {{ type nat hook prerouting priority -100; {into} dnat ip to ip daddr map {{ {outside} }}; }}",
                    f"chain out {{ type nat hook postrouting priority 100; {out} snat ip to ip saddr map {{ {inside} }}; }}")

    @staticmethod
    def join(site, outside, port, router, wan):
        """A cable from a router's wan to what is outside of it, and the way there."""
        site.cable(outside, port, router, "wan")
        outside.ip("addr", "add", f"{next_address(wan, 1)}/30", "dev", port)
        outside.ip("link", "set", port, "up")
        router.ip("addr", "add", f"{next_address(wan, 2)}/30", "dev", "wan")
        router.ip("link", "set", "wan", "up")
        router.ip("route", "add", "default", "via", next_address(wan, 1))

    def join6(self, number):
        outside, router = self.world.internet, self.router
        # What forwards asks for its neighbours from a link-local address.
        for machine, port, address in ((outside, f"net{number}", "fe80::1"), (router, "wan", "fe80::2"),
                                       (router, "lan", "fe80::1")):
            machine.ip("addr", "add", f"{address}/64", "dev", port, "nodad")
        outside.ip("addr", "add", f"2001:db8:f{number}::1/64", "dev", f"net{number}", "nodad")
        router.ip("addr", "add", f"2001:db8:f{number}::2/64", "dev", "wan", "nodad")
        router.ip("addr", "add", f"2001:db8:{number}::1/64", "dev", "lan", "nodad")
        router.write("/proc/sys/net/ipv6/conf/all/forwarding", "1")
        router.ip("-6", "route", "add", "default", "via", f"2001:db8:f{number}::1")
        outside.ip("-6", "route", "add", f"2001:db8:{number}::/64", "via", f"2001:db8:f{number}::2")

    def carrier(self, site, wan):
        carrier = site.machine(f"carrier{self.number}")
        self.join(site, self.world.internet, f"net{self.number}", carrier, wan)
        carrier.write("/proc/sys/net/ipv4/ip_forward", "1")
        self.load(carrier, NAT, CLOSED)
        return carrier

    def filter(self, *chains):
        self.load(self.router, *chains)

    @staticmethod
    def load(router, *chains):
        table = "\n".join(("flush ruleset", "table inet router {", *chains, "}"))
        router.run("sh", "-c", 'echo "$1" | nft -f -', "sh", table)

    def device(self):
        self.devices += 1
        site, port = self.world.site, f"port{self.devices}"
        device = site.machine(f"device{self.number}-{self.devices}")
        site.cable(self.router, port, device, "net0")
        self.router.ip("link", "set", port, "master", "lan", "up")
        device.ip("link", "set", "net0", "up")
        if self.kind != "ipv6":
            device.ip("addr", "add", f"{next_address(self.lan, 1 + self.devices)}/28", "dev", "net0")
            device.ip("route", "add", "default", "via", next_address(self.lan, 1))
        if self.kind in ("ipv6", "dual"):
            device.ip("addr", "add", f"2001:db8:{self.number}::{1 + self.devices}/64", "dev", "net0", "nodad")
            device.ip("-6", "route", "add", "default", "via", f"2001:db8:{self.number}::1")
        return device


def next_address(base, n):
    head, last = base.rsplit(".", 1)
    return f"{head}.{int(last) + n}"


class World:
    def __init__(self, site):
        self.site = site
        self.internet = site.machine("internet")
        self.internet.write("/proc/sys/net/ipv4/ip_forward", "1")
        self.internet.write("/proc/sys/net/ipv6/conf/all/forwarding", "1")
        self.internet.ip("addr", "add", f"{SERVER}/32", "dev", "lo")
        self.internet.ip("addr", "add", f"{SERVER6}/128", "dev", "lo", "nodad")
        # What has no route vanishes, as in the real one: coturn ends an allocation whose packet cannot be sent.
        nowhere = site.machine("nowhere")
        site.cable(self.internet, "nowhere", nowhere, "wan")
        for machine, port, number in ((self.internet, "nowhere", 1), (nowhere, "wan", 2)):
            machine.ip("addr", "add", f"198.18.0.{number}/30", "dev", port)
            machine.ip("link", "set", port, "up")
        self.internet.ip("route", "add", "default", "via", "198.18.0.2")
        self.networks = 0

    def network(self, kind):
        self.networks += 1
        return Network(self, self.networks, kind)


@contextlib.contextmanager
def world():
    """The world, and its two servers: on 3478, and on 443."""
    with machines.site() as site:
        made = World(site)
        inside = made.internet.inside
        six = ("--listening-ip", SERVER6, "--relay-ip", SERVER6)
        with (coturn.coturn(SERVER, 3478, 5349, inside, six) as usual,
              coturn.coturn(SERVER, 443, 5350, inside, six) as web):
            yield made, usual, web
