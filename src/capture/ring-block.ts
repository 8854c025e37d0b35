/** A block of the kernel's ring (TPACKET_V3) whose packets are taken one after the other, and who takes them. */
import { TPACKET3_HDR_OCTETS, VIRTIO_NET_HDR_OCTETS } from '../records/packet-ring.ts';
import type { TakenRecords } from './source.ts';

/** Where in a block the walk is. Offsets count octets from the start of the ring. */
export interface BlockWalk {
  readonly view: DataView;
  readonly words: Int32Array;
  /** The header of the next packet. */
  at: number;
  /** Packets of the block that have not been handed out. */
  left: number;
  /** First octet behind the block. */
  end: number;
  /** Packets that the block promised but that do not lie within it: never seen, but never read either. */
  faults: number;
  /** Unix seconds that packet times count from. */
  readonly timeBaseSeconds: number;
  readonly interfaceIndex: number;
  /** Frames have an Ethernet header, so a tag can be put back. */
  readonly isEthernet: boolean;
  /** A virtio_net_hdr stands before each frame. */
  readonly hasVnetHeader: boolean;
  /** Counts packets by the interface that they came from, where the ring is that of several. */
  readonly members?: MemberCounts | undefined;
}

/** What came from each member of a group of interfaces. */
export interface MemberCounts {
  /** The number of each member, behind them the number that each had before it went and came back; 0: none. */
  readonly ifIndexes: Int32Array;
  readonly packets: Float64Array;
  /** On the wire. */
  readonly octets: Float64Array;
}

/** Takes packets where they lie, such as decode/direct-path.ts. */
export interface PacketTaker {
  /** Takes the next packets of the block. @returns how many; 0 if the next one is not for it */
  takeBlock(walk: BlockWalk): number;
  /** Takes the next packets of records, likewise. */
  takeRecords(records: TakenRecords, timeBaseSeconds: number): number;
}

/** Octets between the place of a packet and its frame, at least. */
export function octetsBeforeFrame({ hasVnetHeader }: Pick<BlockWalk, 'hasVnetHeader'>): number {
  return TPACKET3_HDR_OCTETS + (hasVnetHeader ? VIRTIO_NET_HDR_OCTETS : 0);
}
