/**
 * Records out of order: what comes out is what a stable sort by time makes of them, whatever the sizes of windows and
 * batches, on the direct path and on the others. The cases' expected numbers are those of Wireshark's reordercap.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type CaptureOptions, openCaptures } from '../../../src/capture/files/capture-source.ts';
import type { PacketSource } from '../../../src/capture/source.ts';
import { createHashSeeds } from '../../../src/metering/table/flow-key.ts';
import { runCounters } from '../../../src/probe/counters.ts';
import { ReplayBatches } from '../../../src/probe/replay/batches.ts';
import { DECODED_WORDS, IP_OCTETS } from '../../../src/records/decoded-words.ts';
import { NO_SECTIONS } from '../../../src/records/record-sections.ts';
import { cases } from '../../support/cases.ts';
import { ethernet, ipv4, pcapFile, udp } from '../../support/frames.ts';
import { testEngine } from '../../support/metering.ts';
import { enhancedPacket, interfaceBlock, sectionHeader } from './support.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'flowtap-order-'));
afterAll(() => rmSync(FOLDER, { recursive: true }));
const BASE_NS = 1_700_000_000_000_000_000n;
const WINDOW_MS = 2;
const KEY = { mac: false, mpls: false, tunnel: false };

interface Seen {
  readonly timeUs: number;
  readonly octets: number;
}

type Format = 'pcap' | 'pcap, big-endian' | 'pcapng' | 'pcapng of two interfaces';

/** The pcapng of these frames, in nanoseconds; with two interfaces every seventh frame is of the second one. */
function pcapngFile(frames: readonly { frame: Uint8Array; timeNs: bigint }[], format: Format): Buffer {
  const isOther = (i: number) => format !== 'pcapng' && i % 7 === 6;
  return Buffer.concat([
    sectionHeader(true),
    interfaceBlock(true, 1, { resolution: 9 }),
    interfaceBlock(true, 1, { resolution: 9, name: 'other' }),
    ...frames.map(({ frame, timeNs }, i) => enhancedPacket(true, isOther(i) ? 1 : 0, timeNs, frame)),
  ]);
}

/** A capture with frames at these times (µs), whose lengths tell them apart. Every ninth is not a common frame. */
function capture(
  times: readonly number[],
  format: Format = 'pcap',
  fromNumber = 0,
): { file: string; all: Seen[] } {
  const all = times.map((timeUs, i) => ({
    timeUs,
    octets: 29 + ((fromNumber + i) % (times.length > 10_000 ? 64 : 1200)),
  }));
  const frames = all.map(({ timeUs, octets }, i) => {
    const packet = ipv4(
      { source: '192.0.2.1', destination: '192.0.2.2', protocol: 17 },
      udp(5000, 53, new Uint8Array(octets - 28)),
    );
    return {
      frame: ethernet(packet, i % 9 === 8 ? { vlans: [1, 2] } : {}),
      timeNs: BASE_NS + BigInt(timeUs) * 1000n,
    };
  });
  const file = join(FOLDER, `${Math.random()}.pcap`);
  const isBlocks = format.startsWith('pcapng');
  const bigEndian = format.endsWith('big-endian');
  writeFileSync(file, isBlocks ? pcapngFile(frames, format) : pcapFile(frames, { bigEndian }));
  return { file, all };
}

async function readAll(
  files: readonly string[],
  options: CaptureOptions,
  capacity = 64,
): Promise<{ seen: Seen[]; source: PacketSource }> {
  const engine = testEngine(64);
  const source = openCaptures(files, options, engine);
  const batches = new ReplayBatches(
    source,
    engine,
    {
      decode: {},
      flowKey: KEY,
      sections: NO_SECTIONS,
      worker: 0,
      workers: 1,
      capacity,
      seeds: createHashSeeds(),
    },
    runCounters(),
    () => {},
  );
  const seen: Seen[] = [];
  for (;;) {
    if (!batches.read()) {
      if (!(await source.more())) break;
      continue;
    }
    const { words, timeNs, count } = batches.prepare();
    for (let i = 0; i < count; i++) {
      const timeUs = Math.round(((source.timeBaseSeconds - 1_700_000_000) * 1e9 + timeNs[i]!) / 1e3);
      seen.push({ timeUs, octets: words[i * DECODED_WORDS + IP_OCTETS]! });
    }
  }
  source.close();
  return { seen, source };
}

/** Where the packets of a capture begin. */
function placesOf(octets: Buffer, format: 'pcap' | 'pcapng'): number[] {
  const places: number[] = [];
  for (let at = format === 'pcap' ? 24 : 0; at < octets.length; ) {
    if (format === 'pcap' || octets.readUInt32LE(at) === 6) places.push(at);
    at += format === 'pcap' ? 16 + octets.readUInt32LE(at + 8) : octets.readUInt32LE(at + 4);
  }
  return places;
}

const sorted = (all: readonly Seen[]) => [...all].sort((a, b) => a.timeUs - b.timeUs);
/** As reordercap counts: records that are earlier than the latest before them. */
const countLate = (times: readonly number[]) =>
  times.filter((time, i) => i > 0 && time < Math.max(...times.slice(0, i))).length;

describe('records out of order', () => {
  it('are handed out in the order of time, as far as they are late by no more than the window', async () => {
    const steps = fc.array(fc.constantFrom(0, 1, 10, 300, 5000), { minLength: 1, maxLength: 400 });
    const lags = fc.array(fc.constantFrom(0, 0, 0, 1, 20, 1000, 2000), { minLength: 400, maxLength: 400 });
    const shapes = fc.record({
      format: fc.constantFrom<Format[]>('pcap', 'pcap, big-endian', 'pcapng', 'pcapng of two interfaces'),
      capacity: fc.constantFrom(1, 3, 64, 1024),
      windowOctets: fc.constantFrom(4096, 20_000, 262_144),
    });
    await fc.assert(
      fc.asyncProperty(steps, lags, shapes, async (gaps, late, { format, capacity, windowOctets }) => {
        let now = 10_000;
        const times = gaps.map((gap, i) => {
          now += gap;
          return now - late[i]!;
        });
        const { file, all } = capture(times, format);
        const options = { reorderWindowMs: WINDOW_MS, windowOctets };
        const { seen, source } = await readAll([file], options, capacity);
        expect(seen).toEqual(sorted(all));
        expect(source.recordsOutOfOrder).toBe(countLate(times));
        expect(source.recordsTooLate).toBe(0);
      }),
      { numRuns: cases(120) },
    );
  });

  it('stay as they stand without a window', async () => {
    const { file, all } = capture([100, 300, 200, 400]);
    expect((await readAll([file], {})).seen).toEqual(all);
    expect((await readAll([file], { reorderWindowMs: 0 })).seen).toEqual(all);
  });

  it('that are too late, and a next file that is earlier, stay behind what they follow; they are counted', async () => {
    const one = capture([50_000, 50_200, 50_100, 10_000, 50_300]);
    const next = capture([1000, 1200, 1100], 'pcap', 500);
    const { seen, source } = await readAll([one.file, next.file], { reorderWindowMs: WINDOW_MS });
    expect(seen.map(({ timeUs }) => timeUs)).toEqual([
      50_000, 50_100, 50_200, 10_000, 50_300, 1000, 1100, 1200,
    ]);
    expect(source.recordsOutOfOrder).toBe(4);
    expect(source.recordsTooLate).toBe(2);
  });

  it('are put in order behind a merge, too', async () => {
    const one = capture([100, 300, 200, 700, 600]);
    const other = capture([150, 250, 650, 640], 'pcap', 600);
    const { seen } = await readAll([one.file, other.file], { order: 'time', reorderWindowMs: WINDOW_MS });
    expect(seen).toEqual(sorted([...one.all, ...other.all]));
  });

  it('may be damaged by a length that goes round all memory', async () => {
    for (const format of ['pcap', 'pcapng'] as const) {
      const { file, all } = capture([100, 200, 300, 400], format);
      const octets = readFileSync(file);
      // Header and frame add up to 2^32, which is 0 in 32 bits.
      const length = Buffer.alloc(4);
      length.writeUInt32LE(format === 'pcap' ? 0xffff_fff0 : 0xffff_ffe0);
      const second = placesOf(octets, format)[1]!;
      length.copy(octets, second + (format === 'pcap' ? 8 : 20));
      writeFileSync(file, octets);
      const { seen, source } = await readAll([file], { reorderWindowMs: WINDOW_MS });
      expect(seen).toEqual(all.slice(0, 1));
      expect(source.errors[0]?.message).toMatch(/captured octets/);
    }
  });

  it.each<Format>(['pcap', 'pcapng'])(
    'are found after a long time in order as well: %s',
    async (format) => {
      const times = Array.from({ length: 130_000 }, (_, i) => i * 10);
      // Late among those at hand; the order from there on is looked at again.
      times[125_000] = times[125_000]! - 25;
      for (let i = 126_001; i < 129_000; i += 2) times[i] = times[i]! - 15;
      const { file, all } = capture(times, format);
      const readAhead = { chunkOctets: 2 ** 21, roomOctets: 2 ** 19, fileOctetsMin: 2 ** 24 };
      const { seen, source } = await readAll([file], { reorderWindowMs: WINDOW_MS, readAhead }, 1024);
      expect(source.recordsOutOfOrder).toBe(1501);
      expect(source.recordsTooLate).toBeLessThanOrEqual(1);
      expect(sorted(seen)).toEqual(sorted(all));
      const late = seen.filter(({ timeUs }, i) => i > 0 && timeUs < seen[i - 1]!.timeUs).length;
      expect(late).toBe(source.recordsTooLate);
    },
    60_000,
  );
});
