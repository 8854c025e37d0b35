/** The memory of a live worker: an engine's, for its flow table and, where there is room for it, for its ring. */
import type { RingMemory } from '../../capture/live/ring-walk.ts';
import { createEngine, ENGINE_OCTETS_MAX, type Engine } from '../../engine/engine.ts';
import { tableOctets } from '../../metering/table/flow-table.ts';
import type { LiveWorkerData } from './messages.ts';

export interface LiveMemory {
  readonly engine: Engine;
  /** Where the ring is to lie; undefined: the capture has none, or there is no room. */
  readonly ringMemory: RingMemory | undefined;
  /** Why there is no room. */
  readonly fault: string | undefined;
}

/** @throws RangeError when there is no memory for the flow table */
export function createLiveMemory({
  metering: { flowTableEntries },
  capture: { capture, blocks, blockOctets },
}: {
  readonly metering: Pick<LiveWorkerData['metering'], 'flowTableEntries'>;
  readonly capture: Pick<LiveWorkerData['capture'], 'capture' | 'blocks' | 'blockOctets'>;
}): LiveMemory {
  const table = tableOctets(flowTableEntries);
  const ring = capture === 'ring' ? blocks * blockOctets : 0;
  if (ring === 0) return { engine: createEngine(table), ringMemory: undefined, fault: undefined };
  if (table + ring > ENGINE_OCTETS_MAX) {
    const fault = `a ring of ${ring} octets has no room beside a flow table of ${flowTableEntries} entries`;
    return { engine: createEngine(table), ringMemory: undefined, fault };
  }
  const engine = createEngine(table + ring);
  return { engine, ringMemory: { ...engine.allocatePages(ring), octets: ring }, fault: undefined };
}
