"""Peers: descriptions, candidates, states, restart, statistics, and peers that mean no good."""

import asyncio
import base64
import hashlib
import itertools
import re

import pytest
from senso_harness import Link, Peer, RpcError, connect

from support import LOOPBACK, greeted, pair, pattern, release_host, settled, udp_socket


async def talk(link, label="data"):
    """A message each way, and each time another."""
    talk.count = getattr(talk, "count", 0) + 1
    for here, there in ((link.channels_a, link.channels_b), (link.channels_b, link.channels_a)):
        await here[label].send(f"message {talk.count}")
        assert await there[label].recv() == f"message {talk.count}"


def line(sdp, start):
    return next(x for x in sdp.splitlines() if x.startswith(start))


def altered(change):
    """A change to the text of descriptions."""
    return lambda description: {**description, "sdp": change(description["sdp"])}


# --- connecting ----------------------------------------------------------------------------------

def setup(value):
    return altered(lambda sdp: re.sub(r"a=setup:actpass", f"a=setup:{value}", sdp))


@pytest.mark.parametrize("offerer, role", itertools.product(
    "ab", ("actpass", "active", "passive")))
async def test_two_hosts_connect_in_every_role(offerer, role):
    async with greeted(name="a") as a, greeted(name="b") as b:
        link = Link(await Peer.create(a), await Peer.create(b))
        first, second = (link.a, link.b) if offerer == "a" else (link.b, link.a)
        channel = await first.channel("x", credit=100)
        _, answer = await link.negotiate(first, setup(role))
        assert line(answer["sdp"], "a=setup:") == (
            "a=setup:passive" if role == "active" else "a=setup:active")
        await link.connected()
        other = await second.incoming("x", credit=100)
        await asyncio.gather(channel.opened(), other.opened())
        await channel.send("to and")
        assert await other.recv() == "to and"
        await other.send("fro")
        assert await channel.recv() == "fro"
        assert link.errors == []
        link.stop()


async def test_two_peers_of_one_host_connect_with_each_other():
    async with greeted() as host:
        link = await connect(host, host, "x")
        await talk(link, "x")
        link.stop()


async def test_the_states_pass_in_their_order():
    async with pair("x") as link:
        for peer in (link.a, link.b):
            assert peer.host.seen("peer.connectionstatechange", {"state": "failed"}) == []
            view = await peer.get()
            assert view["connectionState"] == "connected"
            assert view["signalingState"] == "stable"
            assert view["iceConnectionState"] in ("connected", "completed")
            assert view["localDescription"] == view["currentLocalDescription"]
            assert view["remoteDescription"] == view["currentRemoteDescription"]
            assert view["pendingLocalDescription"] is None
            assert view["pendingRemoteDescription"] is None
            assert view["maxMessageSize"] >= 65536
        assert (await link.a.get())["localDescription"]["type"] == "offer"
        assert (await link.b.get())["localDescription"]["type"] == "answer"
        seen = [p["state"] for p in link.a.host.seen("peer.signalingstatechange")]
        assert seen == ["have-local-offer", "stable"]
        seen = [p["state"] for p in link.b.host.seen("peer.signalingstatechange")]
        assert seen == ["have-remote-offer", "stable"]
        gathered = link.a.host.seen("peer.icegatheringstatechange")
        assert [p["state"] for p in gathered] in (["gathering", "complete"], ["gathering"])


async def test_gathering_announces_every_candidate_and_ends_with_null():
    async with greeted() as host:
        peer = await Peer.create(host, LOOPBACK)
        await peer.channel("x")
        await peer.call("setLocalDescription")
        found = []
        while (params := await peer.event("icecandidate"))["candidate"] is not None:
            found.append(params["candidate"])
        await peer.state("icegathering", "complete")
        assert any(" 127.0.0.1 " in c["candidate"] for c in found)
        view = await peer.get()
        ufrag = line(view["localDescription"]["sdp"], "a=ice-ufrag:").split(":")[1]
        for candidate in found:
            assert candidate["candidate"].startswith("candidate:")
            assert candidate["sdpMid"] == line(
                view["localDescription"]["sdp"], "a=mid:").split(":")[1]
            assert candidate["sdpMLineIndex"] == 0
            assert candidate["usernameFragment"] == ufrag
            value = candidate["candidate"].split(" ufrag ")[0]
            assert f"a={value}" in view["localDescription"]["sdp"]


async def test_loopback_addresses_are_kept_back_unless_asked_for():
    async with greeted() as host:
        peer = await Peer.create(host, {"iceServers": []})
        await peer.channel("x")
        await peer.call("setLocalDescription")
        while (params := await peer.event("icecandidate"))["candidate"] is not None:
            address = params["candidate"]["candidate"].split()[4]
            assert not address.startswith("127.") and address != "::1"


async def test_a_port_range_is_kept():
    async with greeted() as host:
        peer = await Peer.create(host, {**LOOPBACK, "udpPortRange": [41000, 41100]})
        await peer.channel("x")
        await peer.call("setLocalDescription")
        ports = []
        while (params := await peer.event("icecandidate"))["candidate"] is not None:
            ports.append(int(params["candidate"]["candidate"].split()[5]))
        assert ports and all(41000 <= port <= 41100 for port in ports)


async def test_candidates_in_the_description_are_enough():
    """Without trickling: each side waits for its own candidates first."""
    async with greeted(name="a") as a, greeted(name="b") as b:
        pa, pb = await Peer.create(a), await Peer.create(b)
        channel = await pa.channel("x")
        await pa.call("setLocalDescription")
        await pa.state("icegathering", "complete")
        await pb.call("setRemoteDescription", description=(await pa.get())["localDescription"])
        await pb.call("setLocalDescription")
        await pb.state("icegathering", "complete")
        await pa.call("setRemoteDescription", description=(await pb.get())["localDescription"])
        await pa.state("connection", "connected")
        await channel.opened()


async def test_a_candidate_that_says_nothing_is_refused_and_the_rest_go_on():
    async with greeted(name="a") as a, greeted(name="b") as b:
        link = Link(await Peer.create(a), await Peer.create(b))
        channel = await link.a.channel("x")
        offer = await link.a.call("setLocalDescription")
        await link.b.call("setRemoteDescription", description=offer)
        for text in ("candidate", "candidate:", "candidate:1 1 udp 1 127.0.0.1 99999 typ host",
                     "candidate:1 1 udp 1 999.0.0.1 9 typ host", "candidate:1 1 udp 1 127.0.0.1",
                     "candidate:1 1 udp x 127.0.0.1 9 typ host", "\0", "x" * 100_000,
                     "candidate:1 1 udp 1 127.0.0.1 9 typ host a b\0c",
                     "candidate:1 1 udp 1 127.0.0.1 9 typ host a b\r\na=setup:active",
                     "candidate:1 1 udp 1 127.0.0.1 9 typ host" + " a b" * 5000,
                     "candidate:1 1 tcp 1 127.0.0.1 9 typ host a b\0c"):
            with pytest.raises(RpcError) as caught:
                await link.b.call("addIceCandidate", candidate={
                    "candidate": text, "sdpMid": "0", "sdpMLineIndex": 0})
            assert caught.value.reason == "invalid-candidate"
        assert (await link.b.get())["remoteDescription"]["sdp"] == offer["sdp"]
        with pytest.raises(RpcError) as caught:
            await link.b.call("addIceCandidate", candidate={
                "candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host"})
        assert caught.value.reason == "type-error"
        with pytest.raises(RpcError) as caught:
            await link.b.call("addIceCandidate", candidate={
                "candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host", "sdpMid": "nothing"})
        assert caught.value.reason == "operation-error"
        # what is of no use here but well-formed is taken and left aside
        await link.b.call("addIceCandidate", candidate={
            "candidate": "candidate:1 1 tcp 1 127.0.0.1 9 typ host tcptype active", "sdpMid": "0"})
        await link.a.call("setLocalDescription", description={"type": "rollback"})
        await link.b.call("setRemoteDescription", description={"type": "rollback"})
        await link.negotiate()
        await link.connected()
        await channel.opened()
        link.stop()


async def test_a_description_as_long_as_may_be_can_be_looked_at():
    async with greeted(name="a") as a, greeted(name="b") as b:
        offerer, answerer = await Peer.create(a), await Peer.create(b)
        await offerer.channel("x")
        offer = await offerer.call("createOffer")
        line = "a=x:y\r\n"
        sdp = offer["sdp"] + line * ((160 * 1024 - len(offer["sdp"])) // len(line))
        for _ in range(2):  # the second time, the first one is shown too
            await answerer.call("setRemoteDescription", description={"type": "offer", "sdp": sdp})
            assert (await answerer.get())["pendingRemoteDescription"]["sdp"] == sdp
            await answerer.call("setLocalDescription")
        with pytest.raises(RpcError) as caught:
            await answerer.call("setRemoteDescription",
                                description={"type": "offer", "sdp": sdp + line})
        assert caught.value.reason == "invalid-sdp"


# --- JSEP ----------------------------------------------------------------------------------------

async def test_the_first_channel_and_restart_ask_for_negotiation():
    async with greeted(name="a") as a, greeted(name="b") as b:
        link = Link(await Peer.create(a), await Peer.create(b))
        await link.a.channel("one")
        await link.a.channel("two")
        await link.a.event("negotiationneeded")
        await settled(a)
        assert a.seen("peer.negotiationneeded") == []
        await link.negotiate()
        await link.connected()
        await link.a.channel("three")
        await settled(a)
        assert a.seen("peer.negotiationneeded") == []
        await link.a.call("restartIce")
        await link.a.event("negotiationneeded")
        link.stop()


async def test_glare_is_undone_by_a_rollback():
    async with greeted(name="a") as a, greeted(name="b") as b:
        link = Link(await Peer.create(a), await Peer.create(b))
        channel = await link.a.channel("x", credit=10)
        await link.b.channel("y")
        await link.b.call("setLocalDescription")
        with pytest.raises(RpcError) as caught:
            await link.b.call("setLocalDescription", description={"type": "answer", "sdp": "v=0"})
        assert caught.value.reason in ("invalid-state", "invalid-sdp")
        await link.b.call("setLocalDescription", description={"type": "rollback"})
        assert (await link.b.get())["signalingState"] == "stable"
        await link.negotiate()
        await link.connected()
        await channel.opened()
        other = await link.a.incoming("y")
        await other.opened()
        link.stop()


async def test_an_offer_is_the_same_until_something_changes():
    async with greeted() as host:
        peer = await Peer.create(host, LOOPBACK)
        await peer.channel("x")
        offer = await peer.call("createOffer")
        assert offer["type"] == "offer"
        again = await peer.call("createOffer")
        assert line(offer["sdp"], "a=ice-ufrag") == line(again["sdp"], "a=ice-ufrag")
        assert (await peer.call("setLocalDescription", description=again))["type"] == "offer"
        assert (await peer.get())["signalingState"] == "have-local-offer"


async def test_an_answer_that_nobody_asked_for_is_refused():
    async with pair("x") as link:
        answer = (await link.b.get())["localDescription"]
        with pytest.raises(RpcError) as caught:
            await link.a.call("setRemoteDescription", description=answer)
        assert caught.value.reason == "invalid-state"
        with pytest.raises(RpcError) as caught:
            await link.a.call("createAnswer")
        assert caught.value.reason == "invalid-state"
        await talk(link, "x")


async def test_an_offer_that_was_altered_is_not_taken_as_ones_own():
    async with greeted() as host:
        peer = await Peer.create(host, LOOPBACK)
        await peer.channel("x")
        offer = await peer.call("createOffer")
        changed = re.sub(r"a=ice-pwd:(.)", lambda m: "a=ice-pwd:" + ("y" if m[1] == "x" else "x"), offer["sdp"])
        with pytest.raises(RpcError) as caught:
            await peer.call("setLocalDescription", description={"type": "offer", "sdp": changed})
        assert caught.value.reason in ("operation-error", "invalid-sdp", "type-error")
        assert (await peer.get())["signalingState"] == "stable"


async def test_ice_restarts_under_traffic_with_new_credentials_and_nothing_lost():
    async with pair("data") as link:
        before = [(await p.get())["localDescription"]["sdp"] for p in (link.a, link.b)]
        for starter in (link.a, link.b, link.a):
            sent = [await link.channels_a["data"].host.post("channel.send", {
                "channel": link.channels_a["data"].number, "text": f"during {n}"})
                for n in range(100)]
            await starter.call("restartIce")
            await link.negotiate(starter)
            for n, ticket in enumerate(sent):
                await link.a.host.wait_reply(ticket)
                assert await link.channels_b["data"].recv() == f"during {n}"
            await talk(link)
            after = [(await p.get())["localDescription"]["sdp"] for p in (link.a, link.b)]
            for old, new in zip(before, after):
                for attribute in ("a=ice-ufrag:", "a=ice-pwd:"):
                    assert line(old, attribute) != line(new, attribute)
                assert line(old, "a=fingerprint:") == line(new, "a=fingerprint:")
            before = after
        for peer in (link.a, link.b):
            assert (await peer.get())["connectionState"] == "connected"
            assert peer.host.seen("peer.connectionstatechange", {"state": "failed"}) == []


# --- what is known of a connection ---------------------------------------------------------------

async def test_the_path_is_told_as_method_host_with_both_ends():
    async with pair("x") as link:
        for peer in (link.a, link.b):
            path = await peer.event("path")
            assert path["method"] == "host" and path["why"] == []
            assert path["local"]["protocol"] == path["remote"]["protocol"] == "udp"
            assert path["local"]["port"] != path["remote"]["port"]
            assert path["rtt"] >= 0
            assert 1_600_000_000_000 < path["since"] < 10_000_000_000_000


async def test_statistics_count_what_happened():
    async with pair("x", ("y", {"protocol": "p", "ordered": False})) as link:
        x, y = link.channels_a["x"], link.channels_a["y"]
        for n in range(3):
            await x.send("é" * n)
            await link.channels_b["x"].recv()
        await y.send(bytes(1000))
        await link.channels_b["y"].recv()
        mine, theirs = await link.a.stats(), await link.b.stats()
        for here, there in ((mine, theirs), (theirs, mine)):
            ufrags = [{x["usernameFragment"] for x in stats.values() if x["type"] == kind}
                      for stats, kind in ((here, "local-candidate"), (there, "remote-candidate"))]
            assert ufrags[0] == ufrags[1] and len(ufrags[0]) == 1
        for stats in (mine, theirs):
            for key, entry in stats.items():
                assert entry["id"] == key
            by_type = {}
            for entry in stats.values():
                by_type.setdefault(entry["type"], []).append(entry)
            (transport,) = by_type["transport"]
            assert transport["dtlsState"] == "connected"
            assert transport["tlsVersion"] == "FEFD"
            assert transport["bytesSent"] > 1000 or stats is theirs
            chosen = stats[transport["selectedCandidatePairId"]]
            pairs = [x for x in stats.values() if x["type"] == "candidate-pair"]
            for count in ("bytesSent", "bytesReceived", "packetsSent", "packetsReceived"):
                assert sum(x[count] for x in pairs) == transport[count] >= chosen[count] > 0
            assert chosen["lastPacketSentTimestamp"] <= chosen["timestamp"]
            assert transport["iceLocalUsernameFragment"] == stats[chosen["localCandidateId"]]["usernameFragment"]
            assert chosen["state"] == "succeeded" and chosen["nominated"]
            assert chosen["currentRoundTripTime"] >= 0
            assert stats[chosen["localCandidateId"]]["type"] == "local-candidate"
            assert stats[chosen["remoteCandidateId"]]["type"] == "remote-candidate"
            (whole,) = by_type["peer-connection"]
            assert whole["dataChannelsOpened"] == 2 and whole["dataChannelsClosed"] == 0
            assert len(by_type["data-channel"]) == 2
        sent = {s["label"]: s for s in mine.values() if s["type"] == "data-channel"}
        got = {s["label"]: s for s in theirs.values() if s["type"] == "data-channel"}
        assert (sent["x"]["messagesSent"], sent["x"]["bytesSent"]) == (3, 6)
        assert (got["x"]["messagesReceived"], got["x"]["bytesReceived"]) == (3, 6)
        assert (sent["y"]["messagesSent"], sent["y"]["bytesSent"]) == (1, 1000)
        assert sent["y"]["protocol"] == "p"
        assert sent["x"]["dataChannelIdentifier"] == got["x"]["dataChannelIdentifier"]


async def test_certificates_in_the_statistics_are_those_of_the_descriptions():
    async with pair("x") as link:
        stats = await link.a.stats()
        (transport,) = [s for s in stats.values() if s["type"] == "transport"]
        view = await link.a.get()
        for which, description in (("local", "localDescription"), ("remote", "remoteDescription")):
            certificate = stats[transport[f"{which}CertificateId"]]
            told = line(view[description]["sdp"], "a=fingerprint:").split(" ")[1]
            assert certificate["fingerprint"] == told
            der = base64.b64decode(certificate["base64Certificate"])
            digest = hashlib.sha256(der).hexdigest().upper()
            assert told == ":".join(re.findall("..", digest))


async def test_the_network_is_told():
    async with greeted() as host:
        network = await host.call("network.get")
        (loopback,) = [i for i in network["interfaces"] if i["loopback"]]
        assert loopback["name"] == "lo"
        assert "127.0.0.1" in [a["address"] for a in loopback["addresses"]]


# --- closing -------------------------------------------------------------------------------------

async def test_a_closed_peer_is_unknown_and_says_nothing_more():
    async with pair("x", "y") as link:
        channel = link.channels_a["x"]
        link.stop()
        await settled(link.a.host)
        link.a.host.events.clear()
        await link.a.close()
        for method, params in [("peer.get", {"peer": link.a.number}),
                               ("peer.close", {"peer": link.a.number})]:
            with pytest.raises(RpcError) as caught:
                await link.a.host.call(method, **params)
            assert caught.value.reason == "unknown-peer"
        with pytest.raises(RpcError) as caught:
            await channel.send("x")
        assert caught.value.reason == "unknown-channel"
        for other in link.channels_b.values():
            await other.closed()
        await settled(link.a.host)
        assert link.a.host.events == []
        fresh = await Peer.create(link.a.host, LOOPBACK)
        assert fresh.number > link.a.number
        assert (await fresh.channel("z")).number > link.channels_a["y"].number


async def test_closing_in_every_phase_leaves_nothing_behind():
    async with greeted() as host:
        created = await Peer.create(host, LOOPBACK)
        await created.close()
        gathering = await Peer.create(host, LOOPBACK)
        await gathering.channel("x")
        await gathering.call("setLocalDescription")
        await gathering.close()
        async with greeted(name="b") as other:
            link = Link(await Peer.create(host), await Peer.create(other))
            await link.a.channel("x")
            await link.negotiate()
            await link.a.close()
            await link.b.close()
            link.stop()
        await settled(host)
        host.events.clear()
        await settled(host)
        assert host.events == []


async def test_as_many_peers_as_the_limit_and_one_more():
    async with greeted() as host:
        limit = host.limits["maxPeers"]
        peers = [await Peer.create(host, LOOPBACK) for _ in range(limit)]
        with pytest.raises(RpcError) as caught:
            await Peer.create(host, LOOPBACK)
        assert caught.value.reason == "too-many" and caught.value.data["limit"] == limit
        await peers[0].close()
        await Peer.create(host, LOOPBACK)


# --- peers that mean no good ---------------------------------------------------------------------

FINGERPRINT = re.compile(r"(a=fingerprint:\S+ )([0-9A-F]{2})")


def other_fingerprint(sdp):
    return FINGERPRINT.sub(lambda m: m[1] + ("00" if m[2] != "00" else "01"), sdp)


@pytest.mark.parametrize("liar", ["offer", "answer"])
async def test_a_peer_whose_fingerprint_does_not_match_never_gets_a_channel(liar):
    async with pair("witness") as witness:
        a, b = witness.a.host, witness.b.host
        link = Link(await Peer.create(a), await Peer.create(b))
        await link.a.channel("x")

        def change(description):
            if description["type"] != liar:
                return description
            return {**description, "sdp": other_fingerprint(description["sdp"])}

        await link.negotiate(change=change)
        deceived = link.b if liar == "offer" else link.a
        await deceived.state("connection", "failed")
        assert a.seen("channel.open") == [] and b.seen("channel.open") == []
        assert b.seen("peer.datachannel") == []
        for peer in (link.a, link.b):
            assert (await peer.get())["connectionState"] != "connected"
        await talk(witness, "witness")
        link.stop()


def offer_of(port, ufrag="abcdefgh", pwd="abcdefghijklmnopqrstuvwx"):
    fingerprint = ":".join(["AB"] * 32)
    return ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n"
            f"a=ice-ufrag:{ufrag}\r\na=ice-pwd:{pwd}\r\na=fingerprint:sha-256 {fingerprint}\r\n"
            "a=setup:actpass\r\na=mid:0\r\na=sctp-port:5000\r\na=max-message-size:262144\r\n"
            f"a=candidate:1 1 udp 2130706431 127.0.0.1 {port} typ host\r\n")


async def datagrams(own, seconds):
    """How many datagrams come within so many seconds."""
    loop = asyncio.get_running_loop()
    count, end = 0, loop.time() + seconds
    while (left := end - loop.time()) > 0:
        try:
            await asyncio.wait_for(loop.sock_recv(own, 65536), left)
            count += 1
        except asyncio.TimeoutError:
            break
    return count


async def test_a_peer_that_never_answers_is_asked_at_a_bounded_rate_and_closed_at_once():
    own = udp_socket()
    async with greeted() as host:
        peer = await Peer.create(host, LOOPBACK)
        await peer.call("setRemoteDescription", description={
            "type": "offer", "sdp": offer_of(own.getsockname()[1])})
        await peer.call("setLocalDescription")
        await peer.state("iceconnection", "checking")
        asked = await datagrams(own, 2)
        assert 1 <= asked <= 100, f"{asked} checks in 2 s"
        assert (await peer.get())["connectionState"] == "connecting"
        await peer.close()
        await datagrams(own, 0.05)
        assert await datagrams(own, 0.5) == 0
    own.close()


@pytest.mark.slow
@pytest.mark.limit(90)
async def test_a_peer_that_never_answers_fails_in_the_end():
    own = udp_socket()
    async with greeted() as host:
        peer = await Peer.create(host, LOOPBACK)
        await peer.call("setRemoteDescription", description={
            "type": "offer", "sdp": offer_of(own.getsockname()[1])})
        await peer.call("setLocalDescription")
        await peer.call("addIceCandidate", candidate=None)
        await peer.state("iceconnection", "failed", timeout=70)
        await peer.state("connection", "failed", timeout=5)
        await host.call("ping")
    own.close()


def noise():
    """Datagrams of every kind RFC 7983 tells apart, none of them right."""
    stun = b"\x00\x01\x00\x00\x21\x12\xa4\x42" + bytes(12)
    yield stun
    yield stun[:2] + b"\x00\x08" + stun[4:] + b"\x80\x28\x00\x04\0\0\0\0"  # a wrong fingerprint
    yield b"\x01\x01\x00\x00\x21\x12\xa4\x42" + bytes(12)
    yield b"\x16\xfe\xfd" + bytes(8) + b"\x00\x10" + bytes(16)             # a handshake record
    yield b"\x16\xfe\xff" + bytes(8) + b"\xff\xff" + bytes(100)            # a length that lies
    yield b"\x17\xfe\xfd" + pattern(1200)
    yield b"\x15\xfe\xfd" + bytes(8) + b"\x00\x02\x02\x28"                 # a fatal alert in clear
    yield b"\x14\xfe\xfd" + bytes(8) + b"\x00\x01\x01"
    yield b""
    yield b"\x40" + bytes(50)
    yield pattern(1400, seed=3)
    yield bytes(64)
    yield b"\x80" * 65000


@pytest.mark.limit(120)
@pytest.mark.parametrize("measured", (False, True), ids=("with sanitizers", "measured"))
async def test_a_flood_from_a_stranger_neither_stops_nor_swells_the_host(measured):
    """Measured without sanitizers, whose copies of stack frames alone take megabytes: 2 MiB are the buffers of a batch."""
    async with pair("data", binary=release_host() if measured else None) as link:
        path = await link.b.event("path")
        target = (path["local"]["address"], path["local"]["port"])
        attacker = udp_socket(target[0])
        await talk(link)
        before = link.b.host.rss()
        for wave in range(10):
            for datagram in itertools.chain(*([*noise()] for _ in range(200))):
                try:
                    attacker.sendto(datagram, target)
                except (BlockingIOError, PermissionError):
                    pass
            await talk(link)
        assert not measured or link.b.host.rss() - before < 4 << 20
        assert (await link.b.get())["connectionState"] == "connected"
    attacker.close()


async def test_a_flood_while_connecting_does_not_keep_the_peers_apart():
    attacker = udp_socket()
    async with greeted(name="a") as a, greeted(name="b") as b:
        def attack(candidate):
            words = candidate["candidate"].split()
            if words[4] == "127.0.0.1":
                for datagram in noise():
                    attacker.sendto(datagram, ("127.0.0.1", int(words[5])))

        link = Link(await Peer.create(a), await Peer.create(b), filter=attack)
        channel = await link.a.channel("x")
        await link.negotiate()
        await link.connected()
        await channel.opened()
        link.stop()
    attacker.close()
