/**
 * Networks in what a replay prints and writes: the databases and networks of this folder, the flows of pcaps/demo.pcapng,
 * whose addresses are of 10.1.0.0/16, 10.2.0.0/16, 10.3.0.0/16 and others; and what becomes of a database that is absent
 * or broken.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import protobuf from 'protobufjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PCAPS_FOLDER } from '../support/captures.ts';
import { runFlowtap } from '../support/run-flowtap.ts';
import { databaseOctets, databasePath } from './support.ts';

const CAPTURE = join(PCAPS_FOLDER, 'demo.pcapng');
const DATABASES = `${databasePath('asn-24.mmdb')},${databasePath('country-28.mmdb')}`;
const NETWORKS = `enrichment:
  networks:
    - { prefix: 10.3.0.0/16, name: "far, away", as: 65010, site: Lyon }
`;

type Line = Readonly<Record<string, string | number>>;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-networks-'));
  writeFileSync(join(folder, 'networks.yaml'), NETWORKS);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function replay(...args: string[]): Promise<string> {
  const run = await runFlowtap(['replay', CAPTURE, '-q', ...args]);
  expect(run.exitCode, run.stderr).toBe(0);
  return run.stdout;
}

const linesOf = (text: string): Line[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

/** The networks of an address of the capture. */
function expectedOf(address: string) {
  const [second, third] = address.split('.').slice(1).map(Number);
  if (!address.startsWith('10.')) return {};
  if (second === 3) return { as: 65_010, bits: 16, country: 'FR', network: 'far, away', site: 'Lyon' };
  const country = second === 1 && third === 2 ? 'DE' : 'FR';
  if (second !== 1) return { as: 64_500, country, asName: 'Ten Networks' };
  return { as: 64_501, country, asName: 'Within Ten' };
}

function endOf(line: Line, end: 'source' | 'destination') {
  const bgp = end === 'source' ? 'bgpSourceAsNumber' : 'bgpDestinationAsNumber';
  const known = {
    as: line[bgp],
    bits: line[`${end}IPv4PrefixLength`],
    country: line[`${end}CountryCode`],
    asName: line[`${end}AsName`],
    network: line[`${end}NetworkName`],
    site: line[`${end}SiteName`],
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}

describe('a replay', () => {
  it('has the networks of both ends in its table, where any are known', async () => {
    const given = ['--mmdb', DATABASES, '--config', join(folder, 'networks.yaml')];
    const lines = (await replay(...given)).split('\n');
    expect(lines[0]).toMatch(/ Responder +From +To +Application/);
    const line = lines.find((one) => one.includes('10.1.0.13:46750'));
    expect(line).toMatch(/→ 10\.3\.0\.20:443 +Within Ten FR +far, away FR +tls far\.example/);
    // Without databases of countries and names, there is the number.
    const own = join(folder, 'own.yaml');
    writeFileSync(own, 'enrichment: { networks: [{ prefix: 10.1.0.0/16, as: 4200000000 }] }');
    expect(await replay('--config', own)).toMatch(
      /10\.1\.0\.13:46750 +→ 10\.3\.0\.20:443 +AS4200000000 +tls/,
    );
    expect(await replay()).not.toMatch(/From +To|Within Ten/);
    expect(await replay(...given, '--anonymize', 'truncate')).not.toContain('far, away');
  });

  it('prints the networks of both ends', async () => {
    const text = await replay('-o', 'json', '--mmdb', DATABASES, '--config', join(folder, 'networks.yaml'));
    const lines = linesOf(text).filter(({ sourceIPv4Address }) => sourceIPv4Address !== undefined);
    expect(lines.length).toBeGreaterThan(100);
    for (const line of lines) {
      for (const end of ['source', 'destination'] as const) {
        const address = String(line[`${end}IPv4Address`]);
        // Prefixes of databases are those of their pieces: mmdb-file.test.ts has them.
        const { bits, ...others } = endOf(line, end);
        const { bits: wanted, ...expected } = { bits, ...expectedOf(address) };
        expect([address, others, bits]).toEqual([address, expected, wanted]);
      }
    }
  });

  it('prints what it printed before where no networks are configured', async () => {
    const line = linesOf(await replay('-o', 'json'))[0]!;
    expect(Object.keys(line).filter((key) => /As|Country|PrefixLength/.test(key))).toEqual([]);
  });

  it('writes them to files of lines and messages', async () => {
    const [json, csv, messages] = ['flows.json', 'flows.csv', 'flows.pb'].map((name) => join(folder, name));
    await replay(
      ...['-o', 'none', '--mmdb', DATABASES, '--config', join(folder, 'networks.yaml')],
      ...['-e', `json:${json}`, '-e', `csv:${csv}`, '-e', `protobuf:${messages}`],
    );
    const lines = linesOf(readFileSync(json!, 'utf8'));
    const known = lines.filter((line) => line.destinationNetworkName === 'far, away');
    expect(known.length).toBeGreaterThan(0);
    for (const line of known) expect(line).toMatchObject({ bgpDestinationAsNumber: 65_010 });
    expect(readFileSync(csv!, 'utf8')).toContain('"far, away"');
    const root = protobuf.loadSync(join(import.meta.dirname, '../../config/flow.proto'));
    const type = root.lookupType('flowpb.FlowMessage');
    const reader = protobuf.Reader.create(readFileSync(messages!));
    const found: Record<string, unknown>[] = [];
    while (reader.pos < reader.len) found.push(type.toObject(type.decodeDelimited(reader)));
    const asked = (line: Line) => [
      line.bgpSourceAsNumber ?? 0,
      line.bgpDestinationAsNumber ?? 0,
      line.sourceCountryCode ?? '',
      line.destinationNetworkName ?? '',
    ];
    const sent = found.map(({ srcAs, dstAs, sourceCountryCode, destinationNetworkName }) => [
      srcAs ?? 0,
      dstAs ?? 0,
      sourceCountryCode ?? '',
      destinationNetworkName ?? '',
    ]);
    expect(sent.map(String).sort()).toEqual(lines.map(asked).map(String).sort());
  });
});

describe('a database that cannot be used', () => {
  it.each([
    ['is absent', undefined, 'ENOENT'],
    ['is no database', Buffer.from('1.0.0.0/24,13335'), 'no metadata of a MaxMind DB at its end'],
    ['is cut', databaseOctets('asn-24.mmdb').subarray(0, 900), 'no metadata of a MaxMind DB at its end'],
    ['is packed', gzipSync(databaseOctets('asn-24.mmdb')), 'compressed: unpack it (gunzip)'],
    ['tells nothing', databaseOctets('other-24.mmdb'), 'Test-Other, which tells no autonomous systems'],
  ])('%s: an error that names it', async (what, octets, reason) => {
    const file = join(folder, `${what.replaceAll(' ', '-')}.mmdb`);
    if (octets !== undefined) writeFileSync(file, octets);
    const run = await runFlowtap(['replay', CAPTURE, '-q', '-o', 'json', '--mmdb', `${DATABASES},${file}`]);
    expect(run.stderr).toContain(`enrichment.databases: found ${file}: ${reason}`);
    expect([run.exitCode, run.stdout]).toEqual([2, '']);
  });

  it('is a fault of the configuration file that check-config finds', async () => {
    const [file, absent] = [join(folder, 'faulty.yaml'), join(folder, 'gone.mmdb')];
    writeFileSync(file, `enrichment: { databases: [${databasePath('asn-24.mmdb')}, ${absent}] }\n`);
    const run = await runFlowtap(['check-config', file]);
    expect([run.exitCode, run.stdout]).toEqual([2, '']);
    expect(run.stderr).toContain(
      `${file}: enrichment.databases: found ${absent}: ENOENT; allowed: a MaxMind DB file`,
    );
    writeFileSync(file, `enrichment: { databases: [${databasePath('asn-24.mmdb')}] }\n`);
    expect((await runFlowtap(['check-config', file])).exitCode).toBe(0);
  });
});
