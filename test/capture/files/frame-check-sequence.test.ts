/** Frame check sequences: where a capture says that frames end with one, its octets are no part of their length. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openCaptures } from '../../../src/capture/files/capture-source.ts';
import { createPacketBatch } from '../../../src/records/packet-batch.ts';
import { describeWithTools } from '../../support/tools.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-fcs-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Ethernet, IPv4, UDP with 10 octets: 52 octets, and a frame check sequence. */
const FRAME = Buffer.from(
  `${'0200000000020200000000010800'}${'4500002600010000401166c40a0000010a000002'}${'000100350012'}0000${'78'.repeat(10)}`,
  'hex',
);
const FCS = Buffer.from('deadbeef', 'hex');

function words(littleEndian: boolean, ...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => {
    if (littleEndian) bytes.writeUInt32LE(value >>> 0, i * 4);
    else bytes.writeUInt32BE(value >>> 0, i * 4);
  });
  return bytes;
}

function halves(littleEndian: boolean, ...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, i) => {
    if (littleEndian) bytes.writeUInt16LE(value, i * 2);
    else bytes.writeUInt16BE(value, i * 2);
  });
  return bytes;
}

function pcap(linkField: number, captured: Buffer, original: number, littleEndian = true): Buffer {
  const magic = words(littleEndian, 0xa1b2c3d4);
  return Buffer.concat([
    magic,
    halves(littleEndian, 2, 4),
    words(littleEndian, 0, 0, 65535, linkField, 1_700_000_000, 0, captured.length, original),
    captured,
  ]);
}

const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);

function block(type: number, body: Buffer): Buffer {
  const length = body.length + 12;
  return Buffer.concat([words(true, type, length), body, words(true, length)]);
}

function option(code: number, value: Buffer): Buffer {
  return Buffer.concat([halves(true, code, value.length), padded(value)]);
}

interface Pcapng {
  readonly interfaceFcs?: number;
  readonly flags?: number;
  readonly captured?: Buffer;
  readonly kind?: 'enhanced' | 'simple' | 'obsolete';
}

function pcapng({
  interfaceFcs,
  flags,
  captured = Buffer.concat([FRAME, FCS]),
  kind = 'enhanced',
}: Pcapng): Buffer {
  const end = halves(true, 0, 0);
  const original = FRAME.length + FCS.length;
  const interfaceOptions = interfaceFcs === undefined ? [] : [option(13, Buffer.of(interfaceFcs)), end];
  const packetOptions =
    flags === undefined ? [] : [option(1, Buffer.from('a comment')), option(2, words(true, flags)), end];
  const lengths = words(true, 0, 0, captured.length, original);
  const packet = {
    enhanced: () => block(6, Buffer.concat([words(true, 0), lengths, padded(captured), ...packetOptions])),
    obsolete: () =>
      block(2, Buffer.concat([halves(true, 0, 0xffff), lengths, padded(captured), ...packetOptions])),
    simple: () => block(3, Buffer.concat([words(true, original), padded(captured)])),
  }[kind]();
  return Buffer.concat([
    block(0x0a0d0d0a, Buffer.concat([words(true, 0x1a2b3c4d), halves(true, 1, 0), words(true, -1, -1)])),
    block(1, Buffer.concat([halves(true, 1, 0), words(true, 0), ...interfaceOptions])),
    packet,
  ]);
}

/** Captured and original length of the only frame. */
function lengthsOf(bytes: Buffer): [captured: number, wire: number] {
  const file = join(folder, 'capture');
  writeFileSync(file, bytes);
  const source = openCaptures([file]);
  const batch = createPacketBatch();
  expect(source.readBatch(batch)).toBe(1);
  expect(source.errors).toEqual([]);
  source.close();
  return [batch.capturedLength[0]!, batch.wireLength[0]!];
}

const WHOLE = Buffer.concat([FRAME, FCS]);
const PRESENT = 0x2400_0001;

it.each<[string, Buffer, [number, number]]>([
  ['pcap header', pcap(PRESENT, WHOLE, 56), [52, 52]],
  ['pcap header, big-endian', pcap(PRESENT, WHOLE, 56, false), [52, 52]],
  ['pcap header, two octets', pcap(0x1400_0001, WHOLE, 56), [54, 54]],
  ['pcap header, snapped before it', pcap(PRESENT, FRAME.subarray(0, 40), 56), [40, 52]],
  ['pcap header, snapped within it', pcap(PRESENT, WHOLE.subarray(0, 54), 56), [52, 52]],
  ['pcap header, a length without its bit', pcap(0x2000_0001, WHOLE, 56), [56, 56]],
  ['pcap header, frame of less than that', pcap(PRESENT, FCS.subarray(0, 3), 3), [0, 0]],
  ['if_fcslen', pcapng({ interfaceFcs: 4 }), [52, 52]],
  ['if_fcslen in bits', pcapng({ interfaceFcs: 32 }), [52, 52]],
  ['if_fcslen, simple packet', pcapng({ interfaceFcs: 4, kind: 'simple' }), [52, 52]],
  ['if_fcslen, obsolete packet', pcapng({ interfaceFcs: 4, kind: 'obsolete' }), [52, 52]],
  ['epb_flags', pcapng({ flags: 4 << 5 }), [52, 52]],
  ['pack_flags', pcapng({ flags: 4 << 5, kind: 'obsolete' }), [52, 52]],
  ['epb_flags over if_fcslen', pcapng({ interfaceFcs: 4, flags: (2 << 5) | 1 }), [54, 54]],
  ['epb_flags that say nothing of it', pcapng({ interfaceFcs: 4, flags: 1 }), [52, 52]],
  ['nothing', pcapng({}), [56, 56]],
])('%s', (_, bytes, lengths) => expect(lengthsOf(bytes)).toEqual(lengths));

describeWithTools(['tshark'], 'the same frame in tshark', () => {
  it.each<[string, Buffer]>([
    ['pcap header', pcap(PRESENT, WHOLE, 56)],
    ['if_fcslen', pcapng({ interfaceFcs: 4 })],
    ['epb_flags', pcapng({ flags: 4 << 5 })],
  ])('ends with a frame check sequence by %s', (_, bytes) => {
    const file = join(folder, 'capture');
    writeFileSync(file, bytes);
    const args = ['-r', file, '-T', 'fields', '-e', 'eth.fcs'];
    const out = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    expect(out.trim()).toBe('0xdeadbeef');
  });
});
