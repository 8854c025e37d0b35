/** Damage in a spool: one damaged octet costs one batch, wherever it is; all that is lost is counted, once. */
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Backlog } from '../../../src/export/sessions/backlog.ts';
import { Spool } from '../../../src/export/spool/spool.ts';
import { openSpool } from '../../../src/export/spool/spool-folder.ts';
import { FORWARD_DOUBLE, OCTETS } from '../../../src/records/flow-layout.ts';
import { BATCH_RECORDS, numberedBatch as batch, streamTo } from './numbered-batches.ts';

const HEADER = 32;
const FRAME = 40 + batch(0).stride * 4 * BATCH_RECORDS;
const BATCHES = 6;
let directory: string;
let opened: Spool[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'flowtap-damage-'));
});
afterEach(() => {
  for (const spool of opened.splice(0)) spool.close();
  rmSync(directory, { recursive: true });
});

function open(octetsMax = 1 << 26): Spool {
  const spool = new Spool('ipfix+tcp://c:1', directory, octetsMax);
  opened.push(spool);
  return spool;
}

const numberOf = (read: { readonly batch: { readonly doubles: Float64Array } }) =>
  read.batch.doubles[FORWARD_DOUBLE + OCTETS]! / BATCH_RECORDS;

/** Numbers of the batches that can be read, and what is told as lost between them. */
function readAll(spool: Spool): { numbers: number[]; lost: { batches: number; dataRecords: number } } {
  const found: number[] = [];
  const lost = { batches: 0, dataRecords: 0 };
  for (let read = spool.read(); read !== undefined; read = spool.read()) {
    if ('batch' in read) found.push(numberOf(read));
    else {
      lost.batches += read.damaged.batches;
      lost.dataRecords += read.damaged.dataRecords;
    }
  }
  return { numbers: found, lost };
}

function take(backlog: Backlog): number[] {
  const found: number[] = [];
  for (let entry = backlog.next(); entry !== undefined; entry = backlog.next()) found.push(numberOf(entry));
  return found;
}

const named = (ending: string) =>
  readdirSync(directory)
    .filter((name) => name.endsWith(ending))
    .sort();
const segment = (index = 0) => join(directory, named('.spool')[index]!);
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const without = (...lost: number[]) => numbers(0, BATCHES).filter((number) => !lost.includes(number));

/** Overwrites octets of a segment; a single one has one bit turned. */
function damage(at: number, octets?: Uint8Array, path = segment()): void {
  const file = openSync(path, 'r+');
  writeSync(file, octets ?? Uint8Array.of(readFileSync(path)[at]! ^ 0x10), 0, octets?.length ?? 1, at);
  closeSync(file);
}

function fill(): Spool {
  const spool = open();
  for (let b = 0; b < BATCHES; b++) spool.append(batch(b), BATCH_RECORDS);
  return spool;
}

const frame = (b: number) => HEADER + b * FRAME;

/** Every octet of a frame's header, and some of its records. */
const OCTETS_OF_FRAME = [...numbers(0, 40), 40, 41, 1000, FRAME - 1];

describe('one damaged octet', () => {
  it.each(['first', 'middle', 'last'])(
    'anywhere in the %s frame of an earlier run costs that batch',
    (which) => {
      const hit = { first: 0, middle: 2, last: BATCHES - 1 }[which]!;
      for (const at of OCTETS_OF_FRAME) {
        rmSync(directory, { recursive: true });
        fill();
        damage(frame(hit) + at);
        const next = open();
        const { numbers: read, lost } = readAll(next);
        const { damaged, torn, batches, dataRecords } = next.recovered;
        expect(read, `octet ${at}`).toEqual(without(hit));
        // Told when it is found: the headers are looked at when the spool is opened, the records when they are read.
        expect(batches - lost.batches, `octet ${at}`).toBe(BATCHES - 1);
        expect(lost.batches + damaged.batches + torn.batches, `octet ${at}`).toBe(1);
        // The number itself may be what was hit; then it is off by that bit at most.
        const told = lost.dataRecords + damaged.dataRecords + torn.dataRecords;
        if (at >= 20 && at < 24)
          expect(Math.abs(told - BATCH_RECORDS), `octet ${at}`).toBeLessThanOrEqual(16);
        else {
          expect(told, `octet ${at}`).toBe(BATCH_RECORDS);
          expect(dataRecords - lost.dataRecords, `octet ${at}`).toBe((BATCHES - 1) * BATCH_RECORDS);
        }
      }
    },
  );

  it('anywhere in a frame of this run costs that batch', () => {
    for (const at of OCTETS_OF_FRAME) {
      rmSync(directory, { recursive: true });
      const spool = fill();
      damage(frame(2) + at);
      const { numbers: read, lost } = readAll(spool);
      expect(read, `octet ${at}`).toEqual(without(2));
      expect(lost, `octet ${at}`).toEqual({ batches: 1, dataRecords: BATCH_RECORDS });
    }
  });

  it.each(numbers(0, HEADER))('of the segment’s header (octet %i) costs nothing', (at) => {
    fill();
    damage(at);
    const next = open();
    expect(readAll(next).numbers).toEqual(numbers(0, BATCHES));
    expect(next.recovered.damaged).toMatchObject({ octets: HEADER, dataRecords: 0, unknownOctets: 0 });
  });
});

it('takes no record of an earlier build, whose words mean something else, and counts all octets', () => {
  fill();
  // As those builds wrote them: the same form, other magic numbers.
  damage(0, Buffer.from('FTSPOOL1'));
  for (let b = 0; b < BATCHES; b++) damage(frame(b), Buffer.from(Uint32Array.of(0x464c4f57).buffer));
  const next = open();
  expect(readAll(next).numbers).toEqual([]);
  const { damaged, torn, dataRecords } = next.recovered;
  expect([damaged.octets + torn.octets, dataRecords]).toEqual([frame(BATCHES), 0]);
});

describe('larger damage', () => {
  it.each<[string, number, number, number[], number]>([
    ['across a border of frames', frame(2) - 10, 60, [1, 2], FRAME],
    ['within records', frame(3) + 1000, 4096, [3], 0],
    ['of a header and more', frame(3), 4096, [3], FRAME],
    ['of all headers of two frames', frame(1), FRAME + 40, [1, 2], 2 * FRAME],
    ['of the segment’s header and the first frame', 0, HEADER + 40, [0], FRAME],
    ['at the end', frame(BATCHES - 1) - 5, FRAME, [BATCHES - 2, BATCHES - 1], FRAME],
    ['of everything', 0, frame(BATCHES), numbers(0, BATCHES), BATCHES * FRAME],
  ])('%s costs what it hits', (_, at, octets, lost, unknownOctets) => {
    fill();
    damage(at, new Uint8Array(octets).fill(0xa5));
    const next = open();
    const { numbers: read, lost: found } = readAll(next);
    expect(read).toEqual(without(...lost));
    expect(next.recovered.damaged.unknownOctets).toBe(unknownOctets);
    if (unknownOctets === 0) {
      expect(found.dataRecords + next.recovered.damaged.dataRecords).toBe(lost.length * BATCH_RECORDS);
    }
  });

  it('at several places of a run is counted exactly', () => {
    const spool = fill();
    damage(frame(1), new Uint8Array(FRAME + 40).fill(0xa5));
    damage(frame(4) + 2);
    expect(readAll(spool)).toEqual({
      numbers: [0, 3, 5],
      lost: { batches: 3, dataRecords: 3 * BATCH_RECORDS },
    });
  });

  it('leaves frames alone that octets which were put in have moved', () => {
    fill();
    const bytes = readFileSync(segment());
    writeFileSync(
      segment(),
      Buffer.concat([bytes.subarray(0, frame(2)), Buffer.alloc(777), bytes.subarray(frame(2))]),
    );
    expect(readAll(open()).numbers).toEqual(numbers(0, BATCHES));
  });
});

describe('the end of the latest segment', () => {
  it.each([1, 39, 40, 1000, FRAME - 1])(
    'cut off after %i octets of a frame costs that batch, told once',
    (octets) => {
      fill();
      truncateSync(segment(), frame(BATCHES - 1) + octets);
      const next = open();
      const known = octets < 40 ? 0 : BATCH_RECORDS;
      expect(next.recovered.torn).toMatchObject({
        octets,
        dataRecords: known,
        unknownOctets: octets < 40 ? octets : 0,
      });
      expect(next.recovered.damaged.octets).toBe(0);
      next.append(batch(9), BATCH_RECORDS);
      expect(readAll(next).numbers).toEqual([...numbers(0, BATCHES - 1), 9]);
      const third = open();
      expect(third.recovered).toMatchObject({
        batches: BATCHES,
        torn: { octets: 0 },
        damaged: { octets: 0 },
      });
      expect(named('.damaged')).toEqual([]);
    },
  );

  it('of zeros, as a power cut leaves it, is no damage', () => {
    fill();
    truncateSync(segment(), frame(BATCHES) + 8192);
    const { recovered } = open();
    expect(recovered).toMatchObject({ batches: BATCHES, torn: { octets: 8192 }, damaged: { octets: 0 } });
  });
});

describe('a damaged file', () => {
  function deliver(spool: Spool): void {
    for (let read = spool.read(); read !== undefined; read = spool.read()) {
      spool.commit('batch' in read ? read.end : read.damaged.end);
    }
  }

  it('is set aside when the rest of it has arrived', () => {
    fill();
    damage(frame(2));
    const before = readFileSync(segment());
    const next = open();
    next.append(batch(9), BATCH_RECORDS);
    expect(named('.damaged')).toEqual([]);
    deliver(next);
    expect(named('.damaged')).toEqual(['000000000002.damaged']);
    expect(readFileSync(join(directory, '000000000002.damaged'))).toEqual(before);
    next.close();
    opened = [];
    expect(named('.spool')).toEqual([]);
  });

  it('of which nothing can be read is set aside at once', () => {
    fill();
    damage(0, new Uint8Array(statSync(segment()).size).fill(7));
    open();
    expect([named('.spool'), named('.damaged')]).toEqual([[], ['000000000002.damaged']]);
  });

  it('is one of four at most, and goes first when the spool needs its room', () => {
    const limit = 12 * FRAME;
    for (let round = 0; round < 6; round++) {
      const spool = open(limit);
      spool.append(batch(round), BATCH_RECORDS);
      damage(HEADER + 60, undefined, segment());
      deliver(spool);
      spool.close();
      opened = [];
    }
    expect(named('.damaged')).toHaveLength(4);
    const spool = open(limit);
    let taken = 0;
    while (spool.append(batch(taken), BATCH_RECORDS) !== 'full') taken++;
    expect(taken).toBeGreaterThanOrEqual(10);
    const octets = readdirSync(directory).reduce(
      (sum, name) => sum + statSync(join(directory, name)).size,
      0,
    );
    expect(octets).toBeLessThan(limit + 1000);
  });
});

describe('a backlog', () => {
  it('counts damage once, however often sessions break, and ends with nothing pending', () => {
    const backlog = new Backlog(open());
    // More than memory holds: the middle ones are on disk alone.
    for (let b = 0; b < 200; b++) backlog.offer(batch(b), BATCH_RECORDS);
    for (const b of [3, 70, 71, 150]) damage(frame(b) + (b % 2 === 0 ? 2 : 60));
    const expected = numbers(0, 200).filter((number) => ![70, 71, 150].includes(number));
    const arrived: number[] = [];
    for (let round = 0; !backlog.isEmpty; round++) {
      const handed = take(backlog);
      backlog.acknowledge(handed.length);
      handed.push(...take(backlog));
      const count = Math.max(1, Math.floor(handed.length / (1 + (round % 3))));
      arrived.push(...handed.slice(0, count));
      for (let i = 0; i < count; i++) backlog.confirm();
      backlog.rewind();
      expect(round).toBeLessThan(100);
    }
    expect(arrived).toEqual(expected);
    expect(backlog.damagedRecords).toBe(3 * BATCH_RECORDS);
    expect([backlog.pendingRecords, backlog.spooledRecords]).toEqual([0, 0]);
  });

  it('takes over what an earlier run left and lost, and the next run is told of it no more', () => {
    fill();
    damage(frame(BATCHES - 1) + 60);
    damage(frame(1));
    const backlog = new Backlog(open());
    expect(take(backlog)).toEqual(without(1, BATCHES - 1));
    expect([backlog.recoveredRecords, backlog.damagedRecords]).toEqual([
      BATCHES * BATCH_RECORDS,
      2 * BATCH_RECORDS,
    ]);
    while (backlog.inFlight > 0) backlog.confirm();
    backlog.close();
    opened = [];
    expect(named('.spool')).toEqual([]);
    expect(open().recovered).toMatchObject({ batches: 0, damaged: { octets: 0 } });
  });
});

it('the log tells what is lost, and where the file is kept', () => {
  const told: string[] = [];
  const to = streamTo(1, { spoolDirectory: directory });
  const context = {
    whenFull: 'drop' as const,
    log: (level: string, _: string, message: string) => told.push(`${level}: ${message}`),
  };
  const first = openSpool(to, context)!;
  for (let b = 0; b < BATCHES; b++) first.append(batch(b), BATCH_RECORDS);
  ({ directory } = first);
  opened.push(first);
  damage(frame(2));
  truncateSync(segment(), frame(BATCHES) - 7);
  opened.push(openSpool(to, context)!);
  expect(told).toEqual([
    `info: ${to.url}: 400 flow records of an earlier run in the spool, to go out first`,
    `warning: ${to.url}: ${FRAME.toLocaleString('en')} octets of the spool damaged: 100 flow records (1 batch) lost; check the disk; the file is kept as ${directory}/*.damaged when the rest of it has arrived`,
    `warning: ${to.url}: ${(FRAME - 7).toLocaleString('en')} octets at the end of the spool, not complete when flowtap ended: 100 flow records (1 batch) lost`,
  ]);
});
