import assert from 'node:assert';
import { test } from 'node:test';

import { Session } from '../../../manifest/extension/session.js';
import { FakePort, HELLO, settle } from './fake.mjs';

async function session({ policy = {}, ...table } = {}) {
  let channels = 0;
  const port = new FakePort().answer({
    hello: HELLO, 'peer.create': { peer: 7 }, 'peer.close': {}, 'channel.close': {}, 'peer.restartIce': {},
    'channel.create': () => ({ channel: 40 + channels++ }), 'channel.setBufferedAmountLowThreshold': {},
    'peer.setRemoteDescription': {}, 'peer.addIceCandidate': {},
    'peer.get': { remoteDescription: { type: 'offer', sdp: 'v=0\r\na=max-message-size:200000\r\n' } }, ...table,
  });
  const made = new Session(port, { policy });
  await made.hello({ name: 'test', version: '0' });
  return { port, made };
}

async function open(more) {
  const { port, made } = await session(more);
  const pc = new made.RTCPeerConnection({}, { name: 'Ms Example' });
  const dc = pc.createDataChannel('x');
  await settle();
  port.tell('channel.open', { channel: 40, id: 2 });
  return { port, made, pc, dc };
}

test('calls made before the peer exists are made when it does', async () => {
  const { port, made } = await session();
  const pc = new made.RTCPeerConnection();
  const dc = pc.createDataChannel('early', { ordered: false, maxRetransmits: 2 });
  assert.strictEqual(dc.readyState, 'connecting');
  await settle();
  assert.deepStrictEqual(port.of('channel.create'),
    [{ peer: 7, label: 'early', init: { ordered: false, maxRetransmits: 2 } }]);
  port.tell('channel.open', { channel: 40, id: 2 });
  assert.strictEqual(dc.readyState, 'open');
  assert.strictEqual(dc.id, 2);
});

test('managed configuration wins over what is asked for', async () => {
  const { port, made } = await session({ policy: { iceTransportPolicy: 'relay', udpPortRange: [50000, 50100] } });
  new made.RTCPeerConnection({ iceTransportPolicy: 'all', udpPortRange: [1, 2], loopback: true });
  assert.deepStrictEqual(port.of('peer.create')[0].configuration,
    { iceTransportPolicy: 'relay', udpPortRange: [50000, 50100], loopback: true });
});

test('an error reply rejects with the exception of W3C', async () => {
  const { port, made } = await session();
  const pc = new made.RTCPeerConnection();
  await settle();
  const answer = pc.createAnswer();
  await settle();
  const { id } = port.sent.at(-1);
  port.say({ id, error: { code: 1004, message: 'no offer was set', data: { reason: 'invalid-state' } } });
  await assert.rejects(answer, { name: 'InvalidStateError', message: 'no offer was set' });
});

test('a channel that is not open takes nothing', async () => {
  const { made } = await session();
  const dc = new made.RTCPeerConnection().createDataChannel('x');
  assert.throws(() => dc.send('x'), { name: 'InvalidStateError' });
});

test('a message longer than both sides take is refused before it leaves', async () => {
  const { port, pc, dc } = await open();
  await pc.setRemoteDescription({ type: 'offer', sdp: 'v=0' });
  assert.strictEqual(pc.sctp.maxMessageSize, 200000);
  const before = port.sent.length;
  assert.throws(() => dc.send(new Uint8Array(200001)), TypeError);
  assert.throws(() => dc.send('é'.repeat(100001)), TypeError);
  assert.strictEqual(port.sent.length, before);
  dc.send('é'.repeat(100000));
});

test('without a line in the description 65,536 bytes are the most (RFC 8841)', async () => {
  const { dc } = await open({ 'peer.get': { remoteDescription: null } });
  assert.throws(() => dc.send(new Uint8Array(65537)), TypeError);
  dc.send(new Uint8Array(65536));
});

test('a long message is cut into pieces that each fit a frame', async () => {
  const { port, pc, dc } = await open({ 'peer.get': { remoteDescription: { type: 'offer', sdp: 'a=max-message-size:0\r\n' } } });
  await pc.setRemoteDescription({ type: 'offer', sdp: 'v=0' });
  dc.send(new Uint8Array(1 << 20).fill(7));
  const text = `${'\u0001'.repeat((1 << 19) - 1)}😀${'x'.repeat(1000)}`;
  dc.send(text);
  const sent = port.of('channel.send');
  assert.deepStrictEqual(sent.map((p) => Boolean(p.more)), [true, false, true, false]);
  for (const params of sent) assert.ok(JSON.stringify(params).length < 4 << 20);
  assert.strictEqual(sent[2].text + sent[3].text, text);
  assert.ok(sent[3].text.startsWith('😀'));
});

test('text that is not well formed is sent with U+FFFD', async () => {
  const { port, dc } = await open();
  dc.send('a\ud800b');
  assert.strictEqual(port.of('channel.send')[0].text, 'a\ufffdb');
});

test('the buffered amount is what the engine has not sent, and low is told once it is', async () => {
  const { port, dc } = await open({ 'channel.send': { bufferedAmount: 5000 } });
  let low = 0;
  dc.onbufferedamountlow = () => { low++; };
  dc.bufferedAmountLowThreshold = 1000;
  dc.send(new Uint8Array(5000));
  assert.strictEqual(dc.bufferedAmount, 5000);
  await settle();
  assert.strictEqual(dc.bufferedAmount, 5000);
  port.tell('channel.bufferedamountlow', { channel: 40 });
  assert.strictEqual(low, 1);
  assert.strictEqual(dc.bufferedAmount, 1000);
  assert.deepStrictEqual(port.of('channel.setBufferedAmountLowThreshold').at(-1), { channel: 40, bytes: 0 });
  port.tell('channel.bufferedamountlow', { channel: 40 });
  assert.strictEqual(low, 1);
  assert.strictEqual(dc.bufferedAmount, 0);
});

test('more than may be buffered is refused', async () => {
  const { pc, dc } = await open({ 'channel.send': { bufferedAmount: (16 << 20) - 10 } });
  dc.send('x');
  await settle();
  assert.throws(() => dc.send('12345678901'), { name: 'OperationError' });
  dc.send('1234567890');
  assert.strictEqual(pc.maxBufferedAmount, 16 << 20);
});

test('pieces of a message arrive as one', async () => {
  const { port, dc } = await open();
  const got = [];
  dc.onmessage = (e) => got.push(e.data);
  port.tell('channel.message', { channel: 40, base64: 'AQID', seq: 0, more: true });
  assert.strictEqual(got.length, 0);
  port.tell('channel.message', { channel: 40, base64: 'BA==', seq: 1 });
  port.tell('channel.message', { channel: 40, text: 'a', seq: 2, more: true });
  port.tell('channel.message', { channel: 40, text: 'b', seq: 3 });
  port.tell('channel.message', { channel: 40, base64: '', seq: 4 });
  assert.deepStrictEqual([...new Uint8Array(got[0])], [1, 2, 3, 4]);
  assert.strictEqual(got[1], 'ab');
  assert.strictEqual(got[2].byteLength, 0);
});

test('a closed connection is silent, and its channels are closed', async () => {
  const { port, made, pc, dc } = await open();
  let closed = 0;
  dc.onclose = () => { closed++; };
  pc.close();
  assert.strictEqual(closed, 1);
  assert.strictEqual(pc.signalingState, 'closed');
  assert.deepStrictEqual(port.of('peer.close'), [{ peer: 7 }]);
  port.tell('channel.message', { channel: 40, text: 'late', seq: 0 });
  port.tell('peer.connectionstatechange', { peer: 7, state: 'failed' });
  assert.strictEqual(pc.connectionState, 'closed');
  assert.strictEqual(made.peers.length, 0);
  assert.throws(() => pc.createDataChannel('x'), { name: 'InvalidStateError' });
  await assert.rejects(pc.createOffer(), { name: 'InvalidStateError' });
});

test('when the engine ends every connection and channel is told', async () => {
  const { port, pc, dc } = await open();
  const events = [];
  dc.onerror = () => events.push('error');
  dc.onclose = () => events.push('close');
  pc.onconnectionstatechange = () => events.push(pc.connectionState);
  port.end('Native host has exited.');
  assert.deepStrictEqual(events, ['error', 'close', 'closed']);
});

test('candidates come as objects and are put into the local description', async () => {
  const line = 'candidate:1 1 udp 2130706431 10.0.0.1 5000 typ host';
  const { port, pc } = await open({
    'peer.setLocalDescription': { type: 'offer', sdp: 'v=0' },
    'peer.get': { localDescription: { type: 'offer', sdp: 'v=0\r\nm=application 9 x\r\na=mid:0\r\n' } },
  });
  const got = [];
  pc.onicecandidate = (e) => got.push(e.candidate);
  await pc.setLocalDescription();
  port.tell('peer.icecandidate', { peer: 7, candidate: { candidate: line, sdpMid: '0', sdpMLineIndex: 0 } });
  port.tell('peer.icecandidate', { peer: 7, candidate: null });
  assert.strictEqual(got[0].address, '10.0.0.1');
  assert.strictEqual(got[0].type, 'host');
  assert.strictEqual(got[1], null);
  assert.ok(pc.localDescription.sdp.endsWith(`a=${line}\r\n`));
});

test('bad channel options throw at once', async () => {
  const { made } = await session();
  const pc = new made.RTCPeerConnection();
  assert.throws(() => pc.createDataChannel('x', { maxRetransmits: 1, maxPacketLifeTime: 1 }), TypeError);
  assert.throws(() => pc.createDataChannel('x', { negotiated: true }), TypeError);
  assert.throws(() => pc.createDataChannel('x', { maxRetransmits: 70000 }), TypeError);
});

test('media is refused by name', async () => {
  const { made } = await session();
  const pc = new made.RTCPeerConnection();
  for (const name of ['addTrack', 'addTransceiver', 'getSenders'])
    assert.throws(() => pc[name](), { name: 'NotSupportedError' });
});
