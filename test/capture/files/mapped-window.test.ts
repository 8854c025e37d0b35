/** Large files of long records, which are mapped: the same octets as by reading, whoever wants to change the file meanwhile. */
import * as fs from 'node:fs';
import { open as openAgain, truncate } from 'node:fs/promises';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { CAPTURE_OCTETS, openCaptures } from '../../../src/capture/files/capture-source.ts';
import { hasLongRecords, MappedWindow, meanRecordOctets } from '../../../src/capture/files/mapped-window.ts';
import { READ_AHEAD } from '../../../src/capture/files/read-ahead.ts';
import { createEngine } from '../../../src/engine/engine.ts';
import { uint8Array } from '../../../src/records/memory.ts';
import { scratch } from './support.ts';

const PAGE = 65_536;
const MEMORY_OCTETS = 4 * PAGE;
const files = scratch();
afterAll(files.remove);

/** A classic capture of frames of so many octets, each with its number throughout. */
function pcap(frames: number, octets: number): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4);
  const records = Array.from({ length: frames }, (_, i) => {
    const record = Buffer.alloc(16 + octets, i & 0xff);
    record.writeUInt32LE(octets, 8);
    record.writeUInt32LE(octets, 12);
    return record;
  });
  return Buffer.concat([header, ...records]);
}

function open(name: string, content: Buffer) {
  const engine = createEngine(MEMORY_OCTETS + 2 * PAGE);
  const memory = uint8Array(engine.allocatePages, MEMORY_OCTETS);
  const path = files.write(name, content);
  const fd = fs.openSync(path, 'r');
  const window = MappedWindow.open(fd, content.length, memory, new Uint8Array(1000));
  return { path, fd, memory, window: window! };
}

/** Takes `step` octets at a time, while there are some, up to a place in the file. */
function take(window: MappedWindow, step: number, until = Number.POSITIVE_INFINITY): Buffer {
  const taken: Buffer[] = [];
  while (window.octetsConsumed < until && (window.ensureNow(step) || window.ensureNow(1))) {
    const octets = Math.min(step, window.end - window.start);
    const { buffer, byteOffset } = window.view;
    taken.push(Buffer.from(new Uint8Array(buffer, byteOffset + window.start, octets)));
    window.start += octets;
  }
  return Buffer.concat(taken);
}

describe('a mapped file', () => {
  const content = pcap(700, 1500);

  it.each([1516, 5000, 60_000])(
    'has the octets of the file, %d at a time, and none behind its end',
    (step) => {
      const { window, memory } = open('whole.pcap', content);
      expect(take(window, step).equals(content)).toBe(true);
      expect(window.ensureNow(1)).toBe(false);
      window.close();
      window.close();
      // The memory is our own again.
      memory.fill(7);
      expect(memory.every((octet) => octet === 7)).toBe(true);
    },
  );

  it('goes on with reading where a record is longer than the memory', () => {
    const { window } = open('long.pcap', content);
    const first = take(window, 1516, 200_000);
    expect(window.ensureNow(2 * MEMORY_OCTETS)).toBe(true);
    const rest = take(window, 1516);
    expect(Buffer.concat([first, rest]).equals(content)).toBe(true);
    window.close();
  });

  it('is a copy before anybody may truncate it, who has to wait for that alone', async () => {
    const { window, path } = open('cut.pcap', content);
    const first = take(window, 1516, PAGE);
    let isCut = false;
    const cut = truncate(path, 1000).then(() => {
      isCut = true;
    });
    // It asks again and again, as its timer does.
    await vi.waitUntil(
      () => {
        window.look();
        return isCut;
      },
      { timeout: 60_000, interval: 5 },
    );
    await cut;
    expect(fs.statSync(path).size).toBe(1000);
    // The piece that was mapped is there all the same; behind it, the file has ended.
    const rest = take(window, 1516);
    const whole = Buffer.concat([first, rest]);
    expect(whole.length).toBeGreaterThan(MEMORY_OCTETS - 1516);
    expect(whole.equals(content.subarray(0, whole.length))).toBe(true);
    expect(window.ensureNow(1)).toBe(false);
    window.close();
  });

  it('is let go by its timer, while nobody asks for octets', async () => {
    const { window, path } = open('waiting.pcap', content);
    expect(window.ensureNow(100)).toBe(true);
    await truncate(path, 0);
    expect(Buffer.from(window.view.buffer, window.view.byteOffset, 24).equals(content.subarray(0, 24))).toBe(
      true,
    );
    window.close();
  });

  it.each([0, 100])(
    'is let go by its source, which waits for nothing else, with %d ms to reorder in',
    async (reorderWindowMs) => {
      const path = files.write(`source-${reorderWindowMs}.pcap`, content);
      const readAhead = { ...READ_AHEAD, fileOctetsMin: 1 };
      const source = openCaptures([path], { reorderWindowMs, readAhead }, createEngine(CAPTURE_OCTETS));
      expect(await source.more()).toBe(true);
      // One call of the system, on a thread of Node's pool; no timer has its turn meanwhile.
      const cut = openAgain(path, 'w');
      const deadline = performance.now() + 60_000;
      while (fs.statSync(path).size > 0 && performance.now() < deadline) source.look!();
      expect(fs.statSync(path).size).toBe(0);
      await (await cut).close();
      source.close();
    },
  );

  it('is none that is open for writing, or for which the memory is too small or not on a page', () => {
    const path = files.write('written.pcap', content);
    const writer = fs.openSync(path, 'r+');
    const fd = fs.openSync(path, 'r');
    const memory = uint8Array(createEngine(MEMORY_OCTETS + 2 * PAGE).allocatePages, MEMORY_OCTETS);
    expect(MappedWindow.open(fd, content.length, memory)).toBeUndefined();
    fs.closeSync(writer);
    expect(MappedWindow.open(fd, content.length, memory.subarray(0, PAGE))).toBeUndefined();
    expect(MappedWindow.open(fd, content.length, memory.subarray(64))).toBeUndefined();
    const window = MappedWindow.open(fd, content.length, memory);
    expect(window).toBeInstanceOf(MappedWindow);
    window!.close();
  });
});

describe('records', () => {
  const pcapng = (octets: number) => {
    const block = Buffer.alloc(octets);
    block.writeUInt32LE(0x0a0d0d0a);
    block.writeUInt32LE(octets, 4);
    return Buffer.concat(Array.from({ length: 50 }, () => block));
  };

  it.each([
    ['a classic capture', pcap(50, 100), 116],
    ['one of whole frames', pcap(50, 1500), 1516],
    ['pcapng', pcapng(1532), 1532],
    ['the other order of octets', pcap(50, 1500).swap32(), 0],
    ['no capture', Buffer.alloc(5000, 1), 0],
    ['a header alone', pcap(0, 0), 0],
    ['blocks without a length', pcapng(24).fill(0, 4, 8), 0],
    ['nothing', Buffer.alloc(0), 0],
  ])('of %s are as long as they are', (_, content, octets) => {
    expect(meanRecordOctets(content)).toBe(octets);
  });

  it('are long from 512 octets on', () => {
    const isLong = (octets: number) => {
      const fd = fs.openSync(files.write('sample.pcap', pcap(2000, octets)), 'r');
      const answer = hasLongRecords(fd);
      fs.closeSync(fd);
      return answer;
    };
    expect([isLong(490), isLong(510)]).toEqual([false, true]);
    expect(hasLongRecords(-1)).toBe(false);
  });
});
