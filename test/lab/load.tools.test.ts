/**
 * `flowtap run` under the load of `flowtap generate`, in network namespaces: packets offered = packets in flow records +
 * losses that were counted, and nfcapd has stored just those records. Also when the ring is much too small.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { GenerateReport } from '../../src/generate/generate.ts';
import {
  collected,
  LAUNCHER,
  scrapeUntil,
  startCollector,
  startDaemon,
  stopCollector,
  total,
} from '../probe/live/daemon-support.ts';
import { describeInLab, Lab, type LabProcess, type Namespace } from './lab.ts';

const GENERATE = [process.execPath, LAUNCHER, 'generate', '-o', 'json'];
const COLLECTOR_PORT = 4739;

let lab: Lab;
let sender: Namespace;
let receiver: Namespace;
let folder: string;
let collector: LabProcess;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-load-'));
  lab = new Lab('load');
  [sender, receiver] = [lab.namespace('sender'), lab.namespace('probe')];
  lab.connect(sender, receiver, { names: ['out0', 'in0'] });
  collector = await startCollector(receiver, folder, COLLECTOR_PORT);
});

afterEach(async () => {
  await lab.close();
  rmSync(folder, { recursive: true, force: true });
});

function numberIn(pattern: RegExp, text: string): number {
  const found = pattern.exec(text);
  expect(found, `${pattern} in:\n${text}`).not.toBeNull();
  return Number(found![1]!.replaceAll(',', ''));
}

/** Loads the probe with one generator for each list of options; checks the balance and what nfcapd got. */
async function load(probeOptions: readonly string[], generators: readonly string[]) {
  const url = `ipfix://127.0.0.1:${COLLECTOR_PORT}`;
  const probe = await startDaemon(receiver, '-i', 'in0', '-e', url, ...probeOptions);
  const results = await Promise.all(
    generators.map((options) => sender.run([...GENERATE, '-i', 'out0', ...options.split(' ')])),
  );
  const reports = results.map(({ stdout, stderr }) => {
    expect(stderr).toBe('');
    return JSON.parse(stdout) as GenerateReport;
  });
  const sent = reports.reduce((sum, { packets }) => sum + packets, 0);
  expect(receiver.counters('in0').rxPackets).toBe(sent);
  const series = await scrapeUntil(receiver, (now) => {
    const seen = total(now, 'flowtap_capture_packets_total');
    return seen + total(now, 'flowtap_capture_packets_dropped_total') >= sent;
  });
  const { code, stderr } = await probe.stop('SIGTERM');
  expect(code, stderr).toBe(0);
  expect(stderr).not.toContain('unaccounted');
  expect(numberIn(/Packets: ([\d,]+) offered/, stderr)).toBe(sent);
  const inRecords = numberIn(/([\d,]+) in flow records/, stderr);
  const dropped = total(series, 'flowtap_capture_packets_dropped_total');
  // Records that an exporting process far behind had no room for are lost too, and no packets of the ring's.
  const lost = Number((/\+ ([\d,]+) lost/.exec(stderr)?.[1] ?? '0').replaceAll(',', ''));
  expect(lost, stderr).toBeGreaterThanOrEqual(dropped);
  expect(inRecords + lost, stderr).toBe(sent);
  await stopCollector(collector, COLLECTOR_PORT);
  const stored = await collected(receiver, folder);
  expect(stored.packets).toBe(inRecords);
  return { reports, dropped, lost, stored, stderr };
}

const octetsOf = (reports: readonly GenerateReport[]) => reports.reduce((sum, { octets }) => sum + octets, 0);

describeInLab(['nfcapd', 'nfdump', 'curl'], 'flowtap run under load', () => {
  it('loses none of 4,096 flows of 64 octets as fast as one generator sends', async () => {
    const { dropped, stored, reports } = await load([], ['-n 200k --rate max --flows 4096 --order random']);
    expect(dropped).toBe(0);
    expect(stored).toEqual({ flows: 4096, packets: 200_000, octets: octetsOf(reports) - 200_000 * 14 });
  });

  it('meters both families, TCP and UDP, tagged and not, of all sizes', async () => {
    const { dropped, stored, reports } = await load(
      [],
      [
        '-n 30k --rate 60k --size imix --flows 500',
        '-n 20k --rate 40k --size 90:1,1514:1 -6 --protocol tcp --flows 300',
        '-n 10k --rate 20k --size 200 --vlan 42 --flows 100 --source 10.99.0.1+100',
      ],
    );
    expect(dropped).toBe(0);
    const headers = 60_000 * 14 + 10_000 * 4;
    expect(stored).toEqual({ flows: 900, packets: 60_000, octets: octetsOf(reports) - headers });
  });

  it('counts what a ring that is too small drops', async () => {
    const small = ['--ring-blocks', '2', '--flow-table-entries', '4096'];
    const { stored, stderr, dropped, lost } = await load(small, [
      '-n 300k --rate max --size 512 --flows 100k --order random',
      '-n 300k --rate max --size 512 --flows 100k --order random --seed 2',
    ]);
    expect(stored.packets + lost).toBe(600_000);
    if (dropped > 0) expect(stderr).toMatch(/dropped by the ring/);
  });
});
