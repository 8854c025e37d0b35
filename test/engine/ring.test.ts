/**
 * The direct path from the packets of a ring to keys, against the walk and the general decoder: of any packets in a
 * block, each is handed out once by one of the two, with the same words, and nothing of the block is changed.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBlockWalk, walkPackets } from '../../src/capture/live/ring-walk.ts';
import { createLiveBatch, type LivePacketBatch } from '../../src/capture/live-batch.ts';
import type { BlockWalk } from '../../src/capture/ring-block.ts';
import { createHashSelector, selectDecoded } from '../../src/capture/selection/hash-selection.ts';
import { countAccepted, createDecoder, decodeBatch } from '../../src/decode/decoder.ts';
import { DirectPath } from '../../src/decode/direct-path.ts';
import { udpTunnelsPlace } from '../../src/decode/engine-path.ts';
import { createEngine } from '../../src/engine/engine.ts';
import { createPreparedBatch, KeyPreparer } from '../../src/metering/key-preparer.ts';
import { createHashSeeds } from '../../src/metering/table/flow-key.ts';
import {
  DECODED_WORDS,
  DETAIL,
  DETAIL_SUPER_PACKET,
  type DecodedBatch,
  FRAGMENT_ID,
  FRAME_OCTETS,
  IP_OCTETS,
  KEY_PROTOCOL,
  LINK_OFFSET,
  OFFSET_WORDS,
  TRANSPORT_OFFSET,
} from '../../src/records/decoded-batch.ts';
import {
  DIRECT_DOUBLES,
  DIRECT_KEPT_OCTETS,
  DIRECT_RECORDS,
  DIRECT_REFUSED,
  DIRECT_SEGMENTS,
  DIRECT_SUPER_PACKETS,
} from '../../src/records/engine-words.ts';
import { float64Array, int32Array } from '../../src/records/memory.ts';
import { hex } from '../decode/decode-support.ts';
import { FRAMES, SEED_FRAMES } from '../decode/seed-frames.ts';

const CAPACITY = 16;
/** Of a batch that is walked over: no fewer than there are packets. */
const READ_CAPACITY = 64;
const COUNTED = ['packetsByReason', 'octetsByReason', 'packetsByNotice'] as const;
const BASE_SECONDS = 1_700_000_000;
const POINT = 3;
const NO_EXTENSION = { mac: false, mpls: false, tunnel: false };
const BLOCK_OCTETS = 16_384;
const RING_OCTETS = 3 * BLOCK_OCTETS;
const COMMON = ['ipv4Tcp', 'ipv4Udp', 'vlanIpv4Tcp', 'ipv4Options', 'ipv6Tcp'] as const;
/** With and without a virtio_net_hdr, as the kernel has it. */
const MAC_WITH_HEADER = 92;
const MAC_WITHOUT = 82;

const frames = fc
  .tuple(
    fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(...COMMON.map((name) => hex(FRAMES[name]))) },
      { weight: 1, arbitrary: fc.constantFrom(...SEED_FRAMES.map(hex)) },
    ),
    fc.oneof(
      { weight: 6, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 }) },
    ),
  )
  .map(([seed, changes]) => {
    const frame = seed.slice();
    for (const [position, value] of changes) frame[position % frame.length] = value;
    return frame;
  });
const rarely = <T>(usual: T, ...others: T[]) =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constant(usual) },
    { weight: others.length, arbitrary: fc.constantFrom(...others) },
  );
const packets = fc.array(
  fc.record({
    frame: frames,
    cut: rarely(0, 1, 8, 40),
    more: rarely(0, 100, -1),
    seconds: fc.integer({ min: BASE_SECONDS - 5, max: BASE_SECONDS + 100_000_000 }),
    nanoseconds: fc.nat(999_999_999),
    /** TPID and TCI of a tag that was taken out; a TPID of 0 is not told, and undefined means no tag. */
    tag: rarely<readonly [number, number] | undefined>(
      undefined,
      [0x8100, 0xe00a],
      [0x8100, 7],
      [0, 10],
      [0x88a8, 10],
    ),
    /** Kind, octets of a segment, and where its transport header starts, or 0. */
    segmentType: rarely(0, 1, 4, 5, 3, 0x81),
    segmentOctets: rarely(5, 0, 1, 20),
    transportAt: rarely(0, 34, 38, 54, 60_000),
    ifIndex: fc.constantFrom(7, 9, 5, 8),
    /** A fault of where it stands. */
    fault: fc.oneof(
      { weight: 60, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.constantFrom('next', 'mac', 'captured') },
    ),
  }),
  { minLength: 1, maxLength: 40 },
);
type Packet = typeof packets extends fc.Arbitrary<(infer T)[]> ? T : never;

/** Writes a block as the kernel lays it out. @returns its packets, all of which found room */
function write(view: DataView, start: number, mac: number, all: readonly Packet[]): number {
  let at = start + 48;
  for (const [i, packet] of all.entries()) {
    const { frame, cut, more, tag, fault } = packet;
    const captured = Math.max(0, frame.length - cut);
    const octets = (mac + captured + 7) & ~7;
    if (at + octets + 512 > start + BLOCK_OCTETS) return i;
    const isLast = i === all.length - 1;
    view.setUint32(at, fault === 'next' ? BLOCK_OCTETS : isLast ? 0 : octets, true);
    view.setUint32(at + 4, packet.seconds, true);
    view.setUint32(at + 8, packet.nanoseconds, true);
    view.setUint32(at + 12, fault === 'captured' ? 0x8000_0000 : captured, true);
    view.setUint32(at + 16, frame.length + more, true);
    view.setUint32(at + 20, tag === undefined ? 0 : tag[0] === 0 ? 0x10 : 0x50, true);
    view.setUint16(at + 24, fault === 'mac' ? 40 : mac, true);
    view.setUint16(at + 32, tag?.[1] ?? 0, true);
    view.setUint16(at + 36, tag?.[0] ?? 0, true);
    view.setInt32(at + 52, packet.ifIndex, true);
    for (let o = 68; o < mac; o++) view.setUint8(at + o, 0);
    if (mac === MAC_WITH_HEADER) {
      view.setUint8(at + mac - 9, packet.segmentType);
      view.setUint16(at + mac - 6, packet.segmentOctets, true);
      view.setUint8(at + mac - 10, packet.transportAt === 0 ? 0 : 1);
      view.setUint16(at + mac - 4, packet.transportAt, true);
    }
    new Uint8Array(view.buffer, view.byteOffset + at + mac).set(frame.subarray(0, captured));
    at += octets;
  }
  return all.length;
}

const isSame = (one: Uint8Array, other: Uint8Array) => Buffer.compare(one, other) === 0;

/**
 * Marks the super-packets of a batch, whose frames lie in their order; written apart from the engine's.
 * @returns how many there are, and packets that they stand for
 */
function markAll(batch: LivePacketBatch, { words, offsets, count }: DecodedBatch): [number, number] {
  const counts: [number, number] = [0, 0];
  for (let r = 0; r < count; r++) {
    const record = words.subarray(r * DECODED_WORDS, (r + 1) * DECODED_WORDS);
    const i = batch.frameOffset.findLastIndex(
      (offset, place) => place < batch.count && offset <= record[LINK_OFFSET]!,
    );
    if (batch.segmentOctets[i] === 0) continue;
    const isUdp = batch.isUdp[i] !== 0;
    const known = batch.transportOffset[i]!;
    const isAlike = (record[KEY_PROTOCOL]! & 0xff) === (isUdp ? 17 : 6);
    const decoded = offsets![r * OFFSET_WORDS + TRANSPORT_OFFSET]! - batch.frameOffset[i]!;
    const transport = known !== 0 ? known : isAlike ? decoded : Number.NaN;
    let headers = transport + 8;
    if (!isUdp) {
      const isHere = transport + 20 <= batch.capturedLength[i]!;
      const octets = isHere ? (batch.view.getUint8(batch.frameOffset[i]! + transport + 12) >>> 4) * 4 : 0;
      headers = octets < 20 ? Number.NaN : transport + octets;
    }
    const payload = batch.wireLength[i]! - headers;
    const each = batch.segmentOctets[i]!;
    counts[0]++;
    const first = record[IP_OCTETS]! - (payload - each);
    if (!(payload > each) || first <= each) {
      counts[1]++;
      continue;
    }
    const segments = Math.ceil(payload / each);
    counts[1] += segments;
    record[IP_OCTETS] = first;
    record[FRAME_OCTETS] = record[FRAME_OCTETS]! - (payload - each);
    record[FRAGMENT_ID] = segments * 65_536 + segments * each - payload;
    record[DETAIL] = record[DETAIL]! | DETAIL_SUPER_PACKET;
  }
  return counts;
}

const membersOf = () => ({
  // The second member was number 5 before; number 8 is none of them.
  ifIndexes: Int32Array.of(7, 9, 0, 5),
  packets: new Float64Array(2),
  octets: new Float64Array(2),
});

describe('the direct path of a ring', () => {
  const engine = createEngine(2 * RING_OCTETS);
  const inEngine = { ...engine.allocatePages(RING_OCTETS), octets: RING_OCTETS };
  const outside = { buffer: new ArrayBuffer(RING_OCTETS), byteOffset: 0, octets: RING_OCTETS };
  const ring = new Uint8Array(inEngine.buffer, inEngine.byteOffset, RING_OCTETS);
  const linkTypes = int32Array(engine.allocate, 16).fill(1);
  const totals = float64Array(engine.allocate, DIRECT_DOUBLES);
  const prepared = () => createPreparedBatch(CAPACITY, NO_EXTENSION, engine, { offsets: true });
  const out = prepared();
  const expected = prepared();
  const offsets = [out.offsets, expected.offsets] as const;
  const batch = createLiveBatch(READ_CAPACITY, engine.allocate);
  const one = createLiveBatch(1);
  const seeds = createHashSeeds();
  const [preparer, otherPreparer] = [0, 0].map(
    () => new KeyPreparer(engine, seeds, NO_EXTENSION, new Float64Array(64)),
  ) as [KeyPreparer, KeyPreparer];
  // With the type of service in the key, datagrams to port 53 are looked into as tunnels.
  const decoderOf = (flowKey: { tos: boolean; vlan: boolean }, decodesIn?: typeof engine) =>
    createDecoder(
      { flowKey, decapsulate: flowKey.tos ? ['vxlan'] : [], udpPorts: { vxlan: [53] } },
      undefined,
      decodesIn,
    );
  const paths = [false, true].flatMap((tos) =>
    [false, true].map((vlan) => {
      const decoder = decoderOf({ tos, vlan }, engine);
      const direct = new DirectPath(engine, decoder, out, preparer.multipliers);
      return { decoder, direct, general: decoderOf({ tos, vlan }) };
    }),
  );

  it('takes what the walk and the general decoder take, each packet once, and stops at no common one', () => {
    let taken = 0;
    let walked = 0;
    let refused = 0;
    let superPackets = 0;
    const property = fc.property(
      packets,
      fc.constantFrom(...paths),
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      (all, { decoder, direct, general }, hasVnetHeader, isGroup, hasOffsets) => {
        out.offsets = hasOffsets ? offsets[0] : undefined;
        ring.fill(0xa5);
        const view = new DataView(ring.buffer, ring.byteOffset, RING_OCTETS);
        const mac = hasVnetHeader ? MAC_WITH_HEADER : MAC_WITHOUT;
        const left = write(view, BLOCK_OCTETS, mac, all);
        new Uint8Array(outside.buffer).set(ring);
        const options = {
          timeBaseSeconds: BASE_SECONDS,
          interfaceIndex: POINT,
          isEthernet: true,
          hasVnetHeader,
        };
        const [members, alike] = isGroup ? [membersOf(), membersOf()] : [undefined, undefined];
        const block = { at: BLOCK_OCTETS + 48, left, end: 2 * BLOCK_OCTETS };
        const walk: BlockWalk = Object.assign(createBlockWalk(inEngine, { ...options, members }), block);
        const other: BlockWalk = Object.assign(
          createBlockWalk(outside, { ...options, members: alike }),
          block,
        );
        for (;;) {
          const content = ring.slice();
          for (const { counters } of [decoder, general]) for (const lane of COUNTED) counters[lane].fill(0);
          direct.takeBlock(walk);
          const count = direct.totals[DIRECT_RECORDS]!;
          expect(isSame(ring, content)).toBe(true);
          taken += count;
          for (let i = 0; i < count; i++) {
            expect(walkPackets(other, one)).toBe(1);
            for (const lane of ['frameOffset', 'capturedLength', 'wireLength', 'timeNs'] as const)
              batch[lane][i] = one[lane][0]!;
            batch.interfaceIndex[i] = one.interfaceIndex[0]!;
            batch.segmentOctets[i] = one.segmentOctets[0]!;
            batch.transportOffset[i] = one.transportOffset[0]!;
            batch.isUdp[i] = one.isUdp[0]!;
          }
          batch.view = other.view;
          batch.count = count;
          decodeBatch(general, batch, linkTypes, expected);
          expect(out.count).toBe(expected.count);
          expect(direct.totals[DIRECT_REFUSED]).toBe(count - out.count);
          refused += count - out.count;
          countAccepted(decoder.counters, out.count, direct.totals[DIRECT_KEPT_OCTETS]!);
          for (const lane of COUNTED) expect(decoder.counters[lane]).toEqual(general.counters[lane]);
          const segments = markAll(batch, expected);
          expect([direct.totals[DIRECT_SUPER_PACKETS], direct.totals[DIRECT_SEGMENTS]]).toEqual(segments);
          superPackets += expected.words.filter(
            (word, at) => at % DECODED_WORDS === DETAIL && (word & DETAIL_SUPER_PACKET) !== 0,
          ).length;
          expect(out.hasFragments).toBe(expected.hasFragments);
          preparer.prepareFragments(out, walk.view);
          otherPreparer.prepare(expected, batch.view);
          expect(out.count).toBe(expected.count);
          expect(preparer.isHolding).toBe(otherPreparer.isHolding);
          // Held fragments are given up here, so that they are not in the next run's way.
          for (const of of [preparer, otherPreparer]) of.takeOverdue(Number.POSITIVE_INFINITY);
          // The walk has put tags back: the addresses stand elsewhere, and are the same.
          const addresses = (memory: DataView, words: Int32Array, i: number) => {
            const at = i * DECODED_WORDS + LINK_OFFSET;
            const place = words[at]!;
            words[at] = 0;
            // Of a fragment that came back, they lie elsewhere in the engine's memory.
            const from = place < 0 ? [engine.buffer, -place * 4] : [memory.buffer, memory.byteOffset + place];
            return [...new Uint8Array(from[0] as ArrayBuffer, from[1] as number, 12)];
          };
          for (let i = 0; i < out.count; i++)
            expect(addresses(walk.view, out.words, i)).toEqual(addresses(other.view, expected.words, i));
          const words = out.count * DECODED_WORDS;
          expect(out.words.subarray(0, words)).toEqual(expected.words.subarray(0, words));
          expect(out.timeNs.subarray(0, out.count)).toEqual(expected.timeNs.subarray(0, out.count));
          const places = out.count * OFFSET_WORDS;
          if (hasOffsets)
            expect(out.offsets!.subarray(0, places)).toEqual(expected.offsets!.subarray(0, places));
          if (count > 0) {
            engine.countFrames(batch.timeNs.byteOffset, READ_CAPACITY, count, totals.byteOffset);
            expect(direct.totals.subarray(0, 4)).toEqual(totals.subarray(0, 4));
          }
          expect([walk.left, members]).toEqual([other.left, alike]);
          if (walk.left === 0) break;
          // What it stopped at is for the walk: one packet, or the end of what can be found.
          const stoppedAt = walk.at;
          const isFound = walkPackets(walk, one);
          expect(walkPackets(other, one)).toBe(isFound);
          expect([walk.left, walk.faults, members]).toEqual([other.left, other.faults, alike]);
          walked += isFound;
          if (isFound === 0) break;
          const isOtherTag =
            (view.getUint32(stoppedAt + 20, true) & 0x40) !== 0 &&
            view.getUint16(stoppedAt + 36, true) !== 0x8100;
          const hasSegments = hasVnetHeader && view.getUint8(stoppedAt + mac - 9) !== 0;
          if (isOtherTag || hasSegments || walk.faults > 0) continue;
          // The engine's decoder of batches, which takes the same frames, does not take it either.
          for (const lane of ['frameOffset', 'capturedLength', 'wireLength', 'timeNs'] as const)
            batch[lane][0] = one[lane][0]!;
          batch.interfaceIndex[0] = POINT;
          const next = engine.decodeCommon(
            ring.byteOffset,
            batch.timeNs.byteOffset,
            READ_CAPACITY,
            1,
            0,
            linkTypes.byteOffset,
            decoder.state.tosMask,
            decoder.state.vlanMask,
            expected.timeNs.byteOffset,
            CAPACITY + 256,
            0,
            0,
            udpTunnelsPlace(decoder.state),
            decoder.inEngine!.uncommon.place,
          );
          expect(next & 0xffff).toBe(0);
        }
        expect(walk.faults).toBe(other.faults);
      },
    );
    fc.assert(property, { numRuns: 1000 });
    expect(taken).toBeGreaterThan(1000);
    expect(walked).toBeGreaterThan(200);
    expect(refused).toBeGreaterThan(100);
    expect(superPackets).toBeGreaterThan(20);
  });

  it('takes of a block what a selection by hash selects of the same packets once they are decoded', () => {
    const selector = createHashSelector({ method: 'hash', interval: 2 }, engine, 12345)!;
    const { decoder, direct } = paths[0]!;
    const { multipliers } = preparer;
    const selecting = new DirectPath(engine, decoder, expected, multipliers, {
      selector: selector.words.byteOffset,
    });
    const options = {
      timeBaseSeconds: BASE_SECONDS,
      interfaceIndex: POINT,
      isEthernet: true,
      hasVnetHeader: true,
    };
    let kept = 0;
    let dropped = 0;
    const property = fc.property(packets, (all) => {
      out.offsets = offsets[0];
      ring.fill(0);
      const view = new DataView(ring.buffer, ring.byteOffset, RING_OCTETS);
      const left = write(view, 0, MAC_WITH_HEADER, all);
      const block = { at: 48, left, end: BLOCK_OCTETS };
      const [whole, part] = [0, 1].map(() => Object.assign(createBlockWalk(inEngine, options), block));
      while (whole!.left > 0) {
        const taken = direct.takeBlock(whole!);
        if (taken === 0) break;
        selectDecoded(selector, out, view);
        // One that selects goes on where its batch is not full; so it is given as many packets.
        const selected = { ...part!, left: taken, faults: 0 };
        expect(selecting.takeBlock(selected)).toBe(taken);
        part!.at = selected.at;
        const words = out.count * DECODED_WORDS;
        expect(expected.count).toBe(out.count);
        expect(expected.words.subarray(0, words)).toEqual(out.words.subarray(0, words));
        expect(expected.timeNs.subarray(0, out.count)).toEqual(out.timeNs.subarray(0, out.count));
        expect(selecting.totals.subarray(0, 4)).toEqual(direct.totals.subarray(0, 4));
        kept += out.count;
        const { [DIRECT_REFUSED]: refused } = selecting.totals;
        expect(direct.totals[DIRECT_REFUSED]).toBe(refused);
        dropped += taken - out.count - refused!;
      }
    });
    fc.assert(property, { numRuns: 200 });
    expect(kept).toBeGreaterThan(20);
    expect(dropped).toBeGreaterThan(20);
    expect(selector.packetsDropped).toBe(dropped);
  });

  it('reads and writes nothing outside of the block, whatever stands in it', () => {
    const words = fc.array(
      fc.oneof(
        fc.nat(255),
        fc.constantFrom(0, 16, 48, 60, 92, 120, 4000, 16_000, 16_384),
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      ),
      { minLength: 100, maxLength: 1000 },
    );
    const { direct } = paths[0]!;
    const property = fc.property(words, fc.nat(200), fc.nat(4096), (content, left, firstWord) => {
      ring.fill(0xa5);
      new Int32Array(ring.buffer, ring.byteOffset + BLOCK_OCTETS, content.length).set(content);
      const before = ring.slice();
      const options = { timeBaseSeconds: 0, interfaceIndex: POINT, isEthernet: true, hasVnetHeader: true };
      const walk = Object.assign(createBlockWalk(inEngine, options), {
        at: BLOCK_OCTETS + 4 * firstWord,
        left,
        end: 2 * BLOCK_OCTETS,
      });
      while (walk.left > 0 && direct.takeBlock(walk) > 0) {
        for (let i = 0; i < out.count; i++) {
          const link = out.words[i * DECODED_WORDS + LINK_OFFSET]!;
          expect(link).toBeGreaterThanOrEqual(BLOCK_OCTETS);
          expect(link).toBeLessThanOrEqual(2 * BLOCK_OCTETS - 42);
        }
      }
      expect(isSame(ring, before)).toBe(true);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('takes nothing of other links, nor of a ring that lies elsewhere', () => {
    const options = { timeBaseSeconds: BASE_SECONDS, interfaceIndex: POINT, hasVnetHeader: true };
    const view = new DataView(ring.buffer, ring.byteOffset, RING_OCTETS);
    ring.fill(0);
    const frame = Uint8Array.from(hex(FRAMES.ipv4Tcp));
    const packet = { frame, cut: 0, more: 0, seconds: BASE_SECONDS, nanoseconds: 0, tag: undefined };
    const left = write(view, 0, MAC_WITH_HEADER, [
      { ...packet, segmentType: 0, segmentOctets: 0, transportAt: 0, ifIndex: 7, fault: undefined },
    ]);
    new Uint8Array(outside.buffer).set(ring);
    const block = { at: 48, left, end: BLOCK_OCTETS };
    const { direct } = paths[0]!;
    const takenOf = (memory: typeof outside, isEthernet: boolean) =>
      direct.takeBlock(Object.assign(createBlockWalk(memory, { ...options, isEthernet }), block));
    expect(takenOf(inEngine, false)).toBe(0);
    expect(takenOf(outside, true)).toBe(0);
    expect(takenOf(inEngine, true)).toBe(1);
  });
});
