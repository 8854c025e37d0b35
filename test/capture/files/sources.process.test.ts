/** Where octets come from: compression, pipes, several files, windows and chunks of any size. */
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { CaptureFileError } from '../../../src/base/errors.ts';
import { openCaptures } from '../../../src/capture/files/capture-source.ts';
import { createPacketBatch } from '../../../src/records/packet-batch.ts';
import {
  block,
  enhancedPacket,
  interfaceBlock,
  octets,
  type PcapRecord,
  pcap,
  readAll,
  scratch,
  sectionHeader,
} from './support.ts';

const files = scratch();
afterAll(files.remove);

/** Pseudo-random octets, so that compression has something to do. */
function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed | 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

function records(count: number, startSeconds = 1_700_000_000): PcapRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    seconds: startSeconds + i,
    fraction: i,
    frame: noise((i * 37) % 200, i + 1),
  }));
}

describe('compressed captures', () => {
  const capture = pcap(records(3000));
  it('are read as the plain one is', async () => {
    const plain = await readAll([files.write('plain.pcap', capture)]);
    expect(plain.packets).toHaveLength(3000);
    const half = capture.length >> 1;
    const members = Buffer.concat([gzipSync(capture.subarray(0, half)), gzipSync(capture.subarray(half))]);
    const variants = {
      gzip: gzipSync(capture),
      members,
      padded: Buffer.concat([members, Buffer.alloc(512)]),
      zstd: zstdCompressSync(capture),
      'zstd frames': Buffer.concat([
        zstdCompressSync(capture.subarray(0, half)),
        zstdCompressSync(capture.subarray(half)),
      ]),
    };
    for (const [name, octets] of Object.entries(variants)) {
      const read = await readAll([files.write('packed', octets)], { readOctets: 5000 });
      expect(read.error, name).toBeUndefined();
      expect(read.packets, name).toEqual(plain.packets);
      expect(read.octetsTotal, name).toBe(octets.length);
      expect(read.octetsConsumed, name).toBe(octets.length);
    }
  });

  it('are read to where they are cut off', async () => {
    const packed = gzipSync(capture);
    for (const length of [3, 11, 20, 500, packed.length >> 1, packed.length - 9, packed.length - 1]) {
      const { packets, error } = await readAll([files.write('cut.gz', packed.subarray(0, length))]);
      expect(error, `${length}`).toBeInstanceOf(CaptureFileError);
      expect((error as Error).message).toMatch(/found the end of the gzip data after \d+ octets/);
      const reference = spawnSync('gzip', ['-dc'], { input: packed.subarray(0, length), maxBuffer: 1 << 26 });
      expect((error as CaptureFileError).byteOffset, `${length}`).toBe(reference.stdout.length);
      const expected = await readAll([files.write('cut.pcap', reference.stdout)]);
      expect(packets, `${length}`).toEqual(expected.packets);
    }
  });

  it('are read to where they are damaged', async () => {
    const packed = gzipSync(capture);
    for (const at of [packed.length >> 2, packed.length >> 1, packed.length - 6]) {
      const damaged = Buffer.from(packed);
      for (let i = 0; i < 4; i++) damaged[at + i] = damaged[at + i]! ^ 0xff;
      const { packets, error } = await readAll([files.write('bad.gz', damaged)]);
      expect(error).toBeInstanceOf(CaptureFileError);
      const reference = spawnSync('gzip', ['-dc'], { input: damaged, maxBuffer: 1 << 26 });
      const expected = await readAll([files.write('bad.pcap', reference.stdout)]);
      // zlib and gzip notice damage within a few symbols of each other; what stands before must be the same.
      const common = Math.min(packets.length, expected.packets.length) - 3;
      expect(packets.length).toBeGreaterThan(0);
      expect(packets.slice(0, common)).toEqual(expected.packets.slice(0, common));
      expect(packets.length).toBeGreaterThanOrEqual(expected.packets.length - 30);
    }
  });
});

describe('several files', () => {
  const early = pcap(records(100));
  const late = pcap(records(100, 1_700_000_050));

  it('continue one interface when a capture was rotated', async () => {
    const ng = (name: string) =>
      Buffer.concat([
        sectionHeader(true),
        interfaceBlock(true, 1, { name: 'eth0' }),
        interfaceBlock(true, 1, { name }),
        enhancedPacket(true, 1, 1_700_000_000_000_000n, Buffer.alloc(60)),
      ]);
    const names = [
      files.write('1.pcap', early),
      files.write('2.pcap', late),
      files.write('3.pcapng', ng('eth1')),
      files.write('4.pcapng', ng('eth1')),
      files.write('5.pcapng', ng('eth2')),
    ];
    const { packets, interfaces, octetsTotal, octetsConsumed } = await readAll(names);
    expect(interfaces.map((found) => found.name)).toEqual(['', 'eth0', 'eth1', 'eth2']);
    expect(new Set(packets.slice(0, 200).map((packet) => packet.interfaceIndex))).toEqual(new Set([0]));
    expect(packets.slice(200).map((packet) => packet.interfaceIndex)).toEqual([2, 2, 3]);
    expect(octetsConsumed).toBe(octetsTotal);
  });

  it('are merged by time, equal times in the order of the files', async () => {
    const names = [files.write('late.pcap', late), files.write('early.pcap.gz', gzipSync(early))];
    const given = await readAll(names);
    const merged = await readAll(names, { order: 'time', windowOctets: 1 });
    expect(given.packets).toHaveLength(200);
    const expected = given.packets
      .map((packet, i) => ({ packet, i }))
      .sort((a, b) => Number(a.packet.timeNs - b.packet.timeNs) || a.i - b.i)
      .map(({ packet }) => packet);
    expect(merged.error).toBeUndefined();
    expect(merged.packets).toEqual(expected);
    expect(merged.octetsConsumed).toBe(merged.octetsTotal);
  });

  it('merge as mergecap does when one is nanoseconds, pcapng and has long frames', async () => {
    const ng = Buffer.concat([
      sectionHeader(false),
      interfaceBlock(false, 1, { resolution: 9 }),
      enhancedPacket(false, 0, 1_700_000_050_000_050_001n, Buffer.alloc(200_000, 1)),
      enhancedPacket(false, 0, 1_700_000_050_000_051_000n, Buffer.alloc(200_000, 2)),
    ]);
    const names = [files.write('a.pcap', early), files.write('b.pcapng', ng)];
    const { packets } = await readAll(names, { order: 'time' });
    expect(packets.map((packet) => packet.timeNs)).toEqual(
      packets.map((packet) => packet.timeNs).sort((a, b) => Number(a - b)),
    );
    expect(packets.findIndex((packet) => packet.wire === 200_000)).toBe(51);
    expect(packets.filter((packet) => packet.wire === 200_000)).toHaveLength(2);
  });

  it('are not mixed up when one ends while more of it is being read ahead', async () => {
    const damaged = Buffer.from(early);
    // The captured length of the first record.
    damaged.writeUInt32LE(0x7fff_ffff, 24 + 8);
    const names = [0, 1, 2].flatMap((i) => [
      files.write(`damaged${i}.pcap`, damaged),
      files.write(`late${i}.pcap`, late),
    ]);
    const { packets, errors } = await readAll(names);
    const { packets: one } = await readAll([names[1]!]);
    expect(errors).toHaveLength(3);
    expect(packets).toEqual([...one, ...one, ...one]);
  });

  it.each(['given', 'time'] as const)('are all read, in %s order, when some are damaged', async (order) => {
    const names = [
      files.write('ok.pcap', early),
      files.write('empty.pcap', Buffer.alloc(0)),
      files.write('cut1.pcap', late.subarray(0, late.length - 1)),
      files.write('text.pcap', Buffer.from('not a capture\n')),
      files.write('cut2.pcap', early.subarray(0, early.length - 1)),
    ];
    const { packets, errors } = await readAll(names, { order });
    expect(packets).toHaveLength(298);
    const faults = errors as CaptureFileError[];
    expect(faults.map((fault) => fault.file).sort()).toEqual(names.slice(1).sort());
  });
});

describe('frames that are longer than any is', () => {
  const MAX = 262_144;
  const long = Buffer.alloc(9 << 20);
  const ng = Buffer.concat([
    sectionHeader(true),
    interfaceBlock(true, 1),
    enhancedPacket(true, 0, 1_700_000_000_000_000n, Buffer.alloc(60)),
    enhancedPacket(true, 0, 1_700_000_000_001_000n, long),
    enhancedPacket(true, 0, 1_700_000_000_002_000n, Buffer.alloc(60)),
  ]);
  const simple = Buffer.concat([
    sectionHeader(true),
    interfaceBlock(true, 1),
    enhancedPacket(true, 0, 1_700_000_000_000_000n, Buffer.alloc(60)),
    block(true, 3, Buffer.concat([octets(true, [long.length, 4]), long])),
  ]);
  const classic = pcap([
    { seconds: 1_700_000_000, fraction: 0, frame: Buffer.alloc(60) },
    { seconds: 1_700_000_000, fraction: 1, frame: long },
  ]);

  it.each([
    ['pcapng', ng, 140 + 20],
    ['a simple packet block', simple, 140 + 8],
    ['pcap', classic, 24 + 16 + 60],
  ])('are damage in %s, alone or merged', async (_, octets, at) => {
    const name = files.write('long', octets);
    const other = files.write('other.pcap', pcap(records(2)));
    for (const [order, names] of [
      ['given', [name]],
      ['time', [name, other]],
    ] as const) {
      const { packets, errors } = await readAll(names, { order });
      expect(packets).toHaveLength(2 * names.length - 1);
      expect(errors.map(({ message }) => message)).toEqual([
        expect.stringMatching(
          `long: byte ${at}: expected .*at most ${MAX} captured octets; found ${long.length} `,
        ),
      ]);
    }
  });

  it('are read where the snap length is larger', async () => {
    const snapLength = 1 << 20;
    const frame = Buffer.alloc(MAX + 4, 5);
    const both = [
      pcap([{ seconds: 1_700_000_000, fraction: 0, frame }], { snapLength }),
      Buffer.concat([
        sectionHeader(true),
        interfaceBlock(true, 1, { snapLength }),
        enhancedPacket(true, 0, 1_700_000_000_000_000n, frame),
      ]),
    ].map((octets, i) => files.write(`jumbo${i}`, octets));
    const { packets, errors } = await readAll(both, { order: 'time' });
    expect([packets.map(({ wire }) => wire), errors]).toEqual([[MAX + 4, MAX + 4], []]);
  });
});

describe('files that are no captures', () => {
  it('are told of in their turn when they cannot be opened', async () => {
    const { error } = await readAll([files.path('none.pcap')]);
    expect(error).toBeInstanceOf(CaptureFileError);
    expect(error!.message).toMatch(/none.pcap: expected .*; found no such file/);
    expect((await readAll([files.path('.')])).error!.message).toMatch(/directory/);
    expect((await readAll([files.path('x'), files.path('y')])).errors).toHaveLength(2);
  });

  it.each([
    ['snoop\0\0\0', /a snoop capture/],
    ['BZh91AY', /found bzip2 \(first octets 42 5a 68/],
    ['hello world', /found first octets 68 65 6c 6c 6f/],
  ])('are named: %j', async (text, message) => {
    const { error } = await readAll([files.write('other', Buffer.from(text))]);
    expect(error).toBeInstanceOf(CaptureFileError);
    expect((error as CaptureFileError).remedy).toBeTruthy();
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toMatch(/expected a pcap or pcapng capture/);
  });

  it('are named when they end within what tells a capture', async () => {
    const { error } = await readAll([files.write('other', Buffer.from('hi'))]);
    expect(error).toBeInstanceOf(CaptureFileError);
    expect(error!.message).toMatch(/found the end of the file after 2 of them/);
  });

  it('are named when they are empty, compressed or not', async () => {
    const empty = Buffer.alloc(0);
    const names = [files.write('empty', empty), files.write('empty.gz', gzipSync(empty)), '/dev/null'];
    const { packets, errors } = await readAll(names);
    expect(packets).toEqual([]);
    expect(errors.map(({ message }) => message.replace(/expected .* zstd; /, ''))).toEqual([
      `${names[0]}: found an empty file (0 octets)`,
      `${names[1]}: found an empty file (0 octets)`,
      '/dev/null: found the end before the first octet',
    ]);
  });

  it.each(['given', 'time'] as const)('do not count as read (%s)', async (order) => {
    const good = files.write('good.pcap', pcap(records(3)));
    const bad = [files.write('empty', Buffer.alloc(0)), files.write('text', Buffer.from('no capture\n'))];
    const source = openCaptures([...bad, good, files.path('none')], { order });
    const batch = createPacketBatch(64);
    do source.readBatch(batch);
    while (await source.more());
    source.close();
    expect(source.filesRead).toEqual([good]);
    expect(source.errors).toHaveLength(3);
  });
});

describe('standard input', () => {
  const program = join(import.meta.dirname, 'stdin-count.ts');
  function count(input: Buffer, pieceOctets: number): Promise<string> {
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk));
      child.on('close', () => resolve(output));
      for (let at = 0; at < input.length; at += pieceOctets)
        child.stdin.write(input.subarray(at, at + pieceOctets));
      child.stdin.end();
    });
  }
  const capture = pcap(records(500));

  it('is read from a pipe, plain and compressed', async () => {
    expect(await count(capture, 777)).toBe('500 ok\n');
    expect(await count(gzipSync(capture), 100)).toBe('500 ok\n');
    expect(await count(gzipSync(capture).subarray(0, -4), 9999)).toMatch(/^500 standard input: .* gzip data/);
    expect(await count(capture.subarray(0, capture.length - 1), 10_000)).toMatch(
      /^499 standard input: byte \d+/,
    );
    expect(await count(Buffer.alloc(0), 1)).toMatch(
      /^0 standard input: .*found the end before the first octet/,
    );
  });

  it('is read from a file', () => {
    const file = files.write('stdin.pcap', capture);
    const shell = spawnSync('sh', ['-c', `exec "$0" "$1" < "$2"`, process.execPath, program, file]);
    expect(shell.stdout.toString()).toBe('500 ok\n');
  });
});

describe('more()', () => {
  it.each(['given', 'time'] as const)('may be asked at any time (%s)', async (order) => {
    const file = files.write('more.pcap', pcap(records(10)));
    const source = openCaptures([file, file], { order });
    const batch = createPacketBatch(3);
    let count = 0;
    while ((await source.more()) && (await source.more())) count += source.readBatch(batch);
    expect(count).toBe(20);
    expect(source.readBatch(batch)).toBe(0);
    source.close();
    expect(await source.more()).toBe(false);
  });
});

describe('windows, chunks and batches', () => {
  it('of any size change nothing', async () => {
    const classic = pcap(records(300));
    const ng = Buffer.concat([
      sectionHeader(true),
      interfaceBlock(true, 1, { name: 'x' }),
      ...records(300).map((r) => enhancedPacket(true, 0, BigInt(r.seconds) * 1_000_000n, r.frame)),
    ]);
    const big = pcap([
      ...records(300),
      { seconds: 5, fraction: 0, frame: noise(150_000, 9) },
      ...records(900),
    ]);
    const inputs = await Promise.all(
      [classic, ng, big].map(async (octets, i) => {
        const file = files.write(`chop${i}`, octets);
        return { file, whole: await readAll([file]) };
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 2 }),
        fc.integer({ min: 1, max: 70_000 }),
        fc.integer({ min: 1, max: 100 }),
        async (which, size, capacity) => {
          const { file, whole } = inputs[which]!;
          // A chunk of one octet is as good a test on a small file as on a big one.
          const chunkOctets = which === 2 ? size + 500 : size;
          const read = await readAll(
            [file],
            { windowOctets: chunkOctets, readOctets: chunkOctets },
            capacity,
          );
          expect(read).toEqual(whole);
        },
      ),
      { numRuns: 60 },
    );
  });
});
