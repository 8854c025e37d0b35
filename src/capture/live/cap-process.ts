/**
 * The process that captures with the package cap, for cap-capture.ts: its addon works on the first thread of a process
 * only, and in a worker thread would end all of it. Run as
 *
 *     node cap-process.ts link '{"device":…,"filter":…,"bufferOctets":…,"snapLength":…}'      prints the link type, ends
 *     node cap-process.ts capture '…'                                                        prints packets until killed
 *
 * A packet is a header of 16 octets, little-endian: octets of the frame that follow, octets that cap gave, whether it
 * had cut the frame (0 or 1), and how many packets were lost for want of a reader so far. An error goes to standard
 * error, with exit code 1.
 */
import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';

interface CapHandle {
  open(device: string, filter: string, bufferOctets: number, buffer: Buffer): string;
  close(): void;
  on(event: 'packet', listener: (octets: number, isTruncated: boolean) => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
}

/** What the process is told. */
export interface CapRequest {
  readonly device: string;
  readonly filter: string;
  readonly bufferOctets: number;
  readonly snapLength: number;
}

const PACKET_OCTETS_MAX = 65_535;
const HEADER_OCTETS = 16;
/** What may wait for the reader before packets are dropped and counted. */
const WAITING_OCTETS_MAX = 16 * 2 ** 20;
/** Exit codes that cap-capture.ts tells apart. */
const EXIT_NO_PACKAGE = 3;

function fail(error: unknown, code: number): never {
  writeSync(2, error instanceof Error ? error.message : String(error));
  process.exit(code);
}

function loadCap(): new () => CapHandle {
  try {
    return (createRequire(import.meta.url)('cap') as { Cap: new () => CapHandle }).Cap;
  } catch (error) {
    return fail(error, EXIT_NO_PACKAGE);
  }
}

function capture(cap: CapHandle, buffer: Buffer, snapLength: number): void {
  let lost = 0;
  cap.on('packet', (octets, isTruncated) => {
    if (process.stdout.writableLength > WAITING_OCTETS_MAX) {
      lost++;
      return;
    }
    const kept = Math.min(octets, snapLength);
    const record = Buffer.allocUnsafe(HEADER_OCTETS + kept);
    record.writeUInt32LE(kept, 0);
    record.writeUInt32LE(octets, 4);
    record.writeUInt32LE(isTruncated ? 1 : 0, 8);
    record.writeUInt32LE(lost, 12);
    buffer.copy(record, HEADER_OCTETS, 0, kept);
    process.stdout.write(record);
  });
  cap.on('error', (error) => fail(error, 1));
  // The parent is gone.
  process.stdout.on('error', () => process.exit(0));
}

const [, , what, text] = process.argv;
const { device, filter, bufferOctets, snapLength } = JSON.parse(text!) as CapRequest;
const Cap = loadCap();
const handle = new Cap();
const packets = Buffer.alloc(PACKET_OCTETS_MAX);
try {
  const link = handle.open(device, filter, bufferOctets, packets);
  if (what === 'link') {
    writeSync(1, link);
    process.exit(0);
  }
  capture(handle, packets, snapLength);
} catch (error) {
  fail(error, 1);
}
