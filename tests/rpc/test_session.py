"""How a session begins and ends, and what the command line means."""

import asyncio
import os
import pathlib
import statistics
import subprocess
import sys
import time

import pytest
from senso_harness import Host, Peer, connect
from senso_harness.host import binary_path

from support import LOOPBACK, greeted, release_host


async def test_hello_tells_features_and_limits():
    async with await Host.start() as host:
        result = await host.hello()
        assert result["engine"] == "native" and result["protocol"] == 1
        limits = result["limits"]
        assert limits["maxFrameIn"] >= 4 << 20
        assert limits["maxFrameOut"] <= 1 << 20
        assert limits["maxBufferedAmount"] == 16 << 20
        # one base64 channel.send of maxMessageSize fits into a frame
        assert limits["maxMessageSize"] * 4 / 3 + 200 < limits["maxFrameIn"]


async def test_requests_are_answered_in_order():
    async with greeted() as host:
        order = []
        tickets = [await host.post("ping", {}) for _ in range(200)]
        for number, (_, future) in enumerate(tickets):
            future.add_done_callback(lambda _, number=number: order.append(number))
        for ticket in tickets:
            await host.wait_reply(ticket)
        await asyncio.sleep(0)
        assert order == list(range(200))


async def test_lines_and_frames_carry_the_same_session():
    for mode in ("lines", "stdio"):
        async with greeted(mode=mode) as host:
            peer = await Peer.create(host, LOOPBACK)
            channel = await peer.channel("é\0 \U0001f600")
            assert (peer.number, channel.number) == (1, 1)
            await peer.event("negotiationneeded")


async def test_a_host_in_lines_connects_with_one_in_frames():
    async with greeted(mode="lines", name="a") as a, greeted(name="b") as b:
        link = await connect(a, b, "x")
        await link.channels_a["x"].send("from lines\n")
        assert await link.channels_b["x"].recv() == "from lines\n"
        await link.channels_b["x"].send(b"\n\r\0")
        assert await link.channels_a["x"].recv() == b"\n\r\0"
        link.stop()


async def test_an_extension_that_is_not_allowed_is_refused():
    for origin in ("chrome-extension://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/", "chrome-extension://"):
        host = await Host.start(mode=None, args=[origin])
        await host.event("goodbye", {"reason": "bad-origin"})
        assert await host.wait() == 1


def run(*arguments):
    return subprocess.run([binary_path(), *arguments], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=20)


def test_version_and_help_go_to_stdout_and_end_with_0():
    version = run("--version")
    assert version.returncode == 0 and version.stdout.startswith("senso-host ")
    usage = run("--help")
    assert usage.returncode == 0
    for word in ("--stdio", "--lines", "--version"):
        assert word in usage.stdout


@pytest.mark.parametrize("arguments", [("--nonsense",), ("--stdio", "--nonsense")], ids=str)
def test_an_unknown_option_is_explained_on_stderr(arguments):
    ended = run(*arguments)
    assert ended.returncode not in (0, -6, -11)
    assert "--nonsense" in ended.stderr and ended.stdout == ""


# --- the end -------------------------------------------------------------------------------------

async def test_eof_says_goodbye_and_the_other_side_sees_its_channels_close():
    async with greeted(name="b") as b:
        async with await Host.start(name="a") as a:
            await a.hello()
            link = await connect(a, b, "one", "two")
            await link.channels_a["one"].send("the last words")
            link.stop()
            assert await a.close() == 0
            assert a.goodbye == "eof"
        assert await link.channels_b["one"].recv() == "the last words"
        for channel in link.channels_b.values():
            await channel.closed()
        await b.call("ping")


async def test_eof_straight_after_requests_still_does_them():
    async with await Host.start() as host:
        await host.hello()
        tickets = [await host.post("peer.create", {"configuration": LOOPBACK}) for _ in range(5)]
        assert await host.close() == 0
        assert [(await host.wait_reply(t))["peer"] for t in tickets] == [1, 2, 3, 4, 5]


async def _gone_after_eof(host):
    started = time.monotonic()
    assert await host.close() == 0
    return time.monotonic() - started


@pytest.mark.parametrize("state", ["idle", "gathered", "connected", "busy"])
async def test_the_host_is_gone_within_200_ms_of_eof(state):
    took = []
    for _ in range(5):
        a = await Host.start(release_host(), name="a")
        await a.hello()
        if state == "gathered":
            peer = await Peer.create(a, LOOPBACK)
            await peer.channel("x")
            await peer.call("setLocalDescription")
        if state in ("connected", "busy"):
            b = await Host.start(release_host(), name="b")
            await b.hello()
            # without credit everything sent waits in both hosts
            link = await connect(a, b, "x", credit=None if state == "busy" else 1 << 30)
            if state == "busy":
                for _ in range(8):
                    await link.channels_a["x"].send(bytes(1 << 20), piece=1 << 18)
            link.stop()
        took.append(await _gone_after_eof(a))
        if state in ("connected", "busy"):
            assert await b.close() == 0
    assert statistics.median(took) <= 0.200, took


async def test_nothing_is_left_of_a_host_that_ended():
    host = await Host.start()
    await host.hello()
    children = []
    for task in pathlib.Path(f"/proc/{host.pid}/task").iterdir():
        children += (task / "children").read_text().split()
    assert await host.close() == 0
    assert not os.path.exists(f"/proc/{host.pid}")
    assert [c for c in children if os.path.exists(f"/proc/{c}")] == []


BROWSER = """
import subprocess, sys, time
host = subprocess.Popen([sys.argv[1], "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
print(host.pid, flush=True)
time.sleep(600)
"""


async def test_a_host_whose_browser_was_killed_ends():
    """The kernel closes the browser's end of the pipe: EOF, whoever died."""
    browser = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BROWSER, binary_path(), stdout=asyncio.subprocess.PIPE)
    pid = int(await browser.stdout.readline())
    assert _alive(pid)
    browser.kill()
    await browser.wait()
    deadline = time.monotonic() + 5
    while _alive(pid) and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    assert not _alive(pid)


def _alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
