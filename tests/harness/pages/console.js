'use strict';
// The console's page: shows a student's thumbnails as they come, and asks for rate, quality and width.

const pc = new RTCPeerConnection();
const taken = {frames: 0, bytes: 0, broken: 0, trips: [], least: Infinity, most: 0};
const asked = new Map();
let control = null;
let next = 0;
let url = null;

async function show(data) {
  taken.frames++;
  taken.bytes += data.byteLength;
  taken.least = Math.min(taken.least, data.byteLength);
  taken.most = Math.max(taken.most, data.byteLength);
  const blob = new Blob([data], {type: 'image/jpeg'});
  const image = document.getElementById('screen');
  try {
    (await createImageBitmap(blob)).close();
  } catch {
    taken.broken++;
    return;
  }
  if (url) URL.revokeObjectURL(url);
  url = URL.createObjectURL(blob);
  image.src = url;
  document.getElementById('figures').textContent =
    `frame ${taken.frames}, ${(taken.bytes / 1000).toFixed(0)} kB, last ${data.byteLength} bytes`;
}

pc.ondatachannel = ({channel}) => {
  channel.binaryType = 'arraybuffer';
  if (channel.label === 'thumbnails') {
    channel.onmessage = ({data}) => show(data);
    return;
  }
  control = channel;
  channel.onmessage = ({data}) => {
    const {done, name} = JSON.parse(data);
    if (name) document.getElementById('name').textContent = name;
    taken.trips.push(performance.now() - asked.get(done));
    asked.delete(done);
  };
};

function gathered() {
  return new Promise((resolve) => {
    const look = () => pc.iceGatheringState === 'complete' && resolve();
    pc.addEventListener('icegatheringstatechange', look);
    look();
  });
}

globalThis.sensoConsole = {
  async answer(offer) {
    await pc.setRemoteDescription(offer);
    await pc.setLocalDescription();
    await gathered();
    return {type: pc.localDescription.type, sdp: pc.localDescription.sdp};
  },
  ask(what) {
    if (!control || control.readyState !== 'open') return false;
    asked.set(next, performance.now());
    control.send(JSON.stringify({n: next++, ...what}));
    return true;
  },
  report: () => ({...taken, unanswered: asked.size, state: pc.connectionState}),
};
