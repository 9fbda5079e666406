"""Chromium as the console, from networks of each kind: it, too, is reached by the best method there is."""

import itertools
import pathlib
import sys

import pytest

from senso_lab.theory import best, servers_of
from senso_lab.world import KINDS, SERVER, why_not, world

for folder in ("interop", "browser"):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / folder))

import chromium  # noqa: E402
from senso_interop import peers  # noqa: E402
from senso_interop.pairing import Pair  # noqa: E402

REASON = why_not() or peers.why_not("chromium")
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON or "")

CONSOLES = ("public", "cone")


def reached(pupil, console):
    """It hides its own addresses: a STUN server's word tells them, or, where that is the same one, its check."""
    method = best(pupil, console)
    return ("host", "srflx") if method == "host" else (method,)


ROWS = {row: reached(*row) for row in (*itertools.product(KINDS, CONSOLES), ("cone", "no-udp"), ("cone", "https-only"))}


def agents(pupil, console):
    """The two of them, ended with the test."""
    host = peers.start("host", pupil.inside)
    try:
        # Chromium asks its resolver of names for a server's address, too, when that is reached over TCP.
        names = f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE *.local, EXCLUDE {SERVER}"
        return host, chromium.ChromiumAgent(flags=[names], prefix=console.inside)
    except BaseException:
        host.stop()
        raise


def talk(host, browser, servers, wanted, host_offers, deaf=False, **more):
    """deaf: the host hears of no candidate, so that the browser has to find it."""
    ends = [host.create(iceServers=servers, **more), browser.create(iceServers=servers)]
    mine, theirs = ends
    pair = Pair(*(ends if host_offers else reversed(ends)))
    if deaf:
        pair.couriers[theirs].turn = lambda candidate: None
    made = pair.offerer.create_channel("x")
    pair.negotiate()
    made.wait_open(20)
    far = pair.answerer.wait_incoming("x").wait_open()
    mine.until(lambda c: (getattr(c, "path", None) or {}).get("method") in wanted, f"a path by {' or '.join(wanted)}", 20)
    for here, there in ((made, far), (far, made)):
        here.send(size=50_000, count=5)
        there.wait_messages(5, 20)
    pair.close()
    return mine.path


@pytest.mark.parametrize("one, console", ROWS, ids=[" ".join(row) for row in ROWS])
def test_the_console_is_reached_by_the_best_method(one, console, matrix):
    with world() as (internet, usual, web):
        servers = servers_of(usual, web)
        host, browser = agents(internet.network(one).device(), internet.network(console).device())
        try:
            for host_offers in (True, False):
                path = talk(host, browser, servers, ROWS[one, console], host_offers)
            matrix[one, f"Chromium/{console}"] = path["method"]
        finally:
            host.stop()
            browser.stop()


def test_on_one_network_its_hidden_name_is_enough(matrix):
    """Chromium tells a ".local" name in place of its address, and there is no server at all."""
    with world() as (internet, _, _web):
        network = internet.network("cone")
        host, browser = agents(network.device(), network.device())
        try:
            path = talk(host, browser, [], ("host",), True)
            matrix["cone", "Chromium/itself"] = path["method"]
        finally:
            host.stop()
            browser.stop()


def test_it_finds_a_host_that_hides_behind_a_name(matrix):
    with world() as (internet, _usual, _web):
        network = internet.network("cone")
        host, browser = agents(network.device(), network.device())
        try:
            for host_offers in (True, False):
                path = talk(host, browser, [], ("host",), host_offers, deaf=True, mdns=True)
                assert path["remote"]["type"] == "prflx"
            matrix["cone", "Chromium/itself, hidden"] = path["method"]
        finally:
            host.stop()
            browser.stop()
