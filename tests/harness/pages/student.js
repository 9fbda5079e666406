'use strict';
// Runs in the extension's service worker: a picture of a desktop that changes, as JPEG, on one channel; what the console
// asks for, on another.

(() => {
  const settings = {fps: 10, quality: 55, width: 640};
  const sent = {frames: 0, bytes: 0};
  const started = performance.now();
  let pc = null;
  let screen = null;
  let timer = null;

  function draw(g, width, height, frame) {
    g.fillStyle = `hsl(${frame % 360} 40% 30%)`;
    g.fillRect(0, 0, width, height);
    for (let i = 0; i < 3 + frame % 40; i++) {
      g.fillStyle = `hsl(${(i * 47 + frame) % 360} 60% 60%)`;
      g.fillRect((i * 97 + frame * 3) % width, (i * 53) % height, width / 8, height / 12);
    }
    g.fillStyle = '#fff';
    g.font = `${Math.round(width / 16)}px sans-serif`;
    g.fillText(`Student's screen, frame ${frame}`, width / 20, height / 6);
    g.fillText(new Date().toISOString().slice(11, 21), width / 20, height / 3);
  }

  async function frame() {
    const width = settings.width;
    const height = Math.round(width * 5 / 8);
    const canvas = new OffscreenCanvas(width, height);
    draw(canvas.getContext('2d'), width, height, sent.frames);
    const blob = await canvas.convertToBlob({type: 'image/jpeg', quality: settings.quality / 100});
    const data = await blob.arrayBuffer();
    if (screen.readyState !== 'open') return;
    screen.send(data);
    sent.frames++;
    sent.bytes += data.byteLength;
  }

  function pace() {
    clearInterval(timer);
    timer = setInterval(() => frame().catch(() => 0), 1000 / settings.fps);
  }

  function obey(control, text) {
    const ask = JSON.parse(text);
    if (ask.do === 'set') Object.assign(settings, {fps: ask.fps, quality: ask.quality, width: ask.width});
    if (ask.do === 'set') pace();
    if (ask.do === 'stop') clearInterval(timer);
    control.send(JSON.stringify({done: ask.n, name: 'A. Student', sent: sent.frames}));
  }

  globalThis.sensoStudent = {
    async offer() {
      await self.senso.ready;
      pc = new self.senso.RTCPeerConnection({}, {name: 'Console'});
      screen = pc.createDataChannel('thumbnails', {ordered: false, maxRetransmits: 3});
      const control = pc.createDataChannel('control');
      control.onmessage = ({data}) => obey(control, data);
      screen.onopen = pace;
      const gathered = new Promise((resolve) => {
        pc.onicecandidate = ({candidate}) => candidate || resolve();
      });
      await pc.setLocalDescription();
      await gathered;
      return pc.localDescription.toJSON();
    },
    answer: (description) => pc.setRemoteDescription(description),
    report: () => ({...sent, engine: self.senso.engine, why: self.senso.why, path: pc.path, state: pc.connectionState,
      seconds: (performance.now() - started) / 1000}),
  };
})();
