/**
 * Walks the packets of a block of the ring (TPACKET_V3) and puts a VLAN tag that the kernel took out of a frame back
 * into it, in place. Whatever the block holds, nothing outside of it is read or written.
 *
 * The kernel has handed the block over when this runs; taking blocks and giving them back is ring-capture.ts's.
 */
import * as linux from '../../sys/linux-constants.ts';
import type { LivePacketBatch } from '../live-batch.ts';
import { type BlockWalk, type MemberCounts, octetsBeforeFrame } from '../ring-block.ts';
import type { CaptureMemory } from './capture-memory.ts';

const MAC_ADDRESSES_OCTETS = 12;
const ETHERNET_HEADER_OCTETS = 14;
const VLAN_TAG_OCTETS = 4;
const ETHER_TYPE_VLAN = 0x8100;

/** A walk over ring memory, before its first block. */
export function createBlockWalk(
  { buffer, byteOffset, octets }: CaptureMemory,
  options: Pick<BlockWalk, 'timeBaseSeconds' | 'interfaceIndex' | 'isEthernet' | 'hasVnetHeader' | 'members'>,
): BlockWalk {
  const view = new DataView(buffer, byteOffset, octets);
  const words = new Int32Array(buffer, byteOffset, octets >>> 2);
  return { ...options, view, words, at: 0, left: 0, end: 0, faults: 0 };
}

/**
 * Hands out the next packets of the block, as many as the batch holds.
 * @param batch overwritten; its view becomes that of the ring
 * @returns how many; 0 once the block is through
 */
export function walkPackets(walk: BlockWalk, batch: LivePacketBatch): number {
  const { words, view, end, timeBaseSeconds, interfaceIndex, members } = walk;
  const { capacity, frameOffset, capturedLength, wireLength, timeNs } = batch;
  const points = batch.interfaceIndex;
  const segmentOctets = batch.segmentOctets;
  const before = octetsBeforeFrame(walk);
  let at = walk.at;
  let left = walk.left;
  let count = 0;
  let isBroken = false;
  batch.view = view;
  batch.superPackets = 0;
  while (left > 0 && count < capacity) {
    if (at + before > end) break;
    const word = at >>> 2;
    const next = words[word + (linux.PKT_NEXT_OFFSET >> 2)]!;
    const captured = words[word + (linux.PKT_SNAPLEN >> 2)]!;
    const mac = words[word + (linux.PKT_MAC >> 2)]! & 0xffff;
    const frame = at + mac;
    // Negative lengths are above `end` once they are unsigned, so that one comparison holds both bounds.
    if (mac < before || frame > end || captured >>> 0 > end - frame) break;
    const status = words[word + (linux.PKT_STATUS >> 2)]!;
    frameOffset[count] = frame;
    capturedLength[count] = captured;
    wireLength[count] = words[word + (linux.PKT_LEN >> 2)]!;
    timeNs[count] =
      ((words[word + (linux.PKT_SEC >> 2)]! >>> 0) - timeBaseSeconds) * 1e9 +
      (words[word + (linux.PKT_NSEC >> 2)]! >>> 0);
    points[count] = interfaceIndex;
    segmentOctets[count] = 0;
    if (walk.hasVnetHeader && view.getUint8(frame - linux.VIRTIO_NET_HDR_OCTETS + linux.VNET_GSO_TYPE) !== 0)
      noteSuperPacket(view, frame - linux.VIRTIO_NET_HDR_OCTETS, batch, count);
    if ((status & linux.TP_STATUS_VLAN_VALID) !== 0 && walk.isEthernet && captured >= ETHERNET_HEADER_OCTETS)
      restoreTag(walk, at, status, batch, count);
    if (members !== undefined)
      countMember(
        members,
        words[word + ((linux.TPACKET3_HDR_OCTETS + linux.SLL_IFINDEX) >> 2)]!,
        wireLength[count]!,
      );
    count++;
    left--;
    isBroken = left > 0 && (next < before || next > end - at);
    if (isBroken) break;
    at += next;
  }
  // What comes behind is not found, also where the batch is full: the packet before would be handed out once more.
  if (isBroken || (left > 0 && count < capacity)) {
    walk.faults += left;
    left = 0;
  }
  walk.at = at;
  walk.left = left;
  batch.count = count;
  return count;
}

/** Counts a packet of the interface with number `ifIndex` (struct sockaddr_ll, behind the header in the ring). */
function countMember({ ifIndexes, packets, octets }: MemberCounts, ifIndex: number, length: number): void {
  const members = packets.length;
  for (let i = 0; i < ifIndexes.length; i++) {
    if (ifIndexes[i] !== ifIndex) continue;
    const member = i < members ? i : i - members;
    packets[member] = packets[member]! + 1;
    octets[member] = octets[member]! + length;
    return;
  }
}

/** Notes what the virtio_net_hdr at `at` says of frame `i`; other kinds than TCP and UDP segments are single packets. */
function noteSuperPacket(view: DataView, at: number, batch: LivePacketBatch, i: number): void {
  const kind = view.getUint8(at + linux.VNET_GSO_TYPE) & ~linux.VIRTIO_NET_HDR_GSO_ECN;
  const isTcp = kind === linux.VIRTIO_NET_HDR_GSO_TCPV4 || kind === linux.VIRTIO_NET_HDR_GSO_TCPV6;
  if (!isTcp && kind !== linux.VIRTIO_NET_HDR_GSO_UDP_L4) return;
  const octets = view.getUint16(at + linux.VNET_GSO_SIZE, true);
  if (octets === 0) return;
  const hasStart = (view.getUint8(at) & linux.VIRTIO_NET_HDR_F_NEEDS_CSUM) !== 0;
  batch.segmentOctets[i] = octets;
  batch.transportOffset[i] = hasStart ? view.getUint16(at + linux.VNET_CSUM_START, true) : 0;
  batch.isUdp[i] = isTcp ? 0 : 1;
  batch.superPackets++;
}

/**
 * Puts the outer tag of the packet whose header is at `at` back: the addresses move four octets forward, over what the
 * kernel left before the frame, and the frame is four octets longer, as it was on the wire.
 */
function restoreTag(walk: BlockWalk, at: number, status: number, batch: LivePacketBatch, i: number): void {
  const { view } = walk;
  const frame = batch.frameOffset[i]!;
  const to = frame - VLAN_TAG_OCTETS;
  if (to < at + linux.TPACKET3_HDR_OCTETS) return;
  const hasType = (status & linux.TP_STATUS_VLAN_TPID_VALID) !== 0;
  const type = hasType ? view.getUint16(at + linux.PKT_VLAN_TPID, true) : ETHER_TYPE_VLAN;
  const control = view.getUint16(at + linux.PKT_VLAN_TCI, true);
  view.setInt32(to, view.getInt32(frame));
  view.setInt32(to + 4, view.getInt32(frame + 4));
  view.setInt32(to + 8, view.getInt32(frame + 8));
  view.setUint16(to + MAC_ADDRESSES_OCTETS, type);
  view.setUint16(to + MAC_ADDRESSES_OCTETS + 2, control);
  batch.frameOffset[i] = to;
  batch.capturedLength[i] = batch.capturedLength[i]! + VLAN_TAG_OCTETS;
  batch.wireLength[i] = batch.wireLength[i]! + VLAN_TAG_OCTETS;
  if (batch.segmentOctets[i] !== 0 && batch.transportOffset[i] !== 0)
    batch.transportOffset[i] = batch.transportOffset[i]! + VLAN_TAG_OCTETS;
}
