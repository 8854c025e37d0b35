/**
 * Named paths of a capture: printed by `flowtap replay --paths`, and as files of path records. The transfer from Beijing
 * to Lyon is what iperf printed; hyparquet and the CSV itself read the files.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RTT_MS, writeBeijingLyon } from '../diagnose/beijing-lyon.ts';
import { runFlowtap } from '../support/run-flowtap.ts';

type Row = Record<string, unknown>;

const CONFIG = `
paths:
  - { name: elsewhere, from: [10.0.0.0/8], to: [134.158.0.0/16] }
  - { name: beijing-lyon, from: [202.122.32.0/24], to: [134.158.0.0/16] }
  - { name: lyon-china, from: [134.158.0.0/16], to: [202.0.0.0/8] }
`;

let folder: string;
let config: string;
let capture: string;

async function replay(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runFlowtap(['replay', capture, '-c', config, '-q', ...args]);
  expect([exitCode, stderr]).toEqual([0, '']);
  return stdout;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-paths-'));
  capture = join(folder, 'beijing-lyon.pcap');
  config = join(folder, 'flowtap.yaml');
  writeBeijingLyon(capture);
  writeFileSync(config, CONFIG);
});
afterAll(() => rmSync(folder, { recursive: true }));

const linesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
const sumOf = (rows: readonly Row[], name: string) => rows.reduce((sum, row) => sum + Number(row[name]), 0);

describe('named paths of a capture', () => {
  it('have what iperf printed, minute by minute', async () => {
    const rows = linesOf(await replay('--paths', '-o', 'json'));
    expect(new Set(rows.map(({ path }) => path))).toEqual(new Set(['beijing-lyon']));
    const data = rows.filter(({ direction }) => direction === 'forward');
    // 94.5 s: two or three minutes.
    expect(data.length).toBeGreaterThan(1);
    for (const { startTime } of rows) expect(Number(new Date(startTime as string)) % 60_000).toBe(0);
    // 23.6 and 7.88 MBytes of payload, 0.8 % lost, in segments of 1460 octets.
    const segments = ((23.6 + 7.88) * 1024 * 1024) / 1460;
    expect(sumOf(data, 'segments') / segments).toBeGreaterThan(1);
    expect(sumOf(data, 'segments') / segments).toBeLessThan(1.02);
    const lostShare = sumOf(data, 'lostSegments') / sumOf(data, 'segments');
    expect(lostShare / 0.008).toBeGreaterThan(0.9);
    expect(lostShare / 0.008).toBeLessThan(1.1);
    expect(Math.abs(Number(data[0]!.roundTripMedianMilliseconds) / RTT_MS - 1)).toBeLessThan(0.05);
    expect(sumOf(data, 'transfers')).toBeGreaterThan(0);
    expect(sumOf(data, 'captureLostSegments')).toBe(0);
    expect(Number(data[0]!.transferPeakBitsPerSecond)).toBeGreaterThan(23e6);
  });

  it('are those of the flows: octets and packets as diagnose and the flow records have them', async () => {
    const rows = linesOf(await replay('--paths', '-o', 'json'));
    const flows = linesOf(await replay('-o', 'json'));
    expect(sumOf(rows, 'octetDeltaCount')).toBe(sumOf(flows, 'octetDeltaCount'));
    expect(sumOf(rows, 'packetDeltaCount')).toBe(sumOf(flows, 'packetDeltaCount'));
  });

  it('are a table for people, the whole capture first', async () => {
    const table = (await replay('--paths', '--top', '1')).split('\n');
    expect(table[0]).toMatch(/^Path +Direction +Flows +Octets/);
    expect(table.slice(1, 7).map((line) => line.split(/\s+/).slice(0, 2).join(' '))).toEqual(
      ['elsewhere', 'beijing-lyon', 'lyon-china'].flatMap((name) => [`${name} forward`, `${name} reverse`]),
    );
    expect(table[3]).toMatch(/ 0\.[78]\d\d\d % .* stalled/);
    expect(table[8]).toMatch(/^Minute \(UTC\) /);
    expect(table[10]).toMatch(/^… and \d more minutes/);
  });

  it('are the same with several workers, and with anonymized addresses', async () => {
    const rows = await replay('--paths', '-o', 'json');
    for (const workers of ['2', '3'])
      expect(await replay('--paths', '-o', 'json', '--workers', workers)).toBe(rows);
    const key = join(folder, 'key');
    writeFileSync(key, new Uint8Array(32).fill(7));
    const hidden = ['--anonymize', 'cryptopan', '--anonymization-key', key];
    expect(await replay('--paths', '-o', 'json', ...hidden)).toBe(rows);
  });

  it('are in files of JSON, CSV and Parquet', async () => {
    const names = ['json', 'csv', 'parquet'].map(
      (kind) =>
        `${kind}:${join(folder, `p.${kind}`)}?records=paths${kind === 'parquet' ? '&compression=snappy' : ''}`,
    );
    const printed = linesOf(await replay('--paths', '-o', 'json'));
    await replay('-o', 'none', ...names.flatMap((name) => ['-e', name]));
    const read = (kind: string) => readFileSync(join(folder, `p.${kind}`), 'utf8');
    expect(linesOf(read('json'))).toEqual(printed);
    const [head, ...lines] = read('csv')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','));
    expect(head).toEqual(Object.keys(printed[0]!));
    const text = (value: unknown) => (value === null ? '' : String(value));
    expect(lines).toEqual(printed.map((row) => Object.values(row).map(text)));
    const file = await asyncBufferFromFile(join(folder, 'p.parquet'));
    const rows = (await parquetReadObjects({ file })) as Row[];
    expect(rows).toHaveLength(printed.length);
    for (const [i, row] of rows.entries()) {
      for (const [name, value] of Object.entries(printed[i]!)) {
        const found = row[name];
        if (name === 'startTime') expect((found as Date).toISOString()).toBe(value);
        else if (typeof value === 'number') expect(Math.abs(Number(found) - value)).toBeLessThan(0.001);
        else expect(found ?? null).toBe(value);
      }
    }
  });

  it('rotate by the minutes that are in a file', async () => {
    const url = `json:${join(folder, 'r-%H%M.json')}?records=paths&rotate=1m`;
    await replay('-o', 'none', '-e', url);
    const printed = linesOf(await replay('--paths', '-o', 'json'));
    for (const startTime of new Set(printed.map((row) => row.startTime as string))) {
      const name = `r-${startTime.slice(11, 13)}${startTime.slice(14, 16)}.json`;
      const rows = linesOf(readFileSync(join(folder, name), 'utf8'));
      expect(rows).toEqual(printed.filter((row) => row.startTime === startTime));
    }
  });

  it('are refused without paths', async () => {
    const { exitCode, stderr } = await runFlowtap(['replay', capture, '--paths']);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/--paths: found it without any path; allowed: paths in the configuration file/);
  });
});
