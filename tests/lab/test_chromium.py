"""Chromium as the console, from networks of each kind: it, too, is reached by the best method there is."""

import itertools
import pathlib
import sys
import time

import pytest

from senso_lab.theory import best, servers_of
from senso_lab.world import KINDS, SERVER, next_address, why_not, world

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


def flows(made, far):
    """Seconds until what is sent from now on has come, both ways."""
    goal = [len(c.messages) + 1 for c in (far, made)]
    since = time.monotonic()
    made.send(size=10, count=1)
    far.send(size=10, count=1)
    far.wait_messages(goal[0], 30)
    made.wait_messages(goal[1], 30)
    return time.monotonic() - since


@pytest.mark.parametrize("what", ("another address", "the NAT forgets"))
def test_it_goes_on_where_the_browser_controls(what, roamed):
    """The browser made the offer, so that it nominates: within its own time for a pair that is silent."""
    with world() as (internet, usual, web):
        network = internet.network("cone" if what == "another address" else "symmetric")
        pupil, console = network.device(), internet.network("public").device()
        host, browser = agents(pupil, console)
        try:
            servers = servers_of(usual, web)
            theirs, mine = browser.create(iceServers=servers), host.create(iceServers=servers)
            pair = Pair(theirs, mine)
            far = pair.offerer.create_channel("x")
            pair.negotiate()
            far.wait_open(20)
            made = pair.answerer.wait_incoming("x").wait_open()
            mine.until(lambda c: (getattr(c, "path", None) or {}).get("method") == "srflx", "a path by srflx", 20)
            flows(made, far)
            if what == "another address":
                pupil.ip("addr", "del", f"{next_address(network.lan, 2)}/28", "dev", "net0")
                pupil.ip("addr", "add", f"{next_address(network.lan, 9)}/28", "dev", "net0")
                pupil.ip("route", "add", "default", "via", next_address(network.lan, 1))
            else:
                network.router.run("conntrack", "-F")
            roamed[f"Chromium controls, {what}"] = flows(made, far)
            flows(made, far)
            pair.close()
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
