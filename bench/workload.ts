/**
 * Makes the captures that the benchmarks run on: a classic microsecond pcap of Ethernet frames, as many packets and
 * flows as asked for, the same octets for the same options. Its contents, exactly:
 *
 * - Flows are bidirectional: a client (10/8; fd00:1::/32) and a server (198.18/15, the range for benchmarks of RFC
 *   2544; fd00:2::/32). Eight flows share a client; flows differ in client address or client port.
 * - Popularity: every (packets / flows)-th packet belongs to the next flow of a shuffled list, so that each flow
 *   occurs and flows keep arriving all through the capture. All other packets are drawn from a Zipf distribution
 *   with exponent `skew`: at 0.9 and 100,000 flows, the first flow gets 4.5 % of them, the first hundred 29 %, the
 *   first tenth of all flows 71 %. At 0 all flows are alike.
 * - Three flows in four are TCP, one is UDP; server ports are common ones (443, 80, 22 …), none of
 *   those whose packets some probes treat as one flow each (53).
 * - A flow's first packet comes from the client, the second from the server, later ones from either at random.
 * - TCP flows go SYN, SYN+ACK, ACK, then ACK or (three in ten) PSH+ACK, with sequence numbers that follow; a TCP flow of
 *   eight packets or more closes with FIN+ACK from the client, FIN+ACK from the server, ACK from the client.
 * - One packet each microsecond (`packetsPerSecond`); every frame has the same length on the wire, and the IP packet
 *   fills it. The payload is zero octets; checksums are right.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { createRandom, createZipf, scramble } from './random.ts';

export interface WorkloadOptions {
  /** Frames to write. */
  readonly packets: number;
  /** Bidirectional flows; at most `packets`. */
  readonly flows: number;
  /** Octets of each frame on the wire, without the frame check sequence. */
  readonly frameOctets: number;
  /** Octets of each frame that are stored. */
  readonly storedOctets: number;
  /** Share of flows that are IPv6, 0 … 1. Their frames have at least 78 octets. */
  readonly ipv6Share: number;
  readonly packetsPerSecond: number;
  /** Exponent of the Zipf distribution: 0 is uniform, 1 the classic one. */
  readonly skew: number;
  /** Equal seeds give equal files. */
  readonly seed: number;
}

/** What a file holds, to compare a probe's answer with. */
export interface WorkloadContent {
  readonly packets: number;
  /** Bidirectional ones. */
  readonly flows: number;
  /** Packets that are IP. */
  readonly ipPackets: number;
  /** Sum of IP lengths: what RFC 7012 calls octetDeltaCount. */
  readonly ipOctets: number;
  /** Flows counted one direction at a time, or less. */
  readonly unidirectionalFlows: number;
}

const ETHERNET = 14;
const IPV6_FRAME_MIN = 78;
const RECORD_HEADER = 16;
const CHUNK_OCTETS = 4 << 20;
const BASE_SECONDS = Date.UTC(2026, 0, 1) / 1000;
const TCP_PORTS = [443, 443, 443, 443, 80, 80, 8080, 22, 25, 993, 3306, 5432, 8443, 1883, 389, 443];
const UDP_PORTS = [443, 443, 443, 443, 4500, 51820, 5060, 3478];
const FIN = 1;
const SYN = 2;
const PSH = 8;
const ACK = 16;
const CLOSING_PACKETS_MIN = 8;

/** Which flow each packet belongs to: the popularity part of the distribution, one number a packet. */
function drawFlows(options: WorkloadOptions): Uint32Array {
  const { packets, flows } = options;
  const random = createRandom(options.seed);
  const zipf = createZipf(flows, options.skew, random);
  const arrival = new Uint32Array(flows);
  for (let i = 0; i < flows; i++) {
    const j = Math.floor((random() / 0x1_0000_0000) * (i + 1));
    arrival[i] = arrival[j]!;
    arrival[j] = i;
  }
  const flowOfPacket = new Uint32Array(packets);
  let arrived = 0;
  for (let i = 0; i < packets; i++) {
    const due = Math.floor((i * flows) / packets) >= arrived;
    flowOfPacket[i] = due ? arrival[arrived++]! : zipf();
  }
  return flowOfPacket;
}

/** Ones' complement sum, folded and inverted. */
function checksumOf(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}

/** Sum of the 16-bit words of a 32-bit word. */
function halves(word: number): number {
  return (word >>> 16) + (word & 0xffff);
}

/** Writes an IPv4 or IPv6 header at `at`; returns the sum of its addresses, for the transport's checksum. */
function writeIpHeader(
  view: DataView,
  at: number,
  packet: {
    isV6: boolean;
    protocol: number;
    ipOctets: number;
    id: number;
    ttl: number;
    source: number;
    destination: number;
  },
): number {
  const { source, destination, ipOctets, protocol, ttl } = packet;
  if (packet.isV6) {
    view.setUint32(at, 0x60000000);
    view.setUint32(at + 4, (((ipOctets - 40) << 16) | (protocol << 8) | ttl) >>> 0);
    for (let word = 8; word < 40; word += 4) view.setUint32(at + word, 0);
    view.setUint32(at + 8, 0xfd000000 | (source >>> 31 ? 2 : 1));
    view.setUint32(at + 20, source);
    view.setUint32(at + 24, 0xfd000000 | (destination >>> 31 ? 2 : 1));
    view.setUint32(at + 36, destination);
    return (
      halves(source) +
      halves(destination) +
      2 * 0xfd00 +
      (source >>> 31 ? 2 : 1) +
      (destination >>> 31 ? 2 : 1)
    );
  }
  view.setUint32(at, 0x45000000 | ipOctets);
  view.setUint32(at + 4, ((packet.id << 16) | 0x4000) >>> 0);
  view.setUint16(at + 8, (ttl << 8) | protocol);
  view.setUint32(at + 12, source);
  view.setUint32(at + 16, destination);
  const addresses = halves(source) + halves(destination);
  view.setUint16(
    at + 10,
    checksumOf(0x4500 + ipOctets + packet.id + 0x4000 + ((ttl << 8) | protocol) + addresses),
  );
  return addresses;
}

/** The flags of packet `index` (from 0) of a TCP flow with `total` packets. */
function tcpFlags(index: number, total: number, roll: number): number {
  if (index === 0) return SYN;
  if (index === 1) return SYN | ACK;
  if (total >= CLOSING_PACKETS_MIN && (index === total - 3 || index === total - 2)) return FIN | ACK;
  const isAckOnly = index === 2 || index === total - 1 || roll >= 0.3;
  return isAckOnly ? ACK : PSH | ACK;
}

/** Whether packet `index` of a flow goes from server to client. */
function isFromServer(index: number, total: number, isTcp: boolean, roll: number): boolean {
  if (index < 3) return index === 1;
  if (isTcp && total >= CLOSING_PACKETS_MIN && index >= total - 3) return index === total - 2;
  return roll < 0.5;
}

/** Who sends a packet of the workload, and as what. */
interface PacketPlan {
  readonly flow: number;
  /** Which packet of its flow it is, from 0. */
  readonly index: number;
  readonly isV6: boolean;
  readonly isTcp: boolean;
  readonly fromServer: boolean;
  readonly client: number;
  readonly server: number;
  readonly clientPort: number;
  readonly serverPort: number;
  /** From 0 to below 1, for what is left to chance. */
  readonly roll: number;
}

/** The packets of a workload, one after the other. */
class WorkloadPackets {
  /** Octets of the IP packets so far. */
  ipOctets = 0;
  readonly #options: WorkloadOptions;
  readonly #flowOfPacket: Uint32Array;
  readonly #total: Uint32Array;
  readonly #seen: Uint32Array;
  readonly #directions: Uint8Array;
  readonly #sequence: Uint32Array;
  readonly #random: () => number;

  constructor(options: WorkloadOptions) {
    const { packets, flows, seed } = options;
    this.#options = options;
    this.#flowOfPacket = drawFlows(options);
    this.#total = new Uint32Array(flows);
    for (let i = 0; i < packets; i++) this.#total[this.#flowOfPacket[i]!]!++;
    this.#seen = new Uint32Array(flows);
    this.#directions = new Uint8Array(flows);
    this.#sequence = new Uint32Array(flows * 2);
    this.#random = createRandom(seed ^ 0x5bd1e995);
  }

  /** Flows in one direction so far. */
  get unidirectionalFlows(): number {
    return this.#directions.reduce((sum, directions) => sum + (directions === 3 ? 2 : 1), 0);
  }

  /** Writes the record of packet `i`. @returns where it ends */
  write(view: DataView, chunk: Buffer, at: number, i: number): number {
    const { frameOctets, packetsPerSecond } = this.#options;
    const plan = this.#plan(i);
    const { isV6, fromServer } = plan;
    const wireOctets = isV6 ? Math.max(frameOctets, IPV6_FRAME_MIN) : frameOctets;
    const storedMax = Math.max(this.#options.storedOctets, isV6 ? IPV6_FRAME_MIN : 0);
    const storedOctets = Math.min(wireOctets, storedMax);
    const timeUs = Math.floor((i * 1e6) / packetsPerSecond);
    view.setUint32(at, BASE_SECONDS + Math.floor(timeUs / 1e6), true);
    view.setUint32(at + 4, timeUs % 1e6, true);
    view.setUint32(at + 8, storedOctets, true);
    view.setUint32(at + 12, wireOctets, true);
    const frame = at + RECORD_HEADER;
    chunk.fill(0, frame, frame + storedOctets);
    const clientMac = 0x0a0000;
    const serverMac = 0x0b0000;
    view.setUint16(frame, 0x0200);
    view.setUint32(frame + 2, fromServer ? clientMac : serverMac);
    view.setUint16(frame + 6, 0x0200);
    view.setUint32(frame + 8, fromServer ? serverMac : clientMac);
    view.setUint16(frame + 12, isV6 ? 0x86dd : 0x0800);
    this.#writePacket(view, frame + ETHERNET, wireOctets - ETHERNET, plan, i);
    return frame + storedOctets;
  }

  #plan(i: number): PacketPlan {
    const { seed, ipv6Share } = this.#options;
    const flow = this.#flowOfPacket[i]!;
    const hash = scramble(flow ^ Math.imul(seed, 0x9e3779b1));
    const isTcp = (hash & 3) !== 3;
    const index = this.#seen[flow]!++;
    const roll = this.#random();
    const fromServer = isFromServer(index, this.#total[flow]!, isTcp, (roll & 0xffff) / 0x10000);
    this.#directions[flow]! |= fromServer ? 2 : 1;
    return {
      flow,
      index,
      isV6: (scramble(hash) & 0xffff) / 0x10000 < ipv6Share,
      isTcp,
      fromServer,
      client: 0x0a000000 | ((Math.imul(flow >>> 3, 0x6a09e5) + seed) & 0xffffff),
      server: (0xc6120000 | (scramble(hash ^ 0x51) & 0x1fff)) >>> 0,
      clientPort: 32768 + (flow & 7) * 3500 + ((hash >>> 8) % 3500),
      serverPort: isTcp ? TCP_PORTS[(hash >>> 2) & 15]! : UDP_PORTS[(hash >>> 2) & 7]!,
      roll: (roll >>> 16) / 0x10000,
    };
  }

  #writePacket(view: DataView, ip: number, ipOctets: number, plan: PacketPlan, i: number): void {
    const { isV6, isTcp, fromServer, client, server, clientPort, serverPort } = plan;
    const protocol = isTcp ? 6 : 17;
    const addressSum = writeIpHeader(view, ip, {
      isV6,
      protocol,
      ipOctets,
      id: i & 0xffff,
      ttl: fromServer ? 57 : 64,
      source: fromServer ? server : client,
      destination: fromServer ? client : server,
    });
    const transport = ip + (isV6 ? 40 : 20);
    const segmentOctets = ipOctets - (isV6 ? 40 : 20);
    const ports = fromServer ? (serverPort << 16) | clientPort : (clientPort << 16) | serverPort;
    view.setUint32(transport, ports >>> 0);
    const sum = addressSum + protocol + segmentOctets + serverPort + clientPort;
    if (isTcp) this.#writeTcp(view, transport, segmentOctets, plan, sum);
    else {
      view.setUint16(transport + 4, segmentOctets);
      view.setUint16(transport + 6, checksumOf(sum + segmentOctets) || 0xffff);
    }
    this.ipOctets += ipOctets;
  }

  /** All of a TCP header but its ports. @param sum of what the checksum covers besides */
  #writeTcp(view: DataView, at: number, segmentOctets: number, plan: PacketPlan, sum: number): void {
    const { flow, index, fromServer, roll } = plan;
    const flags = tcpFlags(index, this.#total[flow]!, roll);
    const own = flow * 2 + (fromServer ? 1 : 0);
    const seq = this.#sequence[own]!;
    const ack = (flags & ACK) !== 0 ? this.#sequence[own ^ 1]! : 0;
    const offsetFlagsWindow = (0x50000000 | (flags << 16) | 0xfaf0) >>> 0;
    view.setUint32(at + 4, seq);
    view.setUint32(at + 8, ack);
    view.setUint32(at + 12, offsetFlagsWindow);
    view.setUint16(at + 16, checksumOf(sum + halves(seq) + halves(ack) + halves(offsetFlagsWindow)));
    this.#sequence[own] = seq + segmentOctets - 20 + ((flags & (SYN | FIN)) !== 0 ? 1 : 0);
  }
}

/**
 * Writes the capture to `path`, replacing what is there.
 * @returns what is in it
 * @throws Error from the file system, or RangeError for options that make no sense
 */
export function writeWorkload(path: string, options: WorkloadOptions): WorkloadContent {
  const { packets, flows } = options;
  if (!(flows >= 1 && flows <= packets && flows <= 1 << 24)) {
    throw new RangeError(`flows: found ${flows}; allowed: 1 to ${Math.min(packets, 1 << 24)}`);
  }
  if (!(options.frameOctets >= 64 && options.frameOctets <= 9014)) {
    throw new RangeError(`frame: found ${options.frameOctets}; allowed: 64 to 9014`);
  }
  const workload = new WorkloadPackets(options);
  const chunk = Buffer.alloc(CHUNK_OCTETS + 16384);
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
  const file = openSync(path, 'w');
  let at = writeFileHeader(view);
  try {
    for (let i = 0; i < packets; i++) {
      at = workload.write(view, chunk, at, i);
      if (at >= CHUNK_OCTETS) at = flush(file, chunk, at);
    }
    flush(file, chunk, at);
  } finally {
    closeSync(file);
  }
  const { ipOctets, unidirectionalFlows } = workload;
  return { packets, flows, ipPackets: packets, ipOctets, unidirectionalFlows };
}

/** The file header of a classic pcap, little-endian, microseconds, Ethernet; returns its length. */
function writeFileHeader(view: DataView): number {
  view.setUint32(0, 0xa1b2c3d4, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, 262144, true);
  view.setUint32(20, 1, true);
  return 24;
}

/** Writes the first `octets` of `chunk` out; returns 0, where the next record goes. */
function flush(file: number, chunk: Buffer, octets: number): number {
  let done = 0;
  while (done < octets) done += writeSync(file, chunk, done, octets - done);
  return 0;
}
