/**
 * A packet batch of a live source, with what only the kernel can tell of its frames: which of them are super-packets.
 * GRO, LRO and TSO hand several segments of one connection over as one packet with one header. Plain: no behaviour but
 * making one.
 */
import { type AllocateMemory, allocateOnHeap } from '../records/memory.ts';
import { createPacketBatch, type PacketBatch } from '../records/packet-batch.ts';

export interface LivePacketBatch extends PacketBatch {
  /** How many frames of this batch are super-packets. While it is 0, the arrays below mean nothing. */
  superPackets: number;
  /** Octets of payload in each segment but the last; 0 for a frame that is one packet. */
  readonly segmentOctets: Uint16Array;
  /** Where the header that each segment repeats last starts, from the start of the frame; 0 where it is not known. */
  readonly transportOffset: Uint16Array;
  /** 1 if that header is UDP, 0 for TCP. */
  readonly isUdp: Uint8Array;
}

/** @param allocate where what a packet batch has is to lie */
export function createLiveBatch(
  capacity: number,
  allocate: AllocateMemory = allocateOnHeap,
): LivePacketBatch {
  return {
    ...createPacketBatch(capacity, allocate),
    superPackets: 0,
    segmentOctets: new Uint16Array(capacity),
    transportOffset: new Uint16Array(capacity),
    isUdp: new Uint8Array(capacity),
  };
}
