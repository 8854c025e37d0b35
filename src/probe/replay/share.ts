/**
 * Divides the packets of a capture among meters that each read and decode all of it, so that both directions of a flow,
 * and all fragments of a packet, come to the same one: by the two IP addresses alone, in an order that makes no
 * difference. What PACKET_FANOUT_HASH does for a live ring, for files. The addresses are those that are metered: behind
 * tags, labels and tunnels they are found where the decoder found them.
 */
import * as decoded from '../../records/decoded-batch.ts';
import { type DecodedBatch, moveRecord } from '../../records/decoded-batch.ts';

// Imported constants are loaded from memory at each use, a module's own are folded into the code (docs/decisions/0004).
const { DECODED_WORDS, DESTINATION_ADDRESS, FRAME_OCTETS, SOURCE_ADDRESS } = decoded;

const GOLDEN_RATIO = 0x9e3779b1;
const ADDRESS_WORDS = 4;

/**
 * Keeps the packets of worker `worker` (0 … workers - 1) in the batch and drops the others, in place and in order.
 * @returns octets on the wire of the frames that were dropped
 */
export function keepShare(batch: DecodedBatch, worker: number, workers: number): number {
  const { words, count } = batch;
  let kept = 0;
  let octetsDropped = 0;
  for (let i = 0; i < count; i++) {
    const at = i * DECODED_WORDS;
    let mixed = 0;
    for (let word = 0; word < ADDRESS_WORDS; word++)
      mixed ^= words[at + SOURCE_ADDRESS + word]! ^ words[at + DESTINATION_ADDRESS + word]!;
    const share = ((Math.imul(mixed, GOLDEN_RATIO) >>> 16) * workers) >>> 16;
    if (share === worker) {
      if (kept !== i) moveRecord(batch, i, kept);
      kept++;
    } else octetsDropped += words[at + FRAME_OCTETS]! >>> 0;
  }
  batch.count = kept;
  return octetsDropped;
}
