/**
 * `flowtap replay --top-by as|country|network`: the flows of pcaps/demo.pcapng, added up here by what test/networks knows of
 * their addresses; and which option is lacking where nothing tells networks.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PCAPS_FOLDER } from '../support/captures.ts';
import { runFlowtap } from '../support/run-flowtap.ts';
import { databasePath } from './support.ts';

const CAPTURE = join(PCAPS_FOLDER, 'demo.pcapng');
const DATABASES = `${databasePath('asn-24.mmdb')},${databasePath('country-28.mmdb')}`;
const NETWORKS = `enrichment:
  networks:
    - { prefix: 10.3.0.0/16, name: "far, away", as: 65010, site: Lyon }
`;

type Row = Readonly<Record<string, string | number | null>>;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-ranking-'));
  writeFileSync(join(folder, 'networks.yaml'), NETWORKS);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function replay(...args: string[]): Promise<Row[]> {
  const all = ['replay', CAPTURE, '-q', '-o', 'json', '--top', '0', ...args];
  const run = await runFlowtap(all);
  expect(run.exitCode, run.stderr).toBe(0);
  return run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
}

/** Whose an address of the capture is, by the databases' own script and NETWORKS. */
function expectedOf(address: string): Readonly<Record<string, string | number | null>> {
  if (address.startsWith('fd')) return { as: 4_294_967_295, country: null, network: null };
  const [first, second, third] = address.split('.').map(Number);
  if (first !== 10 || address.includes(':')) return { as: null, country: null, network: null };
  if (second === 3) return { as: 65_010, country: 'FR', network: 'far, away' };
  const country = second === 1 && third === 2 ? 'DE' : 'FR';
  return { as: second === 1 ? 64_501 : 64_500, country, network: null };
}

describe('a ranking', () => {
  it.each([
    ['as', 'bgpAsNumber'],
    ['country', 'countryCode'],
    ['network', 'networkName'],
  ])('by %s is the sum of the flows of its addresses, those within one once', async (topBy, field) => {
    const flows = await replay();
    const sums = new Map<string | number | null, { octets: number; sent: number; received: number }>();
    for (const flow of flows) {
      const octets = Number(flow.octetDeltaCount);
      const [source, destination] = ['source', 'destination'].map(
        (end) => expectedOf(String(flow[`${end}IPv4Address`] ?? flow[`${end}IPv6Address`]))[topBy]!,
      );
      for (const name of new Set([source, destination])) {
        const sum = sums.get(name ?? null) ?? { octets: 0, sent: 0, received: 0 };
        sum.octets += octets;
        if (name === source) sum.sent += octets;
        if (name === destination) sum.received += octets;
        sums.set(name ?? null, sum);
      }
    }
    const rows = await replay('--top-by', topBy, '--mmdb', DATABASES, '-c', join(folder, 'networks.yaml'));
    const found = rows.map((row) => [
      row[field],
      { octets: row.octetDeltaCount, sent: row.sentOctets, received: row.receivedOctets },
    ]);
    expect(new Map(found as [string, unknown][])).toEqual(sums);
    expect(rows).toHaveLength(sums.size);
    expect(sums.size).toBeGreaterThan(1);
  });

  it('names what it lacks', async () => {
    const wrong = async (topBy: string, ...args: string[]) => {
      const { exitCode, stderr } = await runFlowtap(['replay', CAPTURE, '--top-by', topBy, ...args]);
      expect(exitCode).toBe(2);
      return stderr;
    };
    expect(await wrong('as')).toContain(
      '--top-by: found as; allowed: another one without a database of networks (--mmdb FILE, enrichment.databases) or networks of your own (enrichment.networks in the configuration file)',
    );
    expect(await wrong('country', '-c', join(folder, 'networks.yaml'))).toContain('--mmdb FILE');
    expect(await wrong('network', '--mmdb', DATABASES)).toContain('enrichment.networks');
  });

  it('drops names of networks where addresses are hidden', async () => {
    const networks = ['-c', join(folder, 'networks.yaml'), '--anonymize', 'truncate'];
    const rows = await replay('--top-by', 'network', ...networks);
    expect(rows.map(({ networkName }) => networkName)).toEqual([null]);
  });
});
