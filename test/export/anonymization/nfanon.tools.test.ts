/** Anonymized addresses are those that nfanon of nfdump makes. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PCAPS_FOLDER } from '../../support/captures.ts';
import { runFlowtap } from '../../support/run-flowtap.ts';
import { describeWithTools } from '../../support/tools.ts';

const KEY = '32-char-str-for-AES-key-and-pad.';
const folder = mkdtempSync(join(tmpdir(), 'flowtap-anonymization-'));
const keyFile = join(folder, 'key');

beforeAll(() => writeFileSync(keyFile, `${KEY}\n`));
afterAll(() => rmSync(folder, { recursive: true }));

describeWithTools(['nfanon', 'nfcapd', 'nfdump'], 'nfanon', () => {
  it('makes the same IPv4 addresses of the flows that are sent unchanged', async () => {
    const { startNfcapd } = await import('../../support/nfcapd.ts');
    const file = join(PCAPS_FOLDER, 'demo.pcapng');
    const addressesOf = (records: readonly Record<string, unknown>[]) =>
      records
        .filter((record) => record.src4_addr !== undefined)
        .map((record) => `${record.src4_addr} ${record.dst4_addr} ${record.src_port} ${record.in_bytes}`)
        .sort();
    const collect = async (args: readonly string[], change?: (store: string) => void) => {
      const collector = await startNfcapd(change);
      const url = `ipfix://127.0.0.1:${collector.port}`;
      const run = await runFlowtap(['replay', file, '-q', '-o', 'none', '-e', url, ...args]);
      const { records } = await collector.stop();
      expect(run.exitCode, run.stderr).toBe(0);
      return addressesOf(records);
    };
    const ours = await collect(['--anonymize', 'cryptopan', '--anonymization-key', keyFile]);
    const theirs = await collect([], (store) => execFileSync('nfanon', ['-K', KEY, '-r', store, '-q']));
    expect(ours.length).toBeGreaterThan(100);
    expect(ours).toEqual(theirs);
  });
});
