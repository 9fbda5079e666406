/* What an extension's author writes; compiled, never run. */
import { Senso, type SensoPath } from '../../../manifest/extension/senso';

declare const chrome: unknown;

export async function watch(): Promise<string> {
  const senso = new Senso(chrome, { engine: 'auto' });
  const engine: 'native' | 'browser' = await senso.ready;
  const pc = new senso.RTCPeerConnection({ iceServers: [], udpPortRange: [50000, 50100] }, { name: 'Ms Example' });
  const dc: RTCDataChannel = pc.createDataChannel('control', { ordered: true });
  dc.binaryType = 'arraybuffer';
  dc.onmessage = (event) => console.log(event.data);
  pc.onicecandidate = (event) => console.log(event.candidate?.toJSON());
  pc.onpath = (event) => console.log((event.path satisfies SensoPath).why.join('\n'));
  await pc.setLocalDescription(await pc.createOffer({ iceRestart: true }));
  await pc.setRemoteDescription({ type: 'answer', sdp: '' });
  await pc.addIceCandidate(null);
  for (const stat of (await pc.getStats()).values()) console.log(stat.type);
  // @ts-expect-error media is not there
  pc.addTrack(new MediaStreamTrack());
  return engine;
}
