/* The service worker: the engine, and what the person at this device sees of it. */

import { Senso } from './senso.js';

const senso = new Senso(chrome);
self.senso = senso;

const ACTIVE = new Set(['connected', 'disconnected']);

function snapshot() {
  const peers = senso.peers.map((peer) => ({
    name: peer.name || 'unnamed', state: peer.connectionState, method: peer.path ? peer.path.method : null,
  }));
  return { engine: senso.engine, why: senso.why, peers };
}

const popups = new Set();

function show() {
  const now = snapshot();
  const watching = now.peers.filter((peer) => ACTIVE.has(peer.state));
  const names = watching.map((peer) => peer.name).join(', ');
  chrome.action.setBadgeText({ text: watching.length ? String(watching.length) : '' });
  chrome.action.setTitle({ title: watching.length ? `Senso: watched by ${names}` : 'Senso: nobody is watching' });
  for (const port of popups) port.postMessage(now);
}

chrome.runtime.onConnect.addListener((port) => {
  if (port.name !== 'popup' || port.sender?.id !== chrome.runtime.id) return;
  popups.add(port);
  port.onDisconnect.addListener(() => popups.delete(port));
  port.postMessage(snapshot());
});

chrome.runtime.onStartup.addListener(() => 0); /* so that the browser starts this worker */
chrome.runtime.onInstalled.addListener(() => 0);

senso.onchange = show;
