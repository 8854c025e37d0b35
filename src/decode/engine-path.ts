/**
 * The common path (engine/assembly/decode.ts) for batches whose frames lie in the engine's memory, as all do but those of
 * records that are longer than the window they are read into.
 */

import type { Engine } from '../engine/engine.ts';
import type { DecodedBatch } from '../records/decoded-batch.ts';
import type { PacketBatch } from '../records/packet-batch.ts';
import type { DecodeState } from './decode-state.ts';
import type { UncommonFrames } from './uncommon-frames.ts';

/** An engine, and what its uncommon path needs. */
export interface InEngine {
  readonly engine: Engine;
  readonly uncommon: UncommonFrames;
}

/** True if the engine can decode the common frames of `batch`: all that it reads and writes lies in its memory. */
export function isForEngine(
  engine: Engine,
  batch: PacketBatch,
  linkTypes: Int32Array,
  out: DecodedBatch,
): boolean {
  const { buffer } = engine;
  return (
    batch.view.buffer === buffer &&
    batch.timeNs.buffer === buffer &&
    linkTypes.buffer === buffer &&
    out.words.buffer === buffer
  );
}

/** Where the engine finds the kinds of tunnels by UDP port; 0 where it need not look. */
export function udpTunnelsPlace({ tunnels, udpTunnels }: DecodeState): number {
  return tunnels === 0 ? 0 : udpTunnels.byteOffset;
}

/**
 * Decodes frames of `batch` from index `from` up to `until`, as long as none is for the general path alone: appends them to `out`,
 * whose count grows, and adds their octets on the wire to `state.acceptedOctets`. Nothing else of `state` is changed.
 * `uncommon` has what is to be counted.
 * @returns the index of the first frame that the general path has to decide, or `until`
 */
export function decodeInEngine(
  inEngine: InEngine,
  state: DecodeState,
  batch: PacketBatch,
  out: DecodedBatch,
  from: number,
  until: number,
): number {
  const { view, timeNs, capacity } = batch;
  const { engine, uncommon } = inEngine;
  uncommon.begin(out);
  const result = engine.decodeCommon(
    view.byteOffset,
    timeNs.byteOffset,
    capacity,
    until,
    from,
    state.linkTypes.byteOffset,
    state.tosMask,
    state.vlanMask,
    out.timeNs.byteOffset,
    out.timeNs.length,
    out.count,
    out.offsets?.byteOffset ?? 0,
    udpTunnelsPlace(state),
    uncommon.place,
  );
  out.count = result >>> 16;
  state.acceptedOctets += engine.decodedOctetsOnWire();
  return result & 0xffff;
}
