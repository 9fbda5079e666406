#!/usr/bin/python3
"""aiortc speaking the protocol of agent.js. aiortc gathers inside setLocalDescription, so its candidates are in the
description and none is announced but the end."""

import asyncio
import base64
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import aiortc  # noqa: E402
from aiortc.sdp import candidate_from_sdp  # noqa: E402

from senso_interop.pattern import digest, pattern_bytes, payload  # noqa: E402


class Channel:
    def __init__(self, agent, peer, dc):
        self.agent, self.peer, self.dc = agent, peer, dc
        self.sink = None
        self.echo = False
        self.pong = None
        self.id = agent.adopt(self)
        dc.on("open", lambda: self.emit("open", sid=dc.id))
        dc.on("close", lambda: self.emit("closed"))
        dc.on("message", self.on_message)

    def emit(self, event, **more):
        self.agent.write({"event": event, "peer": self.peer, "channel": self.id, **more})

    def on_message(self, data):
        if self.sink:
            self.sink["bytes"] += len(data)
            if self.sink["bytes"] >= self.sink["expect"]:
                self.emit("sunk", bytes=self.sink["bytes"])
                self.sink = None
        elif self.echo:
            self.dc.send(data)
        elif self.pong:
            self.pong.set_result(time.perf_counter())
        else:
            self.emit("message", **digest(data))


class Agent:
    def __init__(self):
        self.peers = {}
        self.channels = {}

    def write(self, frame):
        os.write(1, (json.dumps(frame) + "\n").encode())

    def adopt(self, channel):
        self.channels[len(self.channels) + 1] = channel
        return len(self.channels)

    def init_of(self, dc):
        names = ("ordered", "maxRetransmits", "maxPacketLifeTime", "protocol", "negotiated", "id")
        return {name: getattr(dc, name) for name in names}

    def watch(self, peer, pc):
        def state(kind, attribute):
            return lambda: self.write(
                {"event": "state", "peer": peer, "kind": kind, "state": getattr(pc, attribute)}
            )

        pc.on("connectionstatechange", state("connection", "connectionState"))
        pc.on("iceconnectionstatechange", state("ice", "iceConnectionState"))
        pc.on("icegatheringstatechange", state("gathering", "iceGatheringState"))
        pc.on("signalingstatechange", state("signaling", "signalingState"))

        def on_channel(dc):
            channel = Channel(self, peer, dc)
            channel.emit("datachannel", label=dc.label, init=self.init_of(dc))
            channel.emit("open", sid=dc.id)

        pc.on("datachannel", on_channel)

    # --- commands ---

    async def hello(self, p):
        return {"name": "aiortc", "version": aiortc.__version__}

    async def create(self, p):
        peer = len(self.peers) + 1
        self.peers[peer] = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
        self.watch(peer, self.peers[peer])
        return {"peer": peer}

    def plain(self, description):
        return {"type": description.type, "sdp": description.sdp}

    async def createOffer(self, p):
        return self.plain(await self.peers[p["peer"]].createOffer())

    async def createAnswer(self, p):
        return self.plain(await self.peers[p["peer"]].createAnswer())

    async def setLocal(self, p):
        pc = self.peers[p["peer"]]
        if "description" in p:
            description = aiortc.RTCSessionDescription(**p["description"])
        elif pc.signalingState == "have-remote-offer":
            description = await pc.createAnswer()
        else:
            description = await pc.createOffer()
        await pc.setLocalDescription(description)
        self.write({"event": "candidate", "peer": p["peer"], "candidate": None})
        return self.plain(pc.localDescription)

    async def setRemote(self, p):
        description = aiortc.RTCSessionDescription(**p["description"])
        await self.peers[p["peer"]].setRemoteDescription(description)
        return {}

    async def addCandidate(self, p):
        init = p["candidate"]
        if init and init["candidate"]:
            candidate = candidate_from_sdp(init["candidate"].split(":", 1)[1])
            candidate.sdpMid = init.get("sdpMid")
            candidate.sdpMLineIndex = init.get("sdpMLineIndex")
            await self.peers[p["peer"]].addIceCandidate(candidate)
        return {}

    async def createChannel(self, p):
        dc = self.peers[p["peer"]].createDataChannel(p["label"], **p.get("init", {}))
        channel = Channel(self, p["peer"], dc)
        if dc.readyState == "open":
            channel.emit("open", sid=dc.id)
        return {"channel": channel.id}

    async def send(self, p):
        dc = self.channels[p["channel"]].dc
        for i in range(p.get("count", 1)):
            if "text" in p:
                dc.send(p["text"])
            elif "base64" in p:
                dc.send(base64.b64decode(p["base64"]))
            else:
                dc.send(payload(p, p.get("seed", 0) + i))
        return {"bufferedAmount": dc.bufferedAmount}

    async def closeChannel(self, p):
        self.channels[p["channel"]].dc.close()
        return {}

    async def closePeer(self, p):
        await self.peers[p["peer"]].close()
        return {}

    async def getStats(self, p):
        report = await self.peers[p["peer"]].getStats()
        return {"stats": {key: {"type": value.type} for key, value in report.items()}}

    # --- measuring ---

    async def sink(self, p):
        self.channels[p["channel"]].sink = {"bytes": 0, "expect": p["bytes"]}
        return {}

    async def echo(self, p):
        self.channels[p["channel"]].echo = True
        return {}

    async def flood(self, p):
        dc = self.channels[p["channel"]].dc
        message = pattern_bytes(p["size"], 1)
        low = asyncio.Event()
        dc.bufferedAmountLowThreshold = 1 << 20
        dc.on("bufferedamountlow", low.set)
        for _ in range(0, p["bytes"], p["size"]):
            if dc.bufferedAmount > 2 << 20:
                low.clear()
                await low.wait()
            dc.send(message)
        return {}

    async def pingpong(self, p):
        channel = self.channels[p["channel"]]
        message = pattern_bytes(p["size"], 1)
        us = []
        for _ in range(p["count"]):
            start = time.perf_counter()
            channel.pong = asyncio.get_running_loop().create_future()
            channel.dc.send(message)
            us.append((await channel.pong - start) * 1e6)
        channel.pong = None
        return {"us": us}

    async def handle(self, request):
        frame = {"id": request["id"]}
        try:
            if request["cmd"].startswith("_") or not hasattr(self, request["cmd"]):
                raise ValueError("unknown command " + request["cmd"])
            frame["result"] = await getattr(self, request["cmd"])(request)
        except Exception as error:  # noqa: BLE001 - every failure is the caller's to see
            frame["error"] = f"{type(error).__name__}: {error}"
        self.write(frame)


async def main():
    agent = Agent()
    reader = asyncio.StreamReader(limit=1 << 27)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    pending = set()
    while line := await reader.readline():
        task = asyncio.ensure_future(agent.handle(json.loads(line)))
        pending.add(task)
        task.add_done_callback(pending.discard)
    os._exit(0)


asyncio.run(main())
