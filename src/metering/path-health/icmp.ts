/**
 * ICMP and ICMPv6 errors (RFC 792, RFC 4443 §2.4), tied to the flow of the packet that they quote: the flow's record
 * tells which router gave up on its packet, why, and with how much hop limit left. So a traceroute, whose every probe is
 * a flow, can be read from flow records, and so can the hop behind which an option is gone.
 *
 * The quoted packet is looked for at the error's own observation point and VLAN. If its flow is not in the table, or the
 * flow key has parts that a quotation does not show (MAC addresses, labels, tunnels), the error is counted as not tied.
 */

import type { DecodedBatch } from '../../records/decoded-batch.ts';
import * as decoded from '../../records/decoded-batch.ts';
import * as layout from '../../records/flow-layout.ts';
import * as record from '../../records/path-health-layout.ts';
import {
  PROTOCOL_DCCP,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_IGMP,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDP_LITE,
} from '../../records/protocol-numbers.ts';
import * as counting from '../table/counters.ts';
import { orderAndHashKeys } from '../table/flow-key.ts';
import type { FlowTable } from '../table/flow-table.ts';
import { findSlot, lineOf } from '../table/flow-table.ts';
import type { HealthTable } from '../table/path-health-table.ts';
import * as side from '../table/path-health-table.ts';
import * as pdm from './pdm.ts';
import { walkHeaders } from './pdm.ts';

/** The quoted packet stands behind 8 octets. */
const ICMP_HEADER_OCTETS = 8;
const IPV4_OCTETS = 20;
const IPV6_OCTETS = 40;
const PDM_QUOTED = 1 << 31;

/** Whether the packet at word `at` is an ICMP or ICMPv6 error, by protocol and type. */
export function isIcmpError(packets: Int32Array, at: number): boolean {
  const protocol = packets[at + decoded.KEY_PROTOCOL]! & 0xff;
  if (protocol !== PROTOCOL_ICMP && protocol !== PROTOCOL_ICMPV6) return false;
  // Type and code stand in the destination port, which ordering may have moved to the front.
  const fromB = packets[at + decoded.DETAIL]! >>> decoded.DETAIL_FROM_B_SHIFT;
  const type = ((packets[at + decoded.PORTS]! >>> (fromB === 1 ? 24 : 8)) & 0xff) >>> 0;
  if (protocol === PROTOCOL_ICMPV6) return type !== 0 && type < side.ICMPV6_INFORMATION;
  return type < 32 && ((side.ICMP_ERROR_TYPES >>> type) & 1) !== 0;
}

/** Notes the error that packet `i` is on the flow that it quotes. */
export function addIcmpError(
  table: FlowTable,
  health: HealthTable,
  batch: DecodedBatch,
  i: number,
  view: DataView,
  counters: Float64Array,
): void {
  const { quoted } = health;
  const at = i * decoded.DECODED_WORDS;
  const header = batch.offsets![i * decoded.OFFSET_WORDS + decoded.TRANSPORT_OFFSET]!;
  const end = batch.offsets![i * decoded.OFFSET_WORDS + decoded.CAPTURED_END]!;
  const isV6 = ((batch.words[at + decoded.KEY_PROTOCOL]! >>> 8) & 0xf) === 6;
  const ip = header + ICMP_HEADER_OCTETS;
  const isRead =
    (batch.words[at + decoded.DETAIL]! & decoded.DETAIL_LATER_FRAGMENT) === 0 &&
    (isV6 ? readIpv6(health, quoted, view, ip, end) : readIpv4(health, quoted, view, ip, end));
  const slot = isRead && table.keyExtension === undefined ? findQuoted(table, quoted, batch.words, at) : -1;
  const counter = slot < 0 ? counting.ICMP_ERRORS_UNTIED : counting.ICMP_ERRORS_TIED;
  counters[counter] = counters[counter]! + 1;
  if (slot < 0) return;
  const entryAt = slot * layout.ENTRY_WORDS;
  const isReverse =
    lineOf(table.words, entryAt, quoted.words[decoded.DETAIL]!) === entryAt + layout.REVERSE_WORD ? 1 : 0;
  const block = slot * side.HOT_WORDS + side.HOT_FORWARD + isReverse * (side.HOT_REVERSE - side.HOT_FORWARD);
  const { hot, icmp, segment } = health;
  const to = (slot * 2 + isReverse) * side.ICMP_WORDS - record.ICMP_ERRORS;
  if ((hot[block + side.BITS]! & side.ICMP_USED) === 0) {
    hot[block + side.BITS] = hot[block + side.BITS]! | side.ICMP_USED;
    icmp[to + record.ICMP_ERRORS] = 0;
  }
  icmp[to + record.ICMP_ERRORS] = icmp[to + record.ICMP_ERRORS]! + 1;
  const errorHops = (batch.words[at + decoded.CONTROL_BITS]! >>> 16) & 0xff;
  const quotedHops = view.getUint8(ip + (isV6 ? 7 : 8));
  icmp[to + record.ICMP_TYPE_CODE_HOPS] = view.getUint16(header) | (quotedHops << 16) | (errorHops << 24);
  const fromB = batch.words[at + decoded.DETAIL]! >>> decoded.DETAIL_FROM_B_SHIFT;
  const router = at + (fromB === 1 ? decoded.DESTINATION_ADDRESS : decoded.SOURCE_ADDRESS);
  for (let w = 0; w < 4; w++) icmp[to + record.ICMP_ROUTER + w] = batch.words[router + w]!;
  icmp[to + record.ICMP_QUOTED_HEADERS] = isV6
    ? segment[pdm.WALK_HEADERS]! | (segment[pdm.WALK_PDM]! < 0 ? 0 : PDM_QUOTED)
    : 0;
}

/** Of the word of the observation point, where ToS is part of the key. */
const TOS_MASK = 0xff0000;

/** The slot of the quoted packet's flow, or -1. The packet's addresses, ports and protocol are in `quoted`. */
function findQuoted(table: FlowTable, quoted: DecodedBatch, error: Int32Array, at: number): number {
  const { words } = quoted;
  words[decoded.DETAIL] = error[at + decoded.DETAIL]! & decoded.DETAIL_PPPOE_MASK;
  words[decoded.KEY_PROTOCOL] = words[decoded.KEY_PROTOCOL]! | (error[at + decoded.KEY_PROTOCOL]! & ~0xffff);
  // ToS, where it is part of the key, is the quoted packet's; it stands in the upper half here.
  const point = error[at + decoded.KEY_OBSERVATION_POINT]!;
  const tos = (point & TOS_MASK) !== 0 ? words[decoded.KEY_OBSERVATION_POINT]! & TOS_MASK : 0;
  words[decoded.KEY_OBSERVATION_POINT] = (point & ~TOS_MASK) | tos;
  orderAndHashKeys(quoted, table.seeds);
  return findSlot(table, words, 0, words[decoded.HASH]!, words, 0);
}

/** Reads the quoted IPv4 packet at `ip` as far as a flow key needs it. @returns whether enough of it was captured */
function readIpv4(
  health: HealthTable,
  quoted: DecodedBatch,
  view: DataView,
  ip: number,
  end: number,
): boolean {
  if (ip + IPV4_OCTETS > end || view.getUint8(ip) >>> 4 !== 4) return false;
  const headerOctets = (view.getUint8(ip) & 0xf) << 2;
  if (headerOctets < IPV4_OCTETS) return false;
  const { words } = quoted;
  for (let w = 0; w < 8; w++) words[w] = 0;
  words[decoded.SOURCE_ADDRESS] = view.getInt32(ip + 12);
  words[decoded.DESTINATION_ADDRESS] = view.getInt32(ip + 16);
  words[decoded.KEY_OBSERVATION_POINT] = view.getUint8(ip + 1) << 16;
  const protocol = view.getUint8(ip + 9);
  words[decoded.KEY_PROTOCOL] = protocol | (4 << 8);
  health.segment[pdm.WALK_HEADERS] = 0;
  const isLater = (view.getUint16(ip + 6) & 0x1fff) !== 0;
  return readPorts(quoted, view, protocol, isLater, ip + headerOctets, end);
}

function readIpv6(
  health: HealthTable,
  quoted: DecodedBatch,
  view: DataView,
  ip: number,
  end: number,
): boolean {
  if (ip + IPV6_OCTETS > end || view.getUint8(ip) >>> 4 !== 6) return false;
  const { words } = quoted;
  for (let w = 0; w < 8; w++) words[w] = view.getInt32(ip + 8 + 4 * w);
  words[decoded.KEY_OBSERVATION_POINT] = ((view.getUint16(ip) >>> 4) & 0xff) << 16;
  walkHeaders(health, view, ip, end);
  const { segment } = health;
  words[decoded.KEY_PROTOCOL] = segment[pdm.WALK_PROTOCOL]! | (6 << 8);
  return readPorts(
    quoted,
    view,
    segment[pdm.WALK_PROTOCOL]!,
    segment[pdm.WALK_LATER] === 1,
    segment[pdm.WALK_OFFSET]!,
    end,
  );
}

/** Ports as the decoder gives them: of ICMP type << 8 | code, of later fragments and of other protocols none. */
function readPorts(
  quoted: DecodedBatch,
  view: DataView,
  protocol: number,
  isLater: boolean,
  header: number,
  end: number,
): boolean {
  const { words } = quoted;
  words[decoded.PORTS] = 0;
  if (isLater) return true;
  switch (protocol) {
    case PROTOCOL_TCP:
    case PROTOCOL_UDP:
    case PROTOCOL_DCCP:
    case PROTOCOL_SCTP:
    case PROTOCOL_UDP_LITE:
      if (header + 4 > end) return false;
      words[decoded.PORTS] = view.getInt32(header);
      return true;
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMPV6:
      if (header + 2 > end) return false;
      words[decoded.PORTS] = view.getUint16(header);
      return true;
    case PROTOCOL_IGMP:
      if (header + 1 > end) return false;
      words[decoded.PORTS] = view.getUint8(header) << 8;
      return true;
    default:
      return true;
  }
}
