/**
 * The files for Prometheus and Grafana: rules that promtool tests, a dashboard whose queries a real Prometheus
 * answers, and that Prometheus scraping a daemon with packets to meter and a collector that is not there.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInLab, Lab, type Namespace, waitForPort } from '../lab/lab.ts';
import { startDaemon } from '../probe/live/daemon-support.ts';
import { PCAPS_FOLDER } from '../support/captures.ts';
import { describeWithTools } from '../support/tools.ts';
import { CONFIG, queries, RULES, rules } from './rules.ts';

describeWithTools(['promtool'], 'promtool', () => {
  it.each([
    ['check', 'flowtap.rules.yaml'],
    ['test', 'flowtap.rules.test.yaml'],
  ])('%s rules %s', (verb, file) => {
    const run = spawnSync('promtool', [verb, 'rules', file], {
      cwd: join(CONFIG, 'prometheus'),
      encoding: 'utf8',
    });
    expect(run.stdout + run.stderr).toContain('SUCCESS');
    expect(run.status).toBe(0);
  });
});

describeInLab(['prometheus', 'tcpreplay', 'curl'], 'Prometheus', () => {
  let lab: Lab;
  let probe: Namespace;
  let folder: string;
  let inside: string;

  /** What the HTTP API of Prometheus answers. */
  async function ask<T>(path: string, query?: string): Promise<T> {
    const about = query === undefined ? [] : ['--data-urlencode', `query=${query}`];
    const { stdout } = await probe.run([
      'curl',
      '-s',
      '-G',
      ...about,
      `http://127.0.0.1:9090/api/v1/${path}`,
    ]);
    const answer = JSON.parse(stdout) as { status: string; data: T; error?: string };
    expect(answer.error ?? answer.status, `${path} ${query}`).toBe('success');
    return answer.data;
  }
  type Vector = { result: { metric: Record<string, string>; value: [number, string] }[] };
  const query = async (text: string) => (await ask<Vector>('query', text)).result;

  async function queryUntil(text: string, isReached: (value: number) => boolean): Promise<number> {
    const deadline = performance.now() + 90_000;
    while (performance.now() < deadline) {
      const [first] = await query(text);
      if (first !== undefined && isReached(Number(first.value[1]))) return Number(first.value[1]);
      await delay(250);
    }
    throw new Error(`${text}: ${JSON.stringify(await query(text))}`);
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'flowtap-prometheus-'));
    lab = new Lab('prometheus');
    const sender = lab.namespace('sender');
    probe = lab.namespace('probe');
    const link = lab.connect(sender, probe, { quiet: true, mtuOctets: 9000 });
    inside = link[1];
    writeFileSync(
      join(folder, 'prometheus.yml'),
      JSON.stringify({
        global: { scrape_interval: '1s', evaluation_interval: '1s' },
        rule_files: [RULES],
        scrape_configs: [{ job_name: 'flowtap', static_configs: [{ targets: ['127.0.0.1:9669'] }] }],
      }),
    );
    const flags = ['-e', 'netflow9://127.0.0.1:2055', '--idle-timeout', '200ms', '--applications', 'on'];
    await startDaemon(probe, '-i', inside, ...flags);
    const prometheus = probe.start([
      'prometheus',
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      '--web.listen-address=127.0.0.1:9090',
    ]);
    await waitForPort(prometheus, 'tcp', 9090);
    // It listens before it has read its storage, and answers "Service Unavailable" until then.
    await probe.run([
      'curl',
      '-sS',
      '--fail',
      '-o',
      '/dev/null',
      '--retry',
      '60',
      '--retry-delay',
      '1',
      '--retry-all-errors',
      'http://127.0.0.1:9090/-/ready',
    ]);
    await queryUntil('up{job="flowtap"}', (value) => value === 1);
    // A rate needs two scrapes that differ.
    for (const name of ['demo.pcapng', 'ipfixprobe/ipfixprobe-dns.pcap']) {
      const capture = join(PCAPS_FOLDER, name);
      await sender.run(['tcpreplay', '-q', '-i', link[0], '--pps', '1000', '--loop', '3', capture]);
    }
  });
  afterAll(async () => {
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('scrapes the daemon, and has the packets that the kernel counted, and their rate', async () => {
    const { rxPackets } = probe.counters(inside);
    await queryUntil('sum(flowtap_capture_packets_total)', (value) => value === rxPackets);
    await queryUntil('sum(rate(flowtap_capture_packets_total[1m]))', (value) => value > 0);
    await queryUntil('flowtap:capture_packets:rate5m', (value) => value > 0);
    await queryUntil('flowtap:capture_loss:ratio_rate5m', (value) => value === 0);
    const { activeTargets } = await ask<{ activeTargets: { health: string; lastError: string }[] }>(
      'targets',
    );
    expect(activeTargets).toEqual([expect.objectContaining({ health: 'up', lastError: '' })]);
  });

  it('evaluates every rule, and sees that the collector is not there', async () => {
    await queryUntil('ALERTS{alertname="FlowtapCollectorFailing"}', (value) => value === 1);
    const { groups } = await ask<{
      groups: { rules: { name: string; health: string; state?: string; lastError?: string }[] }[];
    }>('rules');
    const loaded = groups.flatMap((group) => group.rules);
    expect(loaded.map(({ name }) => name).sort()).toEqual(
      rules.map(({ record, alert }) => record ?? alert!).sort(),
    );
    expect(loaded.filter(({ health }) => health !== 'ok')).toEqual([]);
    const raised = loaded.filter(({ state }) => state !== undefined && state !== 'inactive');
    expect(raised.map(({ name }) => name)).toEqual(['FlowtapCollectorFailing']);
  });

  it('has what the DNS of the wire was, by application and response code', async () => {
    await queryUntil('flowtap_application_flows_total{application="dns"}', (value) => value > 0);
    await queryUntil('sum(flowtap_dns_responses_total)', (value) => value > 0);
    await queryUntil('flowtap_dns_response_time_seconds_count', (value) => value > 0);
  });

  it('answers every query of the dashboard', async () => {
    const variables: Readonly<Record<string, string>> = {
      $instance: '.*',
      $interface: '.*',
      $__rate_interval: '1m',
    };
    for (const text of queries) {
      const whole = text.replace(/\$(__rate_interval|instance|interface)/g, (name) => variables[name]!);
      const series = await query(whole);
      // No super-packet came by, so that their quotient is 0 / 0.
      if (!text.includes('super_packet')) expect(series.length, whole).toBeGreaterThan(0);
    }
  });
});
