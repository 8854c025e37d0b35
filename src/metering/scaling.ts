/**
 * Multiplies the counters of flows by the sampling interval, where that was asked for, on their way out of the table:
 * an estimate of what was on the wire. Times, flags and lengths stay those of the packets that were seen.
 */

import * as layout from '../records/flow-layout.ts';
import type { FlowSink } from './expiry.ts';
import type { FlowTable } from './table/flow-table.ts';

const { ENTRY_DOUBLES, FORWARD_DOUBLE, LAYER2_OCTETS, OCTETS, PACKETS, REVERSE_DOUBLE } = layout;

class ScalingSink implements FlowSink {
  readonly #sink: FlowSink;
  readonly #factor: number;

  constructor(sink: FlowSink, factor: number) {
    this.#sink = sink;
    this.#factor = factor;
  }

  emit(table: FlowTable, slot: number, endReason: number): void {
    const entry = slot * ENTRY_DOUBLES;
    this.#scale(table.doubles, entry + FORWARD_DOUBLE);
    this.#scale(table.doubles, entry + REVERSE_DOUBLE);
    // The entry is emptied or begun anew after this, so what it holds now no longer matters.
    this.#sink.emit(table, slot, endReason);
  }

  #scale(doubles: Float64Array, line: number): void {
    const factor = this.#factor;
    doubles[line + PACKETS] = doubles[line + PACKETS]! * factor;
    doubles[line + OCTETS] = doubles[line + OCTETS]! * factor;
    doubles[line + LAYER2_OCTETS] = doubles[line + LAYER2_OCTETS]! * factor;
  }
}

/** @param factor one packet in so many was metered */
export function createScalingSink(sink: FlowSink, factor: number): FlowSink {
  return new ScalingSink(sink, factor);
}
