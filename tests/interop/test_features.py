"""senso-host with every real peer, each optional part of SCTP off in turn, and all of them: what is offered changes, what
arrives does not. test_matrix.py has them all on."""

import os

import pytest

from senso_interop.fixtures import match_ids
from senso_interop.pairing import Pair, connect
from senso_interop.pattern import digest, payload

SUBJECT = os.environ.get("SENSO_INTEROP_SUBJECT", "host")
PEERS = ["wrtc", "werift", "ndc", "aiortc", "chromium", SUBJECT + "2"]
FEATURES = ["interleaving", "zeroChecksum", "mtuDiscovery"]
OFF = {name: {name: False} for name in FEATURES} | {"all": {name: False for name in FEATURES}}

pytestmark = pytest.mark.skipif(SUBJECT != "host", reason="the features are senso-host's")


def made(agents, names, subject, sctp):
    """Two connections, the subject's with the features off."""
    return [agents(name).create(**({"sctp": sctp} if name == subject else {})) for name in names]


@pytest.mark.parametrize("off", OFF.values(), ids=list(OFF))
@pytest.mark.parametrize("pairing", match_ids(PEERS), ids=lambda p: f"{p[0]}-{'answers' if p[1] else 'offers'}")
def test_data_gets_over_with_a_feature_off(agents, pairing, off):
    peer, subject_offers = pairing
    names = (SUBJECT, peer) if subject_offers else (peer, SUBJECT)
    pair = Pair(*made(agents, names, SUBJECT, off))
    near = pair.offerer.create_channel("features")
    pair.negotiate()
    near.wait_open(20)
    far = pair.answerer.wait_incoming("features").wait_open()
    for one, two in ((near, far), (far, near)):
        for size in (1, 1200, 65536):
            before = len(two.messages)
            one.send(kind="binary", size=size, count=5)
            assert two.wait_messages(before + 5)[before:] == [digest(payload({"size": size}, i)) for i in range(5)]
    pair.close()


def bytes_a_packet(pair, rounds):
    """The most of a round in which 20 long messages went over."""
    best = 0
    for _ in range(rounds):
        before, seen = packets(pair.offerer), len(pair.first_far.messages)
        pair.first.send(kind="binary", size=65536, count=20)
        pair.first_far.wait_messages(seen + 20)
        best = max(best, 20 * 65536 / (packets(pair.offerer) - before))
        if best > 1250:
            break
    return best


def test_a_larger_mtu_is_found_and_used(agents):
    """The search begins a tenth of a second after the connect: within a few rounds."""
    pair = connect(agents(SUBJECT), agents(SUBJECT + "2"))
    assert bytes_a_packet(pair, 40) > 1250
    pair.close()


def test_without_the_search_packets_stay_small(agents):
    pair = Pair(*made(agents, (SUBJECT, SUBJECT + "2"), SUBJECT, {"mtuDiscovery": False}))
    pair.first = pair.offerer.create_channel("small")
    pair.negotiate()
    pair.first.wait_open()
    pair.first_far = pair.answerer.wait_incoming("small").wait_open()
    assert bytes_a_packet(pair, 10) < 1160
    pair.close()


def packets(connection):
    stats = connection.call("getStats")["stats"].values()
    return next(s["packetsSent"] for s in stats if s["type"] == "transport")
