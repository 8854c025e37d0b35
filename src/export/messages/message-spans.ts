/**
 * How far apart times within one message may be. NetFlow's up times are 32 bits of milliseconds (49.7 days) behind one
 * system start, and IPFIX's delta microseconds 32 bits (71 minutes) before one export time: flows of other times go into
 * other messages, whose start or export time suits them.
 */
import { NS_PER_MS } from '../../base/clock.ts';
import type { Template } from '../../ie/templates.ts';
import {
  FIRST_NS,
  type FlowRecordBatch,
  FORWARD_DOUBLE,
  LAST_NS,
  PACKETS,
  REVERSE_DOUBLE,
} from '../../records/flow-layout.ts';
import { UP_TIME_SPAN_MAX_MS } from '../contract/export-clock.ts';
import type { ExportProtocol } from './exporter-options.ts';

/** Of 32 bits of up time, what the start before the first flow and the rounding of headers take. */
const UP_TIME_TAKEN_MS = 2 ** 32 - UP_TIME_SPAN_MAX_MS;
/** Export times are rounded up to whole seconds. */
const ROUNDING_MS = 1000;

/**
 * Most milliseconds from the earliest packet in a message to its export time. Headers of NetFlow have an up time, too.
 */
export function messageSpanMaxMs(
  protocol: ExportProtocol,
  templates: readonly Pick<Template, 'fields'>[],
): number {
  let maxMs = protocol === 'ipfix' ? Number.POSITIVE_INFINITY : UP_TIME_SPAN_MAX_MS;
  for (const { element, octets } of templates.flatMap(({ fields }) => fields)) {
    const { source, type } = element;
    if (source.kind !== 'time' || source.since === 'epoch' || type === 'dateTimeMilliseconds') continue;
    const values = 2 ** (8 * octets);
    const spanMs = source.since === 'systemInit' ? values - UP_TIME_TAKEN_MS : values / 1000 - ROUNDING_MS;
    if (spanMs < maxMs) maxMs = spanMs;
  }
  return maxMs;
}

/**
 * Cuts a batch into parts, in order, of which each spans no more than a time, or is one record that does.
 * @returns views of the batch
 */
export function* partsWithin(batch: FlowRecordBatch, spanMaxMs: number): Generator<FlowRecordBatch> {
  const { doubles, stride, count } = batch;
  const spanMaxNs = spanMaxMs * NS_PER_MS;
  let from = 0;
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    for (const line of [FORWARD_DOUBLE, REVERSE_DOUBLE]) {
      const at = (i * stride) / 2 + line;
      if (doubles[at + PACKETS]! === 0) continue;
      first = Math.min(first, doubles[at + FIRST_NS]!);
      last = Math.max(last, doubles[at + LAST_NS]!);
    }
    if (last - first <= spanMaxNs || i === from) continue;
    yield partOf(batch, from, i);
    from = i;
    // The record that did not fit begins the next part.
    i--;
    first = Number.POSITIVE_INFINITY;
    last = Number.NEGATIVE_INFINITY;
  }
  if (from < count) yield partOf(batch, from, count);
}

function partOf(batch: FlowRecordBatch, from: number, to: number): FlowRecordBatch {
  const { words, doubles, stride } = batch;
  return {
    ...batch,
    count: to - from,
    words: words.subarray(from * stride, to * stride),
    doubles: doubles.subarray((from * stride) / 2, (to * stride) / 2),
  };
}
