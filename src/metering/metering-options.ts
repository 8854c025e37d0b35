/** What a metering process is told when it is made. */
import { NS_PER_MS } from '../base/clock.ts';
import type { Engine } from '../engine/engine.ts';
import type { AllocateMemory } from '../records/memory.ts';
import type { FlowSink, Timeouts } from './expiry.ts';
import type { ApplicationOptions } from './table/application-table.ts';
import type { FlowKeyExtension, HashSeeds } from './table/flow-key.ts';

/** When flows end; a running metering process can be told new ones. */
export interface TimeoutOptions {
  readonly idleTimeoutMs: number;
  readonly activeTimeoutMs: number;
  readonly tcpEndDelayMs: number;
}

export interface MeteringOptions extends TimeoutOptions {
  /** Flows at a time. */
  readonly flowTableEntries: number;
  readonly flowKey: FlowKeyExtension;
  /** Keep the encapsulation of each flow's first packet for the records. */
  readonly encapsulation: boolean;
  /** Measure path health (path-health.ts): batches must have offsets then. Default: no. */
  readonly health?: 'on' | 'sampled' | 'off';
  /** Look into the first packets with payload of each flow: batches must have offsets then. Default: no. */
  readonly applications?: ApplicationOptions | undefined;
  /** Length of path health's intervals. Default: INTERVAL_MS of path-health-layout.ts. */
  readonly pathHealthIntervalMs?: number;
  /** Most packets in a batch. */
  readonly batchCapacity: number;
  readonly sink: FlowSink;
  /** METERING_COUNTERS doubles, zero at start; may be shared memory. */
  readonly counters?: Float64Array;
  /** In whose memory the table's entries and the batches lie; of `tableOctets` at least. */
  readonly engine: Engine;
  /** Memory for path health: the engine's, to have it measured there. Default: the JavaScript heap's. */
  readonly allocate?: AllocateMemory;
  /** Those that the batches' keys were hashed with. */
  readonly seeds: HashSeeds;
}

/** In the unit that packet times have. */
export function createTimeouts(options: TimeoutOptions): Timeouts {
  const idleNs = options.idleTimeoutMs * NS_PER_MS;
  const activeNs = options.activeTimeoutMs * NS_PER_MS;
  const tcpEndDelayNs = options.tcpEndDelayMs * NS_PER_MS;
  return { idleNs, activeNs, tcpEndDelayNs };
}
