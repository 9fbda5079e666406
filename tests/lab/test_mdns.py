"""Candidates that hide behind a ".local" name, as browsers', are found by multicast."""

import re
import subprocess
import sys

import pytest
from senso_harness import Host, Link, Peer

from senso_lab.world import why_not, world

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "")

NAME = "1f4712db-ea17-4bcf-a596-105139dfd8bf.local"

# Answers for one name, and as a browser does only to what comes from port 5353.
RESPONDER = r"""
import socket, struct, sys
name, address = sys.argv[1:]
wire = b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0"
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", 5353))
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("224.0.0.251") + socket.inet_aton(address))
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
print("ready", flush=True)
while True:
    query, (_, port) = s.recvfrom(9000)
    if port == 5353 and query[2] < 128 and wire + b"\0\1" in query:
        s.sendto(b"\0\0\x84\0\0\0\0\1\0\0\0\0" + wire + b"\0\1\x80\1\0\0\0\x78\0\4" + socket.inet_aton(address),
                 ("224.0.0.251", 5353))
"""


async def test_a_name_is_resolved_by_multicast():
    with world() as (internet, _, _web):
        network = internet.network("public")
        pupil, teacher = network.device(), network.device()
        address = f"192.0.2.{16 + 3}"
        responder = subprocess.Popen([*teacher.inside, sys.executable, "-c", RESPONDER, NAME, address],
                                     stdout=subprocess.PIPE)
        try:
            assert responder.stdout.readline() == b"ready\n"
            async with (await Host.start(name="pupil", wrap=pupil.inside) as a,
                        await Host.start(name="teacher", wrap=teacher.inside) as b):
                await a.hello(auto_credit=1 << 20)
                await b.hello(auto_credit=1 << 20)

                def hide(candidate):
                    """Of the teacher only the name is told, and of the pupil nothing."""
                    if address not in candidate["candidate"]:
                        return False
                    return {**candidate, "candidate": candidate["candidate"].replace(address, NAME)}

                def bare(description):
                    return {**description, "sdp": re.sub(r"a=candidate:.*\r\n", "", description["sdp"])}

                link = Link(await Peer.create(a, {}), await Peer.create(b, {}), filter=hide)
                channel = await link.a.channel("x")
                await link.negotiate(change=bare)
                await link.connected()
                await channel.opened()
                path = await link.a.event("path")
                assert path["method"] == "host"
                assert (path["remote"]["address"], path["remote"]["type"]) == (address, "host")
                assert link.errors == []
                link.stop()
        finally:
            responder.kill()
            responder.wait()


async def test_two_that_hide_find_each_other():
    with world() as (internet, usual, _web):
        network = internet.network("cone")
        pupil, teacher = network.device(), network.device()
        seen = []

        def watch(candidate):
            seen.append(candidate["candidate"])
            return candidate

        async with (await Host.start(name="pupil", wrap=pupil.inside) as a,
                    await Host.start(name="teacher", wrap=teacher.inside) as b):
            await a.hello(auto_credit=1 << 20)
            await b.hello(auto_credit=1 << 20)
            conf = {"mdns": True, "iceServers": [usual.stun()]}
            link = Link(await Peer.create(a, conf), await Peer.create(b, conf), filter=watch)
            channel = await link.a.channel("x")
            await link.negotiate()
            await link.connected()
            await channel.opened()
            path = await link.a.event("path", lambda p: p["method"] == "host")
            assert path["remote"]["type"] in ("host", "prflx")
            hosts = [c for c in seen if " typ host" in c]
            assert hosts and all(re.search(r" [0-9a-f-]{36}\.local \d+ typ host", c) for c in hosts)
            mapped = [c for c in seen if " typ srflx" in c]
            assert mapped and all(" raddr 0.0.0.0 rport 9" in c for c in mapped)
            described = (await link.a.call("get"))["localDescription"]["sdp"]
            addresses = network.lan.rsplit(".", 1)[0] + "."
            assert hosts[0].split(" ")[4] in described + (await link.b.call("get"))["localDescription"]["sdp"]
            assert addresses not in described and not any(addresses in c for c in seen)
            assert link.errors == []
            link.stop()
