/**
 * Path health of common packets (metering/path-health/ says what is measured): new data in order, acknowledgements that
 * advance or say nothing new, of TCP segments without options but timestamps; and data of other protocols. The same
 * figures as there, by the same rules: tests hold the two equal. Anything rarer is found out before a word
 * is changed, and left to TypeScript.
 */
import * as packet from '../../records/decoded-words';
import * as place from '../../records/engine-words';
import * as side from '../../records/path-health-words';
import * as header from './headers';
import { half, word } from './octets';
import { noteIdentification, noteSegment, noteWindow, windowOctets } from './path-health-segment';
import { expectAck, noteTimestamp, takeAckRtt, takeResponse, takeTimestampRtt } from './path-health-times';

const HOT_OCTETS: usize = side.HOT_WORDS * 4;
const TIMING_OCTETS: usize = side.TIMING_WORDS * 4;
const BLOCK_OCTETS: usize = (side.HOT_REVERSE - side.HOT_FORWARD) * 4;
const CACHE_LINE_OCTETS: usize = 64;
const BITS: usize = side.BITS * 4;
const NEXT: usize = side.NEXT * 4;
const ACKED: usize = side.ACKED * 4;
const WINDOW: usize = side.WINDOW * 4;
const NEW_OCTETS: usize = side.NEW_OCTETS * 8;
const LAST_DATA: usize = side.LAST_DATA_NS * 8;
const FLOW_BITS: usize = side.FLOW_BITS * 4;
const INTERVAL_END: usize = side.INTERVAL_END_NS * 8;

const ICMP: u32 = 1;
const ICMPV6: u32 = 58;
const ECE_CWR: u32 = 0xc0;
const SILENCE_NS: f64 = side.SILENCE_NS;
const SINGLE_OCTETS: i32 = side.SINGLE_OCTETS;
const USUAL_TIMESTAMPS: u32 = 0x0101080a;
const TIMESTAMPS_HEADER_OCTETS: u32 = 32;
const NS_PER_MS: f64 = 1e6;
/** Intervals have numbers of 31 bits here. */
const INTERVAL_LIMIT: f64 = 2147483647;

/** A direction in one of these states needs more than is done here. */
const UNUSUAL: u32 =
  side.HAS_HOLES | side.ZERO_WINDOW | side.PROBED | side.FRAGMENTED | side.TROUBLED;

let hot: usize = 0;
let timing: usize = 0;
let intervalNs: f64 = 0;

/** The state that is measured in. @param at as for `useTable` */
export function useHealth(at: usize): void {
  hot = load<u32>(at, place.TABLE_HEALTH_HOT * 4);
  timing = load<u32>(at, place.TABLE_HEALTH_TIMING * 4);
  intervalNs = <f64>load<u32>(at, place.TABLE_HEALTH_INTERVAL_MS * 4) * NS_PER_MS;
}

/** Whether path health is measured here. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function hasHealth(): bool {
  return hot !== 0;
}

/** Loads the lines of a slot's state. @returns a value that depends on all of them */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function touchHealth(slot: u32): u32 {
  const lines = hot + <usize>slot * HOT_OCTETS;
  const times = timing + <usize>slot * (2 * TIMING_OCTETS);
  return (
    load<u32>(lines) ^
    load<u32>(lines, CACHE_LINE_OCTETS) ^
    load<u32>(times) ^
    load<u32>(times, CACHE_LINE_OCTETS) ^
    load<u32>(times, 2 * CACHE_LINE_OCTETS) ^
    load<u32>(times, 3 * CACHE_LINE_OCTETS) ^
    load<u32>(times, 4 * CACHE_LINE_OCTETS)
  );
}

/** A flow starts in `slot`. */
export function beginHealth(slot: u32): void {
  const flow = hot + <usize>slot * HOT_OCTETS;
  memory.fill(flow, 0, HOT_OCTETS);
  store<f64>(flow, -Infinity, INTERVAL_END);
}

/** Whether the packet's time lies in the current interval; begins the first one. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function isInInterval(flow: usize, timeNs: f64): bool {
  const endNs = load<f64>(flow, INTERVAL_END);
  if (timeNs < endNs) return true;
  if (endNs !== -Infinity) return false;
  const first = floor<f64>(timeNs / intervalNs);
  if (!(first < INTERVAL_LIMIT && first > -INTERVAL_LIMIT)) return false;
  store<i32>(flow, <i32>first, side.HOT_FIRST_INTERVAL * 4);
  store<i32>(flow, <i32>first, side.HOT_INTERVAL * 4);
  store<i32>(flow, 0, side.HOT_DOUBLINGS * 4);
  store<f64>(flow, (first + 1) * intervalNs, INTERVAL_END);
  return true;
}

/** Whether a silence ends with data now. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function isBehindSilence(block: usize, timeNs: f64): bool {
  return (
    (load<u32>(block, BITS) & side.DATA_SEEN) !== 0 && timeNs - load<f64>(block, LAST_DATA) >= SILENCE_NS
  );
}

/** New payload that no silence ends with. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function addData(
  flow: usize,
  block: usize,
  other: usize,
  times: usize,
  isReverse: u32,
  payload: i32,
  timeNs: f64,
): void {
  const flowBits = load<u32>(flow, FLOW_BITS);
  const isTurn = (u32((flowBits & side.FLOW_LAST_REVERSE) !== 0) ^ isReverse) !== 0;
  if ((flowBits & side.FLOW_ANY_DATA) !== 0 && isTurn) takeResponse(block, times, other, timeNs);
  store<u32>(
    flow,
    (flowBits & ~side.FLOW_LAST_REVERSE) | side.FLOW_ANY_DATA | (isReverse * side.FLOW_LAST_REVERSE),
    FLOW_BITS,
  );
  const bits = load<u32>(block, BITS);
  if ((bits & side.DATA_SEEN) === 0 || timeNs > load<f64>(block, LAST_DATA))
    store<f64>(block, timeNs, LAST_DATA);
  store<u32>(block, (bits & ~side.TROUBLED) | side.DATA_SEEN | side.DATA_IN_RECORD, BITS);
  store<f64>(block, load<f64>(block, NEW_OCTETS) + <f64>payload, NEW_OCTETS);
}

/**
 * Octets of the header of a segment that has no options, or only timestamps as nearly every stack writes them; else 0.
 * @param end  behind what was captured of it
 */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function commonHeaderOctets(tcp: usize, end: usize): u32 {
  const octets = (<u32>load<u8>(tcp, 12) >>> 4) << 2;
  if (octets === header.TCP_HEADER_OCTETS) return octets;
  if (octets !== TIMESTAMPS_HEADER_OCTETS || tcp + TIMESTAMPS_HEADER_OCTETS > end) return 0;
  return word(tcp + header.TCP_HEADER_OCTETS) === USUAL_TIMESTAMPS ? octets : 0;
}

/** Whether new data, of which the next number is `next`, ends a silence or fills the receiver's window. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function isRareData(block: usize, other: usize, next: u32, timeNs: f64): bool {
  if (isBehindSilence(block, timeNs)) return true;
  const bits = load<u32>(block, BITS);
  const otherBits = load<u32>(other, BITS);
  const isWindowKnown = (bits & otherBits & side.SYN_OPTIONS) !== 0 && (otherBits & side.ACK_KNOWN) !== 0;
  const flight = <i32>(next - load<u32>(other, ACKED));
  return isWindowKnown && flight === windowOctets(bits, otherBits, other);
}

/**
 * Whether what a segment's headers say is rare: a number that is not the next one, an acknowledgement of what was not
 * seen or once more, a closed window, the copy of a segment.
 */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function isRareSegment(block: usize, other: usize, tcp: usize, id: u32, payload: i32): bool {
  const bits = load<u32>(block, BITS);
  const otherBits = load<u32>(other, BITS);
  const window = half(tcp + 14);
  if (word(tcp + 4) !== load<u32>(block, NEXT) || window === 0) return true;
  const isSameId = id !== 0 && id === (load<u32>(block, side.ID_SEGMENT * 4) & 0xffff);
  if (isSameId && payload === 0 && (bits & side.ID_VARIES) !== 0) return true;
  const ack = word(tcp + 8);
  const advance: i32 = (bits & side.ACK_KNOWN) === 0 ? 1 : <i32>(ack - load<u32>(block, ACKED));
  const beyond = <i32>(ack - load<u32>(other, NEXT));
  const isOtherKnown = (otherBits & side.NEXT_KNOWN) !== 0;
  if (advance > 0) return isOtherKnown && beyond > 0;
  const isRepeated = advance === 0 && payload === 0 && window === (load<u32>(block, WINDOW) & 0xffff);
  return isRepeated && (!isOtherKnown || beyond < 0);
}

/** Adds a TCP segment; false, and nothing changed, if it is not a common one. @param ip,tcp,end  its headers' places */
function addTcp(
  flow: usize,
  isReverse: u32,
  times: usize,
  otherTimes: usize,
  record: usize,
  ip: usize,
  tcp: usize,
  end: usize,
  timeNs: f64,
): bool {
  const block = flow + side.HOT_FORWARD * 4 + <usize>isReverse * BLOCK_OCTETS;
  const other = flow + side.HOT_REVERSE * 4 - <usize>isReverse * BLOCK_OCTETS;
  if (tcp + header.TCP_HEADER_OCTETS > end) return false;
  const flags = load<u32>(record, packet.CONTROL_BITS * 4) & 0xff;
  const bits = load<u32>(block, BITS);
  const otherBits = load<u32>(other, BITS);
  if ((flags & (header.SYN | header.RST | header.FIN | ECE_CWR | header.ACK)) !== header.ACK) return false;
  if (((bits | otherBits) & UNUSUAL) !== 0 || (bits & side.NEXT_KNOWN) === 0) return false;
  const established = load<u32>(flow, FLOW_BITS) & (side.FLOW_SYN_ACK | side.FLOW_ESTABLISHED);
  if (established === side.FLOW_SYN_ACK && isReverse === 0) return false;
  const headerOctets = commonHeaderOctets(tcp, end);
  const payload = <i32>(load<u32>(record, packet.IP_OCTETS * 4) - <u32>(tcp - ip) - headerOctets);
  if (headerOctets === 0 || payload < 0 || payload > SINGLE_OCTETS) return false;
  const isIPv4 = ((load<u32>(record, packet.KEY_PROTOCOL * 4) >>> 8) & 0xf) === 4;
  const id = isIPv4 ? half(ip + 4) : 0;
  const next = word(tcp + 4) + <u32>payload;
  if (isRareSegment(block, other, tcp, id, payload)) return false;
  if (payload > 0 && isRareData(block, other, next, timeNs)) return false;
  noteIdentification(block, id);
  const ack = word(tcp + 8);
  if ((bits & side.ACK_KNOWN) === 0 || <i32>(ack - load<u32>(block, ACKED)) > 0) {
    store<u32>(block, ack, ACKED);
    store<u32>(block, load<u32>(block, BITS) | side.ACK_KNOWN, BITS);
    if ((otherBits & side.PENDING_MASK) !== 0) takeAckRtt(other, otherTimes, ack, timeNs);
  }
  const hasTimestamps = headerOctets === TIMESTAMPS_HEADER_OCTETS;
  if (hasTimestamps && (otherBits & side.TIMESTAMP_PENDING) !== 0)
    takeTimestampRtt(other, otherTimes, block, word(tcp + 28), timeNs);
  noteWindow(block, half(tcp + 14));
  if (payload > 0) {
    addData(flow, block, other, times, isReverse, payload, timeNs);
    noteSegment(block, other, payload, next);
    expectAck(block, times, next, timeNs);
  }
  if (!hasTimestamps) return true;
  const leavesData = (otherBits & side.NEXT_KNOWN) !== 0 && <i32>(load<u32>(other, NEXT) - ack) > 0;
  noteTimestamp(block, times, word(tcp + 24), payload > 0 || leavesData, timeNs);
  return true;
}

/**
 * Adds a packet to the path health of its flow.
 * @param offsets  where its header offsets are, which count from `frames`
 * @returns false if it is not a common one: TypeScript adds it then, all of it
 */
export function addHealth(
  slot: u32,
  isReverse: u32,
  record: usize,
  offsets: usize,
  frames: usize,
  timeNs: f64,
): bool {
  const detail = load<u32>(record, packet.DETAIL * 4);
  const control = load<u32>(record, packet.CONTROL_BITS * 4);
  const protocol = load<u32>(record, packet.KEY_PROTOCOL * 4) & 0xff;
  const isUncommon =
    (detail & (packet.DETAIL_FRAGMENT | packet.DETAIL_LATER_FRAGMENT | packet.DETAIL_SUPER_PACKET)) |
    // ECN of the IP header, and extension headers.
    ((control >>> 24) & 3) |
    load<u32>(record, packet.EXTENSION_HEADERS * 4);
  if (isUncommon !== 0 || protocol === ICMP || protocol === ICMPV6) return false;
  const flow = hot + <usize>slot * HOT_OCTETS;
  if (!isInInterval(flow, timeNs)) return false;
  const times = timing + (<usize>slot * 2 + isReverse) * TIMING_OCTETS;
  if ((detail & packet.DETAIL_TCP) !== 0) {
    const otherTimes = timing + (<usize>slot * 2 + (isReverse ^ 1)) * TIMING_OCTETS;
    const ip = frames + <usize>load<u32>(offsets, packet.IP_OFFSET * 4);
    const tcp = frames + <usize>load<u32>(offsets, packet.TRANSPORT_OFFSET * 4);
    const end = frames + <usize>load<u32>(offsets, packet.CAPTURED_END * 4);
    return addTcp(flow, isReverse, times, otherTimes, record, ip, tcp, end, timeNs);
  }
  if (protocol === header.PROTOCOL_TCP) return true;
  const headers = load<u32>(offsets, packet.TRANSPORT_OFFSET * 4) - load<u32>(offsets, packet.IP_OFFSET * 4);
  const transport: u32 = protocol === header.PROTOCOL_UDP ? header.UDP_HEADER_OCTETS : 0;
  const payload = <i32>(load<u32>(record, packet.IP_OCTETS * 4) - headers - transport);
  if (payload <= 0) return true;
  const block = flow + side.HOT_FORWARD * 4 + <usize>isReverse * BLOCK_OCTETS;
  const other = flow + side.HOT_REVERSE * 4 - <usize>isReverse * BLOCK_OCTETS;
  if (isBehindSilence(block, timeNs)) return false;
  addData(flow, block, other, times, isReverse, payload, timeNs);
  return true;
}
