/**
 * config/grafana/flowtap.json: a dashboard for Grafana, made from the table of its panels in grafana-panels.ts.
 */

import type { Panel } from './grafana-panel.ts';
import { ROWS } from './grafana-panels.ts';

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
