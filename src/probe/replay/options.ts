/** What the command line asks of the probe for one replay, and what it hears meanwhile. */

import type { FlowtapConfig } from '../../config/config.ts';
import type { FlowWriter } from '../../output/flow-writer.ts';
import type { ReplayProgress } from '../../output/progress.ts';

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
  /** Called now and then, at most ten times a second. */
  readonly onProgress?: (progress: ReplayProgress) => void;
}
