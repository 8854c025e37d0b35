import { afterAll, describe, expect, it } from 'vitest';
import { CaptureFileError } from '../../../src/base/errors.ts';
import { type PcapRecord, pcap, readAll, scratch } from './support.ts';

const files = scratch();
afterAll(files.remove);

const FRAME_A = Buffer.from('00112233445566778899aabb0800', 'hex');
const FRAME_B = Buffer.from('ffffffffffff0203040506070806deadbeef', 'hex');
const RECORDS: PcapRecord[] = [
  { seconds: 1_700_000_000, fraction: 123_456, frame: FRAME_A, wire: 1514 },
  { seconds: 1_699_999_999, fraction: 999_999, frame: FRAME_B },
  { seconds: 4_294_967_295, fraction: 0, frame: Buffer.alloc(0), wire: 60 },
];

describe('classic pcap', () => {
  it('reads the octets of pcap-savefile(5), little-endian, microseconds', async () => {
    const literal = Buffer.from(
      'd4c3b2a1020004000000000000000000ffff000001000000' + // magic, 2.4, 0, 0, 65535, Ethernet
        '00f1536540e2010004000000dc050000deadbeef', // 1700000000, 123456, 4 of 1500
      'hex',
    );
    const { packets, interfaces, error } = await readAll([files.write('literal.pcap', literal)]);
    expect(error).toBeUndefined();
    expect(packets).toEqual([
      { timeNs: 1_700_000_000_123_456_000n, wire: 1500, frame: 'deadbeef', interfaceIndex: 0 },
    ]);
    expect(interfaces).toEqual([{ name: '', linkType: 1, snapLength: 65_535 }]);
  });

  for (const bigEndian of [false, true]) {
    for (const [magic, nsPerFraction] of [
      [0xa1b2c3d4, 1000n],
      [0xa1b23c4d, 1n],
      [0xa1b2cd34, 1000n],
    ] as const) {
      it(`reads magic ${magic.toString(16)}, ${bigEndian ? 'big' : 'little'}-endian`, async () => {
        const file = files.write('variant.pcap', pcap(RECORDS, { bigEndian, magic, linkType: 113 }));
        const { packets, interfaces, error } = await readAll([file]);
        expect(error).toBeUndefined();
        expect(interfaces[0]!.linkType).toBe(113);
        expect(packets.map((packet) => packet.frame)).toEqual([
          FRAME_A.toString('hex'),
          FRAME_B.toString('hex'),
          '',
        ]);
        expect(packets.map((packet) => packet.wire)).toEqual([1514, FRAME_B.length, 60]);
        const times = RECORDS.map((r) => BigInt(r.seconds) * 10n ** 9n + BigInt(r.fraction) * nsPerFraction);
        expect(packets[0]!.timeNs).toBe(times[0]);
        expect(packets[1]!.timeNs).toBe(times[1]);
        expect(Number(packets[2]!.timeNs - times[2]!)).toBeLessThanOrEqual(512);
      });
    }
  }

  it('is exact to the nanosecond', async () => {
    const records = [0, 1, 999_999_999].map((fraction) => ({
      seconds: 1_700_000_007,
      fraction,
      frame: FRAME_A,
    }));
    const file = files.write('ns.pcap', pcap(records, { magic: 0xa1b23c4d }));
    const { packets } = await readAll([file]);
    expect(packets.map((packet) => packet.timeNs - 1_700_000_007_000_000_000n)).toEqual([
      0n,
      1n,
      999_999_999n,
    ]);
  });

  it('takes the lower 16 bits of the link-type field and ignores FCS length', async () => {
    const { interfaces } = await readAll([files.write('fcs.pcap', pcap(RECORDS, { linkType: 0x2400_0001 }))]);
    expect(interfaces[0]!.linkType).toBe(1);
  });

  it('counts at least the captured octets as the wire length', async () => {
    const file = files.write('wire.pcap', pcap([{ seconds: 1, fraction: 0, frame: FRAME_B, wire: 3 }]));
    expect((await readAll([file])).packets[0]!.wire).toBe(FRAME_B.length);
  });

  it('reads the swapped lengths of versions 2.2 and, where they tell, 2.3', async () => {
    const capture = pcap([{ seconds: 1, fraction: 0, frame: FRAME_A, wire: 900 }], { version: [2, 3] });
    capture.writeUInt32LE(900, 32);
    capture.writeUInt32LE(FRAME_A.length, 36);
    for (const minor of [2, 3]) {
      capture.writeUInt16LE(minor, 6);
      const { packets, error } = await readAll([files.write('swapped.pcap', capture)]);
      expect(error).toBeUndefined();
      expect(packets).toMatchObject([{ wire: 900, frame: FRAME_A.toString('hex') }]);
    }
  });

  it('refuses an unknown version', async () => {
    const { error } = await readAll([files.write('version.pcap', pcap(RECORDS, { version: [2, 5] }))]);
    expect(error).toBeInstanceOf(CaptureFileError);
    expect(String(error)).toContain('found 2.5');
  });

  it('hands out what stands before an absurd captured length, then names it', async () => {
    const capture = pcap(RECORDS.slice(0, 2));
    const second = 24 + 16 + FRAME_A.length;
    capture.writeUInt32LE(262_145, second + 8);
    capture.writeUInt32LE(262_145, second + 12);
    const { packets, error } = await readAll([files.write('absurd.pcap', capture)]);
    expect(packets).toHaveLength(1);
    expect(error).toMatchObject({ byteOffset: second });
    expect((error as Error).message).toMatch(/at most 262144 captured octets; found 262145/);
  });

  it('reads a longer frame where the snap length allows it', async () => {
    const frame = Buffer.alloc(300_000, 0x5a);
    const capture = pcap([{ seconds: 1, fraction: 0, frame }], { snapLength: 524_288 });
    for (const options of [{}, { windowOctets: 1000 }]) {
      const { packets, error } = await readAll([files.write('jumbo.pcap', capture)], options);
      expect(error).toBeUndefined();
      expect(packets[0]!.frame).toBe(frame.toString('hex'));
    }
  });

  it('finds every truncation, with all whole records before it', async () => {
    const capture = pcap(RECORDS);
    const ends = [24, 24 + 16 + FRAME_A.length, 24 + 32 + FRAME_A.length + FRAME_B.length, capture.length];
    for (let length = 1; length <= capture.length; length++) {
      const file = files.write('cut.pcap', capture.subarray(0, length));
      for (const windowOctets of [1, 65_536]) {
        const { packets, error } = await readAll([file], { windowOctets });
        expect(packets.length, `${length}`).toBe(
          ends.filter((end) => end <= length).length - (length < 24 ? 0 : 1),
        );
        if (ends.includes(length)) expect(error, `${length}`).toBeUndefined();
        else {
          expect(error, `${length}`).toBeInstanceOf(CaptureFileError);
          const start = ends.filter((end) => end <= length).at(-1) ?? 0;
          expect(error, `${length}`).toMatchObject({ byteOffset: start, file });
        }
      }
    }
  });
});
