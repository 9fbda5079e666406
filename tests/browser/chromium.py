"""Debian's Chromium, driven by the DevTools protocol over a pipe: no port, no library."""

import glob
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time

from senso_interop.agent import Agent, AgentError, Process

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = "file://" + os.path.join(HERE, "page.html")
BINARY = "/usr/bin/chromium"

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--password-store=basic",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE *.local",
    "--remote-debugging-pipe",
]

# The browser reads commands from descriptor 3 and answers on 4.
PLUMB = 'read_end=$1 write_end=$2; shift 2; exec "$@" 3<&"$read_end" 4>&"$write_end"'


PROFILE = "senso-chromium-"


def sweep():
    """Removes the profiles of test runs that were killed before they could."""
    for left in glob.glob(os.path.join(tempfile.gettempdir(), PROFILE + "*")):
        if not os.path.exists("/proc/" + os.path.basename(left).split("-")[2]):
            shutil.rmtree(left, ignore_errors=True)


class Browser:
    """One Chromium process with a profile of its own."""

    def __init__(self, flags=(), prefix=(), preferences=None):
        sweep()
        self.profile = tempfile.mkdtemp(prefix=f"{PROFILE}{os.getpid()}-")
        if preferences:
            os.mkdir(os.path.join(self.profile, "Default"))
            with open(os.path.join(self.profile, "Default", "Preferences"), "w", encoding="utf-8") as file:
                json.dump(preferences, file)
        self.ids = itertools.count(1)
        self.changed = threading.Condition()
        self.replies = {}
        self.listeners = {}  # by session; None: of the browser itself
        self.ended = False
        self.writing = threading.Lock()
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        self.process = Process(
            ["bash", "-c", PLUMB, "plumb", str(theirs_in), str(theirs_out), *prefix, BINARY, *FLAGS,
             f"--user-data-dir={self.profile}", *flags, "about:blank"],
            pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": self.profile},
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self.out = os.fdopen(ours_out, "wb", buffering=0)
        self.input = os.fdopen(ours_in, "rb", buffering=0)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        try:
            self.version = self.call("Browser.getVersion", seconds=30)["product"]
        except BaseException:
            self.stop()
            raise

    # --- the DevTools protocol: JSON texts ended by NUL ---

    def send(self, method, session=None, **params):
        ident = next(self.ids)
        frame = {"id": ident, "method": method, "params": params}
        if session:
            frame["sessionId"] = session
        with self.writing:
            data = json.dumps(frame).encode() + b"\0"
            while data:
                data = data[self.out.write(data):]
        return ident

    def call(self, method, session=None, seconds=15, **params):
        end = time.monotonic() + seconds
        with self.changed:
            ident = self.send(method, session, **params)
            while ident not in self.replies:
                left = end - time.monotonic()
                if self.ended or left <= 0:
                    raise AgentError(f"chromium: {method}: {'it ended' if self.ended else 'no answer'}")
                self.changed.wait(left)
            reply = self.replies.pop(ident)
        if "error" in reply:
            raise AgentError(f"chromium: {method}: {reply['error']}")
        return reply["result"]

    def read(self):
        held = b""
        while data := self.input.read(1 << 20):
            *frames, held = (held + data).split(b"\0")
            for frame in frames:
                self.take(json.loads(frame))
        with self.changed:
            self.ended = True
            self.changed.notify_all()
        for listener in list(self.listeners.values()):
            listener("ended", {})

    def take(self, frame):
        if "id" in frame:
            with self.changed:
                self.replies[frame["id"]] = frame
                self.changed.notify_all()
        elif frame.get("sessionId") in self.listeners:
            self.listeners[frame.get("sessionId")](frame["method"], frame["params"])

    # ---

    def page(self):
        return PageAgent(self)

    def vanish(self):
        self.process.kill()

    def stop(self):
        self.process.kill()
        self.reader.join(5)
        self.out.close()
        self.input.close()
        shutil.rmtree(self.profile, ignore_errors=True)


class PageAgent(Agent):
    """The uniform peer in a page of the browser."""

    name = "chromium"

    def __init__(self, browser):
        super().__init__()
        self.browser = browser
        self.version = browser.version
        self.target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        attached = browser.call("Target.attachToTarget", targetId=self.target, flatten=True)
        self.session = attached["sessionId"]
        self.loads = 0
        browser.listeners[self.session] = self.notified
        for domain in ("Page", "Runtime"):
            browser.call(f"{domain}.enable", self.session)
        browser.call("Runtime.addBinding", self.session, name="sensoEmit")
        self.navigate("Page.navigate", url=PAGE)

    def notified(self, method, params):
        if method == "Runtime.bindingCalled":
            self.incoming(json.loads(params["payload"]))
        elif method == "Page.loadEventFired":
            with self.changed:
                self.loads += 1
                self.changed.notify_all()
        elif method == "Runtime.exceptionThrown":
            with self.changed:
                self.errors.append(str(params["exceptionDetails"])[:500])
        elif method in ("ended", "Inspector.targetCrashed"):
            self.end("the browser " + method)

    def navigate(self, method, **params):
        loads = self.loads
        self.browser.call(method, self.session, **params)
        self.until(lambda: self.loads > loads, "chromium: page loaded", 15)

    def reload(self):
        """What a user does with F5: every connection of the page is gone, unannounced by the page."""
        self.connections.clear()
        self.by_channel.clear()
        self.navigate("Page.reload")

    def transmit(self, request):
        self.browser.send("Runtime.evaluate", self.session,
                          expression=f"void sensoAgent.handle({json.dumps(request)})")

    def evaluate(self, expression):
        reply = self.browser.call("Runtime.evaluate", self.session, expression=expression,
                                  returnByValue=True, awaitPromise=True)
        return reply["result"].get("value")

    def stop(self):
        self.browser.listeners.pop(self.session, None)
        if not self.browser.ended:
            self.browser.call("Target.closeTarget", targetId=self.target)


class ChromiumAgent(PageAgent):
    """A browser with one page, which ends with it."""

    def __init__(self, flags=(), prefix=()):
        browser = Browser(flags, prefix)
        try:
            super().__init__(browser)
        except BaseException:
            browser.stop()
            raise

    def vanish(self):
        self.browser.vanish()

    def stop(self):
        self.browser.stop()


def why_not():
    """None if there is a Chromium to drive, else the reason."""
    return None if os.path.exists(BINARY) else f"no {BINARY}: apt-get install chromium"
