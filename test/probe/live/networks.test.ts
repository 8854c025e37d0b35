/**
 * Databases of a live probe that are replaced while it runs: by a rename, as geoipupdate does, in place, and by somebody who
 * says that there is something new. A broken one is refused and told, and the former one stays.
 */
import { copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { buildConfig } from '../../../src/config/config.ts';
import { LiveNetworks } from '../../../src/probe/live/networks.ts';
import { recordBatch } from '../../export/records.ts';
import { addressWords, databaseOctets, databasePath } from '../../networks/support.ts';
import { waitFor } from '../../support/wait.ts';

let folder = '';
let file = '';
let lines: string[] = [];
let networks: LiveNetworks | undefined;
const log = {
  write: (level: string, _kind: string | undefined, message: string) =>
    void lines.push(`${level}: ${message}`),
  setStyle: () => {},
};

function configOf(databases: readonly string[], own: readonly string[] = []) {
  return buildConfig(
    new Map([
      ['enrichment.databases', databases],
      ['enrichment.networks', own],
    ]),
    [],
  );
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-live-networks-'));
  file = join(folder, 'asn.mmdb');
  copyFileSync(databasePath('asn-24.mmdb'), file);
  lines = [];
});
afterEach(async () => {
  await networks?.stop();
  networks = undefined;
  rmSync(folder, { recursive: true });
});

async function open(): Promise<LiveNetworks> {
  networks = await LiveNetworks.open(configOf([file]), log);
  await networks.start();
  return networks;
}

/** The autonomous system that a record of 192.0.2.1 gets. */
function asOf({ enrichment }: LiveNetworks): number {
  const source = [...addressWords('192.0.2.1').words] as [number, number, number, number];
  const forward = { packets: 1, octets: 40, firstNs: 0, lastNs: 0 };
  const flow = { source, destination: source, ipVersion: 4, protocol: 17, ports: [1, 2], forward } as const;
  const batch = recordBatch([flow]);
  enrichment?.apply(batch);
  return batch.words[56]!;
}

/** Puts a file in the place of the database, as a whole. */
function rename(octets: Uint8Array): void {
  const fresh = join(folder, 'asn.mmdb.new');
  writeFileSync(fresh, octets);
  renameSync(fresh, file);
}

it('is taken over when it is renamed over the former one, again and again', async () => {
  const live = await open();
  expect(asOf(live)).toBe(64_496);
  for (const [name, as] of [
    ['newer-24.mmdb', 64_497],
    ['asn-24.mmdb', 64_496],
  ] as const) {
    rename(databaseOctets(name));
    await waitFor(`${name} is taken over`, () => asOf(live) === as);
  }
  expect(live.statistics.databases).toMatchObject([{ file, databaseType: 'Test-ASN', refused: 0 }]);
  expect(lines).toEqual([
    expect.stringContaining(`info: ${file}: Test-ASN of 2025-10-09T08:53:20.000Z is in use now`),
    expect.stringContaining(`info: ${file}: Test-ASN of`),
  ]);
});

it('is taken over when it is written in place', async () => {
  const live = await open();
  writeFileSync(file, databaseOctets('newer-24.mmdb'));
  await waitFor('it is taken over', () => asOf(live) === 64_497);
});

it('is refused where the new one is broken, and taken over once it is right', async () => {
  const live = await open();
  rename(databaseOctets('newer-24.mmdb').subarray(0, 700));
  await waitFor('it is refused', () => live.statistics.databases[0]!.refused === 1);
  expect(asOf(live)).toBe(64_496);
  expect(lines).toEqual([
    `error: ${file}: no metadata of a MaxMind DB at its end; the former database stays in use`,
  ]);
  // Looking again at the same broken file tells nothing new.
  await live.refresh();
  expect(live.statistics.databases[0]!.refused).toBe(1);
  rmSync(file);
  await live.refresh();
  expect(live.statistics.databases[0]!.refused).toBe(2);
  expect(asOf(live)).toBe(64_496);
  rename(databaseOctets('newer-24.mmdb'));
  await waitFor('it is taken over', () => asOf(live) === 64_497);
});

it('is taken over at once where somebody says so', async () => {
  const live = await open();
  rename(databaseOctets('newer-24.mmdb'));
  await live.refresh();
  expect(asOf(live)).toBe(64_497);
});

it('stays where another configuration names a broken one, and gives way to a right one', async () => {
  const live = await open();
  const broken = join(folder, 'broken.mmdb');
  writeFileSync(broken, 'nothing');
  await expect(live.prepare(configOf([file, broken]))).rejects.toThrow(/broken\.mmdb: no metadata/);
  expect(asOf(live)).toBe(64_496);
  const prepared = await live.prepare(configOf([file], ['192.0.2.0/25;as=65000']));
  expect(asOf(live)).toBe(64_496);
  prepared.commit();
  expect(asOf(live)).toBe(65_000);
  (await live.prepare(configOf([], []))).commit();
  expect([live.enrichment, live.statistics.databases]).toEqual([undefined, []]);
  (await live.prepare(configOf([databasePath('newer-24.mmdb')]))).commit();
  expect(asOf(live)).toBe(64_497);
});

it('is an error at the start that names the file where it cannot be used', async () => {
  const absent = join(folder, 'absent.mmdb');
  await expect(LiveNetworks.open(configOf([absent]), log)).rejects.toThrow(
    `enrichment.databases: found ${absent}: ENOENT; allowed: a MaxMind DB file`,
  );
});
