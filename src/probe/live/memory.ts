/** The memory of a live worker: an engine's, for its flow table and for its ring or what packets are copied to. */
import { type CaptureMemory, windowOctets } from '../../capture/live/capture-memory.ts';
import { createEngine, ENGINE_OCTETS_MAX, type Engine } from '../../engine/engine.ts';
import { tableOctets } from '../../metering/table/flow-table.ts';
import type { LiveWorkerData } from './messages.ts';

export interface LiveMemory {
  readonly engine: Engine;
  /** Where the ring is to lie, if it is large enough; else what its blocks, or packets, are copied to. */
  readonly captureMemory: CaptureMemory;
}

/** @throws RangeError when there is no memory for the flow table and a window */
export function createLiveMemory({
  metering: { flowTableEntries },
  capture,
}: {
  readonly metering: Pick<LiveWorkerData['metering'], 'flowTableEntries'>;
  readonly capture: Pick<LiveWorkerData['capture'], 'capture' | 'blocks' | 'blockOctets' | 'snapLength'>;
}): LiveMemory {
  const table = tableOctets(flowTableEntries);
  const ring = capture.capture === 'ring' ? capture.blocks * capture.blockOctets : 0;
  const hasRoom = ring > 0 && table + ring <= ENGINE_OCTETS_MAX;
  const octets = hasRoom ? ring : windowOctets(capture);
  const engine = createEngine(table + octets);
  return { engine, captureMemory: { ...engine.allocatePages(octets), octets } };
}
