'use strict';
/* libdatachannel, by the W3C API of node-datachannel. Its candidates carry the "a=" of an SDP line. */
const { RTCPeerConnection } = require('node-datachannel/polyfill');
const { run } = require('./node_agent.js');
const fs = require('fs');
const path = require('path');

function manifest() {
  for (let dir = path.dirname(require.resolve('node-datachannel')); ; dir = path.dirname(dir)) {
    const file = path.join(dir, 'package.json');
    if (fs.existsSync(file) && JSON.parse(fs.readFileSync(file)).version) return JSON.parse(fs.readFileSync(file));
  }
}

run({
  name: 'ndc',
  version: manifest().version,
  RTCPeerConnection,
  candidate: (c) => ({ candidate: c.candidate.replace(/^a=/, ''), sdpMid: c.sdpMid || '0', sdpMLineIndex: c.sdpMLineIndex || 0 }),
});
