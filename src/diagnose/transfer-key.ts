/**
 * What tells two transfers apart: all that the flow key told their records apart by, in one order for both directions.
 */

import { MPLS_DEPTH, MPLS_STACK, OUTER_KIND, TUNNEL_ID } from '../records/decoded-batch.ts';
import {
  ADDRESS_A,
  ADDRESS_B,
  ENCAPSULATION_WORD,
  FLOW_OBSERVATION_POINT,
  FLOW_PORTS,
  FLOW_PROTOCOL,
  FLOW_STATE,
  LINK_WORD,
  STATE_PPPOE_SHIFT,
} from '../records/flow-layout.ts';
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6 } from '../records/protocol-numbers.ts';
import { isSharedTunnel } from '../records/tunnel-kinds.ts';

/** The parts of the flow key that are not in the words of every record's key; not given: as by default. */
export interface TransferKey {
  /** Default: true. */
  readonly interface?: boolean;
  readonly mac?: boolean;
  readonly mpls?: boolean;
  /** Any tunnel. One whose id both directions share always counts. */
  readonly tunnel?: boolean;
}

/** type << 8 | code of an echo reply and of the request that it answers. */
const ECHO_REPLY = 0x0000;
const ECHO_REQUEST = 0x0800;
const ECHO_REPLY_V6 = 0x8100;
const ECHO_REQUEST_V6 = 0x8000;
/** The lower half of the observation point's word; above it is what the flow key has besides. */
const POINT = 0xffff;

/** A flow of echo replies is another flow than that of the requests; here they are the two directions of one transfer. */
function isEchoReply(words: Int32Array, row: number): boolean {
  const protocol = words[row + FLOW_PROTOCOL]! & 0xff;
  const ports = words[row + FLOW_PORTS]!;
  return (
    (protocol === PROTOCOL_ICMP && ports === ECHO_REPLY) ||
    (protocol === PROTOCOL_ICMPV6 && ports === ECHO_REPLY_V6)
  );
}

/** Whether the record's B end is the smaller one, so that both orientations of a flow have one key. */
export function isSwapped(words: Int32Array, row: number): boolean {
  const protocol = words[row + FLOW_PROTOCOL]! & 0xff;
  for (let w = 0; w < 4; w++) {
    const a = words[row + ADDRESS_A + w]! >>> 0;
    const b = words[row + ADDRESS_B + w]! >>> 0;
    if (a !== b) return a > b;
  }
  const ports = words[row + FLOW_PORTS]!;
  if (protocol === PROTOCOL_ICMP || protocol === PROTOCOL_ICMPV6) return isEchoReply(words, row);
  return ports >>> 16 > (ports & 0xffff);
}

/** The MAC addresses of a record's first packet, which either side may have sent: in an order of their own. */
function macsOf(words: Int32Array, row: number): string {
  const at = row + LINK_WORD;
  const source = ` ${words[at]! >>> 0} ${words[at + 1]! >>> 16}`;
  const destination = ` ${((words[at + 1]! << 16) | (words[at + 2]! >>> 16)) >>> 0} ${words[at + 2]! & 0xffff}`;
  return source < destination ? source + destination : destination + source;
}

/** The tunnel and the label around a record's first packet, as far as they are in the key. */
function aroundOf(words: Int32Array, row: number, key: TransferKey): string {
  const at = row + ENCAPSULATION_WORD;
  const kind = words[at + OUTER_KIND]!;
  const id = words[at + TUNNEL_ID]!;
  let around = '';
  if (key.tunnel === true || isSharedTunnel(kind, id)) around += ` tunnel ${kind} ${id}`;
  if (key.mpls === true && words[at + MPLS_DEPTH]! > 0) around += ` label ${words[at + MPLS_STACK]! >>> 12}`;
  return around;
}

/** @param row first word of a record with path health: it has room for what was around its packets, 0 where nothing was */
export function keyOf(words: Int32Array, row: number, swapped: boolean, key: TransferKey): string {
  const protocolWord = words[row + FLOW_PROTOCOL]!;
  const ports = words[row + FLOW_PORTS]!;
  const isIcmp = (protocolWord & 0xff) === PROTOCOL_ICMP || (protocolWord & 0xff) === PROTOCOL_ICMPV6;
  const session = words[row + FLOW_STATE]! >>> STATE_PPPOE_SHIFT;
  const point = words[row + FLOW_OBSERVATION_POINT]! & (key.interface === false ? ~POINT : -1);
  let text = `${protocolWord} ${point} ${session} `;
  if (isEchoReply(words, row))
    text += (protocolWord & 0xff) === PROTOCOL_ICMP ? ECHO_REQUEST : ECHO_REQUEST_V6;
  else text += swapped && !isIcmp ? (ports << 16) | (ports >>> 16) : ports;
  const [first, second] = swapped ? [ADDRESS_B, ADDRESS_A] : [ADDRESS_A, ADDRESS_B];
  for (let w = 0; w < 4; w++) text += ` ${words[row + first + w]} ${words[row + second + w]}`;
  if (key.mac === true) text += macsOf(words, row);
  return text + aroundOf(words, row, key);
}
