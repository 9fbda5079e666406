"""
Transcripts: JSON lines of {dir, t, msg} (raw instead of msg for bytes that are no message, host
when several hosts share one). `replay` sends the client's part again and compares the host's.

What differs from run to run is normalised: credentials, fingerprints, session ids, addresses,
ports and times. What one host said and another was told (a description, a candidate) is replaced
by what was said in this run, so a recorded connection connects again.
"""

import asyncio
import base64
import json
import re
import time

from .host import Host, HostGone

# Values of these fields are replaced by the field's name.
VOLATILE = {
    "address", "port", "rtt", "since", "timestamp", "usernameFragment", "bufferedAmount", "version",
    "message", "why", "stats",
}
# How often these come depends on the machine and the moment: they are neither awaited nor missed.
UNCOUNTED = {"peer.icecandidate", "peer.path", "peer.icecandidateerror", "log", "network.change"}
# ICE goes to and fro between these while the last pairs are checked.
ICE_STATE = "peer.iceconnectionstatechange"
UNCOUNTED_STATES = {(ICE_STATE, "connected"), (ICE_STATE, "completed")}

SDP_RULES = [
    (re.compile(p, re.M), r) for p, r in (
        (r"^o=(\S+) \d+ \d+", r"o=\1 ID VERSION"),
        (r"^a=ice-ufrag:.*?$", "a=ice-ufrag:U"),
        (r"^a=ice-pwd:.*?$", "a=ice-pwd:P"),
        (r"^a=fingerprint:(\S+) [0-9A-Fa-f:]+", r"a=fingerprint:\1 F"),
        (r"^a=candidate:.*?\r?\n", ""),
        (r"^a=end-of-candidates\r?\n", ""),
        (r"^a=tls-id:.*?$", "a=tls-id:T"),
        (r"^m=application \d+ ", "m=application PORT "),
        (r"^c=IN IP[46] \S+", "c=IN ADDRESS"),
    )
]


def normalised(value, field=None):
    if isinstance(value, dict):
        return {k: (f"<{k}>" if k in VOLATILE and v is not None else normalised(v, k))
                for k, v in value.items()}
    if isinstance(value, list):
        return [normalised(v) for v in value]
    if field == "sdp" and isinstance(value, str):
        for pattern, replacement in SDP_RULES:
            value = pattern.sub(replacement, value)
    return value


def counts(message):
    """Whether a message of the host's must come, and must not come unrecorded."""
    method = message.get("method")
    state = message.get("params", {}).get("state")
    return method not in UNCOUNTED and (method, state) not in UNCOUNTED_STATES


def stream(message):
    """What must stay in order: the replies, and each kind of notification of a peer or channel."""
    if "method" not in message:
        return ("reply",)
    params = message.get("params", {})
    return (message["method"], params.get("peer"), params.get("channel"))


class Mismatch(AssertionError):
    pass


class Replay:
    """Replays recorded lines against new hosts."""

    def __init__(self, lines, binary=None, timeout=10):
        self._lines = lines
        self._binary = binary
        self._timeout = timeout
        self._hosts = {}
        self._came = {}        # host name -> list of messages not yet matched
        self._wake = asyncio.Event()
        self._said = {}        # what was recorded -> what is said now
        self._routes = {}      # (host, peer) -> (host, peer): where its candidates go
        self._held = {}        # (host, peer) -> candidates; None: carried at once
        self._skipped = set()  # (host, id) of addIceCandidate: made by this run itself
        self._carried = 0

    async def run(self):
        """The number of host messages compared; Mismatch when one differs."""
        compared = 0
        self._plan()
        try:
            for number, line in enumerate(self._lines, 1):
                host = await self._host(line.get("host", ""))
                if line["dir"] == "client":
                    await self._send(line, host)
                else:
                    compared += await self._expect(number, line)
            await self._finish()
        finally:
            for host, _ in self._hosts.values():
                await host.abandon()
        return compared

    def _plan(self):
        """Learns which peer's candidates went where."""
        origin = {}
        for line in self._lines:
            msg = line.get("msg", {})
            who, params = line.get("host", ""), msg.get("params", {})
            if msg.get("method") == "peer.icecandidate" and params["candidate"]:
                origin[params["candidate"]["candidate"]] = (who, params["peer"])
            elif msg.get("method") == "peer.addIceCandidate" and params.get("candidate"):
                source = origin.get(params["candidate"].get("candidate"))
                if source:
                    self._routes[source] = (who, params["peer"])
        for source in self._routes:
            self._held[source] = []

    async def _host(self, name):
        if name not in self._hosts:
            mailbox = self._came[name] = []
            host = await Host.start(self._binary, name=name)
            host.tap = lambda message: self._arrived(name, mailbox, message)
            self._hosts[name] = (host, mailbox)
        return self._hosts[name][0]

    def _arrived(self, name, mailbox, message):
        params = message.get("params", {})
        if message.get("method") == "peer.icecandidate":
            self._candidate((name, params["peer"]), params["candidate"])
        elif str(message.get("id")).startswith("carried-"):
            return
        elif counts(message):
            mailbox.append(message)
        self._wake.set()

    def _candidate(self, source, candidate):
        held = self._held.get(source)
        if source not in self._routes:
            return
        if held is not None:
            held.append(candidate)
        else:
            self._carry(source, candidate)

    def _carry(self, source, candidate):
        name, peer = self._routes[source]
        self._carried += 1
        body = {"jsonrpc": "2.0", "id": f"carried-{self._carried}",
                "method": "peer.addIceCandidate", "params": {"peer": peer, "candidate": candidate}}
        asyncio.get_running_loop().create_task(self._hosts[name][0].send_frame(body))

    async def _send(self, line, host):
        if line.get("eof"):
            host.process.stdin.close()
            return
        if "raw" in line:
            await host.send_raw(base64.b64decode(line["raw"]))
            return
        msg = line["msg"]
        if msg.get("method") == "peer.addIceCandidate":
            target = (line.get("host", ""), msg["params"]["peer"])
            sources = [s for s, t in self._routes.items() if t == target]
            if sources:
                self._skipped.add((line.get("host", ""), msg["id"]))
                for source in sources:
                    held, self._held[source] = self._held[source] or [], None
                    for candidate in held:
                        self._carry(source, candidate)
                return
        await host.send_frame(self._replaced(msg))

    def _replaced(self, value):
        if isinstance(value, dict):
            return {k: self._replaced(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self._replaced(v) for v in value]
        return self._said.get(value, value) if isinstance(value, str) else value

    async def _expect(self, number, line):
        expected, name = line["msg"], line.get("host", "")
        if not counts(expected) or (name, expected.get("id")) in self._skipped:
            return 0
        mailbox = self._came[name]
        actual = await self._next(number, name, mailbox, expected)
        mailbox.remove(actual)
        if normalised(actual) != normalised(expected):
            raise Mismatch(f"line {number}: recorded\n  {json.dumps(normalised(expected))}\n"
                           f"now\n  {json.dumps(normalised(actual))}")
        self._learn(expected, actual)
        return 1

    async def _next(self, number, name, mailbox, expected):
        deadline = time.monotonic() + self._timeout
        while True:
            for message in mailbox:
                if stream(message) == stream(expected):
                    return message
            left = deadline - time.monotonic()
            host = self._hosts[name][0]
            if left <= 0 or (host.ended and not mailbox):
                waiting = [json.dumps(m)[:120] for m in mailbox]
                raise Mismatch(f"line {number}: {json.dumps(expected)[:300]} did not come; "
                               f"waiting: {waiting}; stderr: {host.stderr_text[-500:]}")
            self._wake.clear()
            try:
                await asyncio.wait_for(self._wake.wait(), min(left, 0.2))
            except asyncio.TimeoutError:
                pass

    def _learn(self, expected, actual):
        """Pairs of long strings at the same place: descriptions."""
        if isinstance(expected, dict) and isinstance(actual, dict):
            for key, value in expected.items():
                if key == "sdp":
                    self._said[value] = actual.get(key)
                else:
                    self._learn(value, actual.get(key))

    async def _finish(self):
        for name, (host, mailbox) in self._hosts.items():
            try:
                await host.close()
            except HostGone:
                pass
            extra = [m for m in mailbox if m.get("method") != "goodbye"]
            if extra:
                raise Mismatch(f"host {name!r} said more than was recorded: "
                               f"{[json.dumps(m)[:160] for m in extra[:5]]}")


def load(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


async def replay(path, binary=None, timeout=10):
    return await Replay(load(path), binary, timeout).run()
