/**
 * TCP segments of one made-up connection, for captures whose truth is known: who sends what when. Client 10.0.0.1:40000,
 * server 10.0.0.2:80. Independent of the code under test.
 */
import { type CapturedFrame, ethernet, ipv4, ipv6, pcapFile } from './frames.ts';

export interface Segment {
  /** Since the capture's start. */
  readonly ms: number;
  readonly from: 'client' | 'server';
  /** Relative to the sender's first sequence number, which is the SYN's. */
  readonly seq: number;
  /** Relative to the receiver's; undefined: no ACK flag. */
  readonly ack?: number;
  readonly payload?: number;
  readonly flags?: string;
  readonly window?: number;
  readonly id?: number;
  readonly tos?: number;
  readonly ttl?: number;
  readonly mss?: number;
  readonly scale?: number;
  readonly timestamps?: readonly [value: number, echo: number];
  /** SACK blocks, relative as `ack` is. */
  readonly sack?: readonly (readonly [number, number])[];
  /** Octets of the frame that were captured. */
  readonly snap?: number;
}

export interface Connection {
  /** First sequence numbers. */
  readonly client: number;
  readonly server: number;
  readonly isV6?: boolean;
  /** Client and server exchange addresses and ports. */
  readonly isSwapped?: boolean;
}

const FLAGS: Readonly<Record<string, number>> = { F: 1, S: 2, R: 4, P: 8, E: 0x40, C: 0x80 };
const START_NS = 1_700_000_000_000_000_000n;

function optionsOf(segment: Segment, peer: number): number[] {
  const options: number[] = [];
  const u32 = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);
  if (segment.mss !== undefined) options.push(2, 4, segment.mss >> 8, segment.mss & 0xff);
  if (segment.scale !== undefined) options.push(1, 3, 3, segment.scale);
  if (segment.timestamps !== undefined) {
    options.push(1, 1, 8, 10, ...u32(segment.timestamps[0]), ...u32(segment.timestamps[1]));
  }
  if (segment.sack !== undefined) {
    const edges = segment.sack.flat().flatMap((edge) => u32((peer + edge) >>> 0));
    options.push(1, 1, 5, 2 + edges.length, ...edges);
  }
  while (options.length % 4 !== 0) options.push(1);
  return options;
}

/** The segment as a captured frame. */
export function segmentFrame(segment: Segment, connection: Connection): CapturedFrame {
  const { client, server, isV6 = false, isSwapped = false } = connection;
  const isClient = segment.from === 'client';
  const [own, peer] = isClient ? [client, server] : [server, client];
  const options = optionsOf(segment, peer);
  const tcp = new Uint8Array(20 + options.length + (segment.payload ?? 0));
  const view = new DataView(tcp.buffer);
  const first = isClient !== isSwapped;
  view.setUint16(0, isClient ? 40_000 : 80);
  view.setUint16(2, isClient ? 80 : 40_000);
  view.setUint32(4, (own + segment.seq) >>> 0);
  if (segment.ack !== undefined) view.setUint32(8, (peer + segment.ack) >>> 0);
  let flags = segment.ack === undefined ? 0 : 0x10;
  for (const flag of segment.flags ?? '') flags |= FLAGS[flag]!;
  view.setUint16(12, ((5 + options.length / 4) << 12) | flags);
  view.setUint16(14, segment.window ?? 1000);
  tcp.set(options, 20);
  const host = (isFirst: boolean) =>
    isV6 ? (isFirst ? 'fd00::1' : 'fd00::2') : isFirst ? '10.0.0.1' : '10.0.0.2';
  const addresses = { source: host(first), destination: host(!first) };
  const packet = isV6
    ? ipv6({ ...addresses, nextHeader: 6 }, tcp)
    : ipv4(
        { ...addresses, protocol: 6, id: segment.id ?? 0, tos: segment.tos ?? 0, ttl: segment.ttl ?? 64 },
        tcp,
      );
  const frame = ethernet(packet);
  const timeNs = START_NS + BigInt(Math.round(segment.ms * 1e6));
  const captured = segment.snap === undefined ? frame : frame.subarray(0, segment.snap);
  return { frame: captured, timeNs, wireLength: frame.length };
}

/** A capture of segments, with nanoseconds. */
export function segmentCapture(segments: readonly Segment[], connection: Connection): Buffer {
  return pcapFile(
    segments.map((segment) => segmentFrame(segment, connection)),
    { nanoseconds: true },
  );
}

/** The handshake: the client is 4 ms from the probe and back, the server 20 ms, from time 0 to 24. */
export function handshake(options: { mss?: number; scale?: number } = {}): Segment[] {
  const { mss = 1460, scale = 7 } = options;
  return [
    { ms: 0, from: 'client', seq: 0, flags: 'S', mss, scale, window: 65_535 },
    { ms: 20, from: 'server', seq: 0, ack: 1, flags: 'S', mss, scale, window: 65_535 },
    { ms: 24, from: 'client', seq: 1, ack: 1 },
  ];
}
