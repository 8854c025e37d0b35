/**
 * Hash-based packet selection (RFC 5475 §6.2) of packets that have been decoded; the hash is the engine's
 * (engine/assembly/select.ts). Frames that the decoder refuses are no packets to select from: they are counted by kind.
 */
import type { Engine } from '../../engine/engine.ts';
import * as decoded from '../../records/decoded-batch.ts';
import { type DecodedBatch, moveRecord } from '../../records/decoded-batch.ts';
import { SELECTOR_INITIAL, SELECTOR_INTERVAL, SELECTOR_WORDS } from '../../records/engine-words.ts';
import { int32Array } from '../../records/memory.ts';
import type { SamplingOptions } from '../live-options.ts';

export interface HashSelector {
  readonly engine: Engine;
  /** SELECTOR_… of records/engine-words.ts, in the engine's memory. */
  readonly words: Int32Array;
  /** Packets that were dropped, and the octets of their frames on the wire; only added to. */
  packetsDropped: number;
  octetsDropped: number;
}

/**
 * @param engine in whose memory frames lie
 * @param initialValue of the hash: secret, so that nobody can send packets that are never selected
 * @returns undefined where selection is not by hash
 */
export function createHashSelector(
  sampling: SamplingOptions | undefined,
  engine: Engine,
  initialValue: number = (Math.random() * 2 ** 32) | 0,
): HashSelector | undefined {
  if (sampling === undefined || sampling.interval <= 1 || sampling.method !== 'hash') return undefined;
  const words = int32Array(engine.allocate, SELECTOR_WORDS);
  words[SELECTOR_INTERVAL] = sampling.interval;
  words[SELECTOR_INITIAL] = initialValue;
  return { engine, words, packetsDropped: 0, octetsDropped: 0 };
}

/**
 * Keeps the selected packets of a decoded batch from record `from` on and drops the others, in place and in order, and
 * counts them.
 * @param batch with offsets
 * @param view that the offsets count in, of the engine's memory
 */
export function selectDecoded(selector: HashSelector, batch: DecodedBatch, view: DataView, from = 0): void {
  const { count, words } = batch;
  const { engine } = selector;
  const place = selector.words.byteOffset;
  const base = view.byteOffset;
  const offsets = batch.offsets!;
  let kept = from;
  for (let i = from; i < count; i++) {
    const at = i * decoded.OFFSET_WORDS;
    const ip = base + offsets[at + decoded.IP_OFFSET]!;
    if (engine.isSelected(place, ip, base + offsets[at + decoded.CAPTURED_END]!) !== 0) {
      if (kept !== i) moveRecord(batch, i, kept);
      kept++;
    } else selector.octetsDropped += words[i * decoded.DECODED_WORDS + decoded.FRAME_OCTETS]! >>> 0;
  }
  batch.count = kept;
  selector.packetsDropped += count - kept;
}
