"""Paths with delay, loss, a rate and a queue between two peers: their candidates are exchanged for the emulator's ports."""

import contextlib
import os
import re
import subprocess

MBIT_100 = 12_500_000

# name: (words, one-way delay in ms, loss in a million, bytes a second, queue in bytes: one BDP)
PATHS = {
    "rtt20": ("20 ms RTT, no loss", 10, 0, MBIT_100, 250_000),
    "rtt50": ("50 ms RTT, 0.1 % loss", 25, 1000, MBIT_100, 625_000),
    "rtt100": ("100 ms RTT, 1 % loss", 50, 10000, MBIT_100, 1_250_000),
}
ADDRESS = "10.77.0.1"  # of the namespace that the run is in
LINE = re.compile(r"^(candidate:\S+ 1 udp \d+ )(\S+) (\d+)( typ host)", re.IGNORECASE)
IPV4 = re.compile(r"^\d+\.\d+\.\d+\.\d+$")


@contextlib.contextmanager
def emulator(build, prefix, path):
    """The ports of a running emulator: of the end that faces the first peer, and the second."""
    command = [*prefix, os.path.join(build, "tests", "link_emulator"), ADDRESS, *map(str, PATHS[path][1:])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield tuple(map(int, process.stdout.readline().split()))
        finally:
            process.stdin.close()
            process.wait(5)


class Detour:
    """Turns one side's first IPv4 host candidate into the emulator's port that the other side is to use; drops the rest."""

    def __init__(self, port):
        self.port, self.used = port, False

    def turn(self, candidate):
        found = LINE.match(candidate["candidate"])
        if not found or not IPV4.match(found[2]) or self.used:
            return None
        self.used = True
        line = LINE.sub(rf"\g<1>{ADDRESS} {self.port}\4", candidate["candidate"])
        return {**candidate, "candidate": line}


def without_candidates(description):
    """Some put them into the description too, past the detour."""
    lines = [line for line in description["sdp"].splitlines() if not line.startswith("a=candidate")]
    return {**description, "sdp": "\r\n".join(lines) + "\r\n"}


def connect(pair, ports):
    """Two connections of the uniform peers over the emulator; the open channel and its other end."""
    offerer, answerer = pair.offerer, pair.answerer
    pair.couriers[offerer].turn = Detour(ports[1]).turn
    pair.couriers[answerer].turn = Detour(ports[0]).turn
    near = offerer.create_channel("link")
    offer = offerer.call("setLocal", description=offerer.call("createOffer"))
    answerer.call("setRemote", description=without_candidates(offer))
    pair.couriers[offerer].release()
    answer = answerer.call("setLocal", description=answerer.call("createAnswer"))
    offerer.call("setRemote", description=without_candidates(answer))
    pair.couriers[answerer].release()
    near.wait_open(30)
    return near, answerer.wait_incoming("link").wait_open()
