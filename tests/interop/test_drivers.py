"""The drivers themselves: real peers with each other, without senso-host. What fails here is a driver's fault, or a peer's."""

import pytest

from senso_interop.pairing import connect
from senso_interop.pattern import digest, payload

PAIRS = [("wrtc", "werift"), ("aiortc", "wrtc"), ("ndc", "aiortc"), ("chromium", "wrtc")]


@pytest.mark.parametrize("offerer, answerer", PAIRS)
def test_two_real_peers_talk_through_their_drivers(agents, offerer, answerer):
    pair = connect(agents(offerer), agents(answerer))
    for near, far in ((pair.first, pair.first_far), (pair.first_far, pair.first)):
        for params in ({"kind": "text", "size": 1000}, {"kind": "binary", "size": 65536, "seed": 5}):
            near.send(**params)
        expected = [{"kind": "text", "size": 1000}, 0], [{"size": 65536}, 5]
        assert far.wait_messages(2) == [digest(payload(*one)) for one in expected]
    pair.first.close()
    pair.first_far.wait_closed()
    pair.close()
