"""Peers and channels of a Host, and trickle signalling between two of them."""

import asyncio
import base64

LOOPBACK = {"loopback": True}


class Channel:
    """One data channel. `recv` puts the pieces of a message together."""

    def __init__(self, peer, number, label):
        self.peer = peer
        self.host = peer.host
        self.number = number
        self.label = label
        self.init = None  # of a channel the other side made
        self._next_seq = 0

    def __repr__(self):
        return f"<channel {self.number} {self.label!r}>"

    async def call(self, method, **params):
        return await self.host.call(f"channel.{method}", channel=self.number, **params)

    async def event(self, name, timeout=10):
        return await self.host.event(f"channel.{name}", {"channel": self.number}, timeout)

    async def opened(self, timeout=10):
        """The stream id, once open."""
        return (await self.event("open", timeout))["id"]

    async def closed(self, timeout=10):
        await self.event("closed", timeout)

    async def send(self, data, piece=None):
        """
        Sends text (str) or bytes; the bufferedAmount. `piece`: in pieces of so many bytes or
        characters, with `more`.
        """
        if piece is None:
            return (await self.call("send", **payload(data)))["bufferedAmount"]
        amount = 0
        for at in range(0, len(data), piece):
            more = {"more": True} if at + piece < len(data) else {}
            amount = (await self.call("send", **payload(data[at:at + piece]), **more))
        return amount["bufferedAmount"]

    async def credit(self, amount):
        await self.call("credit", bytes=amount)

    async def piece(self, timeout=10):
        """The params of the next channel.message; seq must count without a gap."""
        params = await self.event("message", timeout)
        assert params["seq"] == self._next_seq, f"seq {params['seq']}, expected {self._next_seq}"
        self._next_seq += 1
        return params

    async def recv(self, timeout=10):
        """The next whole message: str or bytes."""
        parts = [params := await self.piece(timeout)]
        while params.get("more"):
            parts.append(params := await self.piece(timeout))
        if "text" in params:
            return "".join(p["text"] for p in parts)
        return b"".join(base64.b64decode(p["base64"], validate=True) for p in parts)

    async def close(self):
        await self.call("close")


def payload(data):
    if isinstance(data, str):
        return {"text": data}
    return {"base64": base64.b64encode(data).decode()}


class Peer:
    """One peer of a host."""

    def __init__(self, host, number):
        self.host = host
        self.number = number

    def __repr__(self):
        return f"<peer {self.number}>"

    @classmethod
    async def create(cls, host, configuration=None):
        result = await host.call("peer.create", configuration=configuration or dict(LOOPBACK))
        return cls(host, result["peer"])

    async def call(self, method, **params):
        return await self.host.call(f"peer.{method}", peer=self.number, **params)

    async def event(self, name, where=None, timeout=10):
        def mine(params):
            return params["peer"] == self.number and (where is None or where(params))
        return await self.host.event(f"peer.{name}", mine, timeout)

    async def state(self, name, value, timeout=10):
        """Waits for a state change, for example state("connection", "connected")."""
        return await self.event(f"{name}statechange", lambda p: p["state"] == value, timeout)

    async def channel(self, label, **init):
        result = await self.host.call("channel.create", peer=self.number, label=label, init=init)
        return Channel(self, result["channel"], label)

    async def incoming(self, label=None, credit=None, timeout=10):
        """The next channel the other side made (of that label)."""
        params = await self.event(
            "datachannel", lambda p: label is None or p["label"] == label, timeout)
        channel = Channel(self, params["channel"], params["label"])
        channel.init = params["init"]
        if credit is not None:
            await channel.credit(credit)
        return channel

    async def stats(self):
        return (await self.call("getStats"))["stats"]

    async def get(self):
        return await self.call("get")

    async def close(self):
        await self.call("close")


class Link:
    """
    Carries descriptions and candidates between two peers. Candidates wait until the description
    they belong to is in. `filter(candidate)` may change a candidate, or drop it with False.
    """

    def __init__(self, a, b, filter=None):
        self.a, self.b = a, b
        self.channels_a, self.channels_b = {}, {}
        self.errors = []  # of addIceCandidate
        self._filter = filter
        self._held = {id(a): [], id(b): []}  # candidates for that peer; None: they go straight in
        self._tasks = set()
        self._off = [self._carry(a, b), self._carry(b, a)]

    def _carry(self, source, target):
        def found(params):
            if params["peer"] != source.number:
                return False
            candidate = params["candidate"]
            if self._filter and candidate is not None:
                changed = self._filter(candidate)
                if changed is False:
                    return True
                candidate = changed or candidate
            held = self._held[id(target)]
            if held is None:
                self._start(self._add(target, candidate))
            else:
                held.append(candidate)
            return True
        return source.host.on("peer.icecandidate", found)

    def _start(self, work):
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _add(self, target, candidate):
        try:
            await target.call("addIceCandidate", candidate=candidate)
        except Exception as error:
            self.errors.append(error)

    async def _described(self, target, description):
        await target.call("setRemoteDescription", description=description)
        held, self._held[id(target)] = self._held[id(target)] or [], None
        for candidate in held:
            await self._add(target, candidate)

    async def negotiate(self, offerer=None, change=None):
        """
        One offer and answer, with implicit setLocalDescription; (offer, answer). `change(d)` may
        give another description instead of d to the other side.
        """
        offerer = offerer or self.a
        answerer = self.b if offerer is self.a else self.a
        change = change or (lambda description: description)
        self._held[id(offerer)], self._held[id(answerer)] = [], []
        offer = await offerer.call("setLocalDescription")
        await self._described(answerer, change(offer))
        answer = await answerer.call("setLocalDescription")
        await self._described(offerer, change(answer))
        return offer, answer

    async def connected(self, timeout=10):
        await asyncio.gather(*(
            p.state("connection", "connected", timeout) for p in (self.a, self.b)))

    def stop(self):
        """No more candidates are carried."""
        for off in self._off:
            off()
        self._off = []

    async def close(self):
        self.stop()
        for peer in (self.a, self.b):
            await peer.close()


async def connect(a, b, *channels, configuration=None, credit=1 << 40, timeout=10):
    """
    Connects a new peer of host a with one of host b, with these channels made by a: a label, or
    (label, init). Returns the Link once all are open on both sides; its channels_a and channels_b
    are by label. `credit` is granted to both ends of each (None: none).
    """
    link = Link(await Peer.create(a, configuration), await Peer.create(b, configuration))
    plan = [(c, {}) if isinstance(c, str) else c for c in channels] or [("data", {})]
    for label, init in plan:
        grant = {} if credit is None else {"credit": credit}
        link.channels_a[label] = await link.a.channel(label, **{**grant, **init})
        if init.get("negotiated"):
            link.channels_b[label] = await link.b.channel(label, **{**grant, **init})
    await link.negotiate()
    await link.connected(timeout)
    for label, init in plan:
        if not init.get("negotiated"):
            link.channels_b[label] = await link.b.incoming(label, credit, timeout)
    for channel in (*link.channels_a.values(), *link.channels_b.values()):
        await channel.opened(timeout)
    return link
