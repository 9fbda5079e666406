/*
 * The uniform peer: one RTCPeerConnection implementation driven by JSON commands. The same file runs in node (@roamhq/wrtc,
 * werift, node-datachannel) and in a Chromium page; aiortc_peer.py speaks the same protocol.
 *
 * In:  {id, cmd, ...params}
 * Out: {id, result} | {id, error}, and events {event, peer, channel?, ...}.
 * Messages are reported as size, type and SHA-256 of their bytes; those to send are named by a pattern, so that a large one
 * costs nothing to command.
 */
(function (root) {
  'use strict';

  const UNIT = 'ä€😀';

  /* Bytes (or text of exactly `size` bytes of UTF-8) that depend on the seed and the place; see pattern.py. */
  function patternBytes(size, seed) {
    const out = new Uint8Array(size);
    for (let i = 0; i < size; i++) out[i] = (seed + i + (i >> 8) * 89) & 255;
    return out;
  }

  function patternText(size, seed) {
    const unit = seed + UNIT;
    const unitSize = new TextEncoder().encode(unit).length;
    const n = Math.floor(size / unitSize);
    return unit.repeat(n) + 'x'.repeat(size - n * unitSize);
  }

  function fromBase64(text) {
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  }

  function toView(data) {
    if (data instanceof ArrayBuffer) return new Uint8Array(data);
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }

  function createAgent(env) {
    const peers = new Map();
    const channels = new Map();
    let nextPeer = 1;
    let nextChannel = 1;
    let tail = Promise.resolve();

    /* Events leave in the order in which they happened, also when a digest is a promise. */
    function emit(event) {
      tail = tail.then(async () => env.write(await event));
    }

    function peerOf(p) {
      if (!peers.has(p.peer)) throw new Error('unknown peer ' + p.peer);
      return peers.get(p.peer);
    }

    function channelOf(p) {
      if (!channels.has(p.channel)) throw new Error('unknown channel ' + p.channel);
      return channels.get(p.channel);
    }

    async function describe(where, data) {
      const text = typeof data === 'string';
      const bytes = text ? new TextEncoder().encode(data) : toView(data);
      return { ...where, event: 'message', type: text ? 'text' : 'binary', size: bytes.length, sha256: await env.digest(bytes) };
    }

    function onMessage(entry, data) {
      if (entry.sink) return sinkMessage(entry, data);
      if (entry.echo) return entry.dc.send(typeof data === 'string' ? data : toView(data));
      if (entry.pong) return entry.pong();
      emit(describe({ peer: entry.peer, channel: entry.id }, data));
    }

    function adopt(peer, dc) {
      const entry = { id: nextChannel++, peer, dc };
      const at = { peer, channel: entry.id };
      channels.set(entry.id, entry);
      try { dc.binaryType = 'arraybuffer'; } catch (e) { /* the implementation has one type only */ }
      entry.opened = () => {
        if (!entry.open) emit({ ...at, event: 'open', sid: dc.id });
        entry.open = true;
      };
      dc.onopen = entry.opened;
      dc.onmessage = (e) => onMessage(entry, e.data);
      dc.onclosing = () => emit({ ...at, event: 'closing' });
      dc.onclose = () => emit({ ...at, event: 'closed' });
      dc.onerror = (e) => emit({ ...at, event: 'channelerror', error: String((e && e.error) || e) });
      dc.onbufferedamountlow = () => entry.low && entry.low();
      return entry;
    }

    function initOf(dc) {
      const nul = (x) => (x === undefined || x === env.absent ? null : x);
      return { ordered: dc.ordered, maxRetransmits: nul(dc.maxRetransmits), maxPacketLifeTime: nul(dc.maxPacketLifeTime),
        protocol: dc.protocol, negotiated: dc.negotiated, id: dc.id };
    }

    function watch(peer, pc) {
      const state = (kind, value) => emit({ event: 'state', peer, kind, state: value });
      pc.onicecandidate = (e) => {
        const c = e.candidate;
        emit({ event: 'candidate', peer, candidate: c && c.candidate ? env.candidate(c) : null });
      };
      pc.oniceconnectionstatechange = () => state('ice', pc.iceConnectionState);
      pc.onconnectionstatechange = () => state('connection', pc.connectionState);
      pc.onicegatheringstatechange = () => state('gathering', pc.iceGatheringState);
      pc.onsignalingstatechange = () => state('signaling', pc.signalingState);
      pc.onnegotiationneeded = () => emit({ event: 'negotiationneeded', peer });
      pc.ondatachannel = (e) => {
        const entry = adopt(peer, e.channel);
        emit({ event: 'datachannel', peer, channel: entry.id, label: e.channel.label, init: initOf(e.channel) });
        if (e.channel.readyState === 'open') entry.opened();
      };
    }

    function payload(p, seed) {
      if (p.text !== undefined) return p.text;
      if (p.base64 !== undefined) return fromBase64(p.base64);
      return p.kind === 'text' ? patternText(p.size, seed) : patternBytes(p.size, seed);
    }

    const plain = (d) => ({ type: d.type, sdp: d.sdp });

    /* --- measuring: nothing is reported per message --- */

    function sinkMessage(entry, data) {
      const s = entry.sink;
      s.bytes += typeof data === 'string' ? data.length : data.byteLength;
      if (s.bytes < s.expect) return;
      entry.sink = null;
      emit({ event: 'sunk', peer: entry.peer, channel: entry.id, bytes: s.bytes });
    }

    /* Some never fire bufferedamountlow, so the amount is looked at as well. */
    function drained(entry, limit) {
      if (entry.dc.bufferedAmount <= limit) return null;
      return new Promise((resolve) => {
        const look = setInterval(() => entry.dc.bufferedAmount <= limit && entry.low(), 2);
        entry.low = () => { clearInterval(look); entry.low = null; resolve(); };
        entry.dc.bufferedAmountLowThreshold = limit;
      });
    }

    async function flood(entry, size, bytes) {
      const message = env.message(patternBytes(size, 1));
      for (let sent = 0; sent < bytes; sent += size) {
        if (entry.dc.bufferedAmount > 2 << 20) await drained(entry, 1 << 20);
        entry.dc.send(message);
      }
    }

    function roundTrip(entry, message) {
      return new Promise((resolve) => {
        const start = performance.now();
        entry.pong = () => resolve((performance.now() - start) * 1000);
        entry.dc.send(message);
      });
    }

    /* Two peers in this process, signalling by function calls; resolves when the caller's channel is open. */
    async function connectOnce() {
      const start = performance.now();
      const a = new env.RTCPeerConnection({ iceServers: [] });
      const b = new env.RTCPeerConnection({ iceServers: [] });
      const held = { a: [], b: [] };
      const ready = { a: false, b: false };
      const give = (to, pc, c) => (ready[to] ? pc.addIceCandidate(c).catch(() => 0) : held[to].push(c));
      const release = (to, pc) => { ready[to] = true; held[to].forEach((c) => pc.addIceCandidate(c).catch(() => 0)); };
      a.onicecandidate = (e) => e.candidate && e.candidate.candidate && give('b', b, env.candidate(e.candidate));
      b.onicecandidate = (e) => e.candidate && e.candidate.candidate && give('a', a, env.candidate(e.candidate));
      const dc = a.createDataChannel('connect');
      const opened = new Promise((resolve) => { dc.onopen = () => resolve(performance.now() - start); });
      await a.setLocalDescription(await a.createOffer());
      await b.setRemoteDescription(plain(a.localDescription));
      release('b', b);
      await b.setLocalDescription(await b.createAnswer());
      await a.setRemoteDescription(plain(b.localDescription));
      release('a', a);
      return { ms: await opened, pcs: [a, b] };
    }

    const kept = [];

    const commands = {
      hello: () => ({ name: env.name, version: env.version }),
      create: (p) => {
        const id = nextPeer++;
        const pc = new env.RTCPeerConnection({ iceServers: [], ...p.config });
        peers.set(id, pc);
        watch(id, pc);
        return { peer: id };
      },
      createOffer: async (p) => plain(await peerOf(p).createOffer(p.iceRestart ? { iceRestart: true } : {})),
      createAnswer: async (p) => plain(await peerOf(p).createAnswer()),
      setLocal: async (p) => {
        const pc = peerOf(p);
        await (p.description ? pc.setLocalDescription(p.description) : pc.setLocalDescription());
        return plain(pc.localDescription);
      },
      setRemote: async (p) => { await peerOf(p).setRemoteDescription(p.description); return {}; },
      addCandidate: async (p) => { await env.addCandidate(peerOf(p), p.candidate); return {}; },
      createChannel: (p) => {
        const entry = adopt(p.peer, peerOf(p).createDataChannel(p.label, p.init || {}));
        /* Some open a channel of a connected peer at once and say nothing more. */
        if (entry.dc.readyState === 'open') entry.opened();
        return { channel: entry.id };
      },
      send: (p) => {
        const { dc } = channelOf(p);
        const count = p.count || 1;
        for (let i = 0; i < count; i++) {
          const data = payload(p, (p.seed || 0) + i);
          dc.send(typeof data === 'string' ? data : env.message(data));
        }
        return { bufferedAmount: dc.bufferedAmount };
      },
      closeChannel: (p) => { channelOf(p).dc.close(); return {}; },
      closePeer: async (p) => { await peerOf(p).close(); return {}; },
      restartIce: (p) => { peerOf(p).restartIce(); return {}; },
      getStats: async (p) => {
        const out = {};
        (await peerOf(p).getStats()).forEach((value, key) => { out[key] = value; });
        return { stats: out };
      },
      sink: (p) => { channelOf(p).sink = { bytes: 0, expect: p.bytes }; return {}; },
      echo: (p) => { channelOf(p).echo = true; return {}; },
      flood: async (p) => { await flood(channelOf(p), p.size, p.bytes); return {}; },
      pingpong: async (p) => {
        const entry = channelOf(p);
        const message = env.message(patternBytes(p.size, 1));
        const us = [];
        for (let i = 0; i < p.count; i++) us.push(await roundTrip(entry, message));
        entry.pong = null;
        return { us };
      },
      connects: async (p) => {
        const ms = [];
        const end = performance.now() + (p.seconds || 3600) * 1000;
        for (let i = 0; i < p.count && performance.now() < end; i++) {
          const one = await connectOnce();
          ms.push(one.ms);
          if (p.keep) kept.push(one);
          else one.pcs.forEach((pc) => pc.close());
        }
        return { ms };
      },
      exit: () => { env.exit(); return {}; },
    };

    async function handle(request) {
      const { id, cmd, ...params } = request;
      try {
        if (!commands[cmd]) throw new Error('unknown command ' + cmd);
        const result = await commands[cmd](params);
        emit({ id, result });
      } catch (e) {
        emit({ id, error: String((e && e.message) || e) });
      }
    }
    return { handle };
  }

  const api = { createAgent, patternBytes, patternText };
  if (typeof module === 'object') module.exports = api;
  else root.SensoAgent = api;
})(typeof window === 'object' ? window : globalThis);
