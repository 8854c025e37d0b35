/** Builds captures octet by octet for the tests here, and reads them whole. Nothing of src/ is used to build. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import {
  CAPTURE_OCTETS,
  type CaptureOptions,
  openCaptures,
} from '../../../src/capture/files/capture-source.ts';
import type { MissingPackets, SourceInterface } from '../../../src/capture/source.ts';
import { createEngine, type Engine } from '../../../src/engine/engine.ts';
import { createPacketBatch } from '../../../src/records/packet-batch.ts';

export interface ReadPacket {
  readonly timeNs: bigint;
  readonly wire: number;
  readonly frame: string;
  readonly interfaceIndex: number;
}

export interface ReadCapture {
  readonly packets: ReadPacket[];
  readonly interfaces: readonly SourceInterface[];
  /** The first of `errors`. */
  readonly error: Error | undefined;
  readonly errors: readonly Error[];
  readonly octetsConsumed: number;
  readonly octetsTotal: number | undefined;
  readonly missing: MissingPackets | undefined;
}

/**
 * Reads captures to their end or error; times are absolute, in nanoseconds. Twice: with the engine and without, which has
 * to make no difference.
 */
export async function readAll(
  files: readonly string[],
  options: CaptureOptions = {},
  capacity = 64,
): Promise<ReadCapture> {
  const read = await readWith(files, options, capacity, undefined);
  // Standard input comes but once.
  if (files.includes('-')) return read;
  const octets = CAPTURE_OCTETS + (options.windowOctets ?? 0) + capacity * 32;
  expect(await readWith(files, options, capacity, createEngine(octets))).toEqual(read);
  // Every regular file is large enough to be read ahead here, and few records lie whole in a chunk.
  const readAhead = { chunkOctets: 300, roomOctets: 200, fileOctetsMin: 0 };
  expect(await readWith(files, { ...options, readAhead }, capacity, createEngine(octets))).toEqual(read);
  return read;
}

async function readWith(
  files: readonly string[],
  options: CaptureOptions,
  capacity: number,
  engine: Engine | undefined,
): Promise<ReadCapture> {
  const source = openCaptures(files, options, engine);
  const batch = createPacketBatch(capacity, engine?.allocate);
  const packets: ReadPacket[] = [];
  do {
    while (source.readBatch(batch) > 0) {
      for (let i = 0; i < batch.count; i++) {
        const length = batch.capturedLength[i]!;
        const view = batch.view;
        const start = view.byteOffset + batch.frameOffset[i]!;
        packets.push({
          timeNs: BigInt(source.timeBaseSeconds) * 1_000_000_000n + BigInt(batch.timeNs[i]!),
          wire: batch.wireLength[i]!,
          frame: Buffer.from(view.buffer, start, length).toString('hex'),
          interfaceIndex: batch.interfaceIndex[i]!,
        });
      }
    }
  } while (await source.more());
  const { interfaces, octetsConsumed, octetsTotal } = source;
  const errors = [...source.errors];
  source.close();
  source.close();
  return {
    packets,
    interfaces: [...interfaces],
    error: errors[0],
    errors,
    octetsConsumed,
    octetsTotal,
    missing: source.missing,
  };
}

/** A scratch directory with `write(name, octets)`, which returns the path; remove it with `remove()`. */
export function scratch(): {
  path: (name: string) => string;
  write: (name: string, octets: Uint8Array) => string;
  remove: () => void;
} {
  const directory = mkdtempSync(join(tmpdir(), 'flowtap-capture-'));
  const path = (name: string): string => join(directory, name);
  return {
    path,
    write: (name, octets) => {
      writeFileSync(path(name), octets);
      return path(name);
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Integers as octets: [value, size in octets] in the given byte order. */
export function octets(
  littleEndian: boolean,
  ...fields: readonly (readonly [number | bigint, number])[]
): Buffer {
  const parts = fields.map(([value, size]) => {
    const part = Buffer.alloc(size);
    let rest = BigInt(value);
    for (let i = 0; i < size; i++) {
      part[littleEndian ? i : size - 1 - i] = Number(rest & 0xffn);
      rest >>= 8n;
    }
    return part;
  });
  return Buffer.concat(parts);
}

export interface PcapRecord {
  readonly seconds: number;
  readonly fraction: number;
  readonly frame: Uint8Array;
  readonly wire?: number;
}

/** A classic capture. */
export function pcap(
  records: readonly PcapRecord[],
  options: {
    bigEndian?: boolean;
    magic?: number;
    linkType?: number;
    snapLength?: number;
    version?: [number, number];
  } = {},
): Buffer {
  const little = options.bigEndian !== true;
  const magic = options.magic ?? 0xa1b2c3d4;
  const [major, minor] = options.version ?? [2, 4];
  const parts = [
    octets(little, [magic, 4], [major, 2], [minor, 2], [0, 4], [0, 4], [options.snapLength ?? 65535, 4]),
    octets(little, [options.linkType ?? 1, 4]),
  ];
  for (const { seconds, fraction, frame, wire } of records) {
    parts.push(octets(little, [seconds, 4], [fraction, 4], [frame.length, 4], [wire ?? frame.length, 4]));
    if (magic === 0xa1b2cd34) parts.push(octets(little, [7, 4], [0x800, 2], [0, 1], [0, 1]));
    parts.push(Buffer.from(frame));
  }
  return Buffer.concat(parts);
}

/** A pcapng block around a body, which is padded. */
export function block(littleEndian: boolean, type: number, body: Uint8Array): Buffer {
  const padding = Buffer.alloc((4 - (body.length % 4)) % 4);
  const total = 12 + body.length + padding.length;
  return Buffer.concat([
    octets(littleEndian, [type, 4], [total, 4]),
    body,
    padding,
    octets(littleEndian, [total, 4]),
  ]);
}

/** A pcapng option, padded. */
export function option(littleEndian: boolean, code: number, value: Uint8Array): Buffer {
  const padding = Buffer.alloc((4 - (value.length % 4)) % 4);
  return Buffer.concat([octets(littleEndian, [code, 2], [value.length, 2]), value, padding]);
}

export function sectionHeader(littleEndian: boolean): Buffer {
  const length = 0xffff_ffff_ffff_ffffn;
  return block(littleEndian, 0x0a0d0d0a, octets(littleEndian, [0x1a2b3c4d, 4], [1, 2], [0, 2], [length, 8]));
}

export function interfaceBlock(
  littleEndian: boolean,
  linkType: number,
  options: { name?: string; resolution?: number; offsetSeconds?: bigint; snapLength?: number } = {},
): Buffer {
  const parts = [octets(littleEndian, [linkType, 2], [0, 2], [options.snapLength ?? 0, 4])];
  if (options.name !== undefined) parts.push(option(littleEndian, 2, Buffer.from(options.name)));
  if (options.resolution !== undefined) parts.push(option(littleEndian, 9, Buffer.of(options.resolution)));
  if (options.offsetSeconds !== undefined)
    parts.push(option(littleEndian, 14, octets(littleEndian, [options.offsetSeconds, 8])));
  return block(littleEndian, 1, Buffer.concat(parts));
}

export function enhancedPacket(
  littleEndian: boolean,
  interfaceNumber: number,
  units: bigint,
  frame: Uint8Array,
  wire = frame.length,
): Buffer {
  const padded = Buffer.concat([frame, Buffer.alloc((4 - (frame.length % 4)) % 4)]);
  const time = [units >> 32n, units & 0xffff_ffffn] as const;
  const head = octets(
    littleEndian,
    [interfaceNumber, 4],
    [time[0], 4],
    [time[1], 4],
    [frame.length, 4],
    [wire, 4],
  );
  return block(littleEndian, 6, Buffer.concat([head, padded]));
}
