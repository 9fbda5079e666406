'use strict';
// The methods of the host's protocol over the browser's own RTCPeerConnection. The harness calls
// sensoCall(method, params) and hears notifications through the binding sensoEmit.

const peers = new Map();
const channels = new Map();
let lastPeer = 0;
let lastChannel = 0;

function emit(method, params) {
  const line = document.createTextNode(`${method} ${JSON.stringify(params).slice(0, 200)}\n`);
  document.getElementById('log').append(line);
  globalThis.sensoEmit?.(JSON.stringify({method, params}));
}

function toBase64(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; at += 32768) {
    text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  }
  return btoa(text);
}

const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

function adopt(channel) {
  const number = ++lastChannel;
  let seq = 0;
  channels.set(number, channel);
  channel.binaryType = 'arraybuffer';
  const opened = () => emit('channel.open', {channel: number, id: channel.id});
  channel.onopen = opened;
  channel.onmessage = ({data}) => {
    const body = typeof data === 'string' ? {text: data} : {base64: toBase64(new Uint8Array(data))};
    emit('channel.message', {channel: number, seq: seq++, ...body});
  };
  channel.onbufferedamountlow = () => emit('channel.bufferedamountlow', {channel: number});
  channel.onclosing = () => emit('channel.closing', {channel: number});
  channel.onclose = () => emit('channel.closed', {channel: number});
  channel.onerror = ({error}) => emit('channel.error', {channel: number, message: error?.message});
  return number;
}

function initOf(channel) {
  const init = {ordered: channel.ordered, protocol: channel.protocol, id: channel.id};
  if (channel.maxRetransmits !== null) init.maxRetransmits = channel.maxRetransmits;
  if (channel.maxPacketLifeTime !== null) init.maxPacketLifeTime = channel.maxPacketLifeTime;
  return init;
}

function watch(peer, pc) {
  pc.onicecandidate = ({candidate}) =>
    emit('peer.icecandidate', {peer, candidate: candidate && candidate.toJSON()});
  for (const name of ['icegathering', 'iceconnection', 'connection', 'signaling']) {
    const state = {icegathering: 'iceGathering', iceconnection: 'iceConnection'}[name] ?? name;
    pc[`on${name}statechange`] = () =>
      emit(`peer.${name}statechange`, {peer, state: pc[`${state}State`]});
  }
  pc.onnegotiationneeded = () => emit('peer.negotiationneeded', {peer});
  pc.ondatachannel = ({channel}) => {
    const number = adopt(channel);
    emit('peer.datachannel', {peer, channel: number, label: channel.label, init: initOf(channel)});
    if (channel.readyState === 'open') {
      channel.onopen = null;
      emit('channel.open', {channel: number, id: channel.id});
    }
  };
}

const description = ({type, sdp}) => ({type, sdp});

const methods = {
  'hello': async () => ({limits: {}}),
  'ping': async () => ({}),
  'peer.create': async ({configuration: {loopback, mdns, udpPortRange, interfaces, ...rest} = {}}) => {
    const pc = new RTCPeerConnection(rest);
    peers.set(++lastPeer, pc);
    watch(lastPeer, pc);
    return {peer: lastPeer};
  },
  'peer.createOffer': async ({peer, ...options}) => description(await peers.get(peer).createOffer(options)),
  'peer.createAnswer': async ({peer}) => description(await peers.get(peer).createAnswer()),
  'peer.setLocalDescription': async ({peer, description: given}) => {
    await peers.get(peer).setLocalDescription(given);
    return description(peers.get(peer).localDescription);
  },
  'peer.setRemoteDescription': async ({peer, description: given}) => {
    await peers.get(peer).setRemoteDescription(given);
    return {};
  },
  'peer.addIceCandidate': async ({peer, candidate}) => {
    await peers.get(peer).addIceCandidate(candidate ?? undefined);
    return {};
  },
  'peer.restartIce': async ({peer}) => {
    peers.get(peer).restartIce();
    return {};
  },
  'peer.getStats': async ({peer}) => ({stats: Object.fromEntries(await peers.get(peer).getStats())}),
  'peer.close': async ({peer}) => {
    peers.get(peer).close();
    return {};
  },
  'channel.create': async ({peer, label, init: {credit, ...init} = {}}) =>
    ({channel: adopt(peers.get(peer).createDataChannel(label, init))}),
  'channel.send': async ({channel, text, base64}) => {
    channels.get(channel).send(text ?? fromBase64(base64));
    return {bufferedAmount: channels.get(channel).bufferedAmount};
  },
  'channel.credit': async () => ({}),
  'channel.setBufferedAmountLowThreshold': async ({channel, bytes}) => {
    channels.get(channel).bufferedAmountLowThreshold = bytes;
    return {};
  },
  'channel.close': async ({channel}) => {
    channels.get(channel).close();
    return {};
  },
};

async function sensoCall(method, params) {
  try {
    if (!methods[method]) throw new Error(`the page has no ${method}`);
    return {result: await methods[method](params)};
  } catch (error) {
    return {error: {code: 1000, message: String(error.message), data: {reason: error.name}}};
  }
}
