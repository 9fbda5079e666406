"""A program that holds peers: commands go in, events come out and are kept as records to wait on."""

import itertools
import json
import os
import signal
import subprocess
import threading
import time


class AgentError(Exception):
    """The peer refused a command, or ended."""


class Timeout(AgentError):
    """What was waited for did not happen before the deadline."""


class Channel:
    """One end of a data channel, as its agent has reported it."""

    def __init__(self, connection, ident, label=None, init=None):
        self.connection, self.id = connection, ident
        self.label, self.init = label, init
        self.open = self.closed = False
        self.sid = None
        self.messages = []
        self.errors = []
        self.sunk = None

    def send(self, **params):
        return self.connection.agent.call("send", channel=self.id, **params)

    def close(self):
        self.connection.agent.call("closeChannel", channel=self.id)

    def until(self, condition, what, seconds=10):
        return self.connection.agent.until(lambda: condition(self), f"{self}: {what}", seconds)

    def wait_open(self, seconds=10):
        self.until(lambda c: c.open, "open", seconds)
        return self

    def wait_closed(self, seconds=10):
        self.until(lambda c: c.closed, "closed", seconds)

    def wait_messages(self, n, seconds=10):
        self.until(lambda c: len(c.messages) >= n, f"{n} messages", seconds)
        return self.messages

    def __str__(self):
        return f"{self.connection} channel {self.id}"


class Connection:
    """One RTCPeerConnection of an agent."""

    def __init__(self, agent, ident):
        self.agent, self.id = agent, ident
        self.channels = {}
        self.incoming = []
        self.candidates = []
        self.states = {"connection": "new", "ice": "new", "gathering": "new", "signaling": "stable"}
        self.history = []
        self.negotiation_needed = 0
        self.closed = False
        self.path = None  # what the host tells of the selected pair
        self.on_candidate = None

    def call(self, cmd, **params):
        return self.agent.call(cmd, peer=self.id, **params)

    def create_channel(self, label, **init):
        ident = self.call("createChannel", label=label, init=init)["channel"]
        with self.agent.changed:
            return self.agent.channel(self, ident, label)

    def until(self, condition, what, seconds=10):
        return self.agent.until(lambda: condition(self), f"{self}: {what}", seconds)

    def wait_state(self, kind, *wanted, seconds=10):
        self.until(lambda c: c.states[kind] in wanted, f"{kind} {'/'.join(wanted)}", seconds)

    def wait_incoming(self, label, seconds=10):
        """The channel of that label which the other side made."""
        found = []

        def look():
            found[:] = [c for c in self.incoming if c.label == label]
            return found

        self.agent.until(look, f"{self}: incoming channel {label!r}", seconds)
        return found[0]

    def close(self):
        if not self.closed:
            self.closed = True
            self.call("closePeer")

    def __str__(self):
        return f"{self.agent.name} peer {self.id}"


class Agent:
    """What all agents share. A subclass has transmit(request) and ends in stop()."""

    name = "?"

    def __init__(self):
        self.changed = threading.Condition()
        self.ids = itertools.count(1)
        self.replies = {}
        self.errors = []
        self.connections = {}
        self.by_channel = {}
        self.early = {}
        self.ended = None
        self.log = []

    # --- commands ---

    def transmit(self, request: dict) -> None:
        raise NotImplementedError

    def post(self, cmd, **params):
        """Sends a command without waiting; if it is refused that goes to `errors`."""
        ident = next(self.ids)
        self.transmit({"id": ident, "cmd": cmd, **params})
        return ident

    def call(self, cmd, **params):
        return self.exchange({"cmd": cmd, **params}, 15)

    def exchange(self, request, seconds):
        """The result of a command that may take so long."""
        ident, cmd = next(self.ids), request["cmd"]
        with self.changed:
            self.replies[ident] = None
        self.transmit({"id": ident, **request})
        try:
            self.until(lambda: self.replies[ident] is not None, f"{self.name}: reply to {cmd}", seconds)
        finally:
            with self.changed:
                reply = self.replies.pop(ident)
        if "error" in reply:
            raise AgentError(f"{self.name}: {cmd}: {reply['error']}")
        return reply["result"]

    def create(self, **config) -> Connection:
        ident = self.call("create", config=config)["peer"]
        with self.changed:
            return self.connection(ident)

    def until(self, condition, what, seconds):
        """Waits for an event after which condition() holds; returns what it returned."""
        end = time.monotonic() + seconds
        with self.changed:
            while True:
                value = condition()
                if value:
                    return value
                left = end - time.monotonic()
                if self.ended is not None:
                    raise AgentError(f"{what}: {self.name} ended: {self.ended}")
                if left <= 0:
                    raise Timeout(f"{what}: not within {seconds} s; last events:\n" + self.recent())
                self.changed.wait(left)

    def recent(self):
        return "\n".join(str(frame)[:300] for frame in self.log[-12:])

    # --- events, by the reading thread ---

    def connection(self, ident):
        return self.connections.setdefault(ident, Connection(self, ident))

    def channel(self, connection, ident, label=None, init=None):
        """The record of a channel, made when first heard of, by reply or by event."""
        channel = self.by_channel.get(ident)
        if not channel:
            channel = self.by_channel[ident] = Channel(connection, ident, label, init)
            connection.channels[ident] = channel
        if label is not None:
            channel.label = label
        return channel

    def incoming(self, frame: dict) -> None:
        with self.changed:
            self.log.append(frame)
            del self.log[:-200]
            if "event" in frame:
                self.take_event(frame)
            elif frame.get("id") in self.replies:
                self.replies[frame["id"]] = frame
            elif "error" in frame:
                self.errors.append(frame["error"])
            self.changed.notify_all()

    def take_event(self, event):
        connection = self.connection(event["peer"])
        kind = event["event"]
        if "channel" in event:
            self.take_channel_event(connection, kind, event)
        elif kind == "state":
            connection.states[event["kind"]] = event["state"]
            connection.history.append((event["kind"], event["state"]))
        elif kind == "candidate":
            connection.candidates.append(event["candidate"])
            if connection.on_candidate:
                connection.on_candidate(event["candidate"])
        elif kind == "negotiationneeded":
            connection.negotiation_needed += 1

    def take_channel_event(self, connection, kind, event):
        channel = self.channel(connection, event["channel"])
        if kind == "datachannel":
            channel.label, channel.init = event["label"], event["init"]
            connection.incoming.append(channel)
        elif kind == "open":
            channel.open, channel.sid = True, event.get("sid")
        elif kind == "closed":
            channel.closed = True
        elif kind == "message":
            channel.messages.append({k: event[k] for k in ("type", "size", "sha256")})
        elif kind == "channelerror":
            channel.errors.append(event["error"])
        elif kind == "sunk":
            channel.sunk = event["bytes"]

    def end(self, why):
        with self.changed:
            self.ended = why
            self.changed.notify_all()

    def stop(self):
        raise NotImplementedError

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def die_with_parent():
    """In the child: no peer outlives a test run that was killed."""
    import ctypes

    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Process:
    """A child of the test run in its own process group."""

    def __init__(self, argv, *, pass_fds=(), stderr=None, **more):
        self.popen = subprocess.Popen(
            argv, start_new_session=True, preexec_fn=die_with_parent, pass_fds=pass_fds,
            stderr=stderr, **more,
        )
        self.pid = self.popen.pid

    def how_it_ended(self):
        """Of a process whose output has ended: its exit status or its signal, in words."""
        try:
            status = self.popen.wait(5)
        except subprocess.TimeoutExpired:
            return "it closed its output"
        return f"exit status {status}" if status >= 0 else signal.Signals(-status).name

    def kill(self):
        """The whole group, at once: nothing is said to anybody."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.popen.wait()


class LineAgent(Agent):
    """JSON lines on the stdio of a program."""

    def __init__(self, name, argv, cwd=None, env=None):
        super().__init__()
        self.name = name
        self.process = Process(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd, env=env
        )
        self.pid = self.process.pid
        self.complaints = []
        self.writing = threading.Lock()
        self.threads = [
            threading.Thread(target=self.read, daemon=True),
            threading.Thread(target=self.read_complaints, daemon=True),
        ]
        for thread in self.threads:
            thread.start()
        hello = self.call("hello")
        self.version = hello["version"]

    def transmit(self, request):
        data = (json.dumps(request) + "\n").encode()
        try:
            with self.writing:
                self.process.popen.stdin.write(data)
                self.process.popen.stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise AgentError(f"{self.name} takes no commands: {error}") from error

    def read(self):
        for line in self.process.popen.stdout:
            self.incoming(json.loads(line))
        self.end("".join(self.complaints[-20:]) + self.process.how_it_ended())

    def read_complaints(self):
        for line in self.process.popen.stderr:
            self.complaints.append(line.decode(errors="replace"))
            del self.complaints[:-400]

    def vanish(self):
        """As in a power cut: no close, no goodbye."""
        self.process.kill()

    def stop(self):
        self.process.kill()
        for thread in self.threads:
            thread.join(5)
        self.process.popen.stdin.close()
        self.process.popen.stdout.close()
        self.process.popen.stderr.close()
