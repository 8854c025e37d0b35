/** The metrics of named paths: labels are bounded by the configuration, addresses are never among them. */
import type { PathFigures } from '../records/path-record.ts';
import type { Metric, Sample } from './metric.ts';
import type { LiveState } from './state.ts';

const LABELS = ['path', 'direction'] as const;

const MS_PER_SECOND = 1e3;
const BITS_PER_BYTE = 8;

/** Of all the time. */
function total(read: (figures: PathFigures) => number): (state: LiveState) => Sample[] {
  return ({ paths }) => paths.map((state) => [read(state.total), state.path, state.direction]);
}

/** Of the latest minute that is over; absent where nothing came by in it. */
function latest(read: (figures: PathFigures) => number): (state: LiveState) => Sample[] {
  return ({ paths }) =>
    paths.map((state) => {
      const value = state.latest === undefined ? Number.NaN : read(state.latest);
      return [value, state.path, state.direction];
    });
}

const counter = (name: string, help: string, read: (figures: PathFigures) => number): Metric => ({
  name: `flowtap_named_path_${name}_total`,
  type: 'counter',
  help,
  labels: LABELS,
  samples: total(read),
});

const gauge = (name: string, help: string, read: (figures: PathFigures) => number): Metric => ({
  name: `flowtap_named_path_${name}`,
  type: 'gauge',
  help,
  labels: LABELS,
  samples: latest(read),
});

const IN_A_MINUTE = 'in the latest minute that is over';

export const NAMED_PATH_METRICS: readonly Metric[] = [
  {
    name: 'flowtap_named_path_flow_records_total',
    type: 'counter',
    help: 'Flow records with packets in this direction of a path, by the verdict on it (docs/diagnose.md).',
    labels: [...LABELS, 'verdict'],
    samples: ({ paths }) =>
      paths.flatMap(({ path, direction, total: { verdicts } }) =>
        Object.entries(verdicts).map(([verdict, flows]): Sample => [flows, path, direction, verdict]),
      ),
  },
  counter('bytes', 'IP octets of these flow records.', ({ octets }) => octets),
  counter('packets', 'Packets of these flow records.', ({ packets }) => packets),
  counter(
    'segments',
    'TCP segments with payload, and packets with the option of RFC 8250.',
    ({ segments }) => segments,
  ),
  counter('lost_segments', 'Of these, lost by the network.', ({ lostSegments }) => lostSegments),
  counter(
    'capture_lost_segments',
    'TCP segments that arrived but were never captured.',
    ({ captureLostSegments }) => captureLostSegments,
  ),
  counter(
    'stalled_seconds',
    'Time of TCP connections that stood still with data unacknowledged or the window shut.',
    ({ stalledMs }) => stalledMs / MS_PER_SECOND,
  ),
  gauge(
    'round_trip_min_seconds',
    `Least round trip ${IN_A_MINUTE}.`,
    ({ roundTripMinMs }) => roundTripMinMs / MS_PER_SECOND,
  ),
  gauge(
    'round_trip_median_seconds',
    `Median of the flow records' mean round trips ${IN_A_MINUTE}.`,
    ({ roundTripMedianMs }) => roundTripMedianMs / MS_PER_SECOND,
  ),
  gauge(
    'round_trip_p95_seconds',
    `95th percentile of the flow records' mean round trips ${IN_A_MINUTE}.`,
    ({ roundTripP95Ms }) => roundTripP95Ms / MS_PER_SECOND,
  ),
  gauge('transfers', `Flow records of more than 1 MB ${IN_A_MINUTE}.`, ({ transfers }) => transfers),
  gauge(
    'transfer_mean_bytes_per_second',
    `Mean rate of such a transfer ${IN_A_MINUTE}.`,
    ({ transferMeanBitsPerSecond }) => transferMeanBitsPerSecond / BITS_PER_BYTE,
  ),
  gauge(
    'transfer_peak_bytes_per_second',
    `Rate of their busiest interval ${IN_A_MINUTE}.`,
    ({ transferPeakBitsPerSecond }) => transferPeakBitsPerSecond / BITS_PER_BYTE,
  ),
];
