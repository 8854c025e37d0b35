/**
 * Sets the packet socket of a ring up: its memory, its program, what it is bound to, promiscuous mode, and the fanout
 * group of workers that share its packets. Reading the ring is ring-capture.ts's.
 */
import { CaptureError } from '../../base/errors.ts';
import { doWithout } from '../../sys/kernel-features.ts';
import { addressOf } from '../../sys/koffi.ts';
import * as linux from '../../sys/linux-constants.ts';
import { type MappedRing, noSuchInterface, type PacketSocket } from '../../sys/packet-socket.ts';
import { linkTypeOfHardware } from '../link-types.ts';
import type { LiveCaptureOptions } from '../live-options.ts';
import { compileProgram } from '../selection/bpf.ts';
import type { CaptureMemory } from './capture-memory.ts';
import type { GroupMembers } from './group-members.ts';

/** Frames are laid out one behind the other, whatever this says; the kernel wants it to divide a block. */
const FRAME_OCTETS = 2048;

/** @param hardware ARPHRD_ number @throws CaptureError for kinds of interface that carry no IP packets */
export function ringLinkType(name: string, hardware: number): number {
  if (hardware < 0) throw noSuchInterface(name);
  const linkType = linkTypeOfHardware(hardware);
  if (linkType !== undefined) return linkType;
  throw new CaptureError(name, `interfaces of this kind are not known (ARPHRD ${hardware})`, {
    remedy: 'try --capture libpcap, which knows more of them',
    exitCode: 2,
  });
}

/** Sets the socket up and allocates its ring. @returns whether a virtio_net_hdr will stand before each frame */
export function allocateRing(socket: PacketSocket, options: LiveCaptureOptions): boolean {
  socket.set('PACKET_VERSION', linux.SOL_PACKET, linux.PACKET_VERSION, linux.TPACKET_V3);
  const hasVnetHeader = socket.trySet(linux.SOL_PACKET, linux.PACKET_VNET_HDR, 1) === 0;
  const { blocks, blockOctets } = options;
  const frameOctets = Math.min(FRAME_OCTETS, blockOctets);
  const request = new DataView(new ArrayBuffer(linux.TPACKET_REQ3_OCTETS));
  request.setUint32(linux.REQ_BLOCK_SIZE, blockOctets, true);
  request.setUint32(linux.REQ_BLOCK_NR, blocks, true);
  request.setUint32(linux.REQ_FRAME_SIZE, frameOctets, true);
  request.setUint32(linux.REQ_FRAME_NR, blocks * Math.floor(blockOctets / frameOctets), true);
  request.setUint32(linux.REQ_RETIRE_BLK_TOV, options.blockTimeoutMs, true);
  const errno = socket.trySet(linux.SOL_PACKET, linux.PACKET_RX_RING, new Uint8Array(request.buffer));
  if (errno === linux.EINVAL) {
    throw new CaptureError(
      options.interface,
      `the kernel refuses a ring of ${blocks} blocks of ${blockOctets} octets`,
      { remedy: 'blocks are a multiple of the page size: live.ring.blockOctets', exitCode: 2 },
    );
  }
  if (errno !== 0)
    socket.set('PACKET_RX_RING', linux.SOL_PACKET, linux.PACKET_RX_RING, new Uint8Array(request.buffer));
  return hasVnetHeader;
}

/**
 * Maps the ring of a socket.
 * @param wanted where it is to lie, if it has room there
 * @returns where it lies; `fault`: why that is elsewhere
 * @throws CaptureError
 */
export function mapRing(
  socket: PacketSocket,
  octets: number,
  wanted: CaptureMemory | undefined,
): { ring: MappedRing; memory: CaptureMemory; fault: string | undefined } {
  let fault: string | undefined;
  if (wanted !== undefined && wanted.octets < octets) {
    fault = `a ring of ${octets} octets has no room beside the flow table`;
  } else if (wanted !== undefined) {
    const address = addressOf(new Uint8Array(wanted.buffer)) + BigInt(wanted.byteOffset);
    const errno = socket.mapInPlace(address, octets);
    if (errno === 0) return { ring: { address, octets, isInPlace: true }, memory: wanted, fault: undefined };
    fault = `mmap failed with error number ${errno}`;
  }
  const { address, memory: buffer } = socket.map(octets);
  return { ring: { address, octets, isInPlace: false }, memory: { buffer, byteOffset: 0, octets }, fault };
}

/** The program that the kernel runs for each packet. @param members where the ring is that of a group */
export function ringProgram(
  options: LiveCaptureOptions,
  linkType: number,
  members: GroupMembers | undefined,
): Uint8Array {
  const { sampling } = options;
  return compileProgram({
    // Filters are compiled with a handle on an interface, and those of a group are of one kind.
    name: members?.firstPresent ?? options.interface,
    linkType,
    ...{ snapLength: options.snapLength, headersSnap: options.headersSnap },
    filter: options.filter ?? '',
    randomInterval: sampling?.method === 'random' ? sampling.interval : 1,
    // Kernels may not know PACKET_IGNORE_OUTGOING, or hand a fanout group everything (sys/kernel-features.ts).
    withoutOutgoing: !options.outgoing,
    ifIndexes: members?.present,
  });
}

/**
 * Binds the socket: packets come from here on.
 * @param ifIndexes of one interface, which the socket is bound to; or of several: then it is bound to all that there are,
 *   and its program keeps the packets of these
 */
export function startCapture(
  socket: PacketSocket,
  options: LiveCaptureOptions,
  ifIndexes: readonly number[],
): void {
  if (!options.outgoing) {
    const errno = socket.trySet(linux.SOL_PACKET, linux.PACKET_IGNORE_OUTGOING, 1);
    // The program drops what this host sends.
    if (errno !== 0) doWithout('PACKET_IGNORE_OUTGOING', errno);
  }
  const address = new DataView(new ArrayBuffer(linux.SOCKADDR_LL_OCTETS));
  address.setUint16(linux.SLL_FAMILY, linux.AF_PACKET, true);
  address.setUint16(linux.SLL_PROTOCOL, linux.ETH_P_ALL);
  address.setInt32(linux.SLL_IFINDEX, options.members === undefined ? ifIndexes[0]! : 0, true);
  socket.bind(new Uint8Array(address.buffer));
  for (const ifIndex of ifIndexes) receiveAll(socket, options, ifIndex);
  if (options.fanoutGroup !== undefined) joinFanout(socket, options, options.fanoutGroup);
}

/** Promiscuous mode, where it is wanted; it ends with the socket, or with the interface. */
export function receiveAll(socket: PacketSocket, options: LiveCaptureOptions, ifIndex: number): void {
  if (!options.promiscuous) return;
  const membership = new DataView(new ArrayBuffer(linux.PACKET_MREQ_OCTETS));
  membership.setInt32(linux.MREQ_IFINDEX, ifIndex, true);
  membership.setUint16(linux.MREQ_TYPE, linux.PACKET_MR_PROMISC, true);
  const octets = new Uint8Array(membership.buffer);
  socket.set('promiscuous mode', linux.SOL_PACKET, linux.PACKET_ADD_MEMBERSHIP, octets);
}

/** Joins the workers that share the interface: both directions of a flow, and all fragments of a packet, to one. */
function joinFanout(socket: PacketSocket, options: LiveCaptureOptions, group: number): void {
  const flags = linux.PACKET_FANOUT_HASH | linux.PACKET_FANOUT_FLAG_DEFRAG;
  const value = (type: number) => (group & 0xffff) | (type << 16);
  let refusal = 0;
  if (!options.outgoing) {
    const ignoring = value(flags | linux.PACKET_FANOUT_FLAG_IGNORE_OUTGOING);
    refusal = socket.trySet(linux.SOL_PACKET, linux.PACKET_FANOUT, ignoring);
    if (refusal === 0) return;
  }
  socket.set('PACKET_FANOUT', linux.SOL_PACKET, linux.PACKET_FANOUT, value(flags));
  // It was the flag that the kernel did not know, and the program drops what this host sends.
  if (refusal !== 0) doWithout('PACKET_FANOUT_FLAG_IGNORE_OUTGOING', refusal);
}
