/* Who is watching, by which way, and what carries it. */
'use strict';

const METHODS = { host: 'directly on the local network', srflx: 'directly through the network\'s NAT', relay: 'by a relay' };
const ENGINES = { native: 'senso-host', browser: 'the browser' };

function line(peer) {
  const item = document.createElement('li');
  const way = peer.method ? `, ${METHODS[peer.method]}` : '';
  item.textContent = `${peer.name}: ${peer.state}${way}`;
  return item;
}

function show({ engine, why, peers }) {
  const watching = peers.filter((peer) => peer.state === 'connected' || peer.state === 'disconnected');
  document.getElementById('who').textContent =
    watching.length ? `Watching: ${watching.map((peer) => peer.name).join(', ')}` : 'Nobody is watching';
  document.getElementById('peers').replaceChildren(...peers.map(line));
  document.getElementById('engine').textContent =
    engine ? `Carried by ${ENGINES[engine]}${why ? ` (${why})` : ''}` : `Not connected: ${why}`;
}

chrome.runtime.connect({ name: 'popup' }).onMessage.addListener(show);
