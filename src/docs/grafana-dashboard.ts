/**
 * config/grafana/flowtap.json: a dashboard for Grafana, made from a table of its panels. It asks Prometheus for the
 * metrics of src/metrics/table.ts and diagnose/path-health-metrics.ts alone; test/metrics checks that each of them exists.
 */
import { INTERFACE, OF, type Panel, type Row, rate } from './grafana-panel.ts';
import { PATH_HEALTH_ROW } from './grafana-path-health.ts';

const ROWS: readonly Row[] = [
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

// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana's
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const COLUMNS = 24;
const NUMBER_HEIGHT = 4;
const GRAPH_HEIGHT = 8;

function panelJson(panel: Panel, id: number, gridPos: object): object {
  const { title, unit, queries, description, isNumber } = panel;
  return {
    id,
    type: isNumber ? 'stat' : 'timeseries',
    title,
    ...(description === undefined ? {} : { description }),
    datasource: DATASOURCE,
    gridPos,
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    options: isNumber
      ? { reduceOptions: { calcs: ['lastNotNull'] } }
      : { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
    targets: queries.map(([expr, legendFormat], i) => ({
      refId: String.fromCharCode(65 + i),
      datasource: DATASOURCE,
      expr,
      legendFormat,
    })),
  };
}

function panelsJson(): object[] {
  const panels: object[] = [];
  let y = 0;
  for (const [title, row] of ROWS) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y: y++, w: COLUMNS, h: 1 },
    });
    const perLine = row[0]?.isNumber ? 4 : 3;
    const h = row[0]?.isNumber ? NUMBER_HEIGHT : GRAPH_HEIGHT;
    const w = COLUMNS / perLine;
    for (const [i, panel] of row.entries()) {
      const gridPos = { x: (i % perLine) * w, y: y + Math.floor(i / perLine) * h, w, h };
      panels.push(panelJson(panel, panels.length + 1, gridPos));
    }
    y += Math.ceil(row.length / perLine) * h;
  }
  return panels;
}

function variable(name: string, query: string): object {
  return {
    name,
    label: name,
    type: 'query',
    datasource: DATASOURCE,
    query: { query, refId: name },
    refresh: 2,
    includeAll: true,
    multi: true,
    allValue: '.*',
    current: { text: 'All', value: '$__all' },
  };
}

/** The dashboard's text. */
export function grafanaDashboard(): string {
  const dashboard = {
    title: 'flowtap',
    uid: 'flowtap',
    tags: ['flowtap', 'netflow', 'ipfix'],
    schemaVersion: 39,
    editable: true,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' },
        variable('instance', 'label_values(flowtap_build_info, instance)'),
        variable(
          'interface',
          'label_values(flowtap_capture_packets_total{instance=~"$instance"}, interface)',
        ),
      ],
    },
    panels: panelsJson(),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
