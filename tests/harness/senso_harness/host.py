"""One senso-host process and its JSON-RPC session, for asyncio."""

import asyncio
import base64
import collections
import itertools
import json
import os
import pathlib
import signal
import struct
import time

from .inbox import Gone, Inbox, Timeout, matches
from .schema import ROOT, SchemaError, Schemas

DEFAULT_BINARY = ROOT / "build" / "release" / "host" / "senso-host"
LARGEST_FRAME = 1 << 20  # host to browser: above it Chrome closes the port
STDERR_LINES = 400
SANITIZERS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:",
              "WARNING: ThreadSanitizer", "MemorySanitizer")


class RpcError(Exception):
    """An error reply: code, message, and data with its symbolic reason."""

    def __init__(self, method, error):
        self.method = method
        self.code = error["code"]
        self.message = error["message"]
        self.data = error["data"]
        self.reason = self.data["reason"]
        super().__init__(f"{method}: {self.code} {self.reason}: {self.message}")


class HostGone(Gone):
    """The host ended while something was awaited of it."""


class SanitizerReport(AssertionError):
    """A sanitizer complained on the host's stderr."""


def binary_path(binary=None):
    return str(binary or os.environ.get("SENSO_HOST") or DEFAULT_BINARY)


class Host(Inbox):
    """
    `await Host.start()` gives a running host. Everything it sends is checked against the schemas;
    the first message that breaks them fails whatever is awaited, and `close`.
    """

    def __init__(self, mode, transcript, name=None):
        super().__init__()
        self.mode = mode
        self.name = name
        self.process = None
        self.limits = {}
        self.replies = []           # replies to what was sent unchecked, oldest first
        self.goodbye = None         # the reason, once said
        self.stderr = collections.deque(maxlen=STDERR_LINES)
        self.received = 0           # messages
        self.tap = None             # tap(message) sees every message of the host's
        self._schemas = Schemas.shared()
        self._ids = itertools.count(1)
        self._pending = {}          # id -> (method, future)
        self._unchecked = {}        # id -> method, of send_frame
        self._buffer = bytearray()
        self._tasks = []
        self._transcript = transcript
        self._own_transcript = False
        self._started = time.monotonic()

    @classmethod
    async def start(cls, binary=None, mode="stdio", args=(), transcript=None, wrap=(), env=None,
                    cwd=None, name=None):
        """
        Starts `wrap... binary --stdio|--lines args...` (mode None: only args). `transcript` is a
        path, or a file open for writing, that gets one JSON object a message; `name` tells hosts
        apart that share one.
        """
        host = cls(mode or "stdio", transcript, name)
        if isinstance(transcript, (str, pathlib.Path)):
            host._transcript = open(transcript, "w", encoding="utf-8")
            host._own_transcript = True
        flag = [f"--{mode}"] if mode else []
        command = [*wrap, binary_path(binary), *flag, *args]
        host.process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE, env={**os.environ, **(env or {})}, cwd=cwd)
        host._tasks = [asyncio.create_task(host._read()), asyncio.create_task(host._read_stderr())]
        return host

    async def __aenter__(self):
        return self

    async def __aexit__(self, kind, error, trace):
        if kind is not None:
            await self.abandon()
        elif self.process.returncode is None:
            await self.close()

    @property
    def pid(self):
        return self.process.pid

    # --- sending -------------------------------------------------------------------------------

    async def hello(self, auto_credit=None, **more):
        params = {"client": {"name": "senso-harness", "version": "1"}, "protocol": 1, **more}
        if auto_credit is not None:
            params["autoCredit"] = auto_credit
        result = await self.call("hello", **params)
        self.limits = result["limits"]
        return result

    async def call(self, method, **params):
        """The result; RpcError for an error reply."""
        return await self.request(method, params)

    async def request(self, method, params, timeout=30):
        return await self.wait_reply(await self.post(method, params), timeout)

    async def post(self, method, params, id=None):
        """Sends a request without waiting: the ticket goes to `wait_reply`."""
        id = next(self._ids) if id is None else id
        message = {"jsonrpc": "2.0", "id": id, "method": method, "params": params}
        self._schemas.check_client(message)
        self.raise_failure()
        future = asyncio.get_running_loop().create_future()
        self._pending[id] = (method, future)
        self._line("client", {"msg": message})
        await self._write(self.frame(json.dumps(message, ensure_ascii=False).encode()))
        return method, future

    async def wait_reply(self, ticket, timeout=30):
        method, future = ticket
        if self.ended and not future.done():
            self.raise_failure()
            raise self.gone(f"{method} was not answered")
        done, _ = await asyncio.wait([future], timeout=timeout)
        if not done:
            raise Timeout(f"{method} was not answered within {timeout} s; {self.state()}")
        return future.result()

    def frame(self, body):
        """The bytes of one frame in this host's mode."""
        return body + b"\n" if self.mode == "lines" else struct.pack("=I", len(body)) + body

    async def send_raw(self, data):
        """Bytes as they are: what a test sends to be refused. Replies come by `reply`."""
        self._line("client", {"raw": base64.b64encode(data).decode()})
        await self._write(data)

    async def send_frame(self, body):
        """A frame with this body, unchecked: bytes, or an object to be written as JSON."""
        if isinstance(body, (bytes, bytearray)):
            await self.send_raw(self.frame(bytes(body)))
            return
        if isinstance(body, dict) and isinstance(body.get("id"), (int, str)):
            self._unchecked[body["id"]] = body.get("method")
        self._line("client", {"msg": body})
        await self._write(self.frame(json.dumps(body, ensure_ascii=False).encode()))

    async def _write(self, data):
        try:
            self.process.stdin.write(data)
            await self.process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError) as error:
            await self._drained()
            self.raise_failure()
            raise self.gone("stdin is closed") from error

    # --- receiving -----------------------------------------------------------------------------

    async def reply(self, timeout=10, **where):
        """The oldest reply to something sent unchecked, for example reply(id=None)."""
        def take():
            for i, message in enumerate(self.replies):
                if matches(where, message):
                    del self.replies[i]
                    return message
            return None
        return await self.awaited(take, timeout, f"no reply {where or ''}")

    async def _read(self):
        try:
            while chunk := await self.process.stdout.read(1 << 20):
                self._buffer += chunk
                for body in self._frames():
                    self._message(body)
            if self._buffer:
                raise SchemaError(f"stdout ended inside a frame: {bytes(self._buffer[:80])!r}")
        except Exception as error:  # told to whoever awaits anything of this host
            self._failure = self._failure or error
        finally:
            self.ended = self._failure is None
            self.wake()
            for method, future in self._pending.values():
                if not future.done():
                    future.set_exception(self._failure or self.gone(f"{method} was not answered"))
                    future.exception()
            self._pending.clear()

    def _frames(self):
        while True:
            if self.mode == "lines":
                end = self._buffer.find(b"\n")
                if end < 0:
                    return
                body, size = bytes(self._buffer[:end]), end + 1
            else:
                if len(self._buffer) < 4:
                    return
                (n,) = struct.unpack_from("=I", self._buffer)
                if n > LARGEST_FRAME:
                    raise SchemaError(f"a frame of {n} bytes: Chrome closes the port above 1 MiB")
                if len(self._buffer) < 4 + n:
                    return
                body, size = bytes(self._buffer[4:4 + n]), 4 + n
            del self._buffer[:size]
            yield body

    def _message(self, body):
        try:
            message = json.loads(body.decode("utf-8"))
        except ValueError as error:
            raise SchemaError(f"stdout carried something else than JSON: {body[:200]!r}") from error
        if self.goodbye is not None:
            raise SchemaError(f"a message after goodbye: {body[:200]!r}")
        self.received += 1
        self._line("host", {"msg": message})
        key = message.get("id") if isinstance(message, dict) else None
        pending = None
        if "method" not in message and isinstance(key, (int, str)):
            pending = self._pending.pop(key, None)
            answers = pending[0] if pending else self._unchecked.pop(key, None)
            self._schemas.check_host(message, answers)
        else:
            self._schemas.check_host(message)
        if self.tap:
            self.tap(message)
        if "method" in message:
            self._notification(message["method"], message.get("params", {}))
        elif pending is None:
            self.replies.append(message)
        elif not pending[1].done():
            self._resolve(pending, message)
        self.wake()

    @staticmethod
    def _resolve(pending, message):
        method, future = pending
        if "error" in message:
            future.set_exception(RpcError(method, message["error"]))
            future.exception()  # an unawaited failure is not a warning of asyncio's
        else:
            future.set_result(message["result"])

    def _notification(self, method, params):
        if method == "goodbye":
            self.goodbye = params["reason"]
        self.deliver(method, params)

    async def _read_stderr(self):
        while line := await self.process.stderr.readline():
            self.stderr.append(line.decode("utf-8", "replace").rstrip("\n"))

    # --- the end -------------------------------------------------------------------------------

    async def close(self, timeout=10):
        """EOF on stdin; the exit status. Raises what the session had to complain of."""
        if not self.process.stdin.is_closing():
            self._line("client", {"eof": True})
            self.process.stdin.close()
        return await self.wait(timeout)

    def kill(self, number=signal.SIGKILL):
        if self.process.returncode is None:
            self.process.send_signal(number)

    async def abandon(self):
        """Ends it whatever its state, and complains of nothing."""
        self.kill()
        await self._drained()

    async def wait(self, timeout=10):
        """The exit status of a host that ends by itself."""
        drained = asyncio.create_task(self._drained())
        done, _ = await asyncio.wait([drained], timeout=timeout)
        if not done:
            self.kill()
            await drained
            raise Timeout(f"the host did not end within {timeout} s; {self.state()}")
        self.raise_failure()
        return self.process.returncode

    async def _drained(self):
        await asyncio.gather(*self._tasks)
        await self.process.wait()
        self.process._transport.close()  # its pipes, before the loop is gone
        self.ended = True
        if self._own_transcript and self._transcript:
            self._transcript.close()
            self._transcript = None
        text = self.stderr_text
        if any(mark in text for mark in SANITIZERS) and self._failure is None:
            self._failure = SanitizerReport(text)

    @property
    def stderr_text(self):
        return "\n".join(self.stderr)

    def rss(self):
        """Resident memory in bytes; 0 when the process is gone."""
        try:
            with open(f"/proc/{self.pid}/status", encoding="ascii", errors="replace") as status:
                for line in status:
                    if line.startswith("VmRSS:"):
                        return int(line.split()[1]) * 1024
        except OSError:
            pass
        return 0

    def gone(self, what):
        status = self.process.returncode
        return HostGone(f"{what}: the host ended (status {status}, goodbye {self.goodbye}); "
                        f"stderr: {self.stderr_text[-1500:]}")

    def state(self):
        return f"{super().state()}; stderr: {self.stderr_text[-600:]}"

    def _line(self, side, content):
        """A line of the transcript."""
        if self._transcript:
            who = {"host": self.name} if self.name else {}
            line = {"dir": side, **who, "t": round(time.monotonic() - self._started, 6), **content}
            self._transcript.write(json.dumps(line, ensure_ascii=False) + "\n")
