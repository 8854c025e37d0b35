/**
 * Brings the key of each decoded packet into the one order that both directions of a flow share, and hashes it.
 *
 * The endpoint with the smaller (address, port) becomes A. Which is smaller is as good as random, so it is computed
 * without a branch: a mispredicted one costs more than all the arithmetic here.
 */
import type { DecodedBatch } from '../../records/decoded-batch.ts';
import * as decoded from '../../records/decoded-batch.ts';
import * as layout from '../../records/flow-layout.ts';
import { isSharedTunnel } from '../../records/tunnel-kinds.ts';

/** Words that a flow key can have beyond the entry's own: MAC of A and of B (3), MPLS label, tunnel id, tunnel kind. */
export const KEY_EXTENSION_WORDS = 6;
const EXTENSION_MPLS = 3;
const EXTENSION_TUNNEL_ID = 4;
const EXTENSION_TUNNEL_KIND = 5;

/** Which parts beyond addresses, ports and protocol the flow key has, besides those that the decoder puts there. */
export interface FlowKeyExtension {
  readonly mac: boolean;
  readonly mpls: boolean;
  readonly tunnel: boolean;
  /** The tunnel where its id is the same in both directions (tunnel-kinds.ts). Default: false. */
  readonly sharedTunnel?: boolean;
  /** The observation point. Default: true; else the one of its first packet is all that a flow has. */
  readonly interface?: boolean;
}

/**
 * Random odd multipliers, one for each key word: drawn at start, so that nobody can send colliding keys on purpose; and
 * which bits are compared. HASH_WORDS of records/decoded-words.ts.
 */
export interface HashSeeds {
  readonly multipliers: Int32Array;
}

function randomInt32(): number {
  return (Math.random() * 2 ** 32) | 0;
}

/** All but the observation point, which is the word's lower half. */
const WITHOUT_POINT = ~0xffff;

/**
 * @param key whether the observation point is in it
 * @param random yields 32-bit integers; a fixed sequence makes a run repeatable in tests
 */
export function createHashSeeds(
  key: Pick<FlowKeyExtension, 'interface'> = {},
  random: () => number = randomInt32,
): HashSeeds {
  const multipliers = new Int32Array(decoded.HASH_WORDS);
  for (let i = 0; i < multipliers.length; i++) multipliers[i] = random() | 1;
  multipliers[decoded.HASH_POINT_MASK] = key.interface === false ? WITHOUT_POINT : -1;
  return { multipliers };
}

/** 1 if a < b as signed 32-bit integers, else 0, without a branch (Warren, Hacker's Delight, §2-12). */
function isLess(a: number, b: number): number {
  return ((a & ~b) | (~(a ^ b) & ((a - b) | 0))) >>> 31;
}

/** 1 if the source of the record at `at` is the greater endpoint, so that the packet goes from B to A. */
function isFromB(words: Int32Array, at: number): number {
  for (let w = 0; w < 4; w++) {
    const source = words[at + decoded.SOURCE_ADDRESS + w]!;
    const destination = words[at + decoded.DESTINATION_ADDRESS + w]!;
    if (source !== destination) return isLess(destination, source);
  }
  const ports = words[at + decoded.PORTS]!;
  return isLess(ports & 0xffff, ports >>> 16);
}

/**
 * The last step of the hash: spreads the sum over all bits, for the top bits choose the place and the low ones tag it.
 */
function finish(sum: number, multiplier: number): number {
  return Math.imul(sum ^ (sum >>> 15), multiplier);
}

/**
 * Orders and hashes the keys of a batch, in place: addresses and ports are swapped where the packet goes from B to A,
 * that bit goes to the DETAIL word and the hash to the HASH word.
 */
export function orderAndHashKeys(batch: DecodedBatch, seeds: HashSeeds): void {
  const words = batch.words;
  const m = seeds.multipliers;
  const m0 = m[0]!;
  const m1 = m[1]!;
  const m2 = m[2]!;
  const m3 = m[3]!;
  const m4 = m[4]!;
  const mPppoe = m[decoded.HASH_PPPOE]!;
  const mLast = m[decoded.HASH_FINISH]!;
  const pointMask = m[decoded.HASH_POINT_MASK]!;
  const end = batch.count * decoded.DECODED_WORDS;
  for (let at = 0; at < end; at += decoded.DECODED_WORDS) {
    const ports = words[at + decoded.PORTS]!;
    const protocol = words[at + decoded.KEY_PROTOCOL]!;
    const source = words[at + decoded.SOURCE_ADDRESS]!;
    const destination = words[at + decoded.DESTINATION_ADDRESS]!;
    const isIPv4 = ((protocol >>> 8) & 0xf) === 4;
    const fromB = isIPv4 && source !== destination ? isLess(destination, source) : isFromB(words, at);
    // Exchanges two words where the mask is all ones, and leaves them where it is zero.
    const mask = -fromB;
    const change = (source ^ destination) & mask;
    const a = source ^ change;
    const b = destination ^ change;
    const orderedPorts = ports ^ ((ports ^ ((ports << 16) | (ports >>> 16))) & mask);
    words[at + decoded.SOURCE_ADDRESS] = a;
    words[at + decoded.DESTINATION_ADDRESS] = b;
    words[at + decoded.PORTS] = orderedPorts;
    const detail = words[at + decoded.DETAIL]!;
    words[at + decoded.DETAIL] = detail | (fromB << decoded.DETAIL_FROM_B_SHIFT);
    let sum = Math.imul(a, m0) + Math.imul(b, m1);
    sum += Math.imul(orderedPorts, m2) + Math.imul(protocol, m3);
    sum += Math.imul(words[at + decoded.KEY_OBSERVATION_POINT]! & pointMask, m4);
    sum += Math.imul((detail >>> decoded.DETAIL_PPPOE_SHIFT) & 0xffff, mPppoe);
    if (!isIPv4) sum += orderAndSumIPv6(words, at, mask, m);
    words[at + decoded.HASH] = finish(sum | 0, mLast);
  }
}

/** The lower three words of an IPv6 address pair: exchanged by `mask`, and their part of the hash's sum. */
function orderAndSumIPv6(words: Int32Array, at: number, mask: number, m: Int32Array): number {
  let sum = 0;
  for (let w = 1; w < 4; w++) {
    const source = words[at + decoded.SOURCE_ADDRESS + w]!;
    const destination = words[at + decoded.DESTINATION_ADDRESS + w]!;
    const change = (source ^ destination) & mask;
    words[at + decoded.SOURCE_ADDRESS + w] = source ^ change;
    words[at + decoded.DESTINATION_ADDRESS + w] = destination ^ change;
    sum += Math.imul(source ^ change, m[3 + 2 * w]!) + Math.imul(destination ^ change, m[4 + 2 * w]!);
  }
  return sum | 0;
}

/** The hash of a key that stands in a flow entry (deletion needs it again). Equal to that of `orderAndHashKeys`. */
export function hashOfEntry(entry: Int32Array, at: number, seeds: HashSeeds): number {
  const m = seeds.multipliers;
  let sum = Math.imul(entry[at]!, m[0]!) + Math.imul(entry[at + 4]!, m[1]!);
  sum += Math.imul(entry[at + 8]!, m[2]!) + Math.imul(entry[at + 9]!, m[3]!);
  sum += Math.imul(entry[at + 10]! & m[decoded.HASH_POINT_MASK]!, m[4]!);
  sum += Math.imul(entry[at + layout.FLOW_STATE]! >>> layout.STATE_PPPOE_SHIFT, m[decoded.HASH_PPPOE]!);
  if (((entry[at + 9]! >>> 8) & 0xf) !== 4) sum += orderAndSumIPv6(entry, at, 0, m);
  return finish(sum | 0, m[decoded.HASH_FINISH]!);
}

/**
 * Writes the key extensions of a batch (`KEY_EXTENSION_WORDS` for each packet), A's MAC before B's, in the order that
 * `orderAndHashKeys` chose. They are compared in full but not hashed: flows that differ in nothing else are few.
 * @param view the memory that the batch's frames lie in
 * @param memory the engine's
 */
export function writeKeyExtensions(
  batch: DecodedBatch,
  view: DataView,
  memory: DataView,
  key: FlowKeyExtension,
  out: Int32Array,
): void {
  const { words, encapsulation } = batch;
  for (let i = 0; i < batch.count; i++) {
    const at = i * decoded.DECODED_WORDS;
    const to = i * KEY_EXTENSION_WORDS;
    for (let w = 0; w < KEY_EXTENSION_WORDS; w++) out[to + w] = 0;
    const link = words[at + decoded.LINK_OFFSET]!;
    if (key.mac && link !== -1) {
      const frames = link < 0 ? memory : view;
      const header = link < 0 ? -4 * link : link;
      // A frame has its destination first: from B to A, that is A's address.
      const macA = words[at + decoded.DETAIL]! >>> decoded.DETAIL_FROM_B_SHIFT === 1 ? header : header + 6;
      const macB = macA === header ? header + 6 : header;
      out[to] = frames.getInt32(macA);
      out[to + 1] = (frames.getUint16(macA + 4) << 16) | frames.getUint16(macB);
      out[to + 2] = frames.getInt32(macB + 2);
    }
    if (encapsulation === undefined) continue;
    const from = i * decoded.ENCAPSULATION_WORDS;
    if (key.mpls && encapsulation[from + decoded.MPLS_DEPTH]! > 0) {
      out[to + EXTENSION_MPLS] = (encapsulation[from + decoded.MPLS_STACK]! >>> 12) | (1 << 31);
    }
    const tunnelId = encapsulation[from + decoded.TUNNEL_ID]!;
    const outerKind = encapsulation[from + decoded.OUTER_KIND]!;
    if (key.tunnel || (key.sharedTunnel === true && isSharedTunnel(outerKind, tunnelId))) {
      out[to + EXTENSION_TUNNEL_ID] = tunnelId;
      out[to + EXTENSION_TUNNEL_KIND] = outerKind;
    }
  }
}
