/**
 * Path health (metering/path-health/ says what is measured): the same figures as there, by the same rules; tests hold the
 * two equal. PDM and the errors of ICMP are found out before a word is changed, and left to TypeScript.
 */
import * as packet from '../../records/decoded-words';
import * as side from '../../records/path-health-words';
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP } from '../../records/protocol-numbers';
import { superPayload } from './further-segments';
import { UDP_HEADER_OCTETS } from './headers';
import { moveInterval, noteData } from './path-health-intervals';
import {
  add,
  blockOf,
  freeParts,
  HOT_OCTETS,
  hot,
  INTERVAL_END,
  NEW_OCTETS,
  setBits,
  useLoss,
} from './path-health-state';
import { addTcp } from './path-health-tcp';

/** IE 64's bit for destination options, the only place for PDM (RFC 8250 §3.1). */
const DESTINATION_OPTIONS: u32 = 1;
const CE: u32 = 3;

/** A flow starts in `slot`. */
export function beginHealth(slot: u32): void {
  const flow = hot + <usize>slot * HOT_OCTETS;
  freeParts(flow);
  memory.fill(flow, 0, HOT_OCTETS);
  store<f64>(flow, -Infinity, INTERVAL_END);
}

/** A code point that says that the transport understands ECN, or that the network marked the packet (RFC 3168 §5). */
function addEcn(flow: usize, d: u32, ecn: u32): void {
  const at = useLoss(flow, d);
  add(at, side.SEQUENCE_ECT, 1);
  if (ecn === CE) add(at, side.SEQUENCE_CE, 1);
}

/** Payload of any other protocol than TCP: what lies behind the IP headers, and behind UDP's. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function addOther(flow: usize, d: u32, record: usize, protocol: u32, headers: u32, timeNs: f64): void {
  const detail = load<u32>(record, packet.DETAIL * 4);
  const isWhole = (detail & packet.DETAIL_LATER_FRAGMENT) === 0;
  const transport: u32 = protocol === PROTOCOL_UDP && isWhole ? UDP_HEADER_OCTETS : 0;
  let payload = <i32>(load<u32>(record, packet.IP_OCTETS * 4) - headers - transport);
  if ((detail & packet.DETAIL_SUPER_PACKET) !== 0) payload = superPayload(record, payload);
  if (payload <= 0) return;
  noteData(flow, d, timeNs);
  const block = blockOf(flow, d);
  setBits(block, side.DATA_SEEN | side.DATA_IN_RECORD);
  store<f64>(block, load<f64>(block, NEW_OCTETS) + <f64>payload, NEW_OCTETS);
}

/** Whether the packet is an ICMP or ICMPv6 error, by protocol and type. */
function isIcmpError(record: usize, detail: u32, protocol: u32): bool {
  if (protocol !== PROTOCOL_ICMP && protocol !== PROTOCOL_ICMPV6) return false;
  if ((detail & packet.DETAIL_LATER_FRAGMENT) !== 0) return false;
  // Type and code stand in the destination port, which ordering may have moved to the front.
  const shift: u32 = detail >>> packet.DETAIL_FROM_B_SHIFT === 1 ? 24 : 8;
  const type = (load<u32>(record, packet.PORTS * 4) >>> shift) & 0xff;
  if (protocol === PROTOCOL_ICMPV6) return type !== 0 && type < <u32>side.ICMPV6_INFORMATION;
  return type < 32 && ((<u32>side.ICMP_ERROR_TYPES >>> type) & 1) !== 0;
}

/**
 * Adds a packet to the path health of its flow.
 * @param d  its direction
 * @param offsets  where its header offsets are, which count from `frames`
 * @returns false if it is left to TypeScript, all of it
 */
export function addHealth(
  slot: u32,
  d: u32,
  record: usize,
  offsets: usize,
  frames: usize,
  timeNs: f64,
): bool {
  const detail = load<u32>(record, packet.DETAIL * 4);
  const protocol = load<u32>(record, packet.KEY_PROTOCOL * 4) & 0xff;
  const hasOptions = (load<u32>(record, packet.EXTENSION_HEADERS * 4) & DESTINATION_OPTIONS) !== 0;
  if (hasOptions || isIcmpError(record, detail, protocol)) return false;
  const flow = hot + <usize>slot * HOT_OCTETS;
  if (!(timeNs < load<f64>(flow, INTERVAL_END)) && !moveInterval(flow, timeNs)) return false;
  const ecn = (load<u32>(record, packet.CONTROL_BITS * 4) >>> 24) & 3;
  if (ecn !== 0) addEcn(flow, d, ecn);
  const ip = load<u32>(offsets, packet.IP_OFFSET * 4);
  const transport = load<u32>(offsets, packet.TRANSPORT_OFFSET * 4);
  if ((detail & packet.DETAIL_TCP) !== 0) {
    const end = load<u32>(offsets, packet.CAPTURED_END * 4);
    addTcp(flow, d, record, frames + ip, frames + transport, frames + end, timeNs);
  } else if (protocol !== PROTOCOL_TCP) addOther(flow, d, record, protocol, transport - ip, timeNs);
  return true;
}
