/** What every printed form of flows looks like to the replay: it takes batches of flow records until the end. */

import type { FlowRecordBatch } from '../records/flow-layout.ts';
import type { RecordSections } from '../records/record-sections.ts';

export interface FlowWriter {
  /** True once nobody reads the output any more (a closed pipe): what is written then goes nowhere. */
  readonly isClosed: boolean;
  /** The optional sections that records must carry; not given: none. */
  readonly needs?: RecordSections;
  /**
   * Takes the records of a batch; the batch is the caller's again when this returns, or when its promise resolves.
   * The promise is the reader's back pressure: wait for it.
   */
  write(batch: FlowRecordBatch): Promise<void> | void;
  /** Prints what is left; resolves when all of it has been handed to the system. */
  end(): Promise<void>;
}
