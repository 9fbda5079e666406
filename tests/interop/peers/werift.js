'use strict';
/*
 * werift: WebRTC in TypeScript. It takes Buffers only, and asks a public STUN server even if given none: it is told not to
 * wait for that (there is no way out of the tests' network).
 */
const path = require('path');
const fs = require('fs');
const { RTCPeerConnection } = require('werift');
const { run } = require('./node_agent.js');

const manifest = path.join(path.dirname(require.resolve('werift')), '../../../package.json');

class Offline extends RTCPeerConnection {
  constructor(config) {
    super({ iceStunGatherTimeout: 0.01, iceUseTcp: false, ...config });
  }
}

run({
  name: 'werift',
  version: JSON.parse(fs.readFileSync(manifest)).version,
  RTCPeerConnection: Offline,
  message: (bytes) => Buffer.from(bytes),
});
