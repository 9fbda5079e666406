"""The uniform peer in the extension's service worker: its RTCPeerConnection is the extension's own, on either engine."""

import json
import os
import pathlib
import time

import chromium
from senso_harness.extension import ID, Install
from senso_interop.agent import Agent, AgentError

HERE = pathlib.Path(__file__).resolve().parent
AGENT = (HERE.parent / "interop" / "peers" / "agent.js").read_text()
ROOT = HERE.parents[1]
HOST = os.environ.get("SENSO_HOST_RELEASE", str(ROOT / "build" / "release" / "host" / "senso-host"))

# Without it an unpacked extension is gone once it is reloaded.
DEVELOPER = {"extensions": {"ui": {"developer_mode": True}}}

SET_UP = """
  (async () => {
    await self.senso.ready;
    const hex = (buffer) => Array.from(new Uint8Array(buffer), (b) => b.toString(16).padStart(2, '0')).join('');
    const ours = %s;
    self.sensoAgent = SensoAgent.createAgent({
      name: 'extension', version: '1', absent: null,
      RTCPeerConnection: class {
        constructor(configuration) { return new self.senso.RTCPeerConnection({ ...configuration, ...ours }, { name: 'Test' }); }
      },
      digest: async (bytes) => hex(await crypto.subtle.digest('SHA-256', bytes)),
      message: (bytes) => bytes,
      candidate: (c) => c.toJSON(),
      addCandidate: (pc, c) => pc.addIceCandidate(c),
      write: (frame) => sensoEmit(JSON.stringify(frame)),
      exit: () => 0,
    });
    return self.senso.engine;
  })()
"""


class ExtensionAgent(Agent):
    """A Chromium with the extension; the browser itself starts the host."""

    def __init__(self, engine, prefix=(), configuration=None, host_missing=False, allow=True):
        super().__init__()
        self.name = f"extension-{engine}"
        self.worker = self.session = None
        self.generation = 0
        self.install = Install(HOST, {"3rdparty": {"extensions": {ID: {"engine": engine}}}}, allow)
        if host_missing:
            self.install.host.unlink()
        try:
            self.browser = chromium.Browser(self.install.flags, [*self.install.prefix, *prefix], DEVELOPER)
        except BaseException:
            self.install.remove()
            raise
        try:
            self.browser.listeners[None] = self.targets_changed
            self.browser.call("Target.setDiscoverTargets", discover=True)
            self.enter(configuration)
            self.version = self.browser.version
        except BaseException:
            self.stop()
            raise

    def targets_changed(self, method, params):
        info = params.get("targetInfo", {})
        with self.changed:
            if method == "Target.targetCreated" and info.get("url") == f"chrome-extension://{ID}/worker.js":
                self.worker = info["targetId"]
                self.generation += 1
            elif method == "Target.targetDestroyed" and params["targetId"] == self.worker:
                self.worker = None
            elif method == "ended":
                self.ended = "the browser ended"
            self.changed.notify_all()

    def enter(self, configuration=None, after=0):
        """Attaches to the service worker, one that started after that generation."""
        self.until(lambda: self.worker if self.generation > after else None, "the service worker", 20)
        attached = self.browser.call("Target.attachToTarget", targetId=self.worker, flatten=True)
        self.session = attached["sessionId"]
        self.browser.listeners[self.session] = self.notified
        self.browser.call("Runtime.enable", self.session)
        self.browser.call("Runtime.addBinding", self.session, name="sensoEmit")
        self.wait_loaded()
        self.run(AGENT)
        self.engine = self.run(SET_UP % json.dumps(configuration or {}), seconds=30)

    def wait_loaded(self, seconds=10):
        """The target is there before its modules have run, and nothing tells when they have."""
        end = time.monotonic() + seconds
        while self.run("typeof self.senso") != "object":
            if time.monotonic() > end:
                raise AgentError(f"{self.name}: worker.js has not run: {self.errors}")
            with self.changed:
                self.changed.wait(0.02)

    def notified(self, method, params):
        if method == "Runtime.bindingCalled":
            self.incoming(json.loads(params["payload"]))
        elif method == "Runtime.exceptionThrown":
            with self.changed:
                self.errors.append(str(params["exceptionDetails"])[:500])

    def run(self, expression, seconds=15):
        """What the expression gives in the service worker, awaited."""
        reply = self.browser.call("Runtime.evaluate", self.session, seconds, expression=expression, returnByValue=True,
                                  awaitPromise=True)
        if "exceptionDetails" in reply:
            raise AgentError(f"{self.name}: {expression[:80]}: {reply['exceptionDetails']}"[:800])
        return reply["result"].get("value")

    def transmit(self, request):
        self.browser.send("Runtime.evaluate", self.session,
                          expression=f"void sensoAgent.handle({json.dumps(request)})")

    def vanish(self):
        self.browser.vanish()

    def stop(self):
        self.browser.stop()
        self.install.remove()
