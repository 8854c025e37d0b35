import { afterAll, describe, expect, it } from 'vitest';
import { CaptureFileError } from '../../../src/base/errors.ts';
import {
  block,
  enhancedPacket,
  interfaceBlock,
  octets,
  option,
  readAll,
  scratch,
  sectionHeader,
} from './support.ts';

const files = scratch();
afterAll(files.remove);

const FRAME = Buffer.from('0102030405', 'hex');
const T = 1_700_000_000n;

async function read(parts: readonly Uint8Array[]) {
  return readAll([files.write('test.pcapng', Buffer.concat(parts))]);
}

describe('pcapng', () => {
  it('reads the literal octets of a section, an interface and an enhanced packet', async () => {
    const literal = Buffer.from(
      '0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000' +
        '01000000140000000100000000000400' + // Ethernet, snap length 262144
        '14000000' +
        // interface 0, 0x00060a24_181e4000 µs = 1_700_000_000 s, 5 of 99 octets, padded
        '060000002800000000000000240a060000401e1805000000630000000102030405000000' +
        '28000000',
      'hex',
    );
    const { packets, interfaces, error } = await read([literal]);
    expect(error).toBeUndefined();
    expect(packets).toEqual([{ timeNs: T * 10n ** 9n, wire: 99, frame: '0102030405', interfaceIndex: 0 }]);
    expect(interfaces).toEqual([{ name: '', linkType: 1, snapLength: 262_144 }]);
  });

  for (const little of [true, false]) {
    describe(little ? 'little-endian' : 'big-endian', () => {
      it('counts time in each interface’s own unit and offset', async () => {
        const cases: [number | undefined, bigint, bigint][] = [
          [undefined, T * 10n ** 6n + 1n, 1000n],
          [6, T * 10n ** 6n + 999_999n, 999_999_000n],
          [9, T * 10n ** 9n + 123_456_789n, 123_456_789n],
          [3, T * 1000n + 7n, 7_000_000n],
          [0, T, 0n],
          [8, T * 10n ** 8n + 3n, 30n],
          [0x80 | 20, (T << 20n) + 1n, 953n], // 10^9 / 2^20 = 953.67…
          [0x80 | 30, (T << 30n) + (1n << 29n), 500_000_000n],
          [0x80, T, 0n],
          [10, T * 10n ** 10n + 19n, 1n],
        ];
        const parts: Buffer[] = [sectionHeader(little)];
        for (const [resolution] of cases)
          parts.push(interfaceBlock(little, 1, resolution === undefined ? {} : { resolution }));
        parts.push(interfaceBlock(little, 1, { resolution: 12, offsetSeconds: T }));
        parts.push(interfaceBlock(little, 1, { offsetSeconds: -5n }));
        for (const [i, [, units]] of cases.entries()) parts.push(enhancedPacket(little, i, units, FRAME));
        parts.push(enhancedPacket(little, cases.length, 4_000_000_000_999n, FRAME));
        parts.push(enhancedPacket(little, cases.length + 1, (T + 6n) * 10n ** 6n, FRAME));
        const { packets, error } = await read(parts);
        expect(error).toBeUndefined();
        expect(packets.map((packet) => packet.timeNs - T * 10n ** 9n)).toEqual([
          ...cases.map(([, , ns]) => ns),
          4_000_000_000n,
          1_000_000_000n,
        ]);
      });

      it('reads simple and obsolete packet blocks, and passes over what it does not know', async () => {
        const { packets, error } = await read([
          sectionHeader(little),
          block(little, 0x0bad, Buffer.from('anything')),
          interfaceBlock(little, 1, { snapLength: 4 }),
          enhancedPacket(little, 0, T * 10n ** 6n, FRAME),
          block(little, 3, Buffer.concat([octets(little, [5, 4]), FRAME.subarray(0, 4)])),
          block(little, 0x8000_0001, Buffer.alloc(40)),
          block(
            little,
            2,
            Buffer.concat([
              octets(little, [0, 2], [65_535, 2], [((T + 1n) * 1_000_000n) >> 32n, 4]),
              octets(little, [((T + 1n) * 1_000_000n) & 0xffff_ffffn, 4], [4, 4], [80, 4]),
              FRAME.subarray(0, 4),
            ]),
          ),
        ]);
        expect(error).toBeUndefined();
        expect(packets).toEqual([
          { timeNs: T * 10n ** 9n, wire: 5, frame: '0102030405', interfaceIndex: 0 },
          { timeNs: T * 10n ** 9n, wire: 5, frame: '01020304', interfaceIndex: 0 },
          { timeNs: (T + 1n) * 10n ** 9n, wire: 80, frame: '01020304', interfaceIndex: 0 },
        ]);
      });

      it('finds every truncation, with all whole packets before it', async () => {
        const parts = [
          sectionHeader(little),
          interfaceBlock(little, 1, { name: 'eth0', resolution: 9 }),
          enhancedPacket(little, 0, T * 10n ** 9n, FRAME),
          enhancedPacket(little, 0, T * 10n ** 9n, Buffer.alloc(60)),
        ];
        const ends = [0];
        for (const part of parts) ends.push(ends.at(-1)! + part.length);
        const capture = Buffer.concat(parts);
        for (let length = 1; length <= capture.length; length++) {
          const { packets, error } = await read([capture.subarray(0, length)]);
          const whole = ends.filter((end) => end <= length).length - 1;
          expect(packets.length, `${length}`).toBe(Math.max(whole - 2, 0));
          if (ends.includes(length)) expect(error, `${length}`).toBeUndefined();
          else {
            expect(error, `${length}`).toBeInstanceOf(CaptureFileError);
            expect(error, `${length}`).toMatchObject({ byteOffset: ends[whole] });
          }
        }
      });
    });
  }

  it('starts each section anew, in its own byte order, and knows its interfaces again', async () => {
    const section = (little: boolean) => [
      sectionHeader(little),
      interfaceBlock(little, 1, { name: 'eth0' }),
      interfaceBlock(little, 101, { name: 'tun0', snapLength: 96 }),
      enhancedPacket(little, 1, T * 10n ** 6n, FRAME),
    ];
    const { packets, interfaces, error } = await read([
      ...section(true),
      ...section(false),
      ...section(true),
    ]);
    expect(error).toBeUndefined();
    expect(packets.map((packet) => packet.interfaceIndex)).toEqual([1, 1, 1]);
    expect(interfaces).toEqual([
      { name: 'eth0', linkType: 1, snapLength: 0 },
      { name: 'tun0', linkType: 101, snapLength: 96 },
    ]);
  });

  it('keeps interfaces apart by position, link type and name', async () => {
    const { interfaces } = await read([
      sectionHeader(true),
      interfaceBlock(true, 1, { name: 'a' }),
      interfaceBlock(true, 1, { name: 'a' }),
      sectionHeader(true),
      interfaceBlock(true, 1, { name: 'b' }),
      sectionHeader(true),
      interfaceBlock(true, 113, { name: 'a' }),
    ]);
    expect(interfaces.map(({ name, linkType }) => `${name}${linkType}`)).toEqual(['a1', 'a1', 'b1', 'a113']);
  });

  it('does not trip over broken options', async () => {
    const body = Buffer.concat([octets(true, [1, 2], [0, 2], [0, 4], [2, 2], [60_000, 2]), Buffer.alloc(4)]);
    const nul = Buffer.concat([octets(true, [1, 2], [0, 2], [0, 4]), option(true, 2, Buffer.from('eth7\0'))]);
    const { packets, interfaces, error } = await read([
      sectionHeader(true),
      block(true, 1, body),
      block(true, 1, nul),
      enhancedPacket(true, 0, T * 10n ** 6n, FRAME),
    ]);
    expect(error).toBeUndefined();
    expect(packets).toHaveLength(1);
    expect(interfaces.map((found) => found.name)).toEqual(['', 'eth7']);
  });

  it('refuses times before 1970 and after 2106, which then set no time base, and counts them', async () => {
    const parts = [
      sectionHeader(true),
      interfaceBlock(true, 1, { resolution: 0 }),
      interfaceBlock(true, 1, { resolution: 0xff, offsetSeconds: -(2n ** 63n) }),
      interfaceBlock(true, 1, { resolution: 0, offsetSeconds: -1000n }),
      enhancedPacket(true, 0, 2n ** 64n - 1n, FRAME),
      enhancedPacket(true, 1, 2n ** 64n - 1n, FRAME),
      enhancedPacket(true, 2, 999n, FRAME),
      enhancedPacket(true, 2, 1000n, FRAME),
      enhancedPacket(true, 0, 2n ** 32n - 1n, FRAME),
      enhancedPacket(true, 0, 2n ** 32n, FRAME),
    ];
    const { packets, missing } = await read(parts);
    expect(packets.map((packet) => packet.timeNs / 10n ** 9n)).toEqual([0n, 2n ** 32n - 1n]);
    expect(missing).toEqual({ recordedDrops: 0, untimedPackets: 4, untimedOctets: 4 * FRAME.length });
  });

  it('takes of a simple packet what its block holds', async () => {
    const { packets, error } = await read([
      sectionHeader(true),
      interfaceBlock(true, 1),
      block(true, 3, octets(true, [9, 4], [0x01020304, 4])),
    ]);
    expect(error).toBeUndefined();
    expect(packets).toMatchObject([{ wire: 9, frame: '04030201' }]);
  });

  const good = [sectionHeader(true), interfaceBlock(true, 1), enhancedPacket(true, 0, T, FRAME)];
  const at = good.reduce((sum, part) => sum + part.length, 0);
  const damaged: [string, Buffer, RegExp][] = [
    ['an undeclared interface', enhancedPacket(true, 1, T, FRAME), /below 1; found interface id 1/],
    ['a length that differs at the end', octets(true, [9, 4], [12, 4], [16, 4]), /found 16/],
    ['a length below 12', octets(true, [9, 4], [8, 4], [8, 4]), /found 8/],
    ['a length that is no multiple of 4', octets(true, [9, 4], [13, 4], [13, 4]), /found 13/],
    ['a length above 16 MiB', octets(true, [9, 4], [0xffff_fffc, 4], [0, 4]), /found 4294967292/],
    ['a packet block too short', block(true, 6, Buffer.alloc(16)), /at least 32 octets; found 28/],
    ['a captured length beyond the block', damagedPacket(), /found 9/],
    ['no byte-order magic', block(true, 0x0a0d0d0a, Buffer.alloc(16)), /found 00000000/],
    ['version 2', block(true, 0x0a0d0d0a, octets(true, [0x1a2b3c4d, 4], [2, 2], [0, 2], [0, 8])), /found 2/],
    ['an interface block too short', block(true, 1, Buffer.alloc(4)), /at least 20 octets; found 16/],
  ];
  function damagedPacket(): Buffer {
    const packet = enhancedPacket(true, 0, T, FRAME);
    packet.writeUInt32LE(9, 20);
    return packet;
  }
  it.each(damaged)('names %s after the packets before it', async (_name, bad, message) => {
    const { packets, error } = await read([...good, bad]);
    expect(packets).toHaveLength(1);
    expect(error).toBeInstanceOf(CaptureFileError);
    // The field that is wrong, in the block that stands there.
    expect((error as CaptureFileError).byteOffset! - at).toBeGreaterThanOrEqual(0);
    expect((error as CaptureFileError).byteOffset! - at).toBeLessThan(bad.length);
    expect((error as Error).message).toMatch(message);
  });
});
