/** docs/metrics.md, made from the rows of the table of metrics. */
import { NOTICES } from '../decode/notices.ts';
import { REASONS } from '../decode/reasons.ts';
import { METRIC_GROUPS } from '../metrics/table.ts';

const HEAD = `# Metrics

<!-- Generated from src/metrics/table.ts by \`npm run docs\`. Do not edit. -->

\`flowtap run\` serves these at \`http://127.0.0.1:9669/metrics\` (\`--metrics\`, \`metrics.listen\`) for Prometheus, together
with \`process_*\` and \`nodejs_*\` of the package prom-client. \`/healthz\` answers 200 as long as some worker runs,
\`/readyz\` as long as all of them capture, and otherwise 503 with the reason. There is no authentication: whoever reaches
the address reads it.

Counters are read from shared memory when Prometheus asks, so a scrape costs the workers nothing. What a capture cannot
know (libpcap does not tell of a ring) is absent, never 0. Counters go on when a worker is started again.

Where path health is measured, \`flowtap_path_*\` come with them: losses, stalls, round trips and verdicts by interface
([diagnose.md](diagnose.md#metrics-of-the-daemon)). Paths between sites have names and metrics of their own
([paths.md](paths.md)). Where payload is inspected, \`flowtap_application_*\`, \`flowtap_dns_*\` and \`flowtap_tls_*\` say what the
traffic was ([applications.md](applications.md#metrics-of-the-daemon)).

- Packets per second: \`sum by (interface) (rate(flowtap_capture_packets_total[1m]))\`
- Share that is lost: \`flowtap:capture_loss:ratio_rate5m\` of
  [config/prometheus/flowtap.rules.yaml](../config/prometheus/flowtap.rules.yaml), which has alerts, too
- A dashboard for Grafana: [config/grafana/flowtap.json](../config/grafana/flowtap.json)
`;

function namesTable(title: string, rows: readonly { name: string; help: string }[]): string {
  const lines = rows.map(({ name, help }) => `| \`${name}\` | ${help.replaceAll('|', '\\|')} |`);
  return `\n### ${title}\n\n| | |\n|---|---|\n${lines.join('\n')}\n`;
}

/** The document's text. */
export function metricsMarkdown(): string {
  const parts = [HEAD];
  for (const [title, metrics] of METRIC_GROUPS) {
    parts.push(`\n## ${title}\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n`);
    for (const { name, type, labels, help } of metrics) {
      const shown = labels.map((label) => `\`${label}\``).join(' ');
      parts.push(`| \`${name}\` | ${type} | ${shown || '–'} | ${help} |\n`);
    }
  }
  const refused = REASONS.filter(({ kind }) => kind !== 'accepted');
  parts.push('\n## Names in labels\n');
  parts.push(
    namesTable(
      'protocol of flowtap_decode_non_ip_packets_total',
      refused.filter(({ kind }) => kind === 'notIp'),
    ),
    namesTable(
      'reason of flowtap_decode_errors_total',
      refused.filter(({ kind }) => kind !== 'notIp'),
    ),
    namesTable('notice of flowtap_decode_notices_total', NOTICES),
  );
  return parts.join('');
}
