"""Relays: coturn in each transport, and what goes wrong with one, each error with code, URL and words."""

import asyncio
import base64
import contextlib
import hmac
import os
import signal
import time

import pytest
from senso_harness import Host, Link, Peer

from senso_lab import coturn

pytestmark = pytest.mark.skipif(bool(coturn.why_not()), reason=coturn.why_not() or "")

HERE = "127.0.0.1"


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return coturn.certificate(tmp_path_factory.mktemp("keys"), "IP:127.0.0.1")


@pytest.fixture(scope="module")
def server(keys):
    with coturn.coturn(HERE, 34780, 53490, keys=keys) as running:
        yield running


@contextlib.asynccontextmanager
async def hosts(root):
    env = {"SSL_CERT_FILE": str(root)}
    async with await Host.start(name="a", env=env) as a, await Host.start(name="b", env=env) as b:
        await a.hello(auto_credit=1 << 22)
        await b.hello(auto_credit=1 << 22)
        yield a, b
        assert await a.close() == 0
        assert await b.close() == 0


def relay_only(*servers):
    return {"loopback": True, "iceTransportPolicy": "relay", "iceServers": list(servers)}


async def candidates(peer):
    """All of a gathering, as lines."""
    found = []
    while True:
        candidate = (await peer.event("icecandidate", timeout=30))["candidate"]
        if candidate is None:
            return found
        found.append(candidate["candidate"])


@pytest.mark.parametrize("transport", ("udp", "tcp", "tls"))
async def test_relays_carry_data_over_each_transport(server, keys, transport):
    async with hosts(keys[0]) as (a, b):
        link = Link(await Peer.create(a, relay_only(server.server(transport))),
                    await Peer.create(b, relay_only(server.server(transport))))
        channel = await link.a.channel("x")
        await link.negotiate()
        await link.connected()
        other = await link.b.incoming("x")
        await channel.opened()
        big = bytes(range(256)) * 800
        for n in range(20):
            await channel.send(f"there {n}")
            await other.send(big)
        for n in range(20):
            assert await other.recv() == f"there {n}"
            assert await channel.recv() == big
        for peer in (link.a, link.b):
            path = await peer.event("path")
            assert (path["method"], path["local"]["type"], path["relayProtocol"]) == ("relay", "relay", transport)
            stats = (await peer.call("getStats"))["stats"].values()
            locals_ = [s for s in stats if s["type"] == "local-candidate"]
            assert locals_ and {s["candidateType"] for s in locals_} == {"relay"}
            assert {(s["relayProtocol"], s["url"]) for s in locals_} == {(transport, server.url(transport))}
        assert link.errors == []
        link.stop()


@pytest.mark.parametrize("transport", ("udp", "tcp", "tls"))
async def test_a_server_that_names_another_is_followed(server, keys, transport):
    """300 Try Alternate (RFC 8489 section 10), over the same transport."""
    other = f"{HERE}:{server.tls_port if transport == 'tls' else server.port}"
    option = "--tls-alternate-server" if transport == "tls" else "--alternate-server"
    with coturn.coturn(HERE, 34790, 53500, keys=keys, extra=(option, other)) as first:
        async with hosts(keys[0]) as (a, _):
            peer = await Peer.create(a, relay_only(first.server(transport)))
            await peer.channel("x")
            await peer.call("setLocalDescription")
            lines = await candidates(peer)
            assert len(lines) == 1 and " typ relay " in lines[0]
            first.said("300|Alternate|alternate")


async def test_a_relay_only_peer_tells_no_address_of_its_own(server, keys):
    async with hosts(keys[0]) as (a, _):
        peer = await Peer.create(a, relay_only(server.server("udp")))
        await peer.channel("x")
        await peer.call("setLocalDescription")
        lines = await candidates(peer)
        assert lines
        for line in lines:
            assert " typ relay raddr 0.0.0.0 rport 9" in line


async def test_wrong_credentials_are_an_error_with_code_and_url(server, keys):
    async with hosts(keys[0]) as (a, _):
        for transport in ("udp", "tcp", "tls"):
            peer = await Peer.create(a, relay_only(server.server(transport, password="wrong")))
            await peer.channel("x")
            await peer.call("setLocalDescription")
            error = await peer.event("icecandidateerror")
            assert (error["errorCode"], error["url"]) == (401, server.url(transport))
            assert "401" in error["errorText"]
            assert await candidates(peer) == []


async def test_a_server_that_is_not_there_is_701(keys):
    async with hosts(keys[0]) as (a, _):
        dead = {"urls": "turn:127.0.0.1:9?transport=tcp", "username": "u", "credential": "c"}
        peer = await Peer.create(a, relay_only(dead, {"urls": "stun:name.invalid"}))
        await peer.channel("x")
        await peer.call("setLocalDescription")
        errors = [await peer.event("icecandidateerror", timeout=30) for _ in range(2)]
        texts = {e["url"]: (e["errorCode"], e["errorText"]) for e in errors}
        code, text = texts["turn:127.0.0.1:9?transport=tcp"]
        assert code == 701 and "TCP to 127.0.0.1:9: connection refused" in text
        assert texts["stun:name.invalid"] == (701, "the server's name was not found in DNS")
        assert await candidates(peer) == []


async def test_a_certificate_that_is_not_trusted_is_701(server, tmp_path):
    async with hosts(coturn.certificate(tmp_path, "IP:127.0.0.2")[0]) as (a, _):
        peer = await Peer.create(a, relay_only(server.server("tls")))
        await peer.channel("x")
        await peer.call("setLocalDescription")
        error = await peer.event("icecandidateerror")
        assert error["errorCode"] == 701
        assert "the certificate is not trusted" in error["errorText"]


async def test_host_to_host_never_uses_the_relay(server, keys):
    async with hosts(keys[0]) as (a, b):
        config = {"loopback": True, "iceServers": [server.server("udp", "tcp"), server.stun()]}
        link = Link(await Peer.create(a, config), await Peer.create(b, config))
        channel = await link.a.channel("x")
        await link.negotiate()
        await link.connected()
        await channel.opened()
        assert (await link.a.event("path"))["method"] == "host"
        assert link.errors == []
        link.stop()


# --- servers of other settings -------------------------------------------------------------------

async def gathering(host, server):
    """A relay-only peer that has begun to gather."""
    peer = await Peer.create(host, relay_only(server.server("udp")))
    await peer.channel("x")
    await peer.call("setLocalDescription")
    return peer


@pytest.mark.parametrize("setting, code", (
    (("--user-quota", "1"), 486), (("--min-port", "51000", "--max-port", "51000"), 508)), ids=("quota", "ports"))
async def test_a_server_that_has_no_more_to_give(keys, setting, code):
    with coturn.coturn(HERE, 34781, 53491, extra=setting) as server:
        async with hosts(keys[0]) as (a, b):
            assert len(await candidates(await gathering(a, server))) == 1
            second = await gathering(b, server)
            error = await second.event("icecandidateerror")
            assert (error["errorCode"], error["url"]) == (code, server.url())
            assert await candidates(second) == []


async def test_a_closed_peer_gives_its_allocation_back(keys):
    with coturn.coturn(HERE, 34781, 53491) as server:
        async with hosts(keys[0]) as (a, _):
            peer = await gathering(a, server)
            assert len(await candidates(peer)) == 1
            await peer.call("close")
            await asyncio.to_thread(server.said, "refreshed.*lifetime=0")


async def test_time_limited_credentials(keys):
    """TURN REST: the username is when it ends, the password an HMAC of it."""
    username = f"{int(time.time()) + 600}:pupil"
    late = f"{int(time.time()) - 600}:pupil"
    with coturn.coturn(HERE, 34781, 53491, extra=("--use-auth-secret", "--static-auth-secret", "shared"),
                       user=None) as server:
        for name, good in ((username, True), (late, False)):
            secret = base64.b64encode(hmac.digest(b"shared", name.encode(), "sha1")).decode()
            entry = {"urls": server.url(), "username": name, "credential": secret}
            async with hosts(keys[0]) as (a, _):
                peer = await Peer.create(a, relay_only(entry))
                await peer.channel("x")
                await peer.call("setLocalDescription")
                if not good:
                    assert (await peer.event("icecandidateerror"))["errorCode"] == 401
                assert len(await candidates(peer)) == good


async def test_a_nonce_that_expires_is_renewed(keys):
    """The server's nonce lasts a second. Silence makes the client ask whether its allocation stands: 438, then yes."""
    with coturn.coturn(HERE, 34781, 53491, extra=("--stale-nonce=1",)) as server:
        async with hosts(keys[0]) as (a, b):
            link = Link(await Peer.create(a, relay_only(server.server("udp"))),
                        await Peer.create(b, relay_only(server.server("udp"))))
            channel = await link.a.channel("x")
            await link.negotiate()
            await link.connected()
            other = await link.b.incoming("x")
            since = time.monotonic()
            while time.monotonic() - since < 2:
                await channel.send("until it has expired")
                assert await other.recv() == "until it has expired"
            os.kill(b.pid, signal.SIGSTOP)
            try:
                await channel.send("into silence")
                await asyncio.to_thread(server.said, "error 438")
                await asyncio.to_thread(server.said, "REFRESH processed, success")
            finally:
                os.kill(b.pid, signal.SIGCONT)
            assert await other.recv() == "into silence"
            link.stop()
