"""What only a browser does: hidden addresses, reloads, pages on another machine."""

import os

import pytest

import chromium
from senso_interop import lan
from senso_interop.pairing import connect
from senso_interop.pattern import digest, payload

SUBJECT = os.environ.get("SENSO_INTEROP_SUBJECT", "host")
REAL_ADDRESSES = "--disable-features=WebRtcHideLocalIpsWithMdns"

pytestmark = pytest.mark.skipif(chromium.why_not() is not None, reason=str(chromium.why_not()))


@pytest.fixture(scope="module", params=["hidden", "real"])
def addresses(request):
    return request.param


@pytest.fixture(scope="module", params=["same machine", "other machine"])
def side(request, network):
    if request.param == "other machine":
        if network is None:
            pytest.skip("two machines are two network namespaces: " + lan.why_not())
        return "right"
    return "left"


@pytest.fixture(scope="module")
def page(network, addresses, side):
    """A page whose browser hides its addresses behind mDNS names, or not, here or across the cable."""
    prefix = network.inside(getattr(network, side)) if network else ()
    flags = [REAL_ADDRESSES] if addresses == "real" else []
    with chromium.ChromiumAgent(flags, prefix) as agent:
        yield agent


@pytest.fixture(params=["page offers", "page answers"])
def order(request, agents, page):
    """(offering, answering) agents."""
    both = (page, agents(SUBJECT))
    return both if request.param == "page offers" else both[::-1]


def talk(pair):
    for near, far in ((pair.first, pair.first_far), (pair.first_far, pair.first)):
        before = len(far.messages)
        near.send(kind="text", size=2000)
        near.send(kind="binary", size=262144)
        expected = [digest(payload({"kind": kind, "size": size}, 0))
                    for kind, size in (("text", 2000), ("binary", 262144))]
        assert far.wait_messages(before + 2)[before:] == expected


def of(pair, agent):
    return pair.offerer if pair.offerer.agent is agent else pair.answerer


def test_a_page_connects(order, page, addresses):
    pair = connect(*order)
    named = [c["candidate"] for c in of(pair, page).candidates if c and ".local " in c["candidate"]]
    assert bool(named) == (addresses == "hidden")
    talk(pair)
    pair.close()


def test_a_reloaded_page_is_noticed_and_comes_back(order, page, agents):
    pair = connect(*order)
    talk(pair)
    host = of(pair, agents(SUBJECT))
    page.reload()
    for channel in list(host.channels.values()):
        channel.wait_closed()
    host.close()
    again = connect(*order)
    talk(again)
    again.close()


def test_a_closed_tab_says_nothing_and_is_noticed(page, agents):
    """Chromium ends the page's process without a word on the wire."""
    second = page.browser.page()
    pair = connect(agents(SUBJECT), second)
    talk(pair)
    second.stop()
    pair.offerer.wait_state("connection", "disconnected", "failed", seconds=15)
    pair.offerer.close()


def test_two_pages_talk_to_one_host_at_once(page, agents):
    second = page.browser.page()
    pairs = [connect(one, agents(SUBJECT)) for one in (page, second)]
    for pair in pairs:
        talk(pair)
    pairs[0].close()
    talk(pairs[1])
    pairs[1].close()
    second.stop()


@pytest.mark.parametrize("role", ["active", "passive"])
def test_the_page_is_dtls_client_or_server(order, page, role):
    pair = connect(*order, change=lambda d: {**d, "sdp": d["sdp"].replace("setup:actpass", f"setup:{role}")})
    other = {"active": "passive", "passive": "active"}[role]
    assert f"a=setup:{other}" in pair.descriptions[1]["sdp"]
    talk(pair)
    pair.close()
