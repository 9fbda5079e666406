"""senso-host over its pipes with as little in the way as Python allows: no schemas, no JSON where it costs."""

import base64
import collections
import json
import os
import select
import struct
import subprocess
import time

SECONDS = 30
BASE64 = b'"base64":"'


class StdioHost:
    """One host. Messages are counted as they come; everything else is kept for `event` and `reply`."""

    def __init__(self, binary, prefix=(), window=16 << 20):
        self.process = subprocess.Popen([*prefix, binary, "--stdio"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, bufsize=0)
        self.pid = self.process.pid
        self.input = self.process.stdin.fileno()
        self.output = self.process.stdout.fileno()
        os.set_blocking(self.input, False)
        self.buffer = bytearray()
        self.outgoing = collections.deque()
        self.events = []
        self.replies = {}
        self.next_id = 1
        self.payload_bytes = 0
        self.messages = 0
        self.on_candidate = {}
        self.call("hello", client={"name": "bench", "version": "1"}, protocol=1, autoCredit=window)

    # --- out ---

    def post(self, method, **params):
        ident = self.next_id
        self.next_id += 1
        self.queue(json.dumps({"jsonrpc": "2.0", "id": ident, "method": method, "params": params}).encode())
        return ident

    def queue(self, body):
        self.outgoing.append(struct.pack("=I", len(body)) + body)
        self.flush()

    def flush(self):
        while self.outgoing:
            data = self.outgoing[0]
            try:
                n = os.write(self.input, data)
            except BlockingIOError:
                return
            if n == len(data):
                self.outgoing.popleft()
            else:
                self.outgoing[0] = memoryview(data)[n:]

    def call(self, method, **params):
        ident = self.post(method, **params)
        run_until(lambda: ident in self.replies, self)
        reply = self.replies.pop(ident)
        if "error" in reply:
            raise RuntimeError(f"{method}: {reply['error']}")
        return reply["result"]

    # --- in ---

    def read(self):
        data = os.read(self.output, 1 << 20)
        if not data:
            raise RuntimeError("the host ended")
        self.buffer += data
        at = 0
        while len(self.buffer) - at >= 4:
            (n,) = struct.unpack_from("=I", self.buffer, at)
            if len(self.buffer) - at - 4 < n:
                break
            self.take(self.buffer, at + 4, at + 4 + n)
            at += 4 + n
        if at:
            del self.buffer[:at]

    def take(self, buffer, start, end):
        if end - start > 1024 or buffer.find(b'"channel.message"', start, end) >= 0:
            self.message(buffer, start, end)
            return
        frame = json.loads(buffer[start:end])
        if "id" in frame:
            self.replies[frame["id"]] = frame
        elif frame["method"] == "peer.icecandidate":
            self.candidate(frame["params"])
        else:
            self.events.append(frame)

    def message(self, buffer, start, end):
        first = buffer.find(BASE64, start, min(end, start + 300))
        if first < 0:
            self.take_large(buffer[start:end])
            return
        first += len(BASE64)
        size = buffer.find(b'"', first, end) - first
        self.messages += 1
        self.payload_bytes += size * 3 // 4 - (buffer[first + size - 1] == 61) - (buffer[first + size - 2] == 61)

    def take_large(self, body):
        """A description: large, and not a message."""
        frame = json.loads(body)
        if "id" in frame:
            self.replies[frame["id"]] = frame
        else:
            self.events.append(frame)

    def candidate(self, params):
        give = self.on_candidate.get(params["peer"])
        if give and params["candidate"]:
            give(params["candidate"])

    def event(self, method, **where):
        """The oldest such notification, taken; None if there is none yet."""
        for i, frame in enumerate(self.events):
            if frame["method"] == method and all(frame["params"].get(k) == v for k, v in where.items()):
                del self.events[i]
                return frame["params"]
        return None

    def wait(self, method, others=(), **where):
        return run_until(lambda: self.event(method, **where), self, *others)

    def stop(self):
        os.close(self.input)
        self.process.stdin = None
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def run_until(condition, *hosts, seconds=SECONDS):
    """Moves the hosts' pipes until condition() holds; returns what it gave."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        writers = [h.input for h in hosts if h.outgoing]
        readable, writable, _ = select.select([h.output for h in hosts], writers, [], max(0, end - time.monotonic()))
        for host in hosts:
            if host.output in readable:
                host.read()
            if host.input in writable:
                host.flush()
        if not readable and not writable and time.monotonic() >= end:
            raise RuntimeError("the hosts did not get there in time")


class Courier:
    """Candidates for a peer that has no remote description yet wait for it."""

    def __init__(self, host, peer, turn):
        self.host, self.peer, self.turn, self.ready, self.held = host, peer, turn, False, []

    def give(self, candidate):
        if self.ready:
            candidate = self.turn(candidate)
            if candidate is None:
                return
            self.host.post("peer.addIceCandidate", peer=self.peer, candidate=candidate)
        else:
            self.held.append(candidate)

    def release(self):
        self.ready = True
        for candidate in self.held:
            self.give(candidate)


def connect(a, b, to_a=lambda c: c, to_b=lambda c: c):
    """(peer of a, peer of b, a's channel) once that is open, and the seconds it took from peer.create on. to_a and to_b
    say what of the other's candidates a and b get."""
    start = time.perf_counter()
    peers = [h.call("peer.create", configuration={"loopback": True}) ["peer"] for h in (a, b)]
    to_a, to_b = Courier(a, peers[0], to_a), Courier(b, peers[1], to_b)
    a.on_candidate[peers[0]], b.on_candidate[peers[1]] = to_b.give, to_a.give
    channel = a.call("channel.create", peer=peers[0], label="bench", init={})["channel"]
    offer = a.call("peer.setLocalDescription", peer=peers[0])
    b.call("peer.setRemoteDescription", peer=peers[1], description=offer)
    to_b.release()
    answer = b.call("peer.setLocalDescription", peer=peers[1])
    a.call("peer.setRemoteDescription", peer=peers[0], description=answer)
    to_a.release()
    run_until(lambda: a.event("channel.open", channel=channel), a, b)
    return peers[0], peers[1], channel, time.perf_counter() - start


def send_frame(ident, channel, encoded):
    return (b'{"jsonrpc":"2.0","id":%d,"method":"channel.send","params":{"channel":%d,"base64":"%s"}}'
            % (ident, channel, encoded))


def bulk(a, b, channel, total, size):
    """Seconds until b's program has read all of it."""
    encoded = base64.b64encode(bytes(i & 255 for i in range(size)))
    a.call("channel.setBufferedAmountLowThreshold", channel=channel, bytes=2 << 20)
    unanswered, sent, buffered = set(), 0, 0
    before = b.payload_bytes
    start = time.perf_counter()

    def done():
        nonlocal sent, buffered
        for ident in [i for i in unanswered if i in a.replies]:
            unanswered.discard(ident)
            buffered = a.replies.pop(ident)["result"]["bufferedAmount"]
        if a.event("channel.bufferedamountlow", channel=channel):
            buffered = 0
        while sent < total and len(unanswered) < 16 and buffered < 8 << 20:
            ident, a.next_id = a.next_id, a.next_id + 1
            a.queue(send_frame(ident, channel, encoded))
            unanswered.add(ident)
            sent += size
        return b.payload_bytes - before >= total

    run_until(done, a, b, seconds=60)
    return time.perf_counter() - start


def round_trips(a, b, channel, far, count, size):
    """Microseconds from writing channel.send to the pipe of one host until the echo comes out of it."""
    encoded = base64.b64encode(bytes(size))
    samples = []
    for _ in range(count):
        start = time.perf_counter()
        seen = b.messages
        a.queue(send_frame(a.next_id, channel, encoded))
        a.next_id += 1
        run_until(lambda: b.messages > seen, b, a)
        seen = a.messages
        b.queue(send_frame(b.next_id, far, encoded))
        b.next_id += 1
        run_until(lambda: a.messages > seen, a, b)
        samples.append((time.perf_counter() - start) * 1e6)
    return samples
