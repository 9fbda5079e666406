"""Two senso-hosts on machines of the lab, connected."""

import contextlib

from senso_harness import Host, Link, Peer


@contextlib.asynccontextmanager
async def connected(one, other, servers):
    """The Link of two hosts' peers with a channel between them, and its two ends."""
    config = {"iceServers": servers}
    async with (await Host.start(name="pupil", wrap=one.inside) as a,
                await Host.start(name="teacher", wrap=other.inside) as b):
        await a.hello(auto_credit=1 << 20)
        await b.hello(auto_credit=1 << 20)
        link = Link(await Peer.create(a, config), await Peer.create(b, config))
        channel = await link.a.channel("x")
        await link.negotiate()
        await link.connected()
        there = await link.b.incoming("x")
        await channel.opened()
        yield link, channel, there
        assert link.errors == []
        link.stop()
