/** Packets that a capture itself says were lost: epb_dropcount, and the drops of Interface Statistics Blocks. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openCaptures } from '../../../src/capture/files/capture-source.ts';
import { createPacketBatch } from '../../../src/records/packet-batch.ts';
import { runFlowtap } from '../../cli/flowtap.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-drops-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const u32 = (...values: number[]) => Buffer.from(Uint32Array.from(values).buffer);
const u16 = (...values: number[]) => Buffer.from(Uint16Array.from(values).buffer);
const END = u32(0);
const count = (code: number, value: bigint) =>
  Buffer.concat([u16(code, 8), Buffer.from(BigUint64Array.of(value).buffer)]);

function block(type: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([u32(type, body.length + 12), body, u32(body.length + 12)]);
}

const SECTION = block(0x0a0d0d0a, u32(0x1a2b3c4d), u16(1, 0), u32(0xffffffff, 0xffffffff));
const INTERFACE = block(1, u16(1, 0), u32(0));
const FRAME = Buffer.alloc(60);
const packet = (interfaceId: number, ...options: Buffer[]) =>
  block(6, u32(interfaceId, 0, 0, FRAME.length, FRAME.length), FRAME, ...options);
const statistics = (interfaceId: number, ...options: Buffer[]) =>
  block(5, u32(interfaceId, 0, 0), ...options);

function write(...blocks: Buffer[]): string {
  const file = join(folder, 'capture.pcapng');
  writeFileSync(file, Buffer.concat(blocks));
  return file;
}

async function dropsOf(...blocks: Buffer[]): Promise<number | undefined> {
  const source = openCaptures([write(...blocks)]);
  const batch = createPacketBatch();
  do while (source.readBatch(batch) > 0);
  while (await source.more());
  expect(source.errors).toEqual([]);
  source.close();
  return source.missing?.recordedDrops;
}

it('adds up what packets say was lost before them', async () => {
  const blocks = [packet(0, count(4, 3n), END), packet(0), packet(0, count(4, 4n), END)];
  expect(await dropsOf(SECTION, INTERFACE, ...blocks)).toBe(7);
});

it('takes the interface’s and the system’s drops, which count from the start', async () => {
  const first = statistics(0, count(4, 100n), count(5, 2n), count(7, 1n), END);
  const last = statistics(0, count(4, 200n), count(5, 20n), count(7, 10n), END);
  expect(await dropsOf(SECTION, INTERFACE, packet(0), first, packet(0), last)).toBe(30);
});

it('counts the same losses once where both tell of them, for each interface', async () => {
  const own = packet(0, count(4, 5n), END);
  const reported = statistics(0, count(5, 4n), count(7, 2n), END);
  const other = packet(1, count(4, 9n), END);
  expect(await dropsOf(SECTION, INTERFACE, INTERFACE, own, other, reported)).toBe(15);
  // A new section has interfaces of its own.
  expect(await dropsOf(SECTION, INTERFACE, own, SECTION, INTERFACE, own)).toBe(10);
});

it('is 0 where a capture says nothing', async () => {
  expect(await dropsOf(SECTION, INTERFACE, packet(0), statistics(0, END), statistics(0))).toBe(0);
});

it.each(['1', '2', '3'])('is in the summary of a replay, with %s workers', (workers) => {
  const file = write(
    SECTION,
    INTERFACE,
    packet(0, count(4, 1200n), END),
    statistics(0, count(5, 1234n), END),
  );
  const { err } = runFlowtap(['replay', file, '-o', 'none', '--workers', workers]);
  expect(err).toContain('1,234 packets lost when it was captured, as it says itself: in no flow');
});
