/** Frames that another thread still reads: no window is read into again where they may lie. */
import { openSync } from 'node:fs';
import { truncate } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { FileWindow } from '../../../src/capture/files/byte-window.ts';
import { MappedWindow } from '../../../src/capture/files/mapped-window.ts';
import { ReadAheadWindow, readAheadOctets } from '../../../src/capture/files/read-ahead.ts';
import type { ByteWindow, FramesInUse } from '../../../src/capture/source.ts';
import { createEngine } from '../../../src/engine/engine.ts';
import { uint8Array } from '../../../src/records/memory.ts';
import { scratch } from './support.ts';

const files = scratch();
afterAll(files.remove);

const OCTETS = 40_000;
/** Each octet tells its place, as far as one can. */
function contentOf(octets: number): Uint8Array {
  return Uint8Array.from({ length: octets }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
}
const CONTENT = contentOf(OCTETS);
const OPTIONS = { chunkOctets: 1000, roomOctets: 100, fileOctetsMin: 0 };

/** A batch that was handed over: where its octets were then, and what they were. */
interface Handed {
  readonly bytes: Uint8Array;
  readonly expected: Uint8Array;
}

/** The other thread: it looks at batches when it is waited for, and lags behind by so many otherwise. */
class Other implements FramesInUse {
  readonly batches: Handed[] = [];
  done = 0;
  waits = 0;
  readonly #lag: number;

  constructor(lag: number) {
    this.#lag = lag;
  }

  get handed(): number {
    return this.batches.length;
  }

  isDone(handed: number): boolean {
    return this.done >= handed;
  }

  waitFor(handed: number): void {
    if (this.isDone(handed)) return;
    this.waits++;
    this.#look(handed);
  }

  hand(batch: Handed): void {
    this.batches.push(batch);
    this.#look(this.handed - this.#lag);
  }

  #look(end: number): void {
    for (; this.done < end; this.done++) {
      const { bytes, expected } = this.batches[this.done]!;
      expect(bytes).toEqual(expected);
    }
  }
}

/** @param step octets of a batch */
async function readAll(
  window: ByteWindow,
  other: Other,
  { content = CONTENT, step = 170 } = {},
): Promise<number> {
  let octets = 0;
  while (await window.ensure(1)) {
    // Records that do not end where chunks do: a part of the last one waits for its rest.
    const taken = Math.min(window.end - window.start, step);
    const { buffer, byteOffset } = window.view;
    other.hand({
      bytes: new Uint8Array(buffer, byteOffset + window.start, taken),
      expected: content.slice(octets, octets + taken),
    });
    window.start += taken;
    octets += taken;
    await window.ensure(50);
  }
  other.waitFor(other.handed);
  return octets;
}

describe('frames in use', () => {
  it.each([1, 5, 30, 1000])(
    'are there until they are done with, in a file that is read ahead, %d behind',
    async (lag) => {
      const other = new Other(lag);
      const fd = openSync(files.write('ahead', CONTENT), 'r');
      const bytes = new Uint8Array(readAheadOctets(OPTIONS));
      const window = new ReadAheadWindow(fd, bytes, OPTIONS, new Uint8Array(256), other);
      expect(await readAll(window, other)).toBe(OCTETS);
      expect(other.waits > 1).toBe(lag > 5);
      window.close();
    },
  );

  it('are there until they are done with, in a buffer that is read into again', async () => {
    const other = new Other(1000);
    const window = new FileWindow(
      openSync(files.write('plain', CONTENT), 'r'),
      new Uint8Array(700),
      0,
      other,
    );
    expect(await readAll(window, other)).toBe(OCTETS);
    expect(other.waits).toBeGreaterThan(10);
    window.close();
  });
});

describe('frames in use of a file that is mapped', () => {
  const PAGE = 65_536;
  /** Four pieces of two pages. */
  const MEMORY_OCTETS = 8 * PAGE;
  const content = contentOf(20 * PAGE + 1000);

  function open(name: string, other: Other) {
    const path = files.write(name, content);
    const memory = uint8Array(createEngine(MEMORY_OCTETS + 2 * PAGE).allocatePages, MEMORY_OCTETS);
    const fd = openSync(path, 'r');
    return { path, window: MappedWindow.open(fd, content.length, memory, new Uint8Array(3000), other)! };
  }

  it.each([1, 100, 1000])('are there until they are done with, %d behind', async (lag) => {
    const other = new Other(lag);
    const { window } = open('mapped', other);
    expect(await readAll(window, other, { content, step: 1700 })).toBe(content.length);
    expect(other.waits > 1).toBe(lag > 100);
    window.close();
  });

  it('are there when somebody has cut the file meanwhile', async () => {
    const other = new Other(1000);
    const { window, path } = open('cut', other);
    while (window.octetsConsumed < 3 * PAGE && window.ensureNow(1500)) {
      const at = window.octetsConsumed;
      const { buffer, byteOffset } = window.view;
      const bytes = new Uint8Array(buffer, byteOffset + window.start, 1500);
      other.hand({ bytes, expected: content.slice(at, at + 1500) });
      window.start += 1500;
    }
    expect(other.handed).toBeGreaterThan(120);
    let isCut = false;
    const cut = truncate(path, 0).then(() => {
      isCut = true;
    });
    while (!isCut) {
      window.look();
      await setImmediate();
    }
    await cut;
    expect(other.done).toBe(0);
    other.waitFor(other.handed);
    expect(other.done).toBe(other.handed);
    window.close();
  });

  it('are there when the file has been closed', () => {
    const other = new Other(1000);
    const { window } = open('closed', other);
    expect(window.ensureNow(1500)).toBe(true);
    const { buffer, byteOffset } = window.view;
    const bytes = new Uint8Array(buffer, byteOffset + window.start, 1500);
    other.hand({ bytes, expected: content.slice(0, 1500) });
    window.close();
    other.waitFor(1);
    expect(other.done).toBe(1);
  });
});
