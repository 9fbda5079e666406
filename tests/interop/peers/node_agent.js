'use strict';
/* What the node peers share: JSON lines on stdio. Their own libraries may print to stdout, so it is kept for frames. */
const crypto = require('crypto');
const fs = require('fs');
const readline = require('readline');
const { createAgent } = require('./agent.js');

exports.run = function run(options) {
  console.log = console.info = console.debug = console.error;
  const agent = createAgent({
    digest: (bytes) => crypto.createHash('sha256').update(bytes).digest('hex'),
    message: (bytes) => bytes,
    candidate: (c) => ({ candidate: c.candidate, sdpMid: c.sdpMid, sdpMLineIndex: c.sdpMLineIndex }),
    addCandidate: (pc, c) => pc.addIceCandidate(c),
    write: (frame) => fs.writeSync(1, JSON.stringify(frame) + '\n'),
    exit: () => process.exit(0),
    ...options,
  });
  const lines = readline.createInterface({ input: process.stdin });
  lines.on('line', (line) => agent.handle(JSON.parse(line)));
  lines.on('close', () => process.exit(0));
  process.on('uncaughtException', (e) => console.error(String((e && e.stack) || e)));
  process.on('unhandledRejection', (e) => console.error(String((e && e.stack) || e)));
};

exports.version = (name) => JSON.parse(fs.readFileSync(require.resolve(name + '/package.json'))).version;
