"""What the suites of this folder share."""

import contextlib
import os
import socket

from senso_harness import Host, connect
from senso_harness.host import DEFAULT_BINARY

LOOPBACK = {"loopback": True}
MiB = 1 << 20


def release_host():
    """The binary whose times count: without sanitizers."""
    return os.environ.get("SENSO_HOST_RELEASE") or str(DEFAULT_BINARY)


@contextlib.asynccontextmanager
async def greeted(**options):
    """A host that was said hello to, and that ends well: status 0, goodbye eof."""
    hello = options.pop("hello", {})
    async with await Host.start(**options) as host:
        await host.hello(**hello)
        yield host
        assert await host.close() == 0
        assert host.goodbye == "eof"


@contextlib.asynccontextmanager
async def pair(*channels, hello=None, binary=None, **how):
    """Two hosts (of the binary) with a connected peer each: the Link."""
    other = {"binary": binary} if binary else {}
    async with (greeted(hello=hello or {}, name="a", **other) as a,
                greeted(hello=hello or {}, name="b", **other) as b):
        link = await connect(a, b, *channels, **how)
        yield link
        assert link.errors == []
        link.stop()


async def settled(*hosts):
    """All the hosts had to say so far has come: a reply follows what was caused before it."""
    for host in hosts:
        await host.call("ping")


def pattern(n, seed=0):
    """n bytes that show a swap, a loss or a repetition."""
    block = bytes((i * 31 + (i >> 8) * 7 + seed) & 0xFF for i in range(min(n, 65521)))
    return (block * (n // 65521 + 1))[:n]


def udp_socket(address="127.0.0.1"):
    """A socket beside one of this machine's addresses."""
    own = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    own.bind((address, 0))
    own.setblocking(False)
    return own
