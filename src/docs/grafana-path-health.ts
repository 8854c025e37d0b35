/** The dashboard's row of path health: flowtap_path_* of diagnose/path-health-metrics.ts. */
import { INTERFACE, type Row, rate } from './grafana-panel.ts';

/** The share that a counter of segments has in all with payload. */
function shareOfSegments(metric: string): string {
  return `${rate(metric, 'interface')} / ${rate('flowtap_path_tcp_segments_total', 'interface')}`;
}

/** A quantile of round trips, 0 … 1. */
function roundTrip(quantile: number): string {
  return `histogram_quantile(${quantile}, ${rate('flowtap_path_round_trip_seconds_bucket', 'interface, le')})`;
}

export const PATH_HEALTH_ROW: Row = [
  'Path health',
  [
    {
      title: 'Segments lost by the network',
      unit: 'percentunit',
      description: 'Of all TCP segments with payload.',
      queries: [[shareOfSegments('flowtap_path_tcp_lost_segments_total'), '{{interface}}']],
    },
    {
      title: 'Segments sent again; never captured',
      unit: 'percentunit',
      description:
        'Of all TCP segments with payload. Those never captured did arrive: the mirror port lost them.',
      queries: [
        [shareOfSegments('flowtap_path_tcp_retransmitted_segments_total'), '{{interface}} sent again'],
        [shareOfSegments('flowtap_path_tcp_capture_lost_segments_total'), '{{interface}} never captured'],
      ],
    },
    {
      title: 'Round trip',
      unit: 's',
      description: 'Median and 95th percentile of the mean round trips of flow records.',
      queries: [
        [roundTrip(0.5), '{{interface}} median'],
        [roundTrip(0.95), '{{interface}} 95 %'],
      ],
    },
    {
      title: 'Flow records by verdict',
      unit: 'ops',
      queries: [[rate('flowtap_path_flow_records_total', 'verdict'), '{{verdict}}']],
    },
    {
      title: 'Connections that stand still',
      unit: 'short',
      description: 'At a time, on average, with data unacknowledged or the window shut.',
      queries: [[rate('flowtap_path_tcp_stalled_seconds_total', 'interface'), '{{interface}}']],
    },
    {
      title: 'Memory of path health',
      unit: 'bytes',
      queries: [[`flowtap_path_health_memory_bytes{${INTERFACE}}`, '{{interface}} {{ring}}']],
    },
  ],
];
