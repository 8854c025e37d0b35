/** What `flowtap top` shows of a probe at a moment, wherever it has it from. Shapes only. */
import type { FlowObject } from '../control/flow-objects.ts';
import type { FlowSort } from '../records/flow-query.ts';

/** An observation point; its counts since the start. */
export interface InterfaceLook {
  readonly name: string;
  readonly isUp: boolean;
  readonly packets: number;
  readonly octets: number;
  readonly droppedPackets: number;
  readonly activeFlows: number;
}

export interface Look {
  /** Who it is, and how it is. */
  readonly title: string;
  /** On the clock that the counts are to be divided by: that of the system, or of a capture. */
  readonly nowMs: number;
  readonly interfaces: readonly InterfaceLook[];
  /** Lines, each about a loss. */
  readonly losses: readonly string[];
  /** The greatest first. */
  readonly flows: readonly FlowObject[];
  /** Whether all tables were looked at to their ends. */
  readonly isComplete: boolean;
  /** Nothing will change any more. */
  readonly isOver: boolean;
}

export interface TopQuestion {
  readonly sort: FlowSort;
  /** Conditions as of `flowtap ctl flows --filter`; `''`: none. */
  readonly filter: string;
}

export interface TopSource {
  /**
   * Looks at the probe now.
   * @throws ConfigError for a question that it cannot answer; any other error ends the view
   */
  look(question: TopQuestion): Promise<Look>;
  /** Ends what was begun for the view. @returns faults of what was looked at */
  close(): Promise<readonly string[]>;
}
