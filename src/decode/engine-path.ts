/**
 * The common path (fast-path.ts) in the engine (engine/engine.ts), for batches whose frames lie in the engine's memory:
 * those of a replay, and of a live ring that is mapped there. Others take the path in JavaScript.
 */

import type { Engine } from '../engine/engine.ts';
import type { DecodedBatch } from '../records/decoded-batch.ts';
import type { PacketBatch } from '../records/packet-batch.ts';
import type { DecodeState } from './decode-state.ts';

/** True if the engine can decode the common frames of `batch`: all that it reads and writes lies in its memory. */
export function isForEngine(
  engine: Engine,
  state: DecodeState,
  batch: PacketBatch,
  linkTypes: Int32Array,
  out: DecodedBatch,
): boolean {
  const { buffer } = engine;
  return (
    batch.view.buffer === buffer &&
    batch.timeNs.buffer === buffer &&
    linkTypes.buffer === buffer &&
    out.words.buffer === buffer &&
    // The path in JavaScript looks into tunnels.
    state.tunnels === 0
  );
}

/** As `decodeCommon`, which says what it does and returns. */
export function decodeInEngine(
  engine: Engine,
  state: DecodeState,
  batch: PacketBatch,
  out: DecodedBatch,
  from: number,
): number {
  const { view, timeNs, capacity, count } = batch;
  const result = engine.decodeCommon(
    view.byteOffset,
    timeNs.byteOffset,
    capacity,
    count,
    from,
    state.linkTypes.byteOffset,
    state.tosMask,
    state.vlanMask,
    out.timeNs.byteOffset,
    out.timeNs.length,
    out.count,
    out.offsets?.byteOffset ?? 0,
  );
  out.count = result >>> 16;
  state.acceptedOctets += engine.decodedOctetsOnWire();
  return result & 0xffff;
}
