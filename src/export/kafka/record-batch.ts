/**
 * Kafka's record batches (message format 2, KIP-98; "Message Format" in Kafka's documentation), built from a block of
 * messages: which partition each goes to, the records of a partition, and the header around them. Written by hand,
 * because it runs for every record; the client library talks to the brokers (kafka-cluster.ts).
 *
 *     header   0  base offset 64 | length 32 | partition leader epoch 32 | magic 8 | CRC-32C 32
 *             21  attributes 16 | last offset delta 32 | first and last timestamp 64 each
 *             43  producer id 64 | producer epoch 16 | first sequence number 32 | records 32
 *             61  records: length, attributes 8, timestamp delta, offset delta, key, value, headers; lengths and deltas
 *                 are zigzag varints
 */

import { promisify } from 'node:util';
import { gzip, zstdCompress } from 'node:zlib';
import { compressionsAlgorithms, crc32c } from '@platformatic/kafka';
import { ENTRY_HEAD_OCTETS } from '../flow-messages/message-block.ts';

const HEADER_OCTETS = 61;
const LENGTH_AT = 8;
const EPOCH_AT = 12;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_AT = 23;
const FIRST_TIMESTAMP_AT = 27;
const LAST_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const PRODUCER_EPOCH_AT = 51;
const SEQUENCE_AT = 53;
const RECORDS_AT = 57;
const MAGIC = 2;
const KEY_OCTETS = 4;
/** What stands around a value at most: length 5, attributes, timestamp, offset 5, key 1 + 4, value length 5, headers. */
const RECORD_OVERHEAD_OCTETS = 24;

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

const deflate = promisify(gzip);
const compressZstd = promisify(zstdCompress);

/** Messages of one partition: where their entries stand in the block. */
export interface PartitionRows {
  readonly partition: number;
  readonly octets: Uint8Array;
  readonly entries: Int32Array;
}

/** A record batch that is ready but for the producer's part of its header. */
export interface RecordBatch {
  readonly rows: PartitionRows;
  readonly octets: Buffer;
}

/** Kafka's murmur2 of a key of 4 octets (org.apache.kafka.common.utils.Utils), as its default partitioner uses it. */
export function murmur2OfKey(key: number): number {
  const m = 0x5bd1e995;
  // The key's octets are in network order, the hash reads them as a little-endian number.
  let k = (key >>> 24) | ((key >>> 8) & 0xff00) | ((key << 8) & 0xff0000) | (key << 24) | 0;
  k = Math.imul(k, m);
  k = Math.imul(k ^ (k >>> 24), m);
  let h = Math.imul(0x9747b28c ^ KEY_OCTETS, m) ^ k;
  h = Math.imul(h ^ (h >>> 13), m);
  return (h ^ (h >>> 15)) >>> 0;
}

/** The partition of a key, as Kafka's own clients choose it. */
export function partitionOfKey(key: number, partitions: number): number {
  return (murmur2OfKey(key) & 0x7fffffff) % partitions;
}

function readUint32(octets: Uint8Array, at: number): number {
  return ((octets[at]! << 24) | (octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!) >>> 0;
}

/**
 * Finds the partition of every message of a block.
 * @param octets of the block, as far as they are used; partitions refer to them
 * @returns partitions that have any, in ascending order
 */
export function partitionBlock(octets: Uint8Array, partitions: number): PartitionRows[] {
  const counts = new Int32Array(partitions);
  for (let at = 0; at < octets.length; at += ENTRY_HEAD_OCTETS + readUint32(octets, at + 4)) {
    counts[partitionOfKey(readUint32(octets, at), partitions)]!++;
  }
  const entries = Array.from(counts, (count) => new Int32Array(count));
  const used = new Int32Array(partitions);
  for (let at = 0; at < octets.length; at += ENTRY_HEAD_OCTETS + readUint32(octets, at + 4)) {
    const partition = partitionOfKey(readUint32(octets, at), partitions);
    entries[partition]![used[partition]!++] = at;
  }
  return entries
    .map((rows, partition) => ({ partition, octets, entries: rows }))
    .filter((rows) => rows.entries.length > 0);
}

/** Both halves of rows that are too many for one batch. */
export function halves({ partition, octets, entries }: PartitionRows): PartitionRows[] {
  const middle = entries.length >>> 1;
  return [entries.subarray(0, middle), entries.subarray(middle)].map((part) => ({
    partition,
    octets,
    entries: part,
  }));
}

/** Octets of a zigzag varint of a number that is not negative. */
function zigzagOctets(value: number): number {
  return value < 64 ? 1 : value < 8192 ? 2 : value < 1048576 ? 3 : value < 134217728 ? 4 : 5;
}

/** A zigzag varint of a number from 0 to 2^30. */
function putZigzag(out: Uint8Array, at: number, value: number): number {
  let rest = value << 1;
  let end = at;
  while (rest > 0x7f) {
    out[end++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  out[end++] = rest;
  return end;
}

/** Records of `rows` from `at` on. @returns the octet behind them */
function putRecords(out: Buffer, start: number, { octets, entries }: PartitionRows): number {
  let at = start;
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i]!;
    const valueOctets = readUint32(octets, entry + 4);
    const length = 4 + KEY_OCTETS + zigzagOctets(i) + zigzagOctets(valueOctets) + valueOctets;
    at = putZigzag(out, at, length);
    out[at++] = 0; // attributes
    out[at++] = 0; // timestamp delta
    at = putZigzag(out, at, i);
    at = putZigzag(out, at, KEY_OCTETS);
    for (let o = 0; o < KEY_OCTETS; o++) out[at++] = octets[entry + o]!;
    at = putZigzag(out, at, valueOctets);
    const value = entry + ENTRY_HEAD_OCTETS;
    for (let o = 0; o < valueOctets; o++) out[at + o] = octets[value + o]!;
    at += valueOctets;
    out[at++] = 0; // headers
  }
  return at;
}

async function compress(records: Buffer, compression: Compression): Promise<Uint8Array> {
  switch (compression) {
    case 'none':
      return records;
    // These two have asynchronous forms, which leave the main thread alone.
    case 'gzip':
      return deflate(records);
    case 'zstd':
      return compressZstd(records);
    default:
      return compressionsAlgorithms[compression].compressSync(records);
  }
}

/** Builds the batch of one partition; its producer's part is set by `setProducer` when it is sent. */
export async function buildRecordBatch(rows: PartitionRows, compression: Compression): Promise<RecordBatch> {
  const count = rows.entries.length;
  let values = 0;
  for (let i = 0; i < count; i++) values += readUint32(rows.octets, rows.entries[i]! + 4);
  const uncompressed = Buffer.allocUnsafe(HEADER_OCTETS + values + count * RECORD_OVERHEAD_OCTETS);
  const end = putRecords(uncompressed, HEADER_OCTETS, rows);
  let octets = uncompressed.subarray(0, end);
  if (compression !== 'none') {
    const records = await compress(uncompressed.subarray(HEADER_OCTETS, end), compression);
    octets = Buffer.allocUnsafe(HEADER_OCTETS + records.length);
    octets.set(records, HEADER_OCTETS);
  }
  octets.fill(0, 0, HEADER_OCTETS);
  octets.writeInt32BE(octets.length - EPOCH_AT, LENGTH_AT);
  octets.writeInt32BE(-1, EPOCH_AT);
  octets[MAGIC_AT] = MAGIC;
  octets.writeInt16BE(compressionsAlgorithms[compression].bitmask, ATTRIBUTES_AT);
  octets.writeInt32BE(count - 1, LAST_OFFSET_AT);
  octets.writeInt32BE(count, RECORDS_AT);
  return { rows, octets };
}

/** Who produces a batch: with it, a broker recognises one that it has already (idempotence, KIP-98). */
export interface ProducerState {
  readonly id: bigint;
  readonly epoch: number;
}

/** Fills in producer, sequence number and time, and closes the batch with its checksum. */
export function setProducer(
  { octets }: RecordBatch,
  { id, epoch }: ProducerState,
  sequence: number,
  timestampMs: number,
): void {
  octets.writeBigInt64BE(BigInt(timestampMs), FIRST_TIMESTAMP_AT);
  octets.writeBigInt64BE(BigInt(timestampMs), LAST_TIMESTAMP_AT);
  octets.writeBigInt64BE(id, PRODUCER_ID_AT);
  octets.writeInt16BE(epoch, PRODUCER_EPOCH_AT);
  octets.writeInt32BE(sequence, SEQUENCE_AT);
  octets.writeUInt32BE(crc32c(octets.subarray(ATTRIBUTES_AT)), CRC_AT);
}
