/** Why there is no better method, and the method in use: the protocol's peer.path. */
export interface SensoPath {
  method: 'host' | 'srflx' | 'relay';
  local: SensoPathEnd;
  remote: SensoPathEnd;
  relayProtocol?: 'udp' | 'tcp' | 'tls';
  /** Milliseconds. */
  rtt: number;
  /** Unix time in milliseconds. */
  since: number;
  why: string[];
}

export interface SensoPathEnd {
  type: 'host' | 'srflx' | 'prflx' | 'relay';
  address: string;
  port: number;
  protocol: 'udp' | 'tcp' | 'tls';
}

/** RTCConfiguration, and what the native engine takes besides. */
export interface SensoConfiguration extends RTCConfiguration {
  udpPortRange?: [number, number];
  interfaces?: string[];
  networkTypes?: ('ethernet' | 'wifi' | 'cellular' | 'vpn' | 'loopback' | 'unknown')[];
  loopback?: boolean;
  mdns?: boolean;
  /** What of SCTP is offered; each is on unless false. */
  sctp?: { interleaving?: boolean; zeroChecksum?: boolean; mtuDiscovery?: boolean };
}

type Media = 'addTrack' | 'removeTrack' | 'addTransceiver' | 'getSenders' | 'getReceivers' | 'getTransceivers';
type NotHere = 'getStats' | 'sctp' | 'peerIdentity' | 'getIdentityAssertion' | 'setIdentityProvider' | 'idpErrorInfo' |
  'idpLoginUrl';

/**
 * The W3C interface, for data channels. Media's methods are there and throw NotSupportedError.
 * getStats gives a Map, which has all that RTCStatsReport has.
 */
export interface SensoPeerConnection extends Omit<RTCPeerConnection, NotHere> {
  /** Who is at the other end, as the person at this device reads it. */
  readonly name: string;
  readonly path: SensoPath | null;
  readonly sctp: { readonly maxMessageSize: number } | null;
  onpath: ((event: Event & { path: SensoPath }) => void) | null;
  getStats(): Promise<Map<string, Record<string, unknown> & { id: string; type: string; timestamp: number }>>;
  /** @deprecated data channels only: throws NotSupportedError. */
  addTrack: (...unused: never[]) => never;
}

export interface SensoPeerConnectionConstructor {
  new (configuration?: SensoConfiguration, ours?: { name?: string }): SensoPeerConnection;
}

export type SensoEngine = 'native' | 'browser';

export interface SensoOptions {
  /** 'auto' by default; managed configuration wins. */
  engine?: 'auto' | SensoEngine;
}

export class Senso extends EventTarget {
  /** api: the global `chrome`. */
  constructor(api: unknown, options?: SensoOptions);
  /** Resolves with the engine in use; rejects when there is none. Renewed when an engine that was there is lost. */
  readonly ready: Promise<SensoEngine>;
  readonly engine: SensoEngine | null;
  /** Why there is no engine, or why it is not the native one. */
  readonly why: string;
  readonly peers: SensoPeerConnection[];
  /** Throws InvalidStateError while there is no engine. */
  readonly RTCPeerConnection: SensoPeerConnectionConstructor;
  onchange: ((event: Event) => void) | null;
  stop(): void;
}

export {};
