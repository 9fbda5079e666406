"""What is measured. Every subject answers the same five questions with figures of the same names."""

import functools
import json
import os
import subprocess
import time

from senso_interop import peers
from senso_interop.agent import AgentError
from senso_interop.pairing import Pair, connect

from . import links, stdio
from .process import cpu_seconds, memory_kb, spread

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.path.join(ROOT, "build", "release")
MESSAGE = 65536
BATCH = 100
DEATHS = 5


class Agents:
    """An implementation behind the uniform peer of tests/interop: two processes, but one for `connect`."""

    parts = ("bulk", "link", "rtt", "connect", "hold")

    def __init__(self, name, prefix):
        self.name, self.prefix = name, prefix

    def pair(self):
        first, second = (peers.start(self.name, self.prefix) for _ in range(2))
        return first, second, connect(first, second)

    def bulk(self, megabytes):
        total = megabytes << 20
        first, second, pair = self.pair()
        with first, second:
            far = pair.first_far
            second.call("sink", channel=far.id, bytes=total)
            cpu = cpu_seconds(first.pid) + cpu_seconds(second.pid)
            start = time.perf_counter()
            first.post("flood", channel=pair.first.id, size=MESSAGE, bytes=total)
            far.until(lambda c: c.sunk, "all of it", 60)
            seconds = time.perf_counter() - start
            cpu = cpu_seconds(first.pid) + cpu_seconds(second.pid) - cpu
        return {"mb_per_s": total / seconds / 1e6, "cpu_s_per_gb": cpu / total * 1e9}

    def link(self, path, megabytes):
        first, second = (peers.start(self.name, self.prefix) for _ in range(2))
        with links.emulator(BUILD, self.prefix, path) as ports, first, second:
            ends = links.connect(Pair(first.create(), second.create()), ports)
            return {f"{path}_mb_per_s": flood(*ends, megabytes << 20)}

    def rtt(self, count):
        first, second, pair = self.pair()
        with first, second:
            second.call("echo", channel=pair.first_far.id)
            first.call("pingpong", channel=pair.first.id, size=64, count=200)
            request = {"cmd": "pingpong", "channel": pair.first.id, "size": 64, "count": count}
            us = first.exchange(request, 60)["us"]
        return spread(us, "us")

    def connect(self, count, seconds):
        """In processes of BATCH connects each: @roamhq/wrtc now and then dies in a longer row. The dead are counted."""
        ms, died, end = [], 0, time.monotonic() + seconds
        while len(ms) < count and time.monotonic() < end:
            try:
                with peers.start(self.name, self.prefix) as agent:
                    agent.call("connects", count=3)
                    ms += self.connects(agent, min(BATCH, count - len(ms)), max(end - time.monotonic(), 1))
            except AgentError:
                died += 1
                if died > DEATHS:
                    raise
        return {**spread(ms, "ms"), "died": died}

    def connects(self, agent, count, seconds, keep=False):
        request = {"cmd": "connects", "count": count, "seconds": seconds, "keep": keep}
        return agent.exchange(request, seconds + 60)["ms"]

    def hold(self, count, seconds):
        """Both ends are in the one process, so `count` peers are half as many connections."""
        with peers.start(self.name, self.prefix) as agent:
            self.connects(agent, 1, 60, keep=True)
            one = memory_kb(agent.pid)
            more = len(self.connects(agent, count // 2 - 1, 15, keep=True)) * 2
            return held(agent.pid, one, more, seconds)


class Transport:
    """Our transport without stdio and JSON: tests/bench/transport_bench.c."""

    name = "transport"
    parts = ("bulk", "rtt", "connect", "hold")

    def __init__(self, prefix):
        self.prefix = prefix

    def run(self, *words):
        command = [*self.prefix, os.path.join(BUILD, "tests", "transport_bench"), *map(str, words)]
        return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=120).stdout)

    def bulk(self, megabytes):
        found = self.run("bulk", megabytes << 20, MESSAGE)
        return {key: found[key] for key in ("mb_per_s", "cpu_s_per_gb")}

    def rtt(self, count):
        found = self.run("rtt", count, 64)
        return {key: found[key] for key in ("median_us", "p90_us", "p99_us")}

    def connect(self, count, seconds):
        found = self.run("connect", count)
        return {**{f"{key}_ms": found[f"{key}_us"] / 1000 for key in ("median", "p90", "p99")}, "samples": count}

    def hold(self, count, seconds):
        one, many = self.run("memory", 1), self.run("memory", count)
        return {"rss_mb_1": one["rss_kb"] / 1024, "dirty_mb_1": one["private_dirty_kb"] / 1024,
                "kb_per_peer": (many["rss_kb"] - one["rss_kb"]) / (count - 1), "peers": count,
                **self.run("idle", count, seconds)}


class Host:
    """senso-host --stdio, two processes driven by this one; its own CPU is not counted."""

    name = "host"
    parts = ("bulk", "link", "rtt", "connect", "hold", "start", "json")

    def __init__(self, prefix):
        self.prefix = prefix
        self.binary = os.environ.get("SENSO_HOST", os.path.join(BUILD, "host", "senso-host"))

    def two(self):
        return [stdio.StdioHost(self.binary, self.prefix) for _ in range(2)]

    def with_two(self, work):
        hosts = self.two()
        try:
            return work(*hosts)
        finally:
            for host in hosts:
                host.stop()

    def bulk(self, megabytes):
        def work(a, b):
            channel = stdio.connect(a, b)[2]
            cpu = cpu_seconds(a.pid) + cpu_seconds(b.pid)
            seconds = stdio.bulk(a, b, channel, megabytes << 20, MESSAGE)
            cpu = cpu_seconds(a.pid) + cpu_seconds(b.pid) - cpu
            return {"mb_per_s": (megabytes << 20) / seconds / 1e6, "cpu_s_per_gb": cpu / (megabytes << 20) * 1e9}

        return self.with_two(work)

    def link(self, path, megabytes):
        def work(a, b):
            with links.emulator(BUILD, self.prefix, path) as ports:
                to_a, to_b = links.Detour(ports[0]).turn, links.Detour(ports[1]).turn
                channel = stdio.connect(a, b, to_a, to_b)[2]
                seconds = stdio.bulk(a, b, channel, megabytes << 20, MESSAGE)
            return {f"{path}_mb_per_s": (megabytes << 20) / seconds / 1e6}

        return self.with_two(work)

    def rtt(self, count):
        def work(a, b):
            channel = stdio.connect(a, b)[2]
            far = b.wait("peer.datachannel", (a,))["channel"]
            stdio.round_trips(a, b, channel, far, 200, 64)
            return spread(stdio.round_trips(a, b, channel, far, count, 64), "us")

        return self.with_two(work)

    def connect(self, count, seconds):
        def work(a, b):
            samples, end = [], time.monotonic() + seconds
            while len(samples) < count and time.monotonic() < end:
                *made, _, took = stdio.connect(a, b)
                samples.append(took)
                for host, peer in zip((a, b), made):
                    host.post("peer.close", peer=peer)
            return spread(samples, "ms", 1000)

        return self.with_two(work)

    def hold(self, count, seconds):
        def work(a, b):
            stdio.connect(a, b)
            one = memory_kb(a.pid)
            for _ in range(count - 1):
                stdio.connect(a, b)
            return held(a.pid, one, count - 1, seconds)

        return self.with_two(work)


    def start(self, count):
        """From starting the process to its answer to hello."""
        samples = []
        for _ in range(count):
            begin = time.perf_counter()
            host = stdio.StdioHost(self.binary, self.prefix)
            samples.append(time.perf_counter() - begin)
            host.stop()
        return spread(samples, "ms", 1000)

    def json(self):
        return codecs()["host"]


class Pages:
    """To a page in a Chromium: from the extension, whose browser has started senso-host, or from another page."""

    parts = ("page",)

    def __init__(self, name, prefix):
        self.name, self.prefix = name, prefix

    @staticmethod
    def why_not():
        return peers.why_not("extension-native")

    def page(self, megabytes, count):
        kind = "extension-native" if self.name == "extension" else self.name
        with peers.start(kind, self.prefix) as first, peers.start("chromium", self.prefix) as second:
            pair = connect(first, second)
            ends = pair.first, pair.first_far
            out, back = (flood(one, two, megabytes << 20) for one, two in (ends, ends[::-1]))
            second.call("echo", channel=pair.first_far.id)
            request = {"cmd": "pingpong", "channel": pair.first.id, "size": 64, "count": count}
            us = first.exchange(request, 60)["us"]
        return {"out_mb_per_s": out, "in_mb_per_s": back, **spread(us, "us")}


def flood(near, far, total):
    """MB/s of `total` bytes in messages from one end to the other."""
    far.connection.agent.call("sink", channel=far.id, bytes=total)
    far.sunk = None
    start = time.perf_counter()
    near.connection.agent.post("flood", channel=near.id, size=MESSAGE, bytes=total)
    far.until(lambda c: c.sunk, "all of it", 60)
    return total / (time.perf_counter() - start) / 1e6


class Cjson:
    """The two hot messages by cJSON and OpenSSL's base64."""

    name = "cjson"
    parts = ("json",)

    def json(self):
        return codecs()["cjson"]


@functools.cache
def codecs():
    return json.loads(subprocess.run([os.path.join(BUILD, "tests", "json_bench")], check=True, capture_output=True,
                                     timeout=60).stdout)


def held(pid, one, more, seconds):
    """Memory of a process that had `one` and holds `more` peers since, and its CPU while nothing is asked of it."""
    many = memory_kb(pid)
    before = cpu_seconds(pid)
    time.sleep(seconds)
    cores = (cpu_seconds(pid) - before) / seconds
    return {"rss_mb_1": one[0] / 1024, "dirty_mb_1": one[1] / 1024, "kb_per_peer": (many[0] - one[0]) / more,
            "peers": more + 1, "cores": cores}
