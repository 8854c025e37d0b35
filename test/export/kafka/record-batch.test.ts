/** Record batches, read back by the client library's reader of what consumers get. */
import { compatibilityPartitioner, murmur2, Reader, readRecordsBatch } from '@platformatic/kafka';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildRecordBatch,
  halves,
  murmur2OfKey,
  partitionBlock,
  partitionOfKey,
  setProducer,
} from '../../../src/export/kafka/record-batch.ts';

function blockOf(entries: readonly { key: number; value: Buffer }[]): Buffer {
  return Buffer.concat(
    entries.map(({ key, value }) => {
      const head = Buffer.alloc(8);
      head.writeUInt32BE(key, 0);
      head.writeUInt32BE(value.length, 4);
      return Buffer.concat([head, value]);
    }),
  );
}

const ENTRIES = Array.from({ length: 3000 }, (_, i) => ({
  key: Math.imul(i, 0x9e3779b1) >>> 0,
  value: Buffer.from(`value ${i} `.repeat(1 + (i % 40))),
}));

describe('record batches', () => {
  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'with compression %s are read back',
    async (compression) => {
      const partitions = partitionBlock(blockOf(ENTRIES), 3);
      expect(partitions.map(({ partition }) => partition)).toEqual([0, 1, 2]);
      let count = 0;
      for (const rows of partitions) {
        const batch = await buildRecordBatch(rows, compression);
        setProducer(batch, { id: 77n, epoch: 3 }, 0x7ffffff0, 1_700_000_000_123);
        const read = readRecordsBatch(Reader.from(batch.octets));
        const expected = ENTRIES.filter(({ key }) => partitionOfKey(key, 3) === rows.partition);
        expect(read).toMatchObject({
          magic: 2,
          producerId: 77n,
          producerEpoch: 3,
          firstSequence: 0x7ffffff0,
        });
        expect(read.lastOffsetDelta).toBe(expected.length - 1);
        expect(read.firstTimestamp).toBe(1_700_000_000_123n);
        expect(read.records.map(({ offsetDelta }) => offsetDelta)).toEqual(expected.map((_, i) => i));
        expect(read.records.map(({ key }) => key!.readUInt32BE())).toEqual(expected.map(({ key }) => key));
        expect(read.records.map(({ value }) => value!.toString())).toEqual(
          expected.map(({ value }) => value.toString()),
        );
        count += read.records.length;
      }
      expect(count).toBe(ENTRIES.length);
    },
  );

  it('that are too large come apart in the middle', async () => {
    const [rows] = partitionBlock(blockOf(ENTRIES.slice(0, 5)), 1);
    const parts = halves(rows!);
    expect(parts.map(({ entries }) => entries.length)).toEqual([2, 3]);
    const values: string[] = [];
    for (const part of parts) {
      const read = readRecordsBatch(Reader.from((await buildRecordBatch(part, 'none')).octets));
      values.push(...read.records.map(({ value }) => value!.toString()));
    }
    expect(values).toEqual(ENTRIES.slice(0, 5).map(({ value }) => value.toString()));
  });

  it('leave out partitions without messages', () => {
    expect(partitionBlock(blockOf(ENTRIES.slice(0, 1)), 50)).toHaveLength(1);
    expect(partitionBlock(Buffer.alloc(0), 50)).toEqual([]);
  });
});

describe('partitions of keys', () => {
  it("are those of Kafka's own clients", () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.integer({ min: 1, max: 100 }), (key, partitions) => {
        const octets = Buffer.alloc(4);
        octets.writeUInt32BE(key);
        expect(murmur2OfKey(key)).toBe(murmur2(octets) >>> 0);
        expect(partitionOfKey(key, partitions)).toBe(
          compatibilityPartitioner({} as never, octets) % partitions,
        );
      }),
    );
  });
});
