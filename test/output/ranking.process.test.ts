/** `flowtap replay --top-by` as a user runs it: of several files and a pipe, by several workers, anonymized, and misspelt. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PCAPS_FOLDER } from '../support/captures.ts';
import { runFlowtap } from '../support/run-flowtap.ts';

const DEMO = join(PCAPS_FOLDER, 'demo.pcapng');
const DNS = join(PCAPS_FOLDER, 'ipfixprobe/ipfixprobe-dns.pcap');
const ENTRY = join(import.meta.dirname, '../../src/flowtap.mjs');

async function output(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runFlowtap(['replay', ...args, '-q']);
  expect([exitCode, stderr]).toEqual([0, '']);
  return stdout;
}

type Row = Record<string, string | number | null>;

const rowsOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
const sumOf = (rows: readonly Row[], name: string) => rows.reduce((sum, row) => sum + Number(row[name]), 0);

describe('replay --top-by', () => {
  it('has what the flows have, of several files', async () => {
    const flows = rowsOf(await output(DEMO, DNS, '-o', 'json', '--applications', 'on'));
    const applications = rowsOf(
      await output(DEMO, DNS, '--top-by', 'application', '--top', '0', '-o', 'json'),
    );
    for (const name of ['octetDeltaCount', 'packetDeltaCount'])
      expect(sumOf(applications, name)).toBe(sumOf(flows, name));
    expect(applications.map(({ rank }) => rank)).toEqual(applications.map((_, i) => i + 1));
    const dns = flows.filter(({ applicationName }) => applicationName === 'dns');
    expect(dns.length).toBeGreaterThan(0);
    const row = applications.find(({ applicationName, isGuess }) => applicationName === 'dns' && !isGuess);
    expect(row?.octetDeltaCount).toBe(
      sumOf(
        dns.filter(({ applicationConfidence }) => applicationConfidence !== 1),
        'octetDeltaCount',
      ),
    );
  });

  it('is the same from a pipe, and by two workers', async () => {
    const args = ['--top-by', 'host', '--top', '5', '-o', 'csv'];
    const expected = await output(DEMO, ...args);
    const piped = spawnSync(process.execPath, [ENTRY, 'replay', '-', ...args, '-q'], {
      input: readFileSync(DEMO),
      encoding: 'utf8',
    });
    expect([piped.status, piped.stdout]).toEqual([0, expected]);
    expect(await output(DEMO, ...args, '--workers', '2')).toBe(expected);
    expect(expected.split('\n')).toHaveLength(1 + 5 + 1 + 1);
  });

  it('shows no address and no name where these are hidden', async () => {
    const plain = rowsOf(await output(DEMO, '--top-by', 'host', '-o', 'json'));
    const hidden = rowsOf(await output(DEMO, '--top-by', 'host', '-o', 'json', '--anonymize', 'truncate'));
    const addresses = new Set(plain.map(({ hostAddress }) => hostAddress));
    const shown = hidden.map(({ hostAddress }) => String(hostAddress));
    expect(shown.filter((address) => !/(\.0|::)$/.test(address) && addresses.has(address))).toEqual([]);
    const names = await output(DEMO, '--top-by', 'serverName', '-o', 'json', '--anonymize', 'truncate');
    expect(rowsOf(names).map(({ serverName }) => serverName)).toEqual([null]);
  });

  it('says what is wrong', async () => {
    const wrong = async (...args: string[]) => {
      const { exitCode, stdout, stderr } = await runFlowtap(['replay', DEMO, ...args]);
      expect([exitCode, stdout]).toEqual([2, '']);
      return stderr;
    };
    expect(await wrong('--top-by', 'aplication')).toContain(
      '--top-by: found "aplication"; allowed: flow, application, serverName, host, as, country or network; did you mean application?',
    );
    expect(await wrong('--top-by', 'serverName', '--applications', 'off')).toContain(
      '--applications: found off, and --top-by serverName reads what payload inspection finds; allowed: auto or on',
    );
    expect(await wrong('--top-by', 'host', '--top', '-1')).toContain('--top: found "-1"');
  });
});
