/* The `browser` engine: the protocol's peer.* and channel.* methods over this document's own RTCPeerConnection. */

import { fromBase64, toBase64 } from './bytes.js';
import { BrowserEngine } from './browser_engine.js';

/** A port's traffic keeps the service worker alive, which is idle-stopped after 30 s. */
const KEEP_ALIVE_MS = 20000;

const port = chrome.runtime.connect({ name: decodeURIComponent(location.hash.slice(1)) });
const engine = new BrowserEngine((message) => port.postMessage(message), { RTCPeerConnection, fromBase64, toBase64 });
port.onMessage.addListener((message) => engine.take(message));
port.onDisconnect.addListener(() => engine.end());
setInterval(() => engine.peers > 0 && engine.keepAlive(), KEEP_ALIVE_MS);
