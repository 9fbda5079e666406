/* RTCIceCandidate and RTCSessionDescription, which a service worker lacks. */

const LINE = /^candidate:(\S+) (\d+) (\S+) (\d+) (\S+) (\d+) typ (\S+)(.*)$/;

export class RTCIceCandidate {
  constructor(init = {}) {
    this.candidate = init.candidate ?? '';
    this.sdpMid = init.sdpMid ?? null;
    this.sdpMLineIndex = init.sdpMLineIndex ?? null;
    this.usernameFragment = init.usernameFragment ?? null;
    if (this.sdpMid === null && this.sdpMLineIndex === null) throw new TypeError('sdpMid or sdpMLineIndex must be given');
    Object.assign(this, RTCIceCandidate.#parts(this.candidate));
  }

  static #parts(line) {
    const m = LINE.exec(line);
    if (!m) return {};
    const more = Object.fromEntries([...m[8].matchAll(/ (\S+) (\S+)/g)].map((pair) => [pair[1], pair[2]]));
    return {
      foundation: m[1], component: m[2] === '1' ? 'rtp' : 'rtcp', protocol: m[3].toLowerCase(), priority: Number(m[4]),
      address: m[5], port: Number(m[6]), type: m[7], tcpType: more.tcptype ?? null,
      relatedAddress: more.raddr ?? null, relatedPort: more.rport === undefined ? null : Number(more.rport),
    };
  }

  toJSON() {
    const { candidate, sdpMid, sdpMLineIndex, usernameFragment } = this;
    return { candidate, sdpMid, sdpMLineIndex, usernameFragment };
  }
}

export class RTCSessionDescription {
  constructor({ type, sdp = '' }) {
    this.type = type;
    this.sdp = sdp;
  }

  toJSON() {
    return { type: this.type, sdp: this.sdp };
  }
}

/** The description with one more line in its media section of that index. */
export function withLine(sdp, index, line) {
  const sections = sdp.split(/(?=^m=)/m);
  const at = Math.min(index + 1, sections.length - 1);
  sections[at] += `a=${line}\r\n`;
  return sections.join('');
}
