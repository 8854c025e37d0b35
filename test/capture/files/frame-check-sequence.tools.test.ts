/** Where a capture says that frames end with a frame check sequence, tshark finds it there too. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeWithTools } from '../../support/tools.ts';
import { PRESENT, pcap, pcapng, WHOLE } from './fcs-captures.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-fcs-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describeWithTools(['tshark'], 'the same frame in tshark', () => {
  it.each<[string, Buffer]>([
    ['pcap header', pcap(PRESENT, WHOLE, 56)],
    ['if_fcslen', pcapng({ interfaceFcs: 4 })],
    ['epb_flags', pcapng({ flags: 4 << 5 })],
  ])('ends with a frame check sequence by %s', (_, bytes) => {
    const file = join(folder, 'capture');
    writeFileSync(file, bytes);
    const args = ['-r', file, '-T', 'fields', '-e', 'eth.fcs'];
    const out = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    expect(out.trim()).toBe('0xdeadbeef');
  });
});
