/** Flow records that can be told apart in what arrives: each has a number of octets of its own. */
import type { FlowRecordBatch } from '../../../src/records/flow-layout.ts';
import { ipv4, recordBatch } from '../records.ts';

/** Batch number `batch` of `count` flows; octets go up from `batch` × `count` + 1. */
export function numberedBatch(batch: number, count: number): FlowRecordBatch {
  const flows = Array.from({ length: count }, (_, i) => {
    const number = batch * count + i;
    return {
      source: ipv4(`10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`),
      destination: ipv4('192.0.2.1'),
      ipVersion: 4 as const,
      protocol: 17,
      ports: [1024 + (number % 50_000), 53] as const,
      forward: { packets: 1, octets: number + 1, firstNs: number, lastNs: number },
    };
  });
  return recordBatch(flows, { timeBaseSeconds: 1_700_000_000 });
}

/** How often each number up to `total` arrived. */
export function arrivals(
  octets: readonly number[],
  total: number,
): { lost: number; duplicates: number; strange: number } {
  const counts = new Int32Array(total + 1);
  let strange = 0;
  for (const value of octets) {
    if (value >= 1 && value <= total) counts[value]!++;
    else strange++;
  }
  const wanted = counts.subarray(1);
  return {
    lost: wanted.filter((count) => count === 0).length,
    duplicates: wanted.reduce((sum, count) => sum + Math.max(0, count - 1), 0),
    strange,
  };
}
