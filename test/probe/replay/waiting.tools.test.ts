/** A replay that is faster than whoever takes its records: it waits, loses nothing, and can be stopped meanwhile. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startNfcapd } from '../../support/nfcapd.ts';
import { runFlowtap } from '../../support/run-flowtap.ts';
import { describeWithTools } from '../../support/tools.ts';

/** Each of one packet: more than the queues of two meters hold. */
const FLOWS = 60_000;

const folder = mkdtempSync(join(tmpdir(), 'flowtap-waiting-'));
const capture = join(folder, 'flows.pcap');

beforeAll(async () => {
  const source = `10.0.0.0+${FLOWS}`;
  const { exitCode } = await runFlowtap(['generate', '-w', capture, '-n', String(FLOWS), '--source', source]);
  expect(exitCode).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

describeWithTools(['nfcapd', 'nfdump'], 'a replay whose collector is slow', () => {
  it.each([1, 2, 3])('waits for it, and loses nothing, with %d workers', async (workers) => {
    const collector = await startNfcapd();
    const to = `ipfix://127.0.0.1:${collector.port}?rate=2000`;
    const run = await runFlowtap(['replay', capture, '-o', 'none', '--workers', String(workers), '-e', to]);
    const { records, sequenceErrors } = await collector.stop();
    expect(run).toMatchObject({ exitCode: 0 });
    expect(run.stderr).toContain(`${FLOWS.toLocaleString('en-US')} created`);
    const sources = new Set(records.map((record) => record.src4_addr));
    expect([records.length, sources.size, sequenceErrors]).toEqual([FLOWS, FLOWS, 0]);
  });
});
