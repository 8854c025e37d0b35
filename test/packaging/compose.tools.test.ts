/** config/compose.yaml: files that it mounts are there, command lines in it are right, and so is what it configures. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseCommandLine } from '../../src/cli/arguments.ts';
import { mergeConfig } from '../../src/cli/flag-config.ts';
import { contradictions } from '../../src/cli/run-config.ts';
import { describeWithTools } from '../support/tools.ts';

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly network_mode?: string;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const CONFIG = join(import.meta.dirname, '../../config');
const COMPOSE = join(CONFIG, 'compose.yaml');
const { services, volumes } = parse(readFileSync(COMPOSE, 'utf8')) as {
  services: Readonly<Record<string, Service>>;
  volumes: Readonly<Record<string, null>>;
};
const read = (path: string) => parse(readFileSync(join(CONFIG, path), 'utf8'));

/** Files and volumes that a service has, each with its place in the container. */
function mountsOf({ volumes: mounts = [] }: Service): { from: string; to: string }[] {
  return mounts.map((mount) => {
    const [from, to] = mount.split(':');
    return { from: from!, to: to! };
  });
}

it('has files for all that it mounts, and volumes', () => {
  const sources = Object.values(services).flatMap(mountsOf);
  const files = sources.filter(({ from }) => from.startsWith('./'));
  expect(files.length).toBeGreaterThan(5);
  for (const { from } of files) expect(statSync(join(CONFIG, from)).isFile(), from).toBe(true);
  const named = sources.filter(({ from }) => !from.startsWith('./')).map(({ from }) => from);
  expect(named.sort()).toEqual(Object.keys(volumes).sort());
});

it('starts flowtap with a command line that flowtap takes', async () => {
  const words = services.flowtap!.command!.map((word) => word.replace(/\$\{\w+:-(.*?)\}/, '$1'));
  const line = parseCommandLine(words);
  expect(line).toMatchObject({ kind: 'run', command: { name: 'run' } });
  if (line.kind !== 'run') return;
  const config = await mergeConfig('run', line.args, contradictions);
  expect(config.live.interfaces).toEqual(['eth0']);
  expect(config.exporters).toMatchObject([
    { protocol: 'kafka', host: 'localhost', port: 9092, path: 'flows' },
  ]);
  // Where Prometheus looks for it.
  const { targets } = read('compose/prometheus.yml').scrape_configs[0].static_configs[0];
  expect(targets).toEqual([config.metrics.listen]);
});

it('has ClickHouse read the topic that flowtap writes', () => {
  const sql = readFileSync(join(CONFIG, 'clickhouse.sql'), 'utf8');
  expect(sql).toContain("kafka_broker_list = 'localhost:9092'");
  expect(sql).toContain("kafka_topic_list = 'flows'");
  expect(services.clickhouse!.network_mode).toBe('service:kafka');
  const schema = /kafka_schema = '(.*?):/.exec(sql)![1];
  expect(mountsOf(services.clickhouse!).map(({ to }) => to)).toContain(
    `/var/lib/clickhouse/format_schemas/${schema}`,
  );
});

it('opens nothing to other machines', () => {
  for (const { ports = [] } of Object.values(services)) {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  }
  expect(services.prometheus!.command).toContain('--web.listen-address=127.0.0.1:9090');
  expect(services.grafana!.environment).toMatchObject({ GF_SERVER_HTTP_ADDR: '127.0.0.1' });
});

it('has Grafana find Prometheus, ClickHouse and the dashboard', () => {
  const { datasources } = read('compose/grafana-datasources.yaml');
  expect(datasources).toMatchObject([
    { type: 'prometheus', url: 'http://127.0.0.1:9090', isDefault: true },
    { type: services.grafana!.environment!.GF_INSTALL_PLUGINS, jsonData: { host: '127.0.0.1', port: 8123 } },
  ]);
  const folder = read('compose/grafana-dashboards.yaml').providers[0].options.path;
  expect(mountsOf(services.grafana!).map(({ to }) => dirname(to))).toContain(folder);
});

describeWithTools(['promtool'], "Prometheus' part of it", () => {
  it('is right, its rules included', () => {
    const root = mkdtempSync(join(tmpdir(), 'flowtap-compose-'));
    try {
      for (const { from, to } of mountsOf(services.prometheus!)) {
        if (!from.startsWith('./')) continue;
        mkdirSync(dirname(join(root, to)), { recursive: true });
        copyFileSync(join(CONFIG, from), join(root, to));
      }
      const file = join(root, 'etc/prometheus/prometheus.yml');
      const { status, stdout, stderr } = spawnSync('promtool', ['check', 'config', file], {
        encoding: 'utf8',
      });
      expect(status, stderr).toBe(0);
      expect(stdout).toMatch(/SUCCESS: 1 rule files found/);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
