/**
 * The direct path for the packets of a block of the kernel's ring (TPACKET_V3, packet(7)) that lies in this memory: each
 * is found, counted, decoded, and its key ordered and hashed, before the next one is looked at. Nothing in the ring is
 * changed: a VLAN tag that the kernel took out of a frame is read from where the kernel has put it, and a super-packet is
 * marked in its record (segments.ts). The walk of capture/live/ring-walk.ts takes whatever this stops at.
 */
import * as layout from '../../records/decoded-words';
import { MEMBER_NUMBERS, MEMBER_OCTETS_DOUBLE, MEMBER_PACKETS_DOUBLE, TIME_OCTETS } from '../../records/engine-words';
import * as ring from '../../records/packet-ring';
import { ACCEPTED } from '../../records/reason-codes';
import { decodePayload, FRAME_OCTETS_MIN, offsetsOf } from './decode';
import { writeTotals } from './direct';
import * as header from './headers';
import { half } from './octets';
import { noteSuperPacket } from './segments';
import { isSelected } from './select';
import { decodeUncommon } from './uncommon';
import { LEFT, useFrames } from './uncommon-frame';

const RECORD_OCTETS: usize = layout.DECODED_WORDS * 4;
const CACHE_LINE_OCTETS: usize = 64;
const NS_PER_S: f64 = 1e9;
/** Packets touched at a time; the next ones are still in the cache when it is their turn. */
const TOUCHED_AT_ONCE: u32 = 64;
/** Of each packet: its header in the ring, and those of its frame. */
const TOUCHED_OCTETS_MAX: usize = 192;
/** Of a packet in the ring; a struct sockaddr_ll stands behind it. */
const HEADER_OCTETS: usize = ring.TPACKET3_HDR_OCTETS;
/** Packets that stand further apart, on average, are not read as a whole. */
const SPACING_MAX: usize = 768;
const INTERFACE_NUMBER: usize = HEADER_OCTETS + ring.SLL_IFINDEX;
/** From where a frame has room before it for the number of its interface, and for a tag. */
const FRAME_PLACE_MIN: u32 = <u32>INTERFACE_NUMBER + 4;

/** Octets from one packet to the next, on average, when packets were taken last. */
let spacing: usize = 0;

/**
 * Loads what is about to be read: all cache misses at once, where the walk has them one after the other, since each
 * packet tells where the next one begins. Packets of one length are read where they begin; of packets of many lengths
 * that begin anywhere, all is read, unless they are so long that most of it is payload.
 * @returns a value that depends on all of them, so that no compiler drops the loads
 */
function touch(at: usize, stop: usize, count: u32): u32 {
  const next = <usize>load<u32>(at, ring.PKT_NEXT_OFFSET);
  if (next < HEADER_OCTETS || next > stop - at) return 0;
  const isEven = next === spacing || spacing > SPACING_MAX;
  const far = min<usize>(stop - TOUCHED_OCTETS_MAX, at + (isEven ? next : spacing) * count);
  let touched: u32 = 0;
  if (isEven && next > TOUCHED_OCTETS_MAX) {
    for (let place = at; place < far; place += next) {
      touched ^= load<u32>(place) ^ load<u32>(place, CACHE_LINE_OCTETS) ^ load<u32>(place, 2 * CACHE_LINE_OCTETS);
    }
    return touched;
  }
  for (let place = at; place < far; place += CACHE_LINE_OCTETS) touched ^= load<u32>(place);
  return touched;
}

/** Counts a packet of the interface with number `ifIndex`, as MEMBER_… of engine-words.ts say. */
function countMember(members: usize, ifIndex: u32, octets: u32): void {
  for (let i: usize = 0; i < <usize>MEMBER_NUMBERS; i++) {
    if (load<u32>(members + (i << 2)) !== ifIndex) continue;
    const counts = members + (i << 3);
    store<f64>(counts, load<f64>(counts, MEMBER_PACKETS_DOUBLE * 8) + 1, MEMBER_PACKETS_DOUBLE * 8);
    store<f64>(counts, load<f64>(counts, MEMBER_OCTETS_DOUBLE * 8) + <f64>octets, MEMBER_OCTETS_DOUBLE * 8);
    return;
  }
}

/**
 * Whether the packet at `at` can be taken: its frame lies in the block, and the next one can be reached. Where that is not
 * so, the walk counts what is lost.
 */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function isDirect(at: usize, stop: usize, before: u32, isLast: bool): bool {
  const next = load<u32>(at, ring.PKT_NEXT_OFFSET);
  const captured = load<u32>(at, ring.PKT_SNAPLEN);
  const place = <u32>load<u16>(at, ring.PKT_MAC);
  const frame = at + place;
  if (place < max<u32>(before, FRAME_PLACE_MIN) || frame > stop || <usize>captured > stop - frame) return false;
  return isLast || (next >= before && <usize>next <= stop - at);
}

/** Marks and counts the packet at `at`, whose record is at `to`, where it may be a super-packet. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function noteSegments(at: usize, before: u32, to: usize, totals: usize): void {
  if (before === <u32>HEADER_OCTETS) return;
  const frame = at + <u32>load<u16>(at, ring.PKT_MAC);
  if (load<u8>(frame - ring.VIRTIO_NET_HDR_OCTETS + ring.VNET_GSO_TYPE) !== 0) noteSuperPacket(at, frame, to, totals);
}

/** Whether the packet whose header offsets are at `offsets` is selected. @param selector  of select.ts */
function isKept(selector: usize, memory: usize, offsets: usize): bool {
  const ip = memory + load<u32>(offsets, layout.IP_OFFSET * 4);
  return isSelected(selector, ip, memory + load<u32>(offsets, layout.CAPTURED_END * 4));
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function timeNs(at: usize, baseSeconds: f64): f64 {
  return (<f64>load<u32>(at, ring.PKT_SEC) - baseSeconds) * NS_PER_S + <f64>load<u32>(at, ring.PKT_NSEC);
}

/** Octets of the packet at `at` on the wire, with a tag that the kernel took out. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function wireOctets(at: usize): u32 {
  const isTagged = (load<u32>(at, ring.PKT_STATUS) & ring.TP_STATUS_VLAN_VALID) !== 0;
  return load<u32>(at, ring.PKT_LEN) + (isTagged ? header.VLAN_TAG_OCTETS : 0);
}

/**
 * Decodes the frame of the packet at `at` to the record at `to`.
 * @param memory,point,tosMask,vlanMask,multipliers  as of `takeRing`; `offsets`: as of `decodePayload`
 * @returns whether it is a common one
 */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function decodeAt(
  at: usize,
  memory: usize,
  point: u32,
  tosMask: u32,
  vlanMask: u32,
  to: usize,
  multipliers: usize,
  offsets: usize,
  udpTunnels: usize,
): bool {
  const frame = at + <u32>load<u16>(at, ring.PKT_MAC);
  const captured = load<u32>(at, ring.PKT_SNAPLEN);
  const length = load<u32>(at, ring.PKT_LEN);
  if (captured < FRAME_OCTETS_MIN || captured > length) return false;
  const status = load<u32>(at, ring.PKT_STATUS);
  let etherType = <u32>load<u16>(frame, header.ETHERNET_TYPE);
  let ip = frame + header.ETHERNET_HEADER_OCTETS;
  let tag: u32 = 0;
  if ((status & ring.TP_STATUS_VLAN_VALID) !== 0) {
    const hasType = (status & ring.TP_STATUS_VLAN_TPID_VALID) !== 0;
    if (hasType && load<u16>(at, ring.PKT_VLAN_TPID) !== header.ETHER_TYPE_VLAN) return false;
    tag = <u32>load<u16>(at, ring.PKT_VLAN_TCI);
  } else if (etherType === header.ETHER_TYPE_VLAN_SWAPPED) {
    tag = half(ip);
    etherType = <u32>load<u16>(ip, header.VLAN_TYPE);
    ip += header.VLAN_TAG_OCTETS;
  }
  const linkOffset = <u32>(frame - memory);
  const end = frame + captured;
  return decodePayload(
    etherType,
    tag,
    ip,
    end,
    frame + length,
    memory,
    linkOffset,
    wireOctets(at),
    point,
    tosMask,
    vlanMask,
    to,
    multipliers,
    offsets,
    udpTunnels,
  );
}

/**
 * Decodes the frame of the packet at `at`, which is not a common one, and has no segments.
 * @param before  as of `takeRing`; the others as of `decodeAt`
 * @returns as of `decodeUncommon`
 */
function decodeUncommonAt(at: usize, memory: usize, before: u32, point: u32, to: usize, multipliers: usize, offsets: usize): i32 {
  const frame = at + <u32>load<u16>(at, ring.PKT_MAC);
  const isSuperPacket =
    before !== <u32>HEADER_OCTETS && load<u8>(frame - ring.VIRTIO_NET_HDR_OCTETS + ring.VNET_GSO_TYPE) !== 0;
  if (isSuperPacket) return LEFT;
  const status = load<u32>(at, ring.PKT_STATUS);
  let tag: i32 = -1;
  if ((status & ring.TP_STATUS_VLAN_VALID) !== 0) {
    const hasType = (status & ring.TP_STATUS_VLAN_TPID_VALID) !== 0;
    if (hasType && load<u16>(at, ring.PKT_VLAN_TPID) !== header.ETHER_TYPE_VLAN) return LEFT;
    tag = <i32>load<u16>(at, ring.PKT_VLAN_TCI);
  }
  const captured = load<u32>(at, ring.PKT_SNAPLEN);
  const length = load<u32>(at, ring.PKT_LEN);
  return decodeUncommon(frame, <u32>(frame - memory), captured, length, tag, point, to, multipliers, offsets);
}

/**
 * Takes packets until one is not where it can be, or its frame is left to the general path, or the batch is full.
 * @param memory where the ring begins: offsets count from there
 * @param start  the first packet; `end`: behind the block; `left`: packets that the block still has
 * @param before  octets between a packet's place and its frame, at least; more than a TPACKET_V3 header: a
 *   virtio_net_hdr stands right before each frame
 * @param baseSeconds  what times count from
 * @param point  index of the interface, an Ethernet
 * @param tosMask,vlanMask  what of ToS and VLAN id goes to the key
 * @param out  the decoded batch, of `capacity`; `headers`: its words of header offsets, or 0
 * @param udpTunnels  kinds of tunnels by UDP port, where any are looked into, or 0
 * @param uncommon  what uncommon frames are decoded with (UNCOMMON_… of engine-words.ts)
 * @param members  counts packets by interface (MEMBER_… of engine-words.ts), or 0
 * @param selector  only what it selects comes into the batch (SELECTOR_… of engine-words.ts); 0: everything. There must be
 *   words of header offsets for it
 * @param totals  overwritten with the doubles DIRECT_… of engine-words.ts; those of super-packets are added to
 * @returns records in the batch
 */
export function takeRing(
  memory: usize,
  start: usize,
  end: usize,
  left: u32,
  before: u32,
  baseSeconds: f64,
  point: u32,
  tosMask: u32,
  vlanMask: u32,
  out: usize,
  capacity: u32,
  multipliers: usize,
  headers: usize,
  udpTunnels: usize,
  uncommon: usize,
  members: usize,
  selector: usize,
  totals: usize,
): u32 {
  const stop = memory + end;
  let at = memory + start;
  let latest = at;
  let to = out + <usize>capacity * TIME_OCTETS;
  let records: u32 = 0, dropped: u32 = 0, refused: u32 = 0, snapped: u32 = 0, touched: u32 = 0;
  let most = min<u32>(capacity, left);
  let octets: u64 = 0, octetsDropped: u64 = 0;
  useFrames(uncommon, udpTunnels, tosMask, vlanMask);
  let first = Infinity, last = -Infinity;
  while (records < most && at + before <= stop) {
    if (records % TOUCHED_AT_ONCE === 0) touched ^= touch(at, stop, min<u32>(most - records, TOUCHED_AT_ONCE));
    if (!isDirect(at, stop, before, records + 1 === left)) break;
    const offsets = offsetsOf(headers, records - dropped);
    const isCommon = decodeAt(at, memory, point, tosMask, vlanMask, to, multipliers, offsets, udpTunnels);
    const outcome = isCommon ? ACCEPTED : decodeUncommonAt(at, memory, before, point, to, multipliers, offsets);
    if (outcome === LEFT) break;
    refused += u32(outcome !== ACCEPTED);
    const wire = wireOctets(at);
    const ns = timeNs(at, baseSeconds);
    store<f64>(out + (<usize>(records - dropped) << 3), ns);
    octets += wire;
    if (outcome === ACCEPTED && (selector === 0 || isKept(selector, memory, offsets))) {
      noteSegments(at, before, to, totals);
      to += RECORD_OCTETS;
    } else {
      octetsDropped += wire;
      most = min<u32>(capacity + ++dropped, left);
    }
    snapped += u32(load<u32>(at, ring.PKT_SNAPLEN) < load<u32>(at, ring.PKT_LEN));
    first = min<f64>(first, ns);
    last = max<f64>(last, ns);
    if (members !== 0) countMember(members, load<u32>(at, INTERFACE_NUMBER), wire);
    latest = at;
    at += load<u32>(at, ring.PKT_NEXT_OFFSET);
    records++;
  }
  if (records > 1) spacing = (latest - memory - start) / (records - 1);
  writeTotals(totals, touched, records, octets, octets - octetsDropped, snapped, first, last, at - memory, false, refused);
  return records - dropped;
}
