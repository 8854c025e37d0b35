/** The metrics of payload inspection of each worker: rows of the table of metrics (table.ts). */
import type { Metric, Sample } from './metric.ts';
import type { InspectionState, LiveState } from './state.ts';

const RING = ['interface', 'ring'] as const;

function perRing(read: (inspection: InspectionState) => number): (state: LiveState) => Sample[] {
  return ({ workers }) =>
    workers.map((worker) => [read(worker.inspection), worker.interface, String(worker.ring)]);
}

function perReason(
  read: (inspection: InspectionState) => Readonly<Record<string, number>>,
): (state: LiveState) => Sample[] {
  return ({ workers }) =>
    workers.flatMap((worker) =>
      Object.entries(read(worker.inspection)).map(([reason, count]): Sample => {
        return [count, worker.interface, String(worker.ring), reason];
      }),
    );
}

export const INSPECTION_METRICS: readonly Metric[] = [
  {
    name: 'flowtap_inspection_packets_total',
    type: 'counter',
    help: 'Packets whose payload was looked into.',
    labels: RING,
    samples: perRing(({ packets }) => packets),
  },
  {
    name: 'flowtap_inspections_active',
    type: 'gauge',
    help: 'Flows whose payload is looked into now.',
    labels: RING,
    samples: perRing(({ active }) => active),
  },
  {
    name: 'flowtap_inspection_refused_flows_total',
    type: 'counter',
    help: 'Flows not looked into since all inspections were at work (no_inspection), and flows with findings that no room was left for (no_room): raise applications.flows.',
    labels: [...RING, 'reason'],
    samples: perReason(({ refused }) => refused),
  },
  {
    name: 'flowtap_inspection_incomplete_total',
    type: 'counter',
    help: 'Payload not read to its end: messages cut by the snap length (snapped), that break the rules of their protocol (malformed), too long (too_long) or without a free buffer (no_buffer), and flows at the limit of packets or octets (limit).',
    labels: [...RING, 'reason'],
    samples: perReason(({ incomplete }) => incomplete),
  },
];
