/**
 * Packet selection in the worker (RFC 5475): hash-based on the packet's content with the BOB function (§6.2, appendix
 * A.2), and systematic count-based, every N-th packet (§5.1), where the kernel does not do that (ebpf.ts). Random
 * selection is the kernel's (bpf.ts), and done here only for sources without the ring.
 *
 * What is hashed is what a packet keeps along its path: of IPv4 identification, flags, fragment offset and addresses, of
 * IPv6 payload length and the parts of the addresses that vary most, and the first octets behind the IP header. Frames
 * in which no IP header is found at once are kept: they are counted by kind, not metered.
 */
import type { LivePacketBatch } from '../live/live-batch.ts';
import type { SamplingOptions } from '../live/live-options.ts';

/** IP payload that is hashed: IE 327 hashIPPayloadOffset is 0, IE 328 hashIPPayloadSize this. */
const HASHED_PAYLOAD_OCTETS = 8;
const INPUT_OCTETS_MAX = 32;
const GOLDEN_RATIO = 0x9e3779b9;

const LINKTYPE_ETHERNET = 1;
const ETHERNET_HEADER_OCTETS = 14;
const ETHERNET_TYPE = 12;
const ETHER_TYPE_VLAN = 0x8100;
const ETHER_TYPE_SERVICE = 0x88a8;
const TAG_OCTETS = 4;
const TAGS_MAX = 4;
const ETHER_TYPE_IPV4 = 0x0800;
const ETHER_TYPE_IPV6 = 0x86dd;
const IPV4_HEADER_OCTETS = 20;
const IPV6_HEADER_OCTETS = 40;

export interface Selector {
  readonly method: SamplingOptions['method'];
  readonly interval: number;
  /** Packets until the next one that is selected. */
  skip: number;
  readonly linkType: number;
  /** Initial value of the hash: secret, so that nobody can send packets that are never selected. */
  readonly initialValue: number;
  readonly input: Uint8Array;
}

/**
 * @param samplesBy methods that have been applied when packets arrive
 * @returns undefined where the worker has nothing to select
 */
export function createSelector(
  sampling: SamplingOptions | undefined,
  linkType: number,
  samplesBy: readonly SamplingOptions['method'][],
  initialValue: number = (Math.random() * 2 ** 32) | 0,
): Selector | undefined {
  if (sampling === undefined || sampling.interval <= 1) return undefined;
  const { interval, method } = sampling;
  if (samplesBy.includes(method)) return undefined;
  const skip = Math.floor(Math.random() * interval);
  const input = new Uint8Array(INPUT_OCTETS_MAX);
  return { method, interval, skip, linkType, initialValue, input };
}

/** Keeps the selected frames of the batch and drops the others, in place and in order. @returns how many it dropped */
export function selectPackets(selector: Selector, batch: LivePacketBatch): number {
  const { count } = batch;
  let kept = 0;
  let superPackets = 0;
  for (let i = 0; i < count; i++) {
    if (!isSelected(selector, batch, i)) continue;
    if (batch.segmentOctets[i] !== 0) superPackets++;
    if (kept !== i) moveFrame(batch, i, kept);
    kept++;
  }
  batch.count = kept;
  batch.superPackets = superPackets;
  return count - kept;
}

function isSelected(selector: Selector, batch: LivePacketBatch, i: number): boolean {
  if (selector.method === 'systematic') return isNext(selector);
  if (selector.method === 'random') return Math.random() * selector.interval < 1;
  return isHashSelected(selector, batch, i);
}

function isNext(selector: Selector): boolean {
  if (selector.skip-- > 0) return false;
  selector.skip = selector.interval - 1;
  return true;
}

function moveFrame(batch: LivePacketBatch, from: number, to: number): void {
  batch.frameOffset[to] = batch.frameOffset[from]!;
  batch.capturedLength[to] = batch.capturedLength[from]!;
  batch.wireLength[to] = batch.wireLength[from]!;
  batch.timeNs[to] = batch.timeNs[from]!;
  batch.interfaceIndex[to] = batch.interfaceIndex[from]!;
  batch.segmentOctets[to] = batch.segmentOctets[from]!;
  batch.transportOffset[to] = batch.transportOffset[from]!;
  batch.isUdp[to] = batch.isUdp[from]!;
}

function isHashSelected(selector: Selector, batch: LivePacketBatch, i: number): boolean {
  const octets = hashInput(selector, batch.view, batch.frameOffset[i]!, batch.capturedLength[i]!);
  if (octets === 0) return true;
  return bobHash(selector.input, octets, selector.initialValue) * selector.interval < 4294967296;
}

/** Puts what is hashed of a frame into the selector's input. @returns its octets; 0 where there is no IP header */
function hashInput(selector: Selector, view: DataView, start: number, captured: number): number {
  let ip = 0;
  if (selector.linkType === LINKTYPE_ETHERNET) {
    if (captured < ETHERNET_HEADER_OCTETS) return 0;
    let type = view.getUint16(start + ETHERNET_TYPE);
    ip = ETHERNET_HEADER_OCTETS;
    for (let tags = 0; tags < TAGS_MAX && ip + TAG_OCTETS <= captured; tags++) {
      if (type !== ETHER_TYPE_VLAN && type !== ETHER_TYPE_SERVICE) break;
      type = view.getUint16(start + ip + 2);
      ip += TAG_OCTETS;
    }
    if (type !== ETHER_TYPE_IPV4 && type !== ETHER_TYPE_IPV6) return 0;
  }
  if (ip + IPV4_HEADER_OCTETS > captured) return 0;
  const version = view.getUint8(start + ip) >>> 4;
  const { input } = selector;
  let octets = 0;
  let payload = 0;
  if (version === 4) {
    // Identification, flags, fragment offset: 4 octets from the fifth; then the addresses from the thirteenth.
    for (let o = 4; o < 8; o++) input[octets++] = view.getUint8(start + ip + o);
    for (let o = 12; o < 20; o++) input[octets++] = view.getUint8(start + ip + o);
    payload = ip + ((view.getUint8(start + ip) & 0xf) << 2);
  } else if (version === 6 && ip + IPV6_HEADER_OCTETS <= captured) {
    input[octets++] = view.getUint8(start + ip + 4);
    input[octets++] = view.getUint8(start + ip + 5);
    // Octets 10, 11, 14, 15 and 16 of each address, counted from 1 (§6.2.1).
    for (let address = ip + 8; address <= ip + 24; address += 16) {
      for (let o = 9; o < 11; o++) input[octets++] = view.getUint8(start + address + o);
      for (let o = 13; o < 16; o++) input[octets++] = view.getUint8(start + address + o);
    }
    payload = ip + IPV6_HEADER_OCTETS;
  } else return 0;
  for (let o = 0; o < HASHED_PAYLOAD_OCTETS && payload + o < captured; o++)
    input[octets++] = view.getUint8(start + payload + o);
  return octets;
}

/** Words of the hash's state between its mixing rounds. */
const state = new Int32Array(3);

/** The BOB hash (RFC 5475 appendix A.2, Jenkins 1997) of the first `octets` of `input`, as an unsigned integer. */
export function bobHash(input: Uint8Array, octets: number, initialValue: number): number {
  state[0] = GOLDEN_RATIO;
  state[1] = GOLDEN_RATIO;
  state[2] = initialValue;
  let at = 0;
  for (; octets - at >= 12; at += 12) {
    for (let w = 0; w < 3; w++) {
      const from = at + 4 * w;
      const word =
        input[from]! | (input[from + 1]! << 8) | (input[from + 2]! << 16) | (input[from + 3]! << 24);
      state[w] = state[w]! + word;
    }
    mix();
  }
  state[2] = state[2]! + octets;
  // The last word starts with its second octet: the first is the length's.
  for (let o = at; o < octets; o++) {
    const place = o - at < 8 ? o - at : o - at + 1;
    state[place >>> 2] = state[place >>> 2]! + (input[o]! << (8 * (place & 3)));
  }
  mix();
  return state[2]! >>> 0;
}

function mix(): void {
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  a = (a - b - c) ^ (c >>> 13);
  b = (b - c - a) ^ (a << 8);
  c = (c - a - b) ^ (b >>> 13);
  a = (a - b - c) ^ (c >>> 12);
  b = (b - c - a) ^ (a << 16);
  c = (c - a - b) ^ (b >>> 5);
  a = (a - b - c) ^ (c >>> 3);
  b = (b - c - a) ^ (a << 10);
  c = (c - a - b) ^ (b >>> 15);
  state[0] = a;
  state[1] = b;
  state[2] = c;
}
