/**
 * IPv6 Performance and Diagnostic Metrics (RFC 8250): the PDM option of destination options headers, in front of a
 * fragment header or behind it, of packets of any transport; and the walk along the headers of an IPv6 packet to it,
 * which icmp.ts uses for quoted packets too.
 *
 * A packet from A to B (p1), its answer (p2) and A's next packet (p3) give, without any clock of the probe's own,
 *
 *     network round trip = DELTATLS(p3) - DELTATLR(p2)        answer time of B = DELTATLR(p2)
 *
 * if p3 names p2 as the last received, p2 names p1, and p3 is the packet behind p1: then p1 was A's last packet when p2
 * arrived, and the two deltas are about the same packets.
 */

import type { DecodedBatch } from '../../records/decoded-batch.ts';
import * as decoded from '../../records/decoded-batch.ts';
import * as extension from '../../records/extension-headers.ts';
import { PROTOCOL_TCP } from '../../records/protocol-numbers.ts';
import type { HealthTable } from '../table/path-health-table.ts';
import * as side from '../table/path-health-table.ts';

// Words of `HealthTable.segment` that the walk leaves.
/** The upper-layer protocol, or the header at which the walk ended. */
export const WALK_PROTOCOL = 8;
export const WALK_OFFSET = 9;
/** Bits of IE 64. */
export const WALK_HEADERS = 10;
/** Where the PDM option's type octet stands, or -1. */
export const WALK_PDM = 11;
/** 1 behind the header of a later fragment: what follows is the middle of something. */
export const WALK_LATER = 12;

const IPV6_OCTETS = 40;
const IPV6_NEXT_HEADER = 6;
/** As many as the decoder follows. */
const HEADERS_MAX = 10;
const OPTIONS_MAX = 32;
const OPTION_PAD1 = 0;
const OPTION_PDM = 0x0f;
// The option (RFC 8250 §3.2).
const PDM_OCTETS = 10;
const SCALE_LAST_RECEIVED = 2;
const SCALE_LAST_SENT = 3;
const THIS_PACKET = 4;
const LAST_RECEIVED = 6;
const DELTA_LAST_RECEIVED = 8;
const DELTA_LAST_SENT = 10;
/** Attoseconds in a nanosecond: deltas count 10^-18 s, shifted by their scale. */
const NS_PER_ATTOSECOND = 1e-9;
/** A number further ahead than this is another beginning, not a loss. */
const JUMP_MAX = 16_384;
/** Numbers behind the newest one of which it is known whether they were seen. */
const WINDOW = 32;

/** Follows the headers of the IPv6 packet at `ip` as far as they were captured; the result is in `health.segment`. */
export function walkHeaders(health: HealthTable, view: DataView, ip: number, end: number): void {
  const { segment } = health;
  let header = view.getUint8(ip + IPV6_NEXT_HEADER);
  let at = ip + IPV6_OCTETS;
  let headers = 0;
  segment[WALK_PDM] = -1;
  segment[WALK_LATER] = 0;
  for (let count = 0; count < HEADERS_MAX && at + 8 <= end; count++) {
    const bit = bitOf(header);
    if (bit === 0) break;
    headers |= bit;
    let octets = (view.getUint8(at + 1) + 1) << 3;
    if (header === extension.HEADER_FRAGMENT) octets = 8;
    else if (header === extension.HEADER_AUTHENTICATION) octets = (view.getUint8(at + 1) + 2) << 2;
    const limit = at + octets < end ? at + octets : end;
    if (header === extension.HEADER_DESTINATION && segment[WALK_PDM] < 0)
      segment[WALK_PDM] = findPdm(view, at + 2, limit);
    const isLater = header === extension.HEADER_FRAGMENT && view.getUint16(at + 2) >>> 3 !== 0;
    header = view.getUint8(at);
    at += octets;
    if (isLater) {
      segment[WALK_LATER] = 1;
      break;
    }
  }
  segment[WALK_PROTOCOL] = header;
  segment[WALK_OFFSET] = at;
  segment[WALK_HEADERS] = headers;
}

function bitOf(header: number): number {
  switch (header) {
    case extension.HEADER_HOP_BY_HOP:
      return extension.EXTENSION_HOP_BY_HOP;
    case extension.HEADER_DESTINATION:
      return extension.EXTENSION_DESTINATION;
    case extension.HEADER_ROUTING:
      return extension.EXTENSION_ROUTING;
    case extension.HEADER_FRAGMENT:
      return extension.EXTENSION_FRAGMENT_FIRST;
    case extension.HEADER_AUTHENTICATION:
      return extension.EXTENSION_AUTHENTICATION;
    case extension.HEADER_MOBILITY:
      return extension.EXTENSION_MOBILITY;
    default:
      return 0;
  }
}

/** The PDM option between `from` and `end`, or -1. */
function findPdm(view: DataView, from: number, end: number): number {
  let at = from;
  for (let count = 0; count < OPTIONS_MAX && at + 2 <= end; count++) {
    const type = view.getUint8(at);
    if (type === OPTION_PAD1) {
      at++;
      continue;
    }
    const length = view.getUint8(at + 1);
    if (type === OPTION_PDM) return length === PDM_OCTETS && at + 2 + PDM_OCTETS <= end ? at : -1;
    at += 2 + length;
  }
  return -1;
}

/** Adds what packet `i` says in its PDM option, if it has one, to the flow in `slot`. */
export function addPdm(
  health: HealthTable,
  slot: number,
  isReverse: number,
  batch: DecodedBatch,
  i: number,
  view: DataView,
): void {
  const { hot, pdm, segment } = health;
  const offsets = batch.offsets!;
  const from = i * decoded.OFFSET_WORDS;
  walkHeaders(health, view, offsets[from + decoded.IP_OFFSET]!, offsets[from + decoded.CAPTURED_END]!);
  const option = segment[WALK_PDM]!;
  if (option < 0) return;
  const line = slot * 2 + isReverse;
  const block = slot * side.HOT_WORDS + side.HOT_FORWARD + isReverse * (side.HOT_REVERSE - side.HOT_FORWARD);
  const at = line * side.PDM_WORDS;
  if ((hot[block + side.BITS]! & side.PDM_USED) === 0) {
    hot[block + side.BITS] = hot[block + side.BITS]! | side.PDM_USED;
    for (let w = 0; w < side.PDM_WORDS; w++) pdm[at + w] = 0;
    pdm[at + side.PDM_ANSWERED] = -1;
  }
  const number = view.getUint16(option + THIS_PACKET);
  const fragment =
    (batch.words[i * decoded.DECODED_WORDS + decoded.DETAIL]! & decoded.DETAIL_FRAGMENT) === 0
      ? 0
      : batch.words[i * decoded.DECODED_WORDS + decoded.FRAGMENT_ID]! | 1;
  if (!isNewest(health, at, number, fragment)) return;
  takeDeltas(health, line, at, option, batch, i, view);
  const last = view.getUint16(option + LAST_RECEIVED);
  pdm[at + side.PDM_NUMBERS] = number | (last << 16);
  pdm[at + side.PDM_HAS_LAST] = 1;
  pdm[at + side.PDM_FRAGMENT] = fragment;
  health.pdmDoubles[(at >>> 1) + side.PDM_LAST_NS] = batch.timeNs[i]!;
  health.pdmDoubles[(at >>> 1) + side.PDM_DELTA_LAST_RECEIVED] =
    view.getUint16(option + DELTA_LAST_RECEIVED) *
    2 ** view.getUint8(option + SCALE_LAST_RECEIVED) *
    NS_PER_ATTOSECOND;
}

/**
 * Takes note of a packet's number, modulo 2^16. Fragments of one packet carry one number and are one packet.
 * @param fragment  0 for a packet that is none
 * @returns whether it is the newest: late ones and second copies say nothing about times
 */
function isNewest(health: HealthTable, at: number, number: number, fragment: number): boolean {
  const { pdm } = health;
  const ahead = ((number - pdm[at + side.PDM_NUMBERS]!) << 16) >> 16;
  if (pdm[at + side.PDM_HAS_LAST] === 0 || ahead > JUMP_MAX || ahead < -JUMP_MAX) {
    pdm[at + side.PDM_WINDOW] = 1;
    pdm[at + side.PDM_COUNT] = pdm[at + side.PDM_COUNT]! + 1;
    return true;
  }
  if (ahead > 0) {
    pdm[at + side.PDM_WINDOW] = ahead >= WINDOW ? 1 : (pdm[at + side.PDM_WINDOW]! << ahead) | 1;
    pdm[at + side.PDM_MISSING] = pdm[at + side.PDM_MISSING]! + ahead - 1;
    pdm[at + side.PDM_COUNT] = pdm[at + side.PDM_COUNT]! + 1;
    return true;
  }
  const isSeen = ahead > -WINDOW && ((pdm[at + side.PDM_WINDOW]! >>> -ahead) & 1) !== 0;
  if (isSeen) {
    if (fragment === 0) pdm[at + side.PDM_TWICE] = pdm[at + side.PDM_TWICE]! + 1;
    return false;
  }
  // Too far behind to know: a fragment's packet was most likely seen, any other one most likely late.
  if (ahead <= -WINDOW && fragment !== 0) return false;
  if (ahead > -WINDOW) pdm[at + side.PDM_WINDOW] = pdm[at + side.PDM_WINDOW]! | (1 << -ahead);
  pdm[at + side.PDM_LATE] = pdm[at + side.PDM_LATE]! + 1;
  pdm[at + side.PDM_COUNT] = pdm[at + side.PDM_COUNT]! + 1;
  if (pdm[at + side.PDM_MISSING]! > 0) pdm[at + side.PDM_MISSING] = pdm[at + side.PDM_MISSING]! - 1;
  return false;
}

/** What the deltas of the newest packet say together with the other side's newest one. */
function takeDeltas(
  health: HealthTable,
  line: number,
  at: number,
  option: number,
  batch: DecodedBatch,
  i: number,
  view: DataView,
): void {
  const { hot, pdm, pdmDoubles, number } = health;
  const other = (line ^ 1) * side.PDM_WORDS;
  const otherBlock = (line >>> 1) * side.HOT_WORDS + ((line & 1) === 0 ? side.HOT_REVERSE : side.HOT_FORWARD);
  if ((hot[otherBlock + side.BITS]! & side.PDM_USED) === 0 || pdm[other + side.PDM_HAS_LAST] === 0) return;
  const numbers = pdm[other + side.PDM_NUMBERS]!;
  const received = view.getUint16(option + LAST_RECEIVED);
  if (received !== (numbers & 0xffff)) return;
  const isAnswer = pdm[at + side.PDM_ANSWERED] !== received;
  pdm[at + side.PDM_ANSWERED] = received;
  if (!isAnswer) return;
  const delayNs =
    view.getUint16(option + DELTA_LAST_RECEIVED) *
    2 ** view.getUint8(option + SCALE_LAST_RECEIVED) *
    NS_PER_ATTOSECOND;
  if (delayNs > 0) {
    number[0] = batch.timeNs[i]! - pdmDoubles[(other >>> 1) + side.PDM_LAST_NS]! - delayNs;
    if (number[0]! > 0) addSample(health, at, side.PDM_PROBE_TIMES, side.PDM_PROBE_SUM);
    number[0] = delayNs;
    // A bare acknowledgement's delay is TCP's, not the host's answer (RFC 8250 §1.4 means the latter).
    if (hasPayload(batch, i, view)) addSample(health, at, side.PDM_SERVER_TIMES, side.PDM_SERVER_SUM);
  }
  const answeredNs = pdmDoubles[(other >>> 1) + side.PDM_DELTA_LAST_RECEIVED]!;
  const isAdjacent = ((view.getUint16(option + THIS_PACKET) - (numbers >>> 16)) & 0xffff) === 1;
  const sentNs =
    view.getUint16(option + DELTA_LAST_SENT) *
    2 ** view.getUint8(option + SCALE_LAST_SENT) *
    NS_PER_ATTOSECOND;
  if (!isAdjacent || answeredNs === 0 || sentNs <= answeredNs) return;
  number[0] = sentNs - answeredNs;
  addSample(health, at, side.PDM_RTT_TIMES, side.PDM_RTT_SUM);
}

function hasPayload(batch: DecodedBatch, i: number, view: DataView): boolean {
  const at = i * decoded.DECODED_WORDS;
  if ((batch.words[at + decoded.KEY_PROTOCOL]! & 0xff) !== PROTOCOL_TCP) return true;
  const header = batch.offsets![i * decoded.OFFSET_WORDS + decoded.TRANSPORT_OFFSET]!;
  if (header + 20 > batch.offsets![i * decoded.OFFSET_WORDS + decoded.CAPTURED_END]!) return false;
  const headers = header - batch.offsets![i * decoded.OFFSET_WORDS + decoded.IP_OFFSET]!;
  return batch.words[at + decoded.IP_OCTETS]! >>> 0 > headers + ((view.getUint8(header + 12) >>> 4) << 2);
}

/** Adds the time in `health.number[0]`. @param times  word of samples, least and greatest; @param sum  double */
function addSample(health: HealthTable, at: number, times: number, sum: number): void {
  const { pdm, pdmFloats, pdmDoubles, number } = health;
  const ns = number[0]!;
  const samples = pdm[at + times]!;
  pdm[at + times] = samples + 1;
  pdmDoubles[(at >>> 1) + sum] = pdmDoubles[(at >>> 1) + sum]! + ns;
  if (samples === 0 || ns < pdmFloats[at + times + 1]!) pdmFloats[at + times + 1] = ns;
  if (samples === 0 || ns > pdmFloats[at + times + 2]!) pdmFloats[at + times + 2] = ns;
}
