/** `flowtap diagnose` as its users meet it: the transfer of background C, its forms, its errors. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DiagnosisLine } from '../lab/wire.ts';
import { PCAPS_FOLDER } from '../support/captures.ts';
import { runFlowtap } from '../support/run-flowtap.ts';
import { RTT_MS, writeBeijingLyon } from './beijing-lyon.ts';

let folder: string;
let capture: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-diagnose-'));
  capture = join(folder, 'beijing-lyon.pcap');
  writeBeijingLyon(capture);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function linesOf(...args: string[]): Promise<DiagnosisLine[]> {
  const { exitCode, stdout, stderr } = await runFlowtap(['diagnose', ...args, '-o', 'json', '-q']);
  expect([exitCode, stderr]).toEqual([0, '']);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as DiagnosisLine);
}

describe('Beijing to Lyon', () => {
  it('has the rates, intervals and silences that iperf printed', async () => {
    const [data, acks] = await linesOf(capture);
    expect(data).toMatchObject({ verdict: 'stalled', sourceTransportPort: 40_000, intervalSeconds: 5 });
    // 23.6 and 7.88 MBytes in 94.5 s; iperf said 2.81 Mbit/s.
    expect(data!.throughputBitsPerSecond! / 2.81e6).toBeGreaterThan(0.98);
    expect(data!.throughputBitsPerSecond! / 2.81e6).toBeLessThan(1.02);
    expect(data!.intervalOctets.map((octets) => Math.round((octets / 1024 / 1024) * 100) / 100)).toEqual([
      ...[23.6, 0, 0, 0, 0, 0, 0, 0, 7.88],
      ...new Array(10).fill(0),
    ]);
    expect(data!.stalledIntervals).toBe(17);
    expect(Math.abs(data!.roundTripTimeMs.mean! - RTT_MS)).toBeLessThan(2);
    expect(data!.lostShare! / 0.008).toBeGreaterThan(0.95);
    expect(data!.lostShare! / 0.008).toBeLessThan(1.1);
    expect(data!.reasons.join('\n')).toMatch(/not acknowledged .* up to/);
    expect(acks!.verdict).not.toBe('stalled');
  });

  it('is told in a sentence', async () => {
    const { stdout, stderr } = await runFlowtap(['diagnose', capture]);
    expect(stdout).toContain('█·······▃··········');
    expect(stdout.replace(/\s+/g, ' ')).toMatch(
      /2\.\d\d Mbit\/s over 9[45] s; RTT 190 ms; 17 of 19 intervals silent; 0\.8\d? % retransmitted: stalled, what it sent was not acknowledged for up to \d+ s/,
    );
    expect(stderr).toMatch(/^Read .*packets/);
    expect(stderr).not.toMatch(/^(Flows|Exported)/m);
  });

  it('has longer intervals if they are asked for', async () => {
    const [data] = await linesOf(capture, '--interval', '10s');
    expect(data).toMatchObject({ verdict: 'stalled', intervalSeconds: 10 });
    expect(data!.intervalOctets).toHaveLength(10);
  });
});

describe('the command', () => {
  it('writes a page beside the report', async () => {
    const page = join(folder, 'report.html');
    const { exitCode } = await runFlowtap(['diagnose', capture, '--html', page, '-q']);
    expect(exitCode).toBe(0);
    expect(readFileSync(page, 'utf8')).toContain('<svg class="chart"');
  });

  it('judges every direction of the demonstration capture', async () => {
    const lines = await linesOf(join(PCAPS_FOLDER, 'demo.pcapng'));
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) expect(line.reasons.length, JSON.stringify(line)).toBeGreaterThan(0);
  });

  it('restricts itself to ports, addresses and sizes', async () => {
    expect(await linesOf(capture, '--port', '5001', '--address', '202.0.0.0/8')).toHaveLength(2);
    for (const flags of [
      ['--port', '80'],
      ['--address', '10.0.0.0/8'],
      ['--min-octets', '1000000000'],
    ]) {
      const { stdout } = await runFlowtap(['diagnose', capture, '-o', 'json', '-q', ...flags]);
      expect(stdout).toBe('');
    }
  });

  it.each([
    [[], 'FILE: found nothing; allowed: at least one FILE, or --live -i IFACE'],
    [['x.pcap', '--live', '-i', 'eth0'], '--live: found "x.pcap"'],
    [['--live'], '--live: found no --interface'],
    [['x.pcap', '--duration', '5s'], '--duration: found no --live'],
    [['x.pcap', '--address', '1.2.3'], '--address: found "1.2.3"; allowed: an address or a network'],
    [['x.pcap', '-o', 'csv'], '--output: found "csv"; allowed: table or json'],
    [['x.pcap', '--top', '-1', '--interval', '1ms'], '--top: found "-1"'],
  ] as const)('%j is a wrong command line', async (args, message) => {
    const { exitCode, stdout, stderr } = await runFlowtap(['diagnose', ...args]);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  it('says which file cannot be read, and which not written', async () => {
    const missing = await runFlowtap(['diagnose', join(folder, 'none.pcap')]);
    expect([missing.exitCode, missing.stderr.includes('none.pcap')]).toEqual([1, true]);
    const page = join(folder, 'no/folder.html');
    const unwritten = await runFlowtap(['diagnose', capture, '--html', page, '-q']);
    expect([unwritten.exitCode, existsSync(page)]).toEqual([1, false]);
    expect(unwritten.stderr).toContain('cannot be written');
  });
});
