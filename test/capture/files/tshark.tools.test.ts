/** Our reader against tshark's, on captures that are not ours. */
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { describeWithCaptures, sharedCaptures } from '../../support/captures.ts';
import { requireTools } from '../../support/tools.ts';
import { epochNs } from '../../support/tshark.ts';
import { expectTime } from './expect-time.ts';
import { readAll } from './support.ts';

const REAL = sharedCaptures('real');
const HOSTILE = sharedCaptures('hostile');
const hasTshark = requireTools('reading of captures', 'tshark');

/** One line a packet, fields separated by tabs. */
function runTshark(file: string, fields: readonly string[]) {
  const columns = fields.flatMap((field) => ['-e', field]);
  const options = { encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, TZ: 'UTC' } } as const;
  return spawnSync('tshark', ['-n', '-r', file, '-T', 'fields', ...columns], options);
}

describeWithCaptures(
  REAL,
  'real captures',
  () => {
    it('have the times and lengths that tshark reads', { timeout: 300_000 }, async () => {
      let compared = 0;
      for (const file of REAL) {
        const fields = ['frame.time_epoch', 'frame.len', 'frame.cap_len'];
        const tshark = runTshark(file, fields);
        const lines = tshark.stdout.split('\n').filter((line) => line !== '');
        const { packets, error } = await readAll([file]);
        expect(error === undefined, `${file}: ${error} ${tshark.stderr}`).toBe(tshark.status === 0);
        expect(packets.length, file).toBe(lines.length);
        for (const [i, line] of lines.entries()) {
          const [time, wire, captured] = line.split('\t');
          const packet = packets[i]!;
          expectTime(packet.timeNs, epochNs(time!), packets[0]!.timeNs, `${file} ${i + 1}`);
          expect([packet.wire, packet.frame.length / 2], `${file} ${i + 1}`).toEqual([
            Number(wire),
            Number(captured),
          ]);
          compared++;
        }
      }
      expect(compared).toBeGreaterThan(1000);
    });
  },
  hasTshark,
);

describeWithCaptures(
  HOSTILE,
  'hostile captures',
  () => {
    it('have as many packets as tshark finds', { timeout: 300_000 }, async () => {
      for (const file of HOSTILE.filter((_, i) => i % 10 === 0)) {
        const tshark = runTshark(file, ['frame.cap_len']);
        if (/unknown or unsupported/.test(tshark.stderr)) continue; // a link type that is not for tshark
        const { packets } = await readAll([file]);
        const theirs = tshark.stdout.split('\n').filter((line) => line !== '');
        expect(
          packets.map((packet) => `${packet.frame.length / 2}`),
          file,
        ).toEqual(theirs);
      }
    });
  },
  hasTshark,
);
