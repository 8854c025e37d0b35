/** Frames that another thread still reads: no window is read into again where they may lie. */
import { openSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { FileWindow } from '../../../src/capture/files/byte-window.ts';
import { ReadAheadWindow, readAheadOctets } from '../../../src/capture/files/read-ahead.ts';
import type { ByteWindow, FramesInUse } from '../../../src/capture/source.ts';
import { scratch } from './support.ts';

const files = scratch();
afterAll(files.remove);

const OCTETS = 40_000;
/** Each octet tells its place, as far as one can. */
const CONTENT = Uint8Array.from({ length: OCTETS }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
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

async function readAll(window: ByteWindow, other: Other): Promise<number> {
  let octets = 0;
  while (await window.ensure(1)) {
    // Records that do not end where chunks do: a part of the last one waits for its rest.
    const taken = Math.min(window.end - window.start, 170);
    const { buffer, byteOffset } = window.view;
    other.hand({
      bytes: new Uint8Array(buffer, byteOffset + window.start, taken),
      expected: CONTENT.slice(octets, octets + taken),
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
