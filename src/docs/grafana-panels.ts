/**
 * The panels of the dashboard, in rows. They ask Prometheus for the metrics of src/metrics and of diagnose/path-health-metrics.ts alone; a test checks that each
 * of them exists.
 */

import { INTERFACE, OF, type Query, type Row, rate } from './grafana-panel.ts';
import { PATH_HEALTH_ROW } from './grafana-path-health.ts';

export const ROWS: readonly Row[] = [
  [
    'At a glance',
    [
      {
        title: 'Ready',
        unit: 'bool_yes_no',
        isNumber: true,
        queries: [[`min(flowtap_ready{${OF}})`, 'ready']],
      },
      {
        title: 'Packets lost',
        unit: 'percentunit',
        isNumber: true,
        description: 'Of the packets that were offered to the rings, within the last five minutes.',
        queries: [[`max(flowtap:capture_loss:ratio_rate5m{${INTERFACE}})`, 'lost']],
      },
      {
        title: 'Flows active',
        unit: 'short',
        isNumber: true,
        queries: [[`sum(flowtap_flows_active{${INTERFACE}})`, 'flows']],
      },
      {
        title: 'Flow table in use',
        unit: 'percentunit',
        isNumber: true,
        queries: [
          [
            `max(flowtap_flows_active{${INTERFACE}} / flowtap_flow_cache_capacity{${INTERFACE}})`,
            'the fullest table',
          ],
        ],
      },
    ],
  ],
  [
    'Capture',
    [
      {
        title: 'Packets',
        unit: 'pps',
        queries: [[rate('flowtap_capture_packets_total', 'interface'), '{{interface}}']],
      },
      {
        title: 'Bits on the wire',
        unit: 'bps',
        queries: [[`8 * ${rate('flowtap_capture_bytes_total', 'interface')}`, '{{interface}}']],
      },
      {
        title: 'Packets lost',
        unit: 'pps',
        description: 'In the ring, in the record queue, with a worker, and by the interface itself.',
        queries: [
          [rate('flowtap_capture_packets_dropped_total', 'interface, reason'), '{{interface}} {{reason}}'],
          [rate('flowtap_interface_lost_packets_total', 'interface, counter'), '{{interface}} {{counter}}'],
        ],
      },
      {
        title: 'Ring in use',
        unit: 'percentunit',
        queries: [
          [
            `flowtap_capture_ring_blocks_used{${INTERFACE}} / flowtap_capture_ring_blocks{${INTERFACE}}`,
            '{{interface}} {{ring}}',
          ],
        ],
      },
      {
        title: 'Not metered',
        unit: 'pps',
        queries: [
          [
            rate('flowtap_decode_packets_total', 'interface, result', ',result!="metered"'),
            '{{interface}} {{result}}',
          ],
        ],
      },
      {
        title: 'Super-packets',
        unit: 'short',
        description: 'Segments that one captured packet stands for (GRO, LRO, TSO).',
        queries: [
          [
            `${rate('flowtap_capture_super_packet_segments_total', 'interface')} / ${rate('flowtap_capture_super_packets_total', 'interface')}`,
            '{{interface}}',
          ],
        ],
      },
    ],
  ],
  [
    'Flows',
    [
      {
        title: 'Flows active',
        unit: 'short',
        queries: [[`flowtap_flows_active{${INTERFACE}}`, '{{interface}} {{ring}}']],
      },
      {
        title: 'New flows',
        unit: 'ops',
        queries: [[rate('flowtap_flows_created_total', 'interface'), '{{interface}}']],
      },
      {
        title: 'Flow records by end reason',
        unit: 'ops',
        queries: [[rate('flowtap_flows_expired_total', 'reason'), '{{reason}}']],
      },
    ],
  ],
  PATH_HEALTH_ROW,
  [
    'Export',
    [
      {
        title: 'Flow records sent',
        unit: 'ops',
        queries: [
          [
            `sum by (collector) (rate(flowtap_export_records_total{${OF},kind="data"}[$__rate_interval]))`,
            '{{collector}}',
          ],
        ],
      },
      {
        title: 'Errors of exporters',
        unit: 'ops',
        queries: [
          [
            `sum by (collector, reason) (rate(flowtap_export_errors_total{${OF}}[$__rate_interval])) > 0`,
            '{{collector}} {{reason}}',
          ],
        ],
      },
      {
        title: 'Waiting to be sent',
        unit: 'short',
        queries: [[`flowtap_export_pending_records{${OF}}`, '{{collector}}']],
      },
    ],
  ],
  [
    'Applications',
    [
      {
        title: 'Bits by application',
        unit: 'bps',
        description: 'The ten greatest, as their flow records come. Empty where payload is not inspected.',
        queries: [
          [
            `topk(10, sum by (application) (rate(flowtap_application_flow_record_bytes_total{${OF}}[5m]))) * 8`,
            '{{application}}',
          ],
        ],
      },
      {
        title: 'DNS response time',
        unit: 's',
        queries: [0.5, 0.95].map(
          (share): Query => [
            `histogram_quantile(${share}, sum by (le) (rate(flowtap_dns_response_time_seconds_bucket{${OF}}[5m])))`,
            `${share * 100} %`,
          ],
        ),
      },
      {
        title: 'DNS responses and TLS versions',
        unit: 'ops',
        queries: [
          [`sum by (code) (rate(flowtap_dns_responses_total{${OF}}[5m]))`, '{{code}}'],
          [`sum by (version) (rate(flowtap_tls_flows_total{${OF}}[5m]))`, '{{version}}'],
        ],
      },
    ],
  ],
  [
    'Process',
    [
      {
        title: 'Processor',
        unit: 'percentunit',
        queries: [[`rate(process_cpu_seconds_total{${OF}}[$__rate_interval])`, '{{instance}}']],
      },
      {
        title: 'Memory',
        unit: 'bytes',
        queries: [[`process_resident_memory_bytes{${OF}}`, '{{instance}}']],
      },
      {
        title: 'Worker restarts',
        unit: 'short',
        queries: [[`increase(flowtap_worker_restarts_total{${INTERFACE}}[1h])`, '{{interface}} {{ring}}']],
      },
    ],
  ],
];
