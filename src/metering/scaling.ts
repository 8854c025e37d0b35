/**
 * Multiplies the counters of flows by the sampling interval, where that was asked for, on their way out of the table:
 * an estimate of what was on the wire. Times, flags and lengths stay those of the packets that were seen.
 */

import * as layout from '../records/flow-layout.ts';
import type { FlowSink } from './expiry.ts';
import type { FlowTable } from './table/flow-table.ts';

class ScalingSink implements FlowSink {
  readonly #sink: FlowSink;
  readonly #factor: number;

  constructor(sink: FlowSink, factor: number) {
    this.#sink = sink;
    this.#factor = factor;
  }

  emit(table: FlowTable, slot: number, endReason: number): void {
    const entry = slot * layout.ENTRY_DOUBLES;
    scaleCounters(table.doubles, entry, this.#factor);
    // The entry is emptied or begun anew after this, so what it holds now no longer matters.
    this.#sink.emit(table, slot, endReason);
  }
}

/** Multiplies the counters of both directions. @param at first double of an entry of the table, or of a record */
export function scaleCounters(doubles: Float64Array, at: number, factor: number): void {
  scaleLine(doubles, at + layout.FORWARD_DOUBLE, factor);
  scaleLine(doubles, at + layout.REVERSE_DOUBLE, factor);
}

function scaleLine(doubles: Float64Array, line: number, factor: number): void {
  doubles[line + layout.PACKETS] = doubles[line + layout.PACKETS]! * factor;
  doubles[line + layout.OCTETS] = doubles[line + layout.OCTETS]! * factor;
  doubles[line + layout.LAYER2_OCTETS] = doubles[line + layout.LAYER2_OCTETS]! * factor;
}

/** @param factor one packet in so many was metered */
export function createScalingSink(sink: FlowSink, factor: number): FlowSink {
  return new ScalingSink(sink, factor);
}
