/** What the command line asks of the probe for one replay, and what it hears meanwhile. */

import type { FlowtapConfig } from '../../config/config.ts';
import type { FlowWriter } from '../../output/flow-writer.ts';
import type { ReplayProgress } from '../../output/progress.ts';
import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import type { FlowQuery } from '../../records/flow-query.ts';
import type { RunCounters } from '../counters.ts';

/** What a meter shows of itself while it runs. */
export interface ReplayView {
  /** Flows that are in the table now; times of the batch are those of the capture. */
  findFlows(query: FlowQuery): FlowRecordBatch;
  readonly counters: RunCounters;
}

export interface ReplayWatcher {
  /** The meter is made, and about to read. */
  onStart(view: ReplayView): void;
  onInterfaces(names: readonly string[]): void;
  /** All is read, and the flows in the table are still there. */
  onInputEnd(): void;
}

export interface ReplayOptions {
  /** Names of capture files, `-` for standard input; at least one. */
  readonly files: readonly string[];
  readonly config: FlowtapConfig;
  /** Takes the flows instead of standard output. The probe calls `write`; the caller calls `end`. */
  readonly writer?: FlowWriter;
  /** Columns of the terminal that standard output is; undefined where it is none. */
  readonly columns: number | undefined;
  /** Aborted: read no further, export what is in the flow table, and come back. */
  readonly signal: AbortSignal;
  /** Sees the flows in the table meanwhile. Only for one meter, on this thread, whose records nobody takes. */
  readonly watcher?: ReplayWatcher;
  /** Called now and then, at most ten times a second. */
  readonly onProgress?: (progress: ReplayProgress) => void;
}
