/** Our reader against readers that are not ours, on captures that are not ours; and against octets that are nobody's. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { CaptureFileError } from '../../../src/base/errors.ts';
import { describeWithCaptures, sharedCaptures } from '../../support/captures.ts';
import { cases } from '../../support/cases.ts';
import { expectTime } from './expect-time.ts';
import { pcap, type ReadPacket, readAll, scratch } from './support.ts';

const files = scratch();
afterAll(files.remove);

const REAL = sharedCaptures('real');
const HOSTILE = sharedCaptures('hostile');

describeWithCaptures(REAL, 'real captures', () => {
  it('are the same to the npm package pcap-parser, where it can read them', {
    timeout: 300_000,
  }, async () => {
    const parser = createRequire(import.meta.url)('pcap-parser') as {
      parse(file: string): NodeJS.EventEmitter;
    };
    let compared = 0;
    for (const file of REAL.filter((name) => ['a1b2c3d4', 'd4c3b2a1'].includes(magicOf(name)))) {
      const theirs: ReadPacket[] = [];
      await new Promise<void>((resolve) => {
        const reading = parser.parse(file);
        reading.on('packet', ({ header, data }) => {
          theirs.push({
            timeNs:
              BigInt(header.timestampSeconds) * 1_000_000_000n + BigInt(header.timestampMicroseconds) * 1000n,
            wire: header.originalLength,
            frame: (data as Buffer).toString('hex'),
            interfaceIndex: 0,
          });
        });
        reading.on('end', resolve);
        reading.on('error', () => resolve());
      });
      const { packets } = await readAll([file]);
      expect(packets.length, file).toBe(theirs.length);
      for (const [i, packet] of packets.entries()) {
        const exact = theirs[i]!.timeNs;
        expectTime(packet.timeNs, exact, packets[0]!.timeNs, `${file} ${i + 1}`);
        expect({ ...packet, timeNs: exact }, `${file} ${i + 1}`).toEqual(theirs[i]);
      }
      compared++;
    }
    expect(compared).toBeGreaterThan(REAL.length / 3);
  });

  it('read alike through windows and chunks', { timeout: 300_000 }, async () => {
    for (const file of REAL) {
      const mapped = await readAll([file], { windowOctets: 1 << 24 });
      const chunked = await readAll([file], { windowOctets: 4096 }, 7);
      expect(chunked, file).toEqual(mapped);
    }
  });
});

function magicOf(file: string): string {
  return readFileSync(file).subarray(0, 4).toString('hex');
}

describeWithCaptures(HOSTILE, 'hostile captures', () => {
  it('are read to their end or a clear error', async () => {
    const errors: string[] = [];
    for (const file of HOSTILE) {
      const start = performance.now();
      const { error } = await readAll([file]);
      // For what would not end; none takes a tenth of a second.
      expect(performance.now() - start, file).toBeLessThan(30_000);
      if (error !== undefined) {
        expect(error, file).toBeInstanceOf(CaptureFileError);
        errors.push(file);
      }
    }
    // Most of them are hostile inside their packets, not as files.
    expect(errors.length).toBeLessThan(HOSTILE.length / 2);
  });
});

describe('octets that are no capture', () => {
  /** Whatever is read must be a CaptureFileError or nothing; `readAll` reads each frame, so it must lie inside too. */
  async function expectSafe(octets: Uint8Array, size: number): Promise<void> {
    const file = files.write('fuzz', octets);
    const { packets, error } = await readAll([file], { windowOctets: size, readOctets: size });
    if (error !== undefined) expect(error).toBeInstanceOf(CaptureFileError);
    const captured = packets.reduce((sum, packet) => sum + packet.frame.length / 2, 0);
    expect(captured).toBeLessThanOrEqual(octets.length);
  }
  const MAGICS = ['d4c3b2a1', 'a1b2c3d4', '4d3cb2a1', '34cdb2a1', '0a0d0d0a', '1f8b0800', '28b52ffd', ''];
  const NG = '0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000';

  it('never do harm', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...MAGICS, 'd4c3b2a1020004000000000000000000ffff000001000000', NG),
        fc.uint8Array({ maxLength: 400 }),
        fc.integer({ min: 1, max: 500 }),
        (magic, rest, size) => expectSafe(Buffer.concat([Buffer.from(magic, 'hex'), rest]), size),
      ),
      { numRuns: cases(400) },
    );
  });

  it('never do harm when they nearly are one', { timeout: 300_000 }, async () => {
    const own = pcap([{ seconds: 1, fraction: 2, frame: Buffer.alloc(60) }]);
    const small = REAL.map((file) => readFileSync(file)).filter((octets) => octets.length < 20_000);
    const seeds = [own, ...small];
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
        fc.nat(),
        async (which, changes, cut) => {
          const octets = Buffer.from(seeds[which % seeds.length]!);
          // Half of the changes hit the headers at the start, where they do the most.
          for (const [at, value] of changes) octets[at % (at % 2 === 0 ? octets.length : 64)] = value;
          const end = cut % 3 === 0 ? cut % octets.length : octets.length;
          await expectSafe(octets.subarray(0, end), 4096);
        },
      ),
      { numRuns: cases(400) },
    );
  });
});
