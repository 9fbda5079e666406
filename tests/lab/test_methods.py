"""Every pair of situations connects by the best method that theory has for it, and says why no better one."""

import itertools
import re

import pytest
from senso_lab.hosts import connected
from senso_lab.theory import CLOSED, best, servers_of
from senso_lab.world import KINDS, why_not, world

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "")

SILENT = (r"srflx: UDP to 203.0.113.9:3478 got no answer in 7 tries; relay over TCP (3478|443) works: "
          "ask for outbound UDP 3478")


async def method(one, other, servers, wanted, why=""):
    """Connects the two machines: the paths of both sides once both are of the wanted method, for these reasons."""
    def good(path):
        return path["method"] == wanted and re.search(why, " ".join(path["why"]))

    async with connected(one, other, servers) as (link, channel, there):
        paths = [await link.a.event("path", good, timeout=20),
                 await link.b.event("path", lambda p: p["method"] == wanted, timeout=20)]
        await channel.send("hello")
        await there.send("and back")
        assert (await there.recv(), await channel.recv()) == ("hello", "and back")
        return paths


PAIRS = list(itertools.combinations_with_replacement(KINDS, 2))


@pytest.mark.parametrize("one, other", PAIRS, ids=[" ".join(pair) for pair in PAIRS])
async def test_the_best_method_is_found(one, other, matrix):
    with world() as (internet, usual, web):
        servers = servers_of(usual, web)
        first, second = internet.network(one).device(), internet.network(other).device()
        why = SILENT if one in CLOSED else ""
        mine, _ = await method(first, second, servers, best(one, other), why)
        matrix[one, other] = mine["method"] + ("/" + mine["relayProtocol"] if "relayProtocol" in mine else "")
        assert len(mine["why"]) == ("host", "srflx", "relay").index(mine["method"])


@pytest.mark.parametrize("kind", KINDS)
async def test_on_one_network_nothing_leaves_it(kind, matrix):
    with world() as (internet, usual, web):
        servers = servers_of(usual, web)
        network = internet.network(kind)
        paths = await method(network.device(), network.device(), servers, "host")
        assert {p["local"]["type"] for p in paths} <= {"host", "prflx"}
        matrix[kind, "itself"] = "host"


async def test_a_turn_server_alone_tells_the_address_too():
    with world() as (internet, usual, _web):
        pupil, teacher = internet.network("cone").device(), internet.network("cone").device()
        paths = await method(pupil, teacher, [usual.server("udp")], "srflx")
        assert {p["local"]["type"] for p in paths} <= {"srflx", "prflx"}


@pytest.mark.parametrize("kind", ("cone", "symmetric", "no-udp"))
async def test_from_one_vlan_to_another_nothing_leaves_the_school(kind, matrix):
    with world() as (internet, usual, web):
        network = internet.network(kind)
        pupil, teacher = network.device(), network.on_second_vlan()
        paths = await method(pupil, teacher, servers_of(usual, web), "host")
        assert {p["local"]["type"] for p in paths} <= {"host", "prflx"}
        matrix[kind, "second VLAN"] = "host"


@pytest.mark.parametrize("hairpin, wanted", ((True, "srflx"), (False, "relay")), ids=("hairpin", "no hairpin"))
async def test_an_access_point_that_keeps_its_clients_apart(hairpin, wanted, matrix):
    """Then only the router can lead one to the other: by their addresses outside, if it turns packets round."""
    with world() as (internet, usual, web):
        network = internet.network("cone")
        pupil, teacher = network.device(), network.device()
        network.keep_apart()
        network.one_to_one(hairpin)
        await method(pupil, teacher, servers_of(usual, web), wanted)
        matrix["apart", "hairpin" if hairpin else "no hairpin"] = wanted
