/** The flow record: its words (`flow-words.ts`), why it ended, and the batches in which records travel. */
export * from './flow-words.ts';

/** flowEndReason (RFC 7012, IE 136). */
export const FLOW_END_REASON = {
  idleTimeout: 1,
  activeTimeout: 2,
  endOfFlow: 3,
  forcedEnd: 4,
  lackOfResources: 5,
} as const;

/**
 * Flow records on their way from the metering to the exporting process. `words` and `doubles` see the same memory;
 * record i starts at word i × stride (stride is even).
 */
export interface FlowRecordBatch {
  count: number;
  readonly stride: number;
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  /** Unix time in whole seconds that the records' times count from. */
  timeBaseSeconds: number;
  /**
   * The metering process's clock when the batch was handed over, in nanoseconds since timeBaseSeconds: no packet in
   * the batch is later. Exporters take "now" from it when they export a capture's own times.
   */
  clockNs: number;
}
