/** Flows, packets and octets of records that were not sent: notSentFlowTotalCount and its fellows (RFC 7011 §4.3). */
import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import { FORWARD_DOUBLE, OCTETS, PACKETS, REVERSE_DOUBLE } from '../../records/flow-layout.ts';

/** Data records, and the packets and octets of their flows; NaN where that is not known. */
export interface FlowVolume {
  readonly records: number;
  readonly packets: number;
  readonly octets: number;
}

export const NOTHING_LOST: FlowVolume = { records: 0, packets: 0, octets: 0 };

export function addVolumes(a: FlowVolume, b: FlowVolume): FlowVolume {
  return { records: a.records + b.records, packets: a.packets + b.packets, octets: a.octets + b.octets };
}

/** What records `from` to `to` of a batch amount to. @param dataRecords that they become */
export function volumeOf(
  { doubles, stride }: FlowRecordBatch,
  from: number,
  to: number,
  dataRecords: number,
): FlowVolume {
  let packets = 0;
  let octets = 0;
  for (let i = from; i < to; i++) {
    const entry = (i * stride) >>> 1;
    packets += doubles[entry + FORWARD_DOUBLE + PACKETS]! + doubles[entry + REVERSE_DOUBLE + PACKETS]!;
    octets += doubles[entry + FORWARD_DOUBLE + OCTETS]! + doubles[entry + REVERSE_DOUBLE + OCTETS]!;
  }
  return { records: dataRecords, packets, octets };
}

/** Counts what is given up. */
export class LostFlows {
  total: FlowVolume = NOTHING_LOST;

  add(volume: FlowVolume): void {
    this.total = addVolumes(this.total, volume);
  }
}
