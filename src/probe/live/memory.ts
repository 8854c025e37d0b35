/**
 * The memory of a live worker: an engine's, for its flow table, for path health, and for its ring or what packets are
 * copied to. Of what has not all room in it, path health comes before the ring: a packet whose path health is measured
 * outside costs more than one that is copied.
 */
import { type CaptureMemory, windowOctets } from '../../capture/live/capture-memory.ts';
import { createEngine, ENGINE_OCTETS_MAX, type Engine } from '../../engine/engine.ts';
import { healthEngineOctets, tableOctets } from '../../metering/table/flow-table.ts';
import type { AllocateMemory } from '../../records/memory.ts';
import type { LiveWorkerData } from './messages.ts';

export interface LiveMemory {
  readonly engine: Engine;
  /** Where the ring is to lie, if it is large enough; else what its blocks, or packets, are copied to. */
  readonly captureMemory: CaptureMemory;
  /** Memory for path health, where the engine is to measure it. */
  readonly allocateHealth?: AllocateMemory;
}

/** @throws RangeError when there is no memory for the flow table and a window */
export function createLiveMemory({
  metering: { flowTableEntries },
  capture,
  health = 'off',
}: {
  readonly metering: Pick<LiveWorkerData['metering'], 'flowTableEntries'>;
  readonly capture: Pick<LiveWorkerData['capture'], 'capture' | 'blocks' | 'blockOctets' | 'snapLength'>;
  readonly health?: LiveWorkerData['health'];
}): LiveMemory {
  // Of sampled packets nothing is measured that the engine would measure.
  const healthOctets = health === 'on' ? healthEngineOctets(flowTableEntries) : 0;
  const tables = tableOctets(flowTableEntries) + healthOctets;
  const ring = capture.capture === 'ring' ? capture.blocks * capture.blockOctets : 0;
  const hasRoom = ring > 0 && tables + ring <= ENGINE_OCTETS_MAX;
  const octets = hasRoom ? ring : windowOctets(capture);
  const engine = createEngine(tables + octets);
  const captureMemory = { ...engine.allocatePages(octets), octets };
  return { engine, captureMemory, ...(healthOctets > 0 ? { allocateHealth: engine.allocate } : {}) };
}
