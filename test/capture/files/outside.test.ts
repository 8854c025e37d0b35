/** Our reader against readers that are not ours, on captures that are not ours; and against octets that are nobody's. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { CaptureFileError } from '../../../src/base/errors.ts';
import { pcap, type ReadPacket, readAll, scratch } from './support.ts';

const files = scratch();
afterAll(files.remove);

const SHARED = join(import.meta.dirname, '../../../../shared/pcaps');
const REAL = listed('real');
const HOSTILE = listed('hostile');
const hasTshark = spawnSync('tshark', ['--version']).status === 0;
if (!hasTshark) console.warn('SKIPPED: tshark is missing: packets are not compared with its reading');

function listed(folder: string): string[] {
  const path = join(SHARED, folder);
  if (existsSync(path)) return readdirSync(path).map((name) => join(path, name));
  console.warn(`SKIPPED: ../shared/pcaps/${folder} is missing: nothing is read from it`);
  return [];
}

/** One line a packet, fields separated by tabs. */
function runTshark(file: string, fields: readonly string[]) {
  const columns = fields.flatMap((field) => ['-e', field]);
  const options = { encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, TZ: 'UTC' } } as const;
  return spawnSync('tshark', ['-n', '-r', file, '-T', 'fields', ...columns], options);
}

/** What `timeNs` gives for a time: exact near the first packet, else rounded up by at most 512 ns. */
function expectTime(found: bigint, exact: bigint, firstNs: bigint, place: string): void {
  const excess = found - exact;
  const distance = exact > firstNs ? exact - firstNs : firstNs - exact;
  if (distance < 2n ** 52n) expect(excess, place).toBe(0n);
  else expect(excess >= 0n && excess <= 512n, `${place}: ${excess}`).toBe(true);
}

/** Seconds and nine decimals as tshark prints them, in nanoseconds. */
function epochNs(text: string): bigint {
  const [seconds, fraction = ''] = text.split('.');
  return BigInt(seconds!) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
}

describe.skipIf(REAL.length === 0)('real captures', () => {
  it.skipIf(!hasTshark)('have the times and lengths that tshark reads', { timeout: 300_000 }, async () => {
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
    expect(compared).toBeGreaterThan(50);
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

describe.skipIf(HOSTILE.length === 0)('hostile captures', () => {
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

  it.skipIf(!hasTshark)('have as many packets as tshark finds', { timeout: 300_000 }, async () => {
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
      { numRuns: 400 },
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
      { numRuns: 400 },
    );
  });
});
