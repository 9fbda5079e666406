"""senso-host with every real peer, whichever offers: one row for each thing that data channels promise.

SENSO_INTEROP_SUBJECT=wrtc runs the same rows with another implementation in the host's place, to check the rows themselves.
"""

import os
import time

import pytest

from senso_interop import peers
from senso_interop.agent import AgentError
from senso_interop.fixtures import Match, match_id, match_ids
from senso_interop.pattern import digest, payload

SUBJECT = os.environ.get("SENSO_INTEROP_SUBJECT", "host")
PEERS = [p for p in ("wrtc", "werift", "ndc", "aiortc", "chromium") if p != SUBJECT] + [SUBJECT + "2"]
SIZES = [0, 1, 1024, 16384, 65536, 262144]
SIDES = ["subject", "peer"]


@pytest.fixture(scope="module", params=list(match_ids(PEERS)), ids=match_id)
def pairing(request):
    return request.param


@pytest.fixture(scope="module")
def keeper(agents, pairing):
    """Holds one connected pair for all rows of a pairing; a row that breaks it costs only itself."""
    held, failures = [], []

    def get():
        if held and not held[-1].alive():
            held.pop().close()
        if len(failures) > 1:
            pytest.fail(f"this pairing has failed to connect before: {failures[0]}")
        if not held:
            try:
                held.append(Match(agents, SUBJECT, *pairing))
            except Exception as error:
                failures.append(error)
                raise
        return held[-1]

    yield get
    for match in held:
        match.close()


@pytest.fixture
def match(keeper):
    match = keeper()
    yield match
    match.check()


@pytest.fixture
def own(agents, pairing):
    """A pair of the row's own, to be closed, cut or restarted."""
    match = Match(agents, SUBJECT, *pairing)
    yield match
    match.check()
    match.close()


def exchange(near, far, **params):
    """Sends, and compares what arrived byte for byte (by its digest)."""
    before = len(far.messages)
    count = params.get("count", 1)
    seed = params.setdefault("seed", before)
    near.send(**params)
    arrived = far.wait_messages(before + count)[before:]
    assert arrived == [digest(payload(params, seed + i)) for i in range(count)]


@pytest.mark.parametrize("sender", SIDES)
@pytest.mark.parametrize("kind", ["text", "binary"])
@pytest.mark.parametrize("size", SIZES)
def test_a_message_arrives_whole(match, sender, kind, size):
    if size == 0:
        match.need(sender, "send empty")
    near, far = match.pair.first, match.pair.first_far
    if near.connection is not match.sides[sender]:
        near, far = far, near
    limit = peers.MAX_MESSAGE.get(match.name(match.other(sender)))
    if limit and size > limit and match.name(sender) != "host":
        pytest.skip(f"{match.names['peer']} says it takes messages of at most {limit} bytes")
    if limit and size > limit:
        with pytest.raises(AgentError, match="type-error|message-too-large"):
            near.send(kind=kind, size=size)
        return
    exchange(near, far, kind=kind, size=size)
    exchange(near, far, kind=kind, size=size, count=3)


INITS = {
    "ordered": {},
    "unordered": {"ordered": False},
    "no retransmission": {"maxRetransmits": 0},
    "three retransmissions, unordered": {"maxRetransmits": 3, "ordered": False},
    "lifetime": {"maxPacketLifeTime": 500},
    "lifetime, unordered": {"maxPacketLifeTime": 500, "ordered": False},
}


@pytest.mark.parametrize("maker", SIDES)
@pytest.mark.parametrize("init", INITS.values(), ids=list(INITS))
def test_the_kind_of_a_channel_reaches_the_other_side(match, maker, init):
    if len(init) > 1:
        match.need(maker, "announce unordered and limited")
    near, far = match.channel(maker, **init)
    seen = match.other(maker)
    wanted = {"ordered": True, "maxRetransmits": None, "maxPacketLifeTime": None, **init}
    told = {key: far.init.get(key) for key in wanted}
    if (match.name(seen), "tell kinds") not in peers.LACKS:
        assert told == wanted
    for one, two in ((near, far), (far, near)):
        one.send(kind="binary", size=100, count=20)
        two.wait_messages(20)
        expected = [digest(payload({"size": 100}, i)) for i in range(20)]
        if init.get("ordered", True):
            assert two.messages == expected
        else:
            assert sorted(m["sha256"] for m in two.messages) == sorted(m["sha256"] for m in expected)


def test_a_negotiated_channel_works_without_announcement(match):
    match.serial += 1
    options = {"negotiated": True, "id": 100 + 2 * match.serial}
    ends = [match.sides[side].create_channel("agreed", **options).wait_open() for side in SIDES]
    exchange(ends[0], ends[1], kind="text", size=100)
    exchange(ends[1], ends[0], kind="binary", size=100)
    assert not [c for side in SIDES for c in match.sides[side].incoming if c.label == "agreed"]


@pytest.mark.parametrize("maker", SIDES)
@pytest.mark.parametrize("label, protocol", [("žluťoučký 音 😀", "протокол/1"), ("", ""), ("l" * 1000, "p" * 1000)],
                         ids=["not ASCII", "empty", "long"])
def test_label_and_protocol_arrive_as_they_are(match, maker, label, protocol):
    if not label.isascii():
        match.need(maker, "announce not ASCII")
    near, far = match.channel(maker, label=label, protocol=protocol)
    assert far.label == label
    assert far.init["protocol"] == protocol
    exchange(far, near, kind="text", size=50)
    near.close()
    far.wait_closed()


@pytest.mark.parametrize("maker", SIDES)
@pytest.mark.parametrize("priority", ["very-low", "low", "medium", "high"])
def test_a_channel_of_any_priority_carries_data(match, maker, priority):
    match.need(maker, "announce priority")
    near, far = match.channel(maker, priority=priority)
    exchange(near, far, kind="binary", size=1000)
    exchange(far, near, kind="binary", size=1000)


@pytest.mark.parametrize("maker", SIDES)
@pytest.mark.parametrize("closer", SIDES)
def test_a_closed_channel_closes_on_both_sides(match, maker, closer):
    near, far = match.channel(maker)
    exchange(near, far, kind="text", size=10)
    one = near if near.connection is match.sides[closer] else far
    one.close()
    near.wait_closed()
    far.wait_closed()
    again, its_far = match.channel(maker)
    exchange(again, its_far, kind="text", size=10)


@pytest.mark.parametrize("closer", SIDES)
def test_what_was_sent_before_close_arrives(match, closer):
    match.need(closer, "send before close")
    match.need(match.other(closer), "receive before close")
    near, far = match.channel(closer)
    near.send(kind="binary", size=16384, count=20)
    near.close()
    far.wait_closed()
    assert far.messages == [digest(payload({"size": 16384}, i)) for i in range(20)]


def live_side_by_side(match, makers, count):
    made = []
    for maker in makers:
        side, other = match.sides[maker], match.sides[match.other(maker)]
        made.append((other, [side.create_channel(f"{maker} {i}") for i in range(count)]))
    for other, ends in made:
        labels = {end.label for end in ends}
        other.until(lambda c: len(labels & {x.label for x in c.incoming}) == count, f"{count} channels", 30)
        far = {channel.label: channel for channel in other.incoming}
        for end in ends:
            end.wait_open().send(text=end.label)
        for end in ends:
            assert far[end.label].wait_messages(1) == [digest(end.label)]


@pytest.mark.parametrize("makers", [("subject",), ("peer",), ("subject", "peer")], ids="+".join)
def test_many_channels_live_side_by_side(own, makers):
    """1,000 in all wherever both sides can."""
    limit = min(peers.MANY_CHANNELS.get(own.name(side), 1000) for side in SIDES)
    live_side_by_side(own, makers, min(limit, 1000 // len(makers)))


@pytest.mark.parametrize("closer", SIDES)
def test_closing_the_peer_closes_the_channels_of_the_other(own, closer):
    own.channel("subject")
    left = own.sides[own.other(closer)]
    own.sides[closer].close()
    for channel in list(left.channels.values()):
        channel.wait_closed(15)


@pytest.mark.parametrize("offerer", SIDES)
def test_a_second_negotiation_changes_nothing(own, offerer):
    own.need(offerer, "offer again")
    near, far = own.channel()
    own.pair.negotiate(by=own.sides[offerer])
    exchange(near, far, kind="text", size=1000)
    exchange(far, near, kind="text", size=1000)
    for connection in own.sides.values():
        assert connection.states["connection"] == "connected"


def credentials(sdp):
    return [line for line in sdp.splitlines() if line.startswith(("a=ice-ufrag:", "a=ice-pwd:"))]


def selected_pair(connection):
    stats = connection.call("getStats")["stats"].values()
    transports = [s for s in stats if s["type"] == "transport"]
    return transports[0].get("selectedCandidatePairId") if transports else None


@pytest.mark.parametrize("restarter", SIDES)
def test_ice_restarts(own, restarter):
    for side in SIDES:
        own.need(side, "ice restart")
    near, far = own.channel()
    old_pair = selected_pair(own.subject)
    before = [credentials(d["sdp"]) for d in own.pair.descriptions]
    if own.pair.offerer is not own.sides[restarter]:
        before.reverse()
    offer, answer = own.pair.negotiate(by=own.sides[restarter], iceRestart=True)
    assert credentials(offer["sdp"]) != before[0] and credentials(answer["sdp"]) != before[1]
    end = time.monotonic() + 10
    while selected_pair(own.subject) in (old_pair, None):
        assert time.monotonic() < end, "the old pair is still in use"
        exchange(near, far, kind="binary", size=65536)
        exchange(far, near, kind="binary", size=65536)
    for side, connection in own.sides.items():
        if own.lacks(side, "state after a restart"):
            continue
        connection.wait_state("ice", "connected", "completed")
        connection.wait_state("connection", "connected")
    exchange(near, far, kind="binary", size=65536)
    exchange(far, near, kind="binary", size=65536)


def test_the_statistics_count_what_went_over(own):
    near, far = own.channel()
    exchange(near, far, kind="binary", size=1000, count=7)
    exchange(far, near, kind="text", size=500, count=3)
    if own.name("subject") == "host":
        own.subject.until(lambda c: c.path, "its path")
        assert own.subject.path["method"] == "host"
    stats = own.subject.call("getStats")["stats"].values()
    channel = next(s for s in stats if s["type"] == "data-channel" and s["label"] == near.label)
    wanted = {"messagesSent": 7, "bytesSent": 7000, "messagesReceived": 3, "bytesReceived": 1500, "state": "open"}
    assert {key: channel[key] for key in wanted} == wanted
    transport = next(s for s in stats if s["type"] == "transport")
    assert transport["bytesSent"] > 7000 and transport["bytesReceived"] > 1500
    assert transport["dtlsState"] == "connected" and transport["selectedCandidatePairChanges"] >= 1
