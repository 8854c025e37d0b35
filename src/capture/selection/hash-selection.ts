/**
 * Hash-based packet selection (RFC 5475 §6.2) with the BOB function (appendix A.2), on packets that have been decoded:
 * whatever stands before the IP header that is metered, it is found where the decoder found it.
 *
 * The hash is over the parts that a packet keeps along its path: of IPv4 identification, flags, fragment offset and
 * addresses, of IPv6 payload length and the parts of the addresses that vary most, and the first octets behind the IP
 * header. Frames that the decoder refuses are no packets to select from: they are counted by kind.
 */
import * as decoded from '../../records/decoded-batch.ts';
import { type DecodedBatch, moveRecord } from '../../records/decoded-batch.ts';
import type { SamplingOptions } from '../live-options.ts';

/** IP payload that is hashed: IE 327 hashIPPayloadOffset is 0, IE 328 hashIPPayloadSize this. */
const HASHED_PAYLOAD_OCTETS = 8;
const INPUT_OCTETS_MAX = 32;
const GOLDEN_RATIO = 0x9e3779b9;
const IPV6_HEADER_OCTETS = 40;

export interface HashSelector {
  readonly interval: number;
  /** Initial value of the hash: secret, so that nobody can send packets that are never selected. */
  readonly initialValue: number;
  readonly input: Uint8Array;
  /** Packets that the last batch lost, and the octets of their frames on the wire. */
  packetsDropped: number;
  octetsDropped: number;
}

/** @returns undefined where selection is not by hash */
export function createHashSelector(
  sampling: SamplingOptions | undefined,
  initialValue: number = (Math.random() * 2 ** 32) | 0,
): HashSelector | undefined {
  if (sampling === undefined || sampling.interval <= 1 || sampling.method !== 'hash') return undefined;
  const input = new Uint8Array(INPUT_OCTETS_MAX);
  return { interval: sampling.interval, initialValue, input, packetsDropped: 0, octetsDropped: 0 };
}

/**
 * Keeps the selected packets of a decoded batch and drops the others, in place and in order; says in the selector how
 * many, and of how many octets.
 * @param batch with offsets
 * @param view that the offsets count in
 */
export function selectDecoded(selector: HashSelector, batch: DecodedBatch, view: DataView): void {
  const { count, words } = batch;
  const offsets = batch.offsets!;
  let kept = 0;
  let octetsDropped = 0;
  for (let i = 0; i < count; i++) {
    const from = i * decoded.OFFSET_WORDS;
    const octets = hashInput(
      selector.input,
      view,
      offsets[from + decoded.IP_OFFSET]!,
      offsets[from + decoded.CAPTURED_END]!,
    );
    if (bobHash(selector.input, octets, selector.initialValue) * selector.interval < 4294967296) {
      if (kept !== i) moveRecord(batch, i, kept);
      kept++;
    } else octetsDropped += words[i * decoded.DECODED_WORDS + decoded.FRAME_OCTETS]! >>> 0;
  }
  batch.count = kept;
  selector.packetsDropped = count - kept;
  selector.octetsDropped = octetsDropped;
}

/** Puts what is hashed of the IP packet at `ip`, whose header was captured, into `input`. @returns its octets */
function hashInput(input: Uint8Array, view: DataView, ip: number, end: number): number {
  let octets = 0;
  let payload = 0;
  if (view.getUint8(ip) >>> 4 === 4) {
    // Identification, flags, fragment offset: 4 octets from the fifth; then the addresses from the thirteenth.
    for (let o = 4; o < 8; o++) input[octets++] = view.getUint8(ip + o);
    for (let o = 12; o < 20; o++) input[octets++] = view.getUint8(ip + o);
    payload = ip + ((view.getUint8(ip) & 0xf) << 2);
  } else {
    input[octets++] = view.getUint8(ip + 4);
    input[octets++] = view.getUint8(ip + 5);
    // Octets 10, 11, 14, 15 and 16 of each address, counted from 1 (§6.2.1).
    for (let address = ip + 8; address <= ip + 24; address += 16) {
      for (let o = 9; o < 11; o++) input[octets++] = view.getUint8(address + o);
      for (let o = 13; o < 16; o++) input[octets++] = view.getUint8(address + o);
    }
    payload = ip + IPV6_HEADER_OCTETS;
  }
  for (let o = 0; o < HASHED_PAYLOAD_OCTETS && payload + o < end; o++)
    input[octets++] = view.getUint8(payload + o);
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
