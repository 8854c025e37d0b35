/** What a metering process is to do. */
import type { FlowSink } from './expiry.ts';
import type { FlowKeyExtension, HashSeeds } from './flow-key.ts';
import type { AllocateMemory } from './flow-table.ts';

export interface MeteringOptions {
  readonly idleTimeoutMs: number;
  readonly activeTimeoutMs: number;
  readonly tcpEndDelayMs: number;
  /** Flows at a time. */
  readonly flowTableEntries: number;
  readonly flowKey: FlowKeyExtension;
  /** Keep the encapsulation of each flow's first packet for the records. */
  readonly encapsulation: boolean;
  /** Most packets in a batch. */
  readonly batchCapacity: number;
  readonly sink: FlowSink;
  /** METERING_COUNTERS doubles, zero at start; may be shared memory. */
  readonly counters?: Float64Array;
  readonly allocate?: AllocateMemory;
  /** Those that the batches' keys were hashed with. */
  readonly seeds: HashSeeds;
}
