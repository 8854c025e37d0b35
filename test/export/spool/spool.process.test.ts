/** The spool: order, limits, what a crash, a torn write, damage and a full disk leave of it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExportError } from '../../../src/base/errors.ts';
import { Backlog } from '../../../src/export/sessions/backlog.ts';
import { Spool } from '../../../src/export/spool/spool.ts';
import { FORWARD_DOUBLE, OCTETS } from '../../../src/records/flow-layout.ts';
import { BATCH_RECORDS, numberedBatch as batch } from './numbered-batches.ts';

const FRAME = 40 + batch(0).stride * 4 * BATCH_RECORDS;
let directory: string;
let opened: Spool[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'flowtap-spool-'));
});
afterEach(() => {
  for (const spool of opened.splice(0)) {
    try {
      spool.close();
    } catch {
      // Closed by the test.
    }
  }
  rmSync(directory, { recursive: true });
});

function open(octetsMax = 1 << 26): Spool {
  const spool = new Spool('ipfix+tcp://c:1', directory, octetsMax);
  opened.push(spool);
  return spool;
}

/** Numbers of the batches that can be read; nothing is committed. */
function readAll(spool: Spool): (number | string)[] {
  const found: (number | string)[] = [];
  for (let read = spool.read(); read !== undefined; read = spool.read()) {
    if ('damaged' in read) found.push(`damaged ${read.damaged.batches}/${read.damaged.dataRecords}`);
    else found.push(read.batch.doubles[FORWARD_DOUBLE + OCTETS]! / BATCH_RECORDS);
  }
  return found;
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const segments = () => readdirSync(directory).filter((name) => name.endsWith('.spool'));

describe('a spool', () => {
  it('gives batches back in order, and deletes segments that are committed', () => {
    const spool = open(1 << 22);
    for (let b = 0; b < 100; b++) expect(spool.append(batch(b), BATCH_RECORDS)).toBeTypeOf('number');
    const before = segments().length;
    expect(before).toBeGreaterThan(2);
    for (let b = 0; b < 100; b++) {
      const read = spool.read()!;
      if ('damaged' in read) throw new Error('damaged');
      expect(read.batch.count).toBe(BATCH_RECORDS);
      expect(read.batch.doubles[FORWARD_DOUBLE + OCTETS]).toBe(b * BATCH_RECORDS);
      expect(read.batch.words).toEqual(batch(b).words);
      spool.commit(read.end);
    }
    expect(spool.read()).toBeUndefined();
    expect(segments()).toHaveLength(1);
    spool.close();
    expect(segments()).toHaveLength(0);
    opened = [];
  });

  it('after a crash gives everything back behind the last commit', () => {
    const spool = open();
    for (let b = 0; b < 20; b++) spool.append(batch(b), BATCH_RECORDS);
    for (let b = 0; b < 7; b++) {
      const read = spool.read()!;
      if ('end' in read) spool.commit(read.end);
    }
    spool.save();
    // The crash: nothing is closed.
    const next = open();
    expect(next.recovered).toMatchObject({ batches: 13, dataRecords: 13 * BATCH_RECORDS });
    expect([next.recovered.damaged.octets, next.recovered.torn.octets]).toEqual([0, 0]);
    next.append(batch(20), BATCH_RECORDS);
    expect(readAll(next)).toEqual(numbers(7, 21));
  });

  it('keeps its limit, and has room again for what is committed', () => {
    const spool = open(10 * FRAME);
    let taken = 0;
    while (spool.append(batch(taken), BATCH_RECORDS) !== 'full') taken++;
    expect(taken).toBeGreaterThan(5);
    expect(taken).toBeLessThanOrEqual(10);
    for (let b = 0; b < taken; b++) {
      const read = spool.read()!;
      if ('end' in read) spool.commit(read.end);
    }
    expect(spool.append(batch(taken), BATCH_RECORDS)).toBeTypeOf('number');
  });

  it('is one process’s alone; the lock of a dead one does not count', () => {
    const script = `
      const { Spool } = await import(${JSON.stringify(join(import.meta.dirname, '../../../src/export/spool/spool.ts'))});
      try { new Spool('u', ${JSON.stringify(directory)}, 1e6); console.log('opened'); }
      catch (error) { console.log(error.constructor.name, error.message); }`;
    const run = () =>
      execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).trim();
    const spool = open();
    expect(run()).toBe(`ExportError u: cannot use the spool ${directory}: in use by process ${process.pid}`);
    spool.close();
    opened = [];
    // It ends without giving the lock back.
    expect(run()).toBe('opened');
    expect(run()).toBe('opened');
  });

  it('says which directory cannot be used', () => {
    const file = join(directory, 'file');
    writeSync(openSync(file, 'w'), 'x');
    expect(() => new Spool('u', join(file, 'below'), 1e6)).toThrow(ExportError);
  });
});

describe('a backlog', () => {
  /** Takes everything that can be handed out. @returns the numbers of the batches */
  function take(backlog: Backlog): number[] {
    const found: number[] = [];
    for (let entry = backlog.next(); entry !== undefined; entry = backlog.next()) {
      found.push(entry.batch.doubles[FORWARD_DOUBLE + OCTETS]! / BATCH_RECORDS);
    }
    return found;
  }

  it('without a spool holds 64 batches, and hands out again what was not confirmed', () => {
    const backlog = new Backlog();
    for (let b = 0; b < 64; b++) expect(backlog.offer(batch(b), BATCH_RECORDS)).toBeUndefined();
    expect(backlog.offer(batch(64), BATCH_RECORDS)).toBe('full');
    expect(take(backlog)).toEqual(numbers(0, 64));
    for (let b = 0; b < 10; b++) expect(backlog.confirm()).toBe(BATCH_RECORDS);
    backlog.rewind();
    expect(take(backlog)).toEqual(numbers(10, 64));
    expect(backlog.pendingRecords).toBe(54 * BATCH_RECORDS);
  });

  it('with a spool holds far more, in order, memory and disk by turns', () => {
    const backlog = new Backlog(open());
    let next = 0;
    let expected = 0;
    // Uneven steps, so that batches go by memory, by disk, and by memory again; every third time the session breaks.
    for (let round = 0; round < 60; round++) {
      for (let i = 0; i < (round * 37) % 90; i++) backlog.offer(batch(next++), BATCH_RECORDS);
      const handed: number[] = [];
      for (let i = 0; i < (round * 53) % 70; i++) {
        const entry = backlog.next();
        if (entry === undefined) break;
        handed.push(entry.batch.doubles[FORWARD_DOUBLE + OCTETS]! / BATCH_RECORDS);
      }
      expect(handed).toEqual(numbers(expected, expected + handed.length));
      // An acknowledged batch is on disk alone until it is confirmed, or handed out again.
      backlog.acknowledge(Math.floor(handed.length / (1 + (round % 4))));
      const arrived = round % 3 === 0 ? Math.floor(handed.length / 2) : handed.length;
      for (let i = 0; i < arrived; i++) backlog.confirm();
      backlog.rewind();
      expected += arrived;
      expect(backlog.pendingRecords).toBe((next - expected) * BATCH_RECORDS);
      expect(backlog.spooledRecords).toBe(backlog.pendingRecords);
    }
    expect(next).toBeGreaterThan(1000);
    while (!backlog.isEmpty) {
      for (const number of take(backlog)) expect(number).toBe(expected++);
      while (backlog.inFlight > 0) backlog.confirm();
    }
    expect(expected).toBe(next);
  });

  it('goes on in memory where the disk is full, and counts what a damaged spool has lost', () => {
    const spool = open(4 * FRAME);
    const backlog = new Backlog(spool);
    for (let b = 0; b < 64; b++) expect(backlog.offer(batch(b), BATCH_RECORDS)).toBeUndefined();
    expect(backlog.spooledRecords).toBeLessThan(backlog.pendingRecords);
    expect(backlog.offer(batch(64), BATCH_RECORDS)).toBe('spoolFull');
    expect(take(backlog)).toEqual(numbers(0, 64));
    expect(backlog.forgetUnspooled().records).toBe(
      backlog.pendingRecords === 0 ? 0 : 64 * BATCH_RECORDS - backlog.pendingRecords,
    );
    // What the disk has is there for the next run.
    const next = new Backlog(open(4 * FRAME));
    expect(take(next)).toEqual(numbers(0, next.pendingRecords / BATCH_RECORDS));
    const [file] = segments();
    const last = new Backlog(open(4 * FRAME));
    writeSync(openSync(join(directory, file!), 'r+'), Uint8Array.of(255), 0, 1, 32 + 60);
    // The batch that was hit is lost, and no other.
    const survivors = take(last);
    expect(survivors).toEqual(numbers(1, survivors.length + 1));
    expect(last.damagedRecords).toBe(BATCH_RECORDS);
    expect(last.pendingRecords).toBe(survivors.length * BATCH_RECORDS);
  });
});
