"""Both DTLS roles, whoever offers: the answer follows the a=setup of the offer (RFC 8842 section 5.3)."""

import os

import pytest

from senso_interop import peers
from senso_interop.fixtures import match_id, match_ids
from senso_interop.pairing import Pair
from senso_interop.pattern import digest, payload

SUBJECT = os.environ.get("SENSO_INTEROP_SUBJECT", "host")
PEERS = [p for p in ("wrtc", "werift", "ndc", "aiortc", "chromium") if p != SUBJECT] + [SUBJECT + "2"]


def asking(role):
    """Turns an offer that leaves the choice to the answerer into one that takes it."""

    def change(offer):
        assert "a=setup:actpass" in offer["sdp"]
        return {**offer, "sdp": offer["sdp"].replace("a=setup:actpass", f"a=setup:{role}")}

    return change


@pytest.mark.parametrize("role", ["active", "passive"])
@pytest.mark.parametrize("pairing", match_ids(PEERS), ids=match_id)
def test_either_side_is_the_dtls_client(agents, pairing, role):
    peer, subject_offers = pairing
    lack = peers.LACKS.get((peer if subject_offers else SUBJECT, "follow a role"))
    if lack:
        pytest.skip(lack)
    order = (SUBJECT, peer) if subject_offers else (peer, SUBJECT)
    pair = Pair(*(agents(name).create() for name in order))
    near = pair.offerer.create_channel("roles")
    _, answer = pair.negotiate(change=asking(role))
    assert f"a=setup:{'passive' if role == 'active' else 'active'}" in answer["sdp"]
    near.wait_open()
    far = pair.answerer.wait_incoming("roles").wait_open()
    for one, two in ((near, far), (far, near)):
        one.send(kind="text", size=300)
        assert two.wait_messages(1) == [digest(payload({"kind": "text", "size": 300}, 0))]
    pair.close()
