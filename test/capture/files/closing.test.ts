/**
 * Captures that are closed while they are being read, as by Ctrl-C: each descriptor is closed once and never read
 * afterwards, since its number may be another file's by then.
 */
import * as fs from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { FileWindow, StreamWindow } from '../../../src/capture/files/byte-window.ts';
import { ReadAheadWindow, readAheadOctets } from '../../../src/capture/files/read-ahead.ts';
import { scratch } from './support.ts';

const SLOW_MS = 30;

/** What happened to the descriptor, in order. */
const events = vi.hoisted((): string[] => []);

vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  return {
    ...real,
    // A disk that is slow.
    read: (fd: number, bytes: Uint8Array, at: number, octets: number, from: number, done: never) => {
      events.push('read');
      setTimeout(() => real.read(fd, bytes, at, octets, from, done), SLOW_MS);
    },
    readSync: (...args: [number, Uint8Array, number, number, number]) => {
      events.push('read');
      return real.readSync(...args);
    },
    closeSync: (fd: number) => {
      events.push('close');
      real.closeSync(fd);
    },
  };
});

const files = scratch();
afterAll(files.remove);
beforeEach(() => void events.splice(0));

const OPTIONS = { chunkOctets: 1000, roomOctets: 100, fileOctetsMin: 0 };

function open(octets: number): number {
  return fs.openSync(files.write('capture', Buffer.alloc(octets, 1)), 'r');
}

const closings = () => events.filter((event) => event === 'close').length;

describe('a file that is read ahead', () => {
  /** @param octets that whoever closes it has been given before */
  it.each([0, 1000, 2000, 4000, 19_000])(
    'is closed once, and not read after that: at %d octets',
    async (at) => {
      const window = new ReadAheadWindow(open(20_000), new Uint8Array(readAheadOctets(OPTIONS)), OPTIONS);
      let octets = 0;
      const take = async () => {
        while (await window.ensure(1)) {
          octets += window.end - window.start;
          window.start = window.end;
          if (octets >= at) closed ??= delay(1).then(() => window.close());
        }
      };
      let closed: Promise<void> | undefined;
      const startedMs = performance.now();
      await take();
      await closed;
      // Whoever waits is told at once, and whoever goes on asking gets nothing.
      if (octets < 20_000) expect(performance.now() - startedMs).toBeLessThan(SLOW_MS * 100);
      for (let i = 0; i < 5; i++) {
        expect(await window.ensure(1)).toBe(false);
        expect(window.ensureNow(200)).toBe(false);
        await delay(SLOW_MS);
      }
      window.close();
      expect(closings()).toBe(1);
      expect(events.at(-1)).toBe('close');
    },
  );

  it('is not waited for by whoever closes it', async () => {
    const window = new ReadAheadWindow(open(20_000), new Uint8Array(readAheadOctets(OPTIONS)), OPTIONS);
    window.start = window.end;
    const waiting = window.ensure(1);
    await delay(1);
    expect(closings()).toBe(0);
    window.close();
    expect(await waiting).toBe(false);
    // Octets may still come into its memory: the descriptor stays until then.
    expect(closings()).toBe(0);
    await window.settled();
    expect(closings()).toBe(1);
  });
});

describe('a file that is read piece by piece', () => {
  it('is closed once, and not read after that', async () => {
    const window = new FileWindow(open(2000), new Uint8Array(1000));
    expect(window.ensureNow(1000)).toBe(true);
    window.close();
    window.close();
    window.start = window.end;
    expect([window.ensureNow(1), await window.ensure(1)]).toEqual([false, false]);
    expect([closings(), events.at(-1)]).toEqual([1, 'close']);
  });

  it('goes back to the memory that it was given once a record has passed that was longer', () => {
    const own = new Uint8Array(1000);
    const window = new FileWindow(open(4000), own);
    expect(window.ensureNow(2500)).toBe(true);
    expect(window.view.buffer).not.toBe(own.buffer);
    const octets = Array.from({ length: 100 }, (_, i) => window.view.getUint8(2400 + i));
    window.start += 2400;
    expect(window.ensureNow(900)).toBe(true);
    expect(window.view.buffer).toBe(own.buffer);
    expect(Array.from({ length: 100 }, (_, i) => window.view.getUint8(window.start + i))).toEqual(octets);
    expect(window.octetsConsumed).toBe(2400);
    window.close();
  });
});

describe('a stream that is read piece by piece', () => {
  it('goes back to the memory that it was given once a record has passed that was longer', async () => {
    const own = new Uint8Array(1000);
    const octets = Uint8Array.from({ length: 4000 }, (_, i) => i % 251);
    async function* chunks() {
      for (let at = 0; at < octets.length; at += 700) yield octets.subarray(at, at + 700);
    }
    const window = new StreamWindow(chunks(), Readable.from([]), () => 0, own);
    const now = () => Array.from({ length: 10 }, (_, i) => window.view.getUint8(window.start + i));
    expect(await window.ensure(2500)).toBe(true);
    expect(window.view.buffer).not.toBe(own.buffer);
    window.start += 2450;
    expect(await window.ensure(900)).toBe(true);
    expect(window.view.buffer).toBe(own.buffer);
    expect(now()).toEqual([...octets.subarray(2450, 2460)]);
    window.start += 900;
    expect(await window.ensure(600)).toBe(true);
    expect(now()).toEqual([...octets.subarray(3350, 3360)]);
    expect(await window.ensure(700)).toBe(false);
  });
});
