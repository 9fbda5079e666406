'use strict';
/* libwebrtc, as packaged by @roamhq/wrtc. A limit that was not set reads 65535 there. */
const { RTCPeerConnection } = require('@roamhq/wrtc');
const { run, version } = require('./node_agent.js');

run({ name: 'wrtc', version: version('@roamhq/wrtc'), RTCPeerConnection, absent: 65535 });
