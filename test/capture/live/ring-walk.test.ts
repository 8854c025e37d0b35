/** The walk over a block of the ring, on memory that a test has written: right ones, and any octets at all. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBlockWalk, walkPackets } from '../../../src/capture/live/ring-walk.ts';
import { createLiveBatch, type LivePacketBatch } from '../../../src/capture/live-batch.ts';
import type { BlockWalk } from '../../../src/capture/ring-block.ts';

const BLOCK_OCTETS = 4096;
const BLOCK_START = 4096;
const MEMORY_OCTETS = 3 * 4096;
/** Where a packet's frame starts, from its header, as the kernel has it with a virtio_net_hdr. */
const MAC = 92;
const GUARD = 0xa5;

interface Packet {
  readonly frame: Uint8Array;
  readonly wireLength?: number;
  readonly seconds?: number;
  readonly nanoseconds?: number;
  /** TPID and TCI of a tag that was taken out; a TPID of 0 is not told. */
  readonly tag?: readonly [number, number];
  /** Number of the interface, in the address behind the header. */
  readonly ifIndex?: number;
  readonly segment?: { readonly type: number; readonly octets: number; readonly start: number };
}

/** A block as the kernel lays it out, between blocks of guards. */
function writeBlock(packets: readonly Packet[]): { memory: ArrayBuffer; first: number } {
  const memory = new ArrayBuffer(MEMORY_OCTETS);
  new Uint8Array(memory).fill(GUARD);
  new Uint8Array(memory, BLOCK_START, BLOCK_OCTETS).fill(0);
  const view = new DataView(memory);
  let at = BLOCK_START + 48;
  packets.forEach(({ frame, wireLength, seconds = 1000, nanoseconds = 0, tag, ifIndex = 0, segment }, i) => {
    const octets = (MAC + frame.length + 7) & ~7;
    view.setUint32(at, i === packets.length - 1 ? 0 : octets, true);
    view.setUint32(at + 4, seconds, true);
    view.setUint32(at + 8, nanoseconds, true);
    view.setUint32(at + 12, frame.length, true);
    view.setUint32(at + 16, wireLength ?? frame.length, true);
    view.setUint16(at + 24, MAC, true);
    view.setInt32(at + 52, ifIndex, true);
    if (tag !== undefined) {
      view.setUint32(at + 20, tag[0] === 0 ? 0x10 : 0x50, true);
      view.setUint32(at + 32, tag[1], true);
      view.setUint16(at + 36, tag[0], true);
    }
    if (segment !== undefined) {
      view.setUint8(at + MAC - 10, segment.start === 0 ? 0 : 1);
      view.setUint8(at + MAC - 9, segment.type);
      view.setUint16(at + MAC - 6, segment.octets, true);
      view.setUint16(at + MAC - 4, segment.start, true);
    }
    new Uint8Array(memory, at + MAC, frame.length).set(frame);
    at += octets;
  });
  return { memory, first: BLOCK_START + 48 };
}

const wholeOf = (buffer: ArrayBuffer) => ({ buffer, byteOffset: 0, octets: buffer.byteLength });

function walkOf(memory: ArrayBuffer, first: number, packets: number): BlockWalk {
  const options = { timeBaseSeconds: 900, interfaceIndex: 3, isEthernet: true, hasVnetHeader: true };
  const walk = createBlockWalk(wholeOf(memory), options);
  return Object.assign(walk, { at: first, left: packets, end: BLOCK_START + BLOCK_OCTETS });
}

function frameOf(batch: LivePacketBatch, i: number): number[] {
  const { buffer } = batch.view;
  return [...new Uint8Array(buffer as ArrayBuffer, batch.frameOffset[i], batch.capturedLength[i])];
}

const numbers = (octets: number, from = 0) => Uint8Array.from({ length: octets }, (_, i) => from + i);

describe('the walk over a block', () => {
  it('counts the packets of each member of a group, also those from before it came back', () => {
    const frame = numbers(60);
    const packets = [7, 9, 7, 5, 8].map((ifIndex) => ({ frame, ifIndex }));
    const tagged = { frame, ifIndex: 9, tag: [0x8100, 10] as const };
    const { memory, first } = writeBlock([...packets, tagged]);
    // The second member was number 5 before; number 8 is none of them.
    const ifIndexes = Int32Array.of(7, 9, 0, 5);
    const members = { ifIndexes, packets: new Float64Array(2), octets: new Float64Array(2) };
    const options = {
      timeBaseSeconds: 900,
      interfaceIndex: 3,
      isEthernet: true,
      hasVnetHeader: true,
      members,
    };
    const at = { at: first, left: 6, end: BLOCK_START + BLOCK_OCTETS };
    expect(
      walkPackets(Object.assign(createBlockWalk(wholeOf(memory), options), at), createLiveBatch(8)),
    ).toBe(6);
    expect([...members.packets]).toEqual([2, 3]);
    expect([...members.octets]).toEqual([120, 184]);
  });

  it('hands out every packet with its length and time, a batch at a time', () => {
    const packets = [
      { frame: numbers(60), seconds: 1000, nanoseconds: 5 },
      { frame: numbers(61, 10), wireLength: 1514, seconds: 1001, nanoseconds: 999_999_999 },
      { frame: numbers(14, 20), seconds: 899 },
    ];
    const { memory, first } = writeBlock(packets);
    const walk = walkOf(memory, first, 3);
    const batch = createLiveBatch(2);
    expect(walkPackets(walk, batch)).toBe(2);
    expect(frameOf(batch, 0)).toEqual([...packets[0]!.frame]);
    expect(frameOf(batch, 1)).toEqual([...packets[1]!.frame]);
    expect([...batch.wireLength]).toEqual([60, 1514]);
    expect([...batch.timeNs]).toEqual([100e9 + 5, 101e9 + 999_999_999]);
    expect([...batch.interfaceIndex]).toEqual([3, 3]);
    expect(batch.superPackets).toBe(0);
    expect(walkPackets(walk, batch)).toBe(1);
    expect(frameOf(batch, 0)).toEqual([...packets[2]!.frame]);
    expect(batch.timeNs[0]).toBe(-1e9);
    expect(walkPackets(walk, batch)).toBe(0);
    expect(walk.faults).toBe(0);
  });

  it('puts a tag back in front of the type, with the kernel’s tag type or the usual one', () => {
    const frame = numbers(20);
    const { memory, first } = writeBlock([
      { frame, tag: [0x88a8, 0x2064] },
      { frame, tag: [0, 0x000a] },
    ]);
    const batch = createLiveBatch(8);
    walkPackets(walkOf(memory, first, 2), batch);
    const tagged = (tag: number[]) => [...frame.slice(0, 12), ...tag, ...frame.slice(12)];
    expect(frameOf(batch, 0)).toEqual(tagged([0x88, 0xa8, 0x20, 0x64]));
    expect(frameOf(batch, 1)).toEqual(tagged([0x81, 0x00, 0x00, 0x0a]));
    expect(batch.wireLength[0]).toBe(24);
  });

  it('tells super-packets of TCP and UDP from other packets', () => {
    const frame = numbers(80);
    const { memory, first } = writeBlock([
      { frame, segment: { type: 1, octets: 1448, start: 34 } },
      { frame, segment: { type: 4 | 0x80, octets: 1428, start: 54 }, tag: [0x8100, 7] },
      { frame },
      { frame, segment: { type: 5, octets: 1200, start: 0 } },
      { frame, segment: { type: 3, octets: 1480, start: 34 } },
    ]);
    const batch = createLiveBatch(8);
    expect(walkPackets(walkOf(memory, first, 5), batch)).toBe(5);
    expect(batch.superPackets).toBe(3);
    expect([...batch.segmentOctets.slice(0, 5)]).toEqual([1448, 1428, 0, 1200, 0]);
    expect([batch.transportOffset[0], batch.transportOffset[1], batch.transportOffset[3]]).toEqual([
      34, 58, 0,
    ]);
    expect([batch.isUdp[0], batch.isUdp[3]]).toEqual([0, 1]);
  });

  it('hands a packet out once whose next is wrong, also where it fills the batch', () => {
    const { memory, first } = writeBlock([
      { frame: numbers(60) },
      { frame: numbers(61) },
      { frame: numbers(62) },
    ]);
    const second = first + new DataView(memory).getUint32(first, true);
    for (const next of [4, 0x7fff_fff0]) {
      new DataView(memory).setUint32(second, next, true);
      for (const capacity of [2, 8]) {
        const walk = walkOf(memory, first, 3);
        const batch = createLiveBatch(capacity);
        expect(walkPackets(walk, batch)).toBe(2);
        expect([walk.left, walk.faults]).toEqual([0, 1]);
        expect(walkPackets(walk, batch)).toBe(0);
        expect(walk.faults).toBe(1);
      }
    }
  });

  it('reads and writes nothing outside of the block, whatever stands in it', () => {
    const words = fc.array(
      fc.oneof(
        fc.nat(255),
        fc.constantFrom(0, 16, 48, 60, 92, 120, 4000, 4095, 4096),
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      ),
      { minLength: 100, maxLength: BLOCK_OCTETS / 4 },
    );
    const property = fc.property(words, fc.nat(200), fc.nat(1024), (content, packets, firstWord) => {
      const { memory } = writeBlock([]);
      new Int32Array(memory, BLOCK_START, content.length).set(content);
      const walk = walkOf(memory, BLOCK_START + firstWord * 4, packets);
      const batch = createLiveBatch(16);
      let seen = 0;
      for (let count = walkPackets(walk, batch); count > 0; count = walkPackets(walk, batch)) {
        seen += count;
        for (let i = 0; i < count; i++) {
          expect(batch.frameOffset[i]).toBeGreaterThanOrEqual(BLOCK_START);
          expect(batch.capturedLength[i]).toBeGreaterThanOrEqual(0);
          expect(batch.frameOffset[i]! + batch.capturedLength[i]!).toBeLessThanOrEqual(
            BLOCK_START + BLOCK_OCTETS,
          );
        }
      }
      // Every packet that the block promised is handed out or counted, and the walk always ends.
      expect(seen + walk.faults).toBe(packets);
      expect(walk.left).toBe(0);
      const octets = new Uint8Array(memory);
      expect(octets.subarray(0, BLOCK_START).every((octet) => octet === GUARD)).toBe(true);
      expect(octets.subarray(BLOCK_START + BLOCK_OCTETS).every((octet) => octet === GUARD)).toBe(true);
    });
    fc.assert(property, { numRuns: 500 });
  });
});
