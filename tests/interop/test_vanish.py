"""A peer that is gone from one moment to the next: no close, no alert. All of them vanish at the same time, so that the
half minute that consent lasts (RFC 7675 section 5.1) passes once."""

import os
import time

import pytest

from senso_interop.fixtures import start
from senso_interop.pairing import connect

SUBJECT = os.environ.get("SENSO_INTEROP_SUBJECT", "host")
PEERS = [p for p in ("wrtc", "werift", "ndc", "aiortc", "chromium") if p != SUBJECT] + [SUBJECT + "2"]
CONSENT_S = 30


@pytest.fixture(scope="module")
def gone(agents, network):
    """The subject's connections whose peers were killed, and when."""
    started, connections = [], {}
    for name in PEERS:
        try:
            started.append(start(name, network))
            connections[name] = connect(agents(SUBJECT), started[-1]).offerer
        except Exception as error:  # noqa: BLE001 - the row of that peer tells it
            connections[name] = error
    for agent in started:
        agent.vanish()
    yield connections, time.monotonic()
    for agent in started:
        agent.stop()


def connection(gone, name):
    found = gone[0][name]
    if isinstance(found, Exception):
        raise found
    return found


@pytest.mark.parametrize("name", PEERS)
def test_a_vanished_peer_is_noticed_soon(gone, name):
    left = gone[1] + 15 - time.monotonic()
    connection(gone, name).wait_state("connection", "disconnected", "failed", seconds=left)


@pytest.mark.parametrize("name", PEERS)
def test_a_vanished_peer_is_given_up_when_consent_ends(gone, name):
    left = gone[1] + CONSENT_S + 10 - time.monotonic()
    connection(gone, name).wait_state("connection", "failed", seconds=max(left, 0))
