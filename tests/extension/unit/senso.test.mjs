import assert from 'node:assert';
import { test } from 'node:test';

import { Backoff } from '../../../manifest/extension/backoff.js';
import { Senso } from '../../../manifest/extension/senso.js';
import { FakePort, HELLO, fakeChrome, settle } from './fake.mjs';

/** Engines whose ports the test holds. */
function engines(make) {
  const made = { native: [], browser: [] };
  const ports = {};
  for (const kind of ['native', 'browser']) {
    ports[kind] = async () => {
      const port = make(kind, made[kind].length);
      made[kind].push(port);
      return port;
    };
  }
  return { made, ports };
}

const greeting = () => new FakePort().answer({ hello: HELLO });

function missing() {
  const port = new FakePort();
  port.onsend = () => queueMicrotask(() => port.end('Specified native messaging host not found.'));
  return port;
}

test('the native engine is used where it answers', async () => {
  const { made, ports } = engines(greeting);
  const senso = new Senso(fakeChrome(), { ports });
  assert.strictEqual(await senso.ready, 'native');
  assert.strictEqual(senso.engine, 'native');
  assert.strictEqual(made.browser.length, 0);
  assert.ok(made.native[0].of('hello')[0].autoCredit > 0);
});

test('without a host the browser engine is used, and why is said', async () => {
  const { ports } = engines((kind) => (kind === 'native' ? missing() : greeting()));
  const senso = new Senso(fakeChrome(), { ports });
  assert.strictEqual(await senso.ready, 'browser');
  assert.match(senso.why, /not found/);
});

test('managed configuration that says native gets nothing else', async () => {
  const { made, ports } = engines((kind) => (kind === 'native' ? missing() : greeting()));
  const senso = new Senso(fakeChrome({ managed: [{ engine: 'native' }] }), { ports });
  await assert.rejects(senso.ready, /not found/);
  assert.strictEqual(senso.engine, null);
  assert.strictEqual(made.browser.length, 0);
  assert.throws(() => senso.RTCPeerConnection, { name: 'InvalidStateError' });
});

test('an engine that was heard is come back for, one that never was is not', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { made, ports } = engines((kind, n) => (n === 1 ? missing() : greeting()));
  const senso = new Senso(fakeChrome(), { ports, backoff: new Backoff(() => 1) });
  await senso.ready;
  made.native[0].end('Native host has exited.');
  assert.strictEqual(senso.engine, null);
  t.mock.timers.tick(499);
  await settle();
  assert.strictEqual(made.native.length, 1);
  t.mock.timers.tick(1);
  await settle();
  assert.strictEqual(made.native.length, 2);
  t.mock.timers.tick(1000);
  await settle();
  assert.strictEqual(made.native.length, 3);
  assert.strictEqual(await senso.ready, 'native');
});

test('what was stopped stays so', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { made, ports } = engines(greeting);
  const senso = new Senso(fakeChrome(), { ports });
  await senso.ready;
  senso.stop();
  assert.ok(made.native[0].closed);
  made.native[0].end('gone');
  t.mock.timers.tick(100000);
  await settle();
  assert.strictEqual(made.native.length, 1);
});

test('last words are part of the reason', async () => {
  const { ports } = engines((kind) => {
    if (kind === 'browser') return greeting();
    const port = new FakePort();
    port.onsend = () => queueMicrotask(() => {
      port.tell('goodbye', { reason: 'bad-origin' });
      port.end('Native host has exited.');
    });
    return port;
  });
  const senso = new Senso(fakeChrome(), { ports });
  await senso.ready;
  assert.match(senso.why, /bad-origin/);
});

test('waits double to a minute and are spread over the half above', () => {
  const low = new Backoff(() => 0);
  const high = new Backoff(() => 1);
  assert.deepStrictEqual([low.next(), low.next(), low.next()], [250, 500, 1000]);
  for (let i = 0; i < 20; i++) high.next();
  assert.strictEqual(high.next(), 60000);
  high.reset();
  assert.strictEqual(high.next(), 500);
});
