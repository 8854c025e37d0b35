/** Where the records of a replay go: failures of the thread that takes them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runFlowtap } from '../../cli/flowtap.ts';
import { freeUdpPort } from '../../support/network.ts';

const DEMO = fileURLToPath(new URL('../../../pcaps/demo.pcapng', import.meta.url));

describe('a replay', () => {
  it('reports a collector that does not resolve, with exit code 1', () => {
    const { code, out, err } = runFlowtap(['replay', DEMO, '-o', 'none', '-e', 'ipfix://does-not.invalid']);
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^flowtap: ipfix:\/\/does-not\.invalid:4739: /);
    expect(err).not.toContain('    at ');
  });

  it.each([
    [
      'ipfix://127.0.0.1:PORT',
      /189 flow records went to a collector that refuses them; econnrefused: nothing listens on that port/,
    ],
    [
      'ipfix+tcp://127.0.0.1:PORT?giveUpAfter=100ms',
      /\d+ flow records could not be sent; unreachable: .*spool/,
    ],
  ])('that could not send records to %s says how many, and ends with exit code 1', async (url, expected) => {
    const place = url.replace('PORT', String(await freeUdpPort()));
    const { code, err } = runFlowtap(['replay', DEMO, '-q', '-o', 'none', '-e', place]);
    expect(code).toBe(1);
    expect(err).toMatch(expected);
  });

  it('whose records wait in a spool has lost none', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'flowtap-export-'));
    try {
      const url = `ipfix+tcp://127.0.0.1:${await freeUdpPort()}?spoolDirectory=${directory}`;
      const { code, err } = runFlowtap(['replay', DEMO, '-q', '-o', 'none', '-e', url]);
      expect(err).toContain('wait in the spool for the next run');
      expect(code).toBe(0);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('ends as well when that collector fails in the middle of a long capture', () => {
    const args = ['replay', ...Array(200).fill(DEMO), '-o', 'json', '-e', 'ipfix://does-not.invalid'];
    expect(runFlowtap(args)).toMatchObject({ code: 1 });
  });

  it('prints the encapsulation that a template of one’s own asks for', () => {
    const directory = mkdtempSync(join(tmpdir(), 'flowtap-export-'));
    try {
      const file = join(directory, 'mpls.pcap');
      const hex =
        'd4c3b2a1020004000000000000000000ffff000001000000' +
        '0100000000000000360000003600000002000000000202000000000188470006413f' +
        '4500002400010000401166c60a0000010a000002003500350010000048656c6c6f0000000000';
      writeFileSync(file, Buffer.from(hex, 'hex'));
      const template = 'sourceIPv4Address,mplsTopLabelStackSection,packetDeltaCount';
      const { out } = runFlowtap(['replay', file, '-o', 'json', '--template', template, '-q']);
      expect(JSON.parse(out)).toMatchObject({ mplsTopLabelStackSection: '000641', packetDeltaCount: 1 });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
