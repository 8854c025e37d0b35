/** A batch of flow records in memory of its own, for records that must outlive the batch they came in. */
import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import { FORWARD_DOUBLE, PACKETS, REVERSE_DOUBLE } from '../../records/flow-layout.ts';

export class BatchBuffer implements FlowRecordBatch {
  count = 0;
  readonly stride: number;
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly bytes: Uint8Array;
  readonly capacity: number;
  timeBaseSeconds = 0;
  clockNs = Number.NaN;

  /** @param capacity records of `stride` words */
  constructor(stride: number, capacity: number) {
    this.stride = stride;
    this.capacity = capacity;
    const buffer = new ArrayBuffer(stride * capacity * 4);
    this.words = new Int32Array(buffer);
    this.doubles = new Float64Array(buffer);
    this.bytes = new Uint8Array(buffer);
  }

  clear(): void {
    this.count = 0;
    this.clockNs = Number.NaN;
  }

  /** How many records of the batch can be added. */
  roomFor(batch: FlowRecordBatch): number {
    if (batch.stride !== this.stride) return 0;
    return this.count === 0 || batch.timeBaseSeconds === this.timeBaseSeconds
      ? this.capacity - this.count
      : 0;
  }

  /** Copies records `from` to `to` of a batch behind those that are there; `roomFor` says whether they fit. */
  append(batch: FlowRecordBatch, from: number, to: number): void {
    const { stride } = this;
    this.words.set(batch.words.subarray(from * stride, to * stride), this.count * stride);
    this.count += to - from;
    this.timeBaseSeconds = batch.timeBaseSeconds;
    this.clockNs = Number.isNaN(this.clockNs) ? batch.clockNs : Math.max(this.clockNs, batch.clockNs);
  }
}

/** How many data records `from` to `to` of a batch become. @param isBiflow one for both directions */
export function countDataRecords(
  { doubles, stride }: FlowRecordBatch,
  isBiflow: boolean,
  from: number,
  to: number,
): number {
  if (isBiflow) return to - from;
  let records = 0;
  for (let i = from; i < to; i++) {
    const entry = (i * stride) >>> 1;
    if (doubles[entry + FORWARD_DOUBLE + PACKETS]! > 0) records++;
    if (doubles[entry + REVERSE_DOUBLE + PACKETS]! > 0) records++;
  }
  return records;
}
