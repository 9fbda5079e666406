"""senso-host as one of the peers: the uniform commands, translated to its protocol by the harness."""

import asyncio
import base64
import threading

from senso_harness import Host, RpcError

from .agent import Agent, AgentError
from .pattern import digest, payload

WINDOW = 16 << 20
STATES = {
    "peer.connectionstatechange": "connection",
    "peer.iceconnectionstatechange": "ice",
    "peer.icegatheringstatechange": "gathering",
    "peer.signalingstatechange": "signaling",
}


class HostAgent(Agent):
    """One senso-host process. `config` is what every peer of it is made with."""

    def __init__(self, name="host", prefix=(), config=None):
        super().__init__()
        self.name = name
        self.config = config or {}
        self.version = ""
        self.held = {}
        self.owners = {}   # channel -> peer
        self.orphans = {}  # events of a channel whose creation is not yet known here
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        try:
            self.host = self.run(Host.start(wrap=prefix))
            self.listen()
            self.version = self.run(self.host.hello(auto_credit=WINDOW))["server"]["version"]
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self):
        return self.host.pid

    def run(self, work, seconds=20):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(seconds)

    # --- commands ---

    def transmit(self, request):
        asyncio.run_coroutine_threadsafe(self.serve(dict(request)), self.loop)

    async def serve(self, request):
        frame = {"id": request.pop("id")}
        try:
            frame["result"] = await getattr(self, "do_" + request.pop("cmd"))(**request)
        except RpcError as error:
            frame["error"] = str(error)
        except Exception as error:  # noqa: BLE001 - whoever called is told
            frame["error"] = f"{type(error).__name__}: {error}"
        self.incoming(frame)

    async def do_create(self, config):
        return await self.host.call("peer.create", configuration={**self.config, **config})

    async def do_createOffer(self, peer, iceRestart=False):
        more = {"iceRestart": True} if iceRestart else {}
        return await self.host.call("peer.createOffer", peer=peer, **more)

    async def do_createAnswer(self, peer):
        return await self.host.call("peer.createAnswer", peer=peer)

    async def do_setLocal(self, **params):
        return await self.host.call("peer.setLocalDescription", **params)

    async def do_setRemote(self, **params):
        return await self.host.call("peer.setRemoteDescription", **params)

    async def do_addCandidate(self, **params):
        return await self.host.call("peer.addIceCandidate", **params)

    async def do_createChannel(self, peer, **params):
        result = await self.host.call("channel.create", peer=peer, **params)
        self.owners[result["channel"]] = peer
        for event in self.orphans.pop(result["channel"], []):
            self.incoming({**event, "peer": peer})
        return result

    async def do_send(self, channel, count=1, seed=0, **params):
        result, tickets = None, []
        for i in range(count):
            body = {k: params[k] for k in ("text", "base64") if k in params}
            if not body:
                data = payload(params, seed + i)
                text = isinstance(data, str)
                body = {"text": data} if text else {"base64": base64.b64encode(data).decode()}
            tickets.append(await self.host.post("channel.send", {"channel": channel, **body}))
        for ticket in tickets:
            result = await self.host.wait_reply(ticket)
        return result

    async def do_closeChannel(self, channel):
        return await self.host.call("channel.close", channel=channel)

    async def do_closePeer(self, peer):
        return await self.host.call("peer.close", peer=peer)

    async def do_restartIce(self, peer):
        return await self.host.call("peer.restartIce", peer=peer)

    async def do_getStats(self, peer):
        return await self.host.call("peer.getStats", peer=peer)

    # --- events ---

    def listen(self):
        for method, kind in STATES.items():
            self.hear(method, lambda p, kind=kind: {"event": "state", "kind": kind, "state": p["state"]})
        self.hear("peer.icecandidate", lambda p: {"event": "candidate", "candidate": p["candidate"]})
        self.hear("peer.negotiationneeded", lambda p: {"event": "negotiationneeded"})
        self.hear("peer.path", lambda p: {"event": "path", "path": p})
        self.hear("peer.datachannel", lambda p: {"event": "datachannel", "channel": p["channel"],
                                                 "label": p["label"], "init": p["init"]})
        self.hear("channel.open", lambda p: {"event": "open", "sid": p["id"]})
        self.hear("channel.closing", lambda p: {"event": "closing"})
        self.hear("channel.closed", lambda p: {"event": "closed"})
        self.hear("channel.error", lambda p: {"event": "channelerror", "error": str(p)})
        self.hear("channel.message", self.message)
        asyncio.run_coroutine_threadsafe(self.watch_end(), self.loop)

    def hear(self, method, translate):
        def heard(params):
            event = translate(params)
            if event:
                self.place(event, params)
            return True

        self.host.on(method, heard)

    def place(self, event, params):
        """Says whose event it is: those of channels do not name the peer."""
        channel = params.get("channel")
        if channel is not None:
            event["channel"] = channel
        if "peer" in params and channel is not None:
            self.owners[channel] = params["peer"]
        peer = params.get("peer", self.owners.get(channel))
        if peer is None:
            self.orphans.setdefault(channel, []).append(event)
        else:
            self.incoming({**event, "peer": peer})

    def message(self, params):
        """A message is reported once its last piece is in."""
        parts = self.held.setdefault(params["channel"], [])
        text = "text" in params
        parts.append(params["text"] if text else base64.b64decode(params["base64"], validate=True))
        if params.get("more"):
            return None
        del self.held[params["channel"]]
        return {"event": "message", **digest(("" if text else b"").join(parts))}

    def take_event(self, event):
        if event["event"] == "path":
            self.connection(event["peer"]).path = event["path"]
        else:
            super().take_event(event)

    async def watch_end(self):
        while self.host.process.returncode is None:
            await self.host.process.wait()
        self.end(f"exit status {self.host.process.returncode}: {self.host.stderr_text[-600:]}")

    # --- the end ---

    def vanish(self):
        self.loop.call_soon_threadsafe(self.host.kill)
        self.until_ended()

    def until_ended(self, seconds=10):
        with self.changed:
            self.changed.wait_for(lambda: self.ended is not None, seconds)

    def stop(self):
        """EOF, and what the session had to complain of: a schema broken, a sanitizer's report."""
        try:
            if getattr(self, "host", None) and self.ended is None:
                status = self.run(self.host.close())
                if status != 0:
                    raise AgentError(f"{self.name}: exit status {status} after EOF")
        finally:
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join(5)
