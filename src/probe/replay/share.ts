/**
 * Divides the packets of a capture among meters that each read and decode all of it, so that both directions of a flow,
 * and all fragments of a packet, come to the same one: by the two IP addresses alone, in an order that makes no
 * difference. What PACKET_FANOUT_HASH does for a live ring, for files. The addresses are those that are metered: behind
 * tags, labels and tunnels they are found where the decoder found them. The engine does it (engine/assembly/share.ts).
 */
import type { Engine } from '../../engine/engine.ts';
import { copyBeside, type DecodedBatch } from '../../records/decoded-batch.ts';
import { float64Array, uint16Array } from '../../records/memory.ts';

export class Share {
  readonly #engine: Engine;
  readonly #worker: number;
  readonly #workers: number;
  /** The numbers that the kept packets of a batch had in it, and octets of their frames. */
  readonly #kept: Uint16Array;
  readonly #octets: Float64Array;

  /**
   * @param engine in whose memory the batches lie
   * @param capacity packets of a batch at most
   * @param worker which of `workers` meters this one is, from 0
   */
  constructor(engine: Engine, capacity: number, worker: number, workers: number) {
    this.#engine = engine;
    this.#worker = worker;
    this.#workers = workers;
    this.#kept = uint16Array(engine.allocate, capacity);
    this.#octets = float64Array(engine.allocate, 1);
  }

  /** The numbers that the packets which were kept last had in their batch, in order: as many as it has now. */
  get kept(): Uint16Array {
    return this.#kept;
  }

  /**
   * Keeps the meter's packets in the batch and drops the others, in place and in order.
   * @returns octets on the wire of the frames that are kept
   */
  keep(batch: DecodedBatch): number {
    const { words, timeNs, count, encapsulation, offsets } = batch;
    const kept = this.#engine.keepShare(
      words.byteOffset,
      timeNs.byteOffset,
      count,
      this.#worker,
      this.#workers,
      this.#kept.byteOffset,
      this.#octets.byteOffset,
    );
    batch.count = kept;
    if (encapsulation !== undefined || offsets !== undefined)
      for (let i = 0; i < kept; i++) copyBeside(batch, this.#kept[i]!, batch, i);
    return this.#octets[0]!;
  }
}
