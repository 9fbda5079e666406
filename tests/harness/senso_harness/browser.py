"""
Chromium over the DevTools protocol on a pipe, with a profile of its own, and a page that speaks the
host's protocol, so that `peer.connect` joins a host and a page as it joins two hosts.
"""

import asyncio
import fcntl
import functools
import http.server
import itertools
import json
import os
import pathlib
import shutil
import tempfile
import threading

from .host import RpcError
from .inbox import Gone, Inbox, Timeout

PAGES = pathlib.Path(__file__).resolve().parents[1] / "pages"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-default-apps",
    "--remote-debugging-pipe", "--disable-dev-shm-usage",
)
REAL_ADDRESSES = "--disable-features=WebRtcHideLocalIpsWithMdns"


class Chromium:
    """`await Chromium.start()`; then `page(url)`."""

    def __init__(self):
        self._ids = itertools.count(1)
        self._pending = {}
        self._handlers = {}  # session id -> handler(method, params)
        self._buffer = b""

    @staticmethod
    def find():
        return next((path for name in NAMES if (path := shutil.which(name))), None)

    @classmethod
    async def start(cls, flags=(), mdns=False, wrap=()):
        binary = cls.find()
        if binary is None:
            raise FileNotFoundError("no Chromium: apt-get install chromium")
        self = cls()
        self._profile = tempfile.mkdtemp(prefix="senso-chromium-")
        own = [f"--user-data-dir={self._profile}", *([] if mdns else [REAL_ADDRESSES]),
               *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        theirs_in, ours_out = (fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in self._pipe())
        ours_in, theirs_out = (fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in self._pipe())
        for fd in self._plain:
            os.close(fd)

        def place():  # the pipe's ends are descriptors 3 and 4 of the browser
            os.dup2(theirs_in, 3)
            os.dup2(theirs_out, 4)

        self.process = await asyncio.create_subprocess_exec(
            *wrap, binary, *FLAGS, *own, *flags, "about:blank", stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            pass_fds=(3, 4), preexec_fn=place, start_new_session=True)
        os.close(theirs_in)
        os.close(theirs_out)
        self._out = ours_out
        self._in = ours_in
        os.set_blocking(ours_in, False)
        asyncio.get_running_loop().add_reader(ours_in, self._readable)
        await self.command("Browser.getVersion")
        return self

    def _pipe(self):
        read, write = os.pipe()
        self._plain = getattr(self, "_plain", []) + [read, write]
        return read, write

    def _readable(self):
        try:
            chunk = os.read(self._in, 1 << 20)
        except BlockingIOError:
            return
        if not chunk:
            asyncio.get_running_loop().remove_reader(self._in)
            for future in self._pending.values():
                if not future.done():
                    future.set_exception(Gone("Chromium ended"))
            return
        *messages, self._buffer = (self._buffer + chunk).split(b"\0")
        for text in messages:
            self._message(json.loads(text))

    def _message(self, message):
        future = self._pending.pop(message.get("id"), None)
        if future and not future.done():
            future.set_result(message)
        elif "method" in message and message.get("sessionId") in self._handlers:
            self._handlers[message["sessionId"]](message["method"], message["params"])

    async def command(self, method, session=None, timeout=30, **params):
        id = next(self._ids)
        message = {"id": id, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        self._pending[id] = asyncio.get_running_loop().create_future()
        os.write(self._out, json.dumps(message).encode() + b"\0")
        try:
            answer = await asyncio.wait_for(self._pending[id], timeout)
        except asyncio.TimeoutError as error:
            raise Timeout(f"Chromium did not answer {method} within {timeout} s") from error
        if "error" in answer:
            raise Gone(f"Chromium refused {method}: {answer['error']}")
        return answer["result"]

    async def page(self, url, handler):
        """A page at url, loaded; handler(method, params) gets its DevTools events."""
        target = (await self.command("Target.createTarget", url="about:blank"))["targetId"]
        session = (await self.command("Target.attachToTarget", targetId=target, flatten=True))[
            "sessionId"]
        loaded = asyncio.get_running_loop().create_future()

        def handle(method, params):
            if method == "Page.loadEventFired" and not loaded.done():
                loaded.set_result(None)
            handler(method, params)

        self._handlers[session] = handle
        for domain in ("Page", "Runtime"):
            await self.command(f"{domain}.enable", session)
        await self.command("Runtime.addBinding", session, name="sensoEmit")
        await self.command("Page.navigate", session, url=url)
        await asyncio.wait_for(loaded, 30)
        return session

    async def close(self):
        try:
            await self.command("Browser.close", timeout=5)
        except (Gone, Timeout, BrokenPipeError):
            pass
        try:
            await asyncio.wait_for(self.process.wait(), 10)
        except asyncio.TimeoutError:
            self.process.kill()
            await self.process.wait()
        asyncio.get_running_loop().remove_reader(self._in)
        os.close(self._in)
        os.close(self._out)
        shutil.rmtree(self._profile, ignore_errors=True)


class Pages:
    """Serves a folder on loopback."""

    class _Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    def __init__(self, folder=PAGES):
        handler = functools.partial(self._Quiet, directory=str(folder))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class PageHost(Inbox):
    """A page that answers the host's methods, by pages/peer.js."""

    def __init__(self, name="page"):
        super().__init__()
        self.name = name

    @classmethod
    async def start(cls, mdns=False, flags=(), wrap=()):
        self = cls()
        self._pages = Pages()
        try:
            self._browser = await Chromium.start(flags, mdns, wrap)
        except BaseException:
            self._pages.close()
            raise
        self._session = await self._browser.page(f"{self._pages.url}/peer.html", self._handle)
        return self

    def _handle(self, method, params):
        if method == "Runtime.bindingCalled" and params["name"] == "sensoEmit":
            message = json.loads(params["payload"])
            self.deliver(message["method"], message["params"])
            self.wake()
        elif method == "Runtime.exceptionThrown":
            self._failure = AssertionError(f"the page threw: {params['exceptionDetails']}")
            self.wake()

    async def call(self, method, **params):
        text = f"sensoCall({json.dumps(method)}, {json.dumps(params)})"
        answer = await self.evaluate(text)
        if "error" in answer:
            raise RpcError(method, answer["error"])
        return answer["result"]

    async def evaluate(self, expression):
        answer = await self._browser.command(
            "Runtime.evaluate", self._session, expression=expression, awaitPromise=True,
            returnByValue=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise AssertionError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    async def close(self):
        self.ended = True
        await self._browser.close()
        self._pages.close()
