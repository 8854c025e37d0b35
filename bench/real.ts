/**
 * Makes the capture of the workload `real`: frames of captures of real traffic, again and again until there are as many
 * as asked for. Each round's IPv4 addresses, and the last half of IPv6 ones, are shifted, so that its flows are new
 * ones; its times follow those of the round before. So flows are as many, as long and as lively as in life.
 *
 * Captures are taken in the order of their names; those whose link is not Ethernet, whose format is not classic pcap,
 * and frames of a capture that is damaged are left out. All captures of a round begin together, and a round's frames
 * come in the order of their times. Each capture is cut off at LONGEST_S after its start. Checksums are not mended: no
 * probe here looks at them.
 */
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const ETHERNET_LINK = 1;
const MAGIC_US = 0xa1b2c3d4;
const MAGIC_NS = 0xa1b23c4d;
const LONGEST_S = 60;
const CHUNK_OCTETS = 4 << 20;
const FRAME_MAX = 262_144;
const BASE_SECONDS = Date.UTC(2026, 0, 1) / 1000;

interface RealFrame {
  /** Since its capture's start. */
  readonly us: number;
  readonly wireOctets: number;
  readonly frame: Buffer;
}

/** Frames of a classic pcap of Ethernet; none of any other file. */
function framesOf(file: Buffer): RealFrame[] {
  if (file.length < FILE_HEADER) return [];
  const magic = file.readUInt32LE(0);
  if ((magic !== MAGIC_US && magic !== MAGIC_NS) || file.readUInt32LE(20) !== ETHERNET_LINK) return [];
  const unit = magic === MAGIC_NS ? 1000 : 1;
  const frames: RealFrame[] = [];
  let firstUs = Number.NaN;
  for (let at = FILE_HEADER; at + RECORD_HEADER <= file.length; ) {
    const timeUs = file.readUInt32LE(at) * 1e6 + Math.floor(file.readUInt32LE(at + 4) / unit);
    const stored = file.readUInt32LE(at + 8);
    const end = at + RECORD_HEADER + stored;
    if (end > file.length || stored > FRAME_MAX) break;
    if (Number.isNaN(firstUs)) firstUs = timeUs;
    const us = timeUs - firstUs;
    const frame = file.subarray(at + RECORD_HEADER, end);
    if (us >= 0 && us < LONGEST_S * 1e6) frames.push({ us, wireOctets: file.readUInt32LE(at + 12), frame });
    at = end;
  }
  return frames;
}

/** Shifts the addresses of the IP packet in an Ethernet frame, both by the same. */
function shiftAddresses(frame: Buffer, round: number): void {
  let type = 12;
  while (type + 2 <= frame.length && frame.readUInt16BE(type) === 0x8100) type += 4;
  const ip = type + 2;
  if (ip + 40 > frame.length) return;
  const etherType = frame.readUInt16BE(type);
  const places = etherType === 0x0800 ? [ip + 12, ip + 16] : etherType === 0x86dd ? [ip + 20, ip + 36] : [];
  for (const at of places)
    frame.writeUInt32BE((frame.readUInt32BE(at) + Math.imul(round, 0x9e3779b1)) >>> 0, at);
}

/**
 * Writes the capture to `path`, replacing what is there.
 * @param folder  with captures of real traffic
 * @returns frames of a round
 * @throws RangeError where the folder has no frames of the kind
 */
export function writeRealWorkload(path: string, folder: string, packets: number): number {
  const frames = readdirSync(folder)
    .filter((name) => name.endsWith('.pcap'))
    .sort()
    .flatMap((name) => framesOf(readFileSync(join(folder, name))))
    .sort((one, other) => one.us - other.us);
  if (frames.length === 0)
    throw new RangeError(`${folder}: found no classic pcap of Ethernet; allowed: a folder with some`);
  const file = openSync(path, 'w');
  const chunk = Buffer.alloc(CHUNK_OCTETS + RECORD_HEADER + FRAME_MAX);
  const header = Buffer.alloc(FILE_HEADER);
  header.writeUInt32LE(MAGIC_US, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(FRAME_MAX, 16);
  header.writeUInt32LE(ETHERNET_LINK, 20);
  try {
    writeSync(file, header);
    let at = 0;
    for (let i = 0; i < packets; i++) {
      const round = Math.floor(i / frames.length);
      const { us, wireOctets, frame } = frames[i % frames.length]!;
      const timeUs = us + round * LONGEST_S * 1e6;
      chunk.writeUInt32LE(BASE_SECONDS + Math.floor(timeUs / 1e6), at);
      chunk.writeUInt32LE(timeUs % 1e6, at + 4);
      chunk.writeUInt32LE(frame.length, at + 8);
      chunk.writeUInt32LE(wireOctets, at + 12);
      frame.copy(chunk, at + RECORD_HEADER);
      const end = at + RECORD_HEADER + frame.length;
      shiftAddresses(chunk.subarray(at + RECORD_HEADER, end), round);
      at = end;
      if (at >= CHUNK_OCTETS || i === packets - 1) {
        for (let done = 0; done < at; ) done += writeSync(file, chunk, done, at - done);
        at = 0;
      }
    }
  } finally {
    closeSync(file);
  }
  return frames.length;
}

if (import.meta.main) {
  const [path, folder, packets = '3000000'] = process.argv.slice(2);
  if (path === undefined || folder === undefined) {
    console.log('usage: node bench/real.ts CAPTURE FOLDER [PACKETS]\nFOLDER has captures of real traffic');
    process.exitCode = 2;
  } else
    console.log(`${path}: ${packets} packets, ${writeRealWorkload(path, folder, Number(packets))} a round`);
}
