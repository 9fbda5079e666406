"""The network changes under a connection: its channels stay open, and every reliable message comes once, in order."""

import asyncio
import contextlib
import os
import signal
import time

import pytest
from senso_lab import coturn
from senso_lab.hosts import connected
from senso_lab.machines import knowing
from senso_lab.world import SERVER, next_address, why_not, world

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "")


class Talk:
    """Two hosts that talk without a pause, numbered messages both ways."""

    def __init__(self, link, here, there):
        self.link, self.ends = link, (here, there)
        self.sent, self.got = [0, 0], [0, 0]
        self.came = asyncio.Condition()
        self.tasks = [asyncio.create_task(work) for work in
                      (self.send(0), self.send(1), self.receive(0), self.receive(1))]

    async def send(self, side):
        while True:
            await self.ends[side].send(str(self.sent[side]))
            self.sent[side] += 1
            async with self.came:  # a few are under way, no more
                await self.came.wait_for(lambda: self.sent[side] - self.got[1 - side] < 20)

    async def receive(self, side):
        while True:
            assert await self.ends[side].recv(timeout=40) == str(self.got[side])
            async with self.came:
                self.got[side] += 1
                self.came.notify_all()

    async def flows(self, timeout=30):
        """What is sent from now on arrives on both sides: the seconds that it took."""
        goal, since = [n + 1 for n in self.sent], time.monotonic()

        async def arrives():
            async with self.came:
                await self.came.wait_for(lambda: self.got[1] > goal[0] and self.got[0] > goal[1])
        waiting = asyncio.create_task(arrives())
        done, _ = await asyncio.wait([waiting, *self.tasks], timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        assert waiting.done(), f"nothing flows after {timeout} s: sent {self.sent}, got {self.got}"
        return time.monotonic() - since

    async def settled(self):
        """A second of it: longer than a controlled peer holds on to a pair that was just nominated."""
        since = time.monotonic()
        while time.monotonic() - since < 1:
            await self.flows()

    async def stop(self):
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def talking(one, other, servers):
    async with connected(one, other, servers) as (link, channel, there):
        talk = Talk(link, channel, there)
        await talk.settled()
        yield talk
        await talk.flows()
        await talk.stop()


async def test_another_address(roamed):
    with world() as (internet, usual, _):
        network = internet.network("cone")
        pupil, teacher = network.device(), internet.network("cone").device()
        async with talking(pupil, teacher, [usual.stun()]) as talk:
            pupil.ip("addr", "del", f"{next_address(network.lan, 2)}/28", "dev", "net0")
            pupil.ip("addr", "add", f"{next_address(network.lan, 9)}/28", "dev", "net0")
            pupil.ip("route", "add", "default", "via", next_address(network.lan, 1))
            roamed["another address"] = await talk.flows()


async def test_another_interface_and_route(roamed):
    with world() as (internet, usual, _):
        wifi, cable = internet.network("cone"), internet.network("symmetric")
        pupil, teacher = wifi.device(), internet.network("public").device()
        async with talking(pupil, teacher, [usual.stun()]) as talk:
            internet.site.cable(cable.router, "port9", pupil, "net1")
            cable.router.ip("link", "set", "port9", "master", "lan", "up")
            pupil.ip("addr", "add", f"{next_address(cable.lan, 9)}/28", "dev", "net1")
            pupil.ip("link", "set", "net1", "up")
            pupil.ip("link", "set", "net0", "down")
            pupil.ip("route", "add", "default", "via", next_address(cable.lan, 1))
            roamed["another interface"] = await talk.flows()


async def test_five_seconds_of_nothing(roamed):
    with world() as (internet, usual, _):
        network = internet.network("cone")
        pupil, teacher = network.device(), internet.network("cone").device()
        async with talking(pupil, teacher, [usual.stun()]) as talk:
            network.router.ip("link", "set", "wan", "down")
            await asyncio.wait(talk.tasks, timeout=5)
            network.router.ip("link", "set", "wan", "up")
            network.router.ip("route", "add", "default", "via", "198.51.100.5")
            roamed["5 s of nothing"] = await talk.flows()


async def test_a_machine_that_sleeps(roamed):
    """As the process sees it: time is gone, and what came meanwhile waits or is lost."""
    with world() as (internet, usual, _):
        pupil, teacher = internet.network("cone").device(), internet.network("cone").device()
        async with talking(pupil, teacher, [usual.stun()]) as talk:
            pid = talk.link.a.host.pid
            os.kill(pid, signal.SIGSTOP)
            try:
                await asyncio.wait(talk.tasks, timeout=8)
            finally:
                os.kill(pid, signal.SIGCONT)
            roamed["8 s of sleep"] = await talk.flows()


async def test_the_nat_forgets(roamed):
    with world() as (internet, usual, _):
        network = internet.network("symmetric")
        pupil, teacher = network.device(), internet.network("public").device()
        async with talking(pupil, teacher, [usual.stun()]) as talk:
            network.router.run("conntrack", "-F")
            roamed["NAT forgets"] = await talk.flows()


@pytest.mark.parametrize("transport", ("udp", "tcp"))
async def test_the_relay_dies_and_comes_back(roamed, transport):
    with world() as (internet, _, _web):
        pupil, teacher = internet.network("symmetric").device(), internet.network("symmetric").device()
        inside = internet.internet.inside
        with coturn.coturn(SERVER, 8443, 8444, inside) as relay:
            servers = [relay.server(transport)]
            async with contextlib.AsyncExitStack() as stack:
                talk = await stack.enter_async_context(talking(pupil, teacher, servers))
                relay.process.kill()
                relay.process.wait()
                with coturn.coturn(SERVER, 8443, 8444, inside):
                    roamed[f"relay over {transport} dies"] = await talk.flows()
                    await stack.aclose()


async def test_the_relay_moves_to_another_address(roamed, tmp_path):
    """Its name has another address in DNS, and the former one is dead."""
    names, other = tmp_path / "hosts", next_address(SERVER, 1)
    names.write_text(f"{SERVER} turn.test\n")
    with world() as (internet, _, _web):
        pupil, teacher = internet.network("symmetric").device(), internet.network("symmetric").device()
        inside = internet.internet.inside
        internet.internet.ip("addr", "add", f"{other}/32", "dev", "lo")
        with coturn.coturn(SERVER, 8443, 8444, inside) as former, coturn.coturn(other, 8443, 8444, inside):
            servers = [former.at("turn.test").server("udp")]
            async with talking(knowing(names, pupil), knowing(names, teacher), servers) as talk:
                names.write_text(f"{other} turn.test\n")
                former.process.kill()
                former.process.wait()
                roamed["relay moves"] = await talk.flows()
