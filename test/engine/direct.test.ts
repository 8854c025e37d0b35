/**
 * The direct path from direct records to keys, against the stages that it puts together: it takes the same of any frames,
 * and nothing that the engine's decoder of batches would not take.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DirectRecords } from '../../src/capture/source.ts';
import { countAccepted, createDecoder, decodeBatch } from '../../src/decode/decoder.ts';
import { DirectPath } from '../../src/decode/direct-path.ts';
import { udpTunnelsPlace } from '../../src/decode/engine-path.ts';
import { createEngine } from '../../src/engine/engine.ts';
import { createPreparedBatch, KeyPreparer } from '../../src/metering/key-preparer.ts';
import { createHashSeeds } from '../../src/metering/table/flow-key.ts';
import { Share } from '../../src/probe/replay/share.ts';
import { DECODED_WORDS, LINK_OFFSET, OFFSET_WORDS } from '../../src/records/decoded-batch.ts';
import {
  DIRECT_KEPT_OCTETS,
  DIRECT_OCTETS,
  DIRECT_RECORDS,
  DIRECT_REFUSED,
} from '../../src/records/engine-words.ts';
import { float64Array, int32Array, uint8Array } from '../../src/records/memory.ts';
import { createPacketBatch } from '../../src/records/packet-batch.ts';
import { hex } from '../decode/decode-support.ts';
import { FRAMES, SEED_FRAMES } from '../decode/seed-frames.ts';

const CAPACITY = 16;
/** Of a batch that is read: no fewer than there are records. */
const READ_CAPACITY = 32;
const CAPTURED_MAX = 150;
const BASE_SECONDS = 1_700_000_000;
const POINT = 3;
const NO_EXTENSION = { mac: false, mpls: false, tunnel: false };
const WINDOW_OCTETS = 8192;
const COUNTED = ['packetsByReason', 'octetsByReason', 'packetsByNotice'] as const;

const COMMON = ['ipv4Tcp', 'ipv4Udp', 'vlanIpv4Tcp', 'ipv4Options', 'ipv6Tcp'] as const;

/** A frame as the decoder's tests have them, mostly a common one: with addresses and ports that may be equal. */
const frames = fc
  .tuple(
    fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(...COMMON.map((name) => hex(FRAMES[name]))) },
      { weight: 4, arbitrary: fc.constantFrom(...SEED_FRAMES.map(hex)) },
    ),
    fc.oneof(
      { weight: 6, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 }) },
    ),
    fc.boolean(),
  )
  .map(([seed, changes, isSameHost]) => {
    const frame = seed.slice();
    for (const [position, value] of changes) frame[position % frame.length] = value;
    if (isSameHost && frame[12] === 8) frame.copyWithin(30, 26, 30);
    return frame;
  });
const records = fc.array(
  fc.record({
    frame: frames,
    cut: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1, 8, 40),
    more: fc.constantFrom(0, 0, 0, 0, 0, 0, 100, -1),
    seconds: fc.integer({ min: BASE_SECONDS - 5, max: BASE_SECONDS + 100_000_000 }),
    fraction: fc.nat(999_999),
  }),
  { minLength: 1, maxLength: 20 },
);
type Record = {
  readonly frame: Uint8Array;
  readonly cut: number;
  readonly more: number;
  readonly seconds: number;
  readonly fraction: number;
};

const INTERFACE_ID = 2;
const UNITS_PER_SECOND = 1_000_000;

/** Writes the records from `at` on as Enhanced Packet Blocks, in microseconds. @returns where they end */
function writeBlocks(view: DataView, at: number, all: readonly Record[], damage: number): number {
  let place = at;
  for (const { frame, cut, more, seconds, fraction } of all) {
    const captured = Math.max(0, frame.length - cut);
    const length = 32 + Math.ceil(captured / 4) * 4;
    const units = BigInt(seconds) * BigInt(UNITS_PER_SECOND) + BigInt(fraction);
    const time = [Number(units >> 32n), Number(units & 0xffff_ffffn)];
    const words = [6, length, INTERFACE_ID, ...time, captured, frame.length + more];
    for (const [i, word] of words.entries()) view.setUint32(place + 4 * i, word, true);
    new Uint8Array(view.buffer, view.byteOffset + place + 28).set(frame.subarray(0, captured));
    view.setUint32(place + length - 4, length, true);
    place += length;
  }
  if (damage > 0) {
    const bit = damage % ((place - at) * 8);
    view.setUint8(at + (bit >> 3), view.getUint8(at + (bit >> 3)) ^ (1 << (bit & 7)));
  }
  return place;
}

/** Writes the records from `at` on. @returns where they end */
function write(view: DataView, at: number, all: readonly Record[]): number {
  let place = at;
  for (const { frame, cut, more, seconds, fraction } of all) {
    const captured = Math.max(0, frame.length - cut);
    view.setUint32(place, seconds, true);
    view.setUint32(place + 4, fraction, true);
    view.setUint32(place + 8, captured, true);
    view.setUint32(place + 12, frame.length + more, true);
    new Uint8Array(view.buffer, view.byteOffset + place + 16).set(frame.subarray(0, captured));
    place += 16 + captured;
  }
  return place;
}

describe('the direct path', () => {
  const engine = createEngine(WINDOW_OCTETS);
  const bytes = uint8Array(engine.allocate, WINDOW_OCTETS);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const batch = createPacketBatch(READ_CAPACITY, engine.allocate);
  const linkTypes = int32Array(engine.allocate, 16).fill(1);
  const totals = float64Array(engine.allocate, 8);
  const seeds = createHashSeeds();
  const prepared = () => createPreparedBatch(CAPACITY, NO_EXTENSION, engine, { offsets: true });
  const out = prepared();
  const expected = prepared();
  const offsets = [out.offsets, expected.offsets] as const;
  const [preparer, other] = [0, 0].map(
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

  it('takes what the general way takes, up to the first record that is not for it', () => {
    let taken = 0;
    let refused = 0;
    let fragments = 0;
    fc.assert(
      fc.property(
        records,
        fc.constantFrom(...paths),
        fc.constantFrom(1, 1000),
        fc.nat(30),
        fc.nat(20),
        fc.boolean(),
        (all, { decoder, direct, general }, unitNs, start, missing, hasOffsets) => {
          [out.offsets, expected.offsets] = hasOffsets ? offsets : [undefined, undefined];
          bytes.fill(0x45);
          const end = Math.max(start, write(view, start, all) - missing);
          const window = { view, start, end } as DirectRecords['window'];
          for (const { counters } of [decoder, general]) for (const lane of COUNTED) counters[lane].fill(0);
          const count = direct.takeRecords(
            { window, capturedMax: CAPTURED_MAX, linkType: 1, unitNs, interfaceIndex: POINT },
            BASE_SECONDS,
          );
          taken += count;
          const memory = view.byteOffset;
          const to = batch.timeNs.byteOffset;
          const walked = engine.walkPcap(
            memory,
            start,
            end,
            CAPTURED_MAX,
            BASE_SECONDS,
            unitNs,
            POINT,
            to,
            READ_CAPACITY,
            0,
          );
          expect(count).toBeLessThanOrEqual(walked);
          batch.view = view;
          batch.count = count;
          decodeBatch(general, batch, linkTypes, expected);
          const accepted = expected.count;
          expect(out.count).toBe(accepted);
          expect(direct.totals[DIRECT_REFUSED]).toBe(count - accepted);
          refused += count - accepted;
          countAccepted(decoder.counters, accepted, direct.totals[DIRECT_KEPT_OCTETS]!);
          for (const lane of COUNTED) expect(decoder.counters[lane]).toEqual(general.counters[lane]);
          expect(out.hasFragments).toBe(expected.hasFragments);
          if (out.hasFragments) fragments++;
          preparer.prepareFragments(out, view);
          other.prepare(expected, view);
          expect(out.count).toBe(expected.count);
          expect(preparer.isHolding).toBe(other.isHolding);
          // Held fragments are given up here, so that they are not in the next run's way.
          for (const of of [preparer, other]) of.takeOverdue(Number.POSITIVE_INFINITY);
          for (const of of [out, expected]) {
            // Of a fragment that came back, the addresses stand in a place of the engine's, and are the same.
            for (let at = LINK_OFFSET; at < of.count * DECODED_WORDS; at += DECODED_WORDS) {
              const place = of.words[at]!;
              if (place < 0) of.words[at] = new DataView(engine.buffer).getInt32(-place * 4 + 8);
            }
          }
          const words = out.count * DECODED_WORDS;
          expect(out.words.subarray(0, words)).toEqual(expected.words.subarray(0, words));
          expect(out.timeNs.subarray(0, out.count)).toEqual(expected.timeNs.subarray(0, out.count));
          expect(direct.totals[DIRECT_RECORDS]).toBe(count);
          const places = out.count * OFFSET_WORDS;
          expect(out.offsets?.subarray(0, places)).toEqual(expected.offsets?.subarray(0, places));
          if (count > 0) {
            engine.countFrames(to, READ_CAPACITY, count, totals.byteOffset);
            expect(direct.totals.subarray(0, 4)).toEqual(totals.subarray(0, 4));
          }
          const behind =
            count === 0 ? start : batch.frameOffset[count - 1]! + batch.capturedLength[count - 1]!;
          expect(window.start).toBe(behind);
          if (count === walked) return;
          const { tosMask, vlanMask } = decoder.state;
          const next = engine.decodeCommon(
            memory,
            to,
            READ_CAPACITY,
            walked,
            count,
            linkTypes.byteOffset,
            tosMask,
            vlanMask,
            expected.timeNs.byteOffset,
            CAPACITY,
            0,
            0,
            udpTunnelsPlace(decoder.state),
            decoder.inEngine!.uncommon.place,
          );
          expect(next & 0xffff).toBe(count);
        },
      ),
      { numRuns: 3000 },
    );
    expect(taken).toBeGreaterThan(1000);
    expect(refused).toBeGreaterThan(100);
    expect(fragments).toBeGreaterThan(100);
  });

  it('takes of blocks of pcapng what it takes of classic records, each up to the first that is damaged', () => {
    const base = BigInt(BASE_SECONDS) * BigInt(UNITS_PER_SECOND);
    const clock = { baseHigh: Number(base >> 32n), baseLow: Number(base & 0xffff_ffffn) };
    const limits = { startNs: -10e9, endNs: 90_000_000e9, lastNs: Number.NaN };
    const { decoder, direct } = paths[3]!;
    const asBlocks = new DirectPath(engine, decoder, expected, preparer.multipliers);
    let taken = 0;
    fc.assert(
      fc.property(records, fc.oneof(fc.constant(0), fc.nat()), (all, damage) => {
        const common = { capturedMax: CAPTURED_MAX, linkType: 1, unitNs: 1000, interfaceIndex: POINT };
        // As many as stand before the damage, the octets of frames are right in both.
        const end = writeBlocks(view, 0, all, damage);
        const blocks = { interfaceId: INTERFACE_ID, ...clock, ...limits };
        const window = { view, start: 0, end } as DirectRecords['window'];
        const memory = view.byteOffset;
        const count = asBlocks.takeRecords({ window, ...common, blocks }, BASE_SECONDS);
        taken += count;
        const to = batch.timeNs.byteOffset;
        const walked = engine.walkBlocks(memory, 0, end, CAPTURED_MAX, POINT, to, READ_CAPACITY, 0);
        expect(count).toBeLessThanOrEqual(walked);
        if (count > 0) expect(blocks.lastNs).toBe(batch.timeNs[count - 1]);
        const frames = Array.from(batch.frameOffset.subarray(0, walked), (offset, i) =>
          bytes.slice(offset, offset + batch.capturedLength[i]!),
        );
        // The same frames in classic records.
        const classic = frames.map((frame, i) => ({
          frame,
          cut: 0,
          more: batch.wireLength[i]! - frame.length,
          seconds: all[i]!.seconds,
          fraction: all[i]!.fraction,
        }));
        for (const [i, { seconds, fraction }] of classic.entries()) {
          // Times beyond what a double holds may be rounded up.
          const ns = (seconds - BASE_SECONDS) * 1e9 + fraction * 1000;
          if (damage === 0) expect(Math.abs(batch.timeNs[i]! - ns)).toBeLessThanOrEqual(512);
        }
        const accepted = expected.count;
        if (accepted === count)
          expect(expected.timeNs.subarray(0, count)).toEqual(batch.timeNs.subarray(0, count));
        const sums = Array.from(asBlocks.totals.subarray(0, 2));
        const words = expected.words.slice(0, accepted * DECODED_WORDS);
        const recordsEnd = write(view, 0, classic);
        const other = { view, start: 0, end: recordsEnd } as DirectRecords['window'];
        expect(direct.takeRecords({ window: other, ...common }, BASE_SECONDS)).toBe(count);
        expect(Array.from(direct.totals.subarray(0, 2))).toEqual(sums);
        // The frames stand elsewhere.
        const withoutPlaces = (some: Int32Array) => some.filter((_, i) => i % DECODED_WORDS !== LINK_OFFSET);
        expect(out.count).toBe(accepted);
        expect(withoutPlaces(words)).toEqual(withoutPlaces(out.words.subarray(0, accepted * DECODED_WORDS)));
      }),
      { numRuns: 2000 },
    );
    expect(taken).toBeGreaterThan(500);
  });

  it('gives every meter its share: all of them together get everything, in order', () => {
    const workers = 3;
    const { decoder } = paths[0]!;
    const shares = Array.from({ length: workers }, (_, worker) => {
      const part = prepared();
      const path = new DirectPath(engine, decoder, part, preparer.multipliers, { worker, workers });
      return { part, path, share: new Share(engine, CAPACITY, worker, workers) };
    });
    const rowOf = ({ words, timeNs }: typeof out, i: number) =>
      [timeNs[i], ...words.subarray(i * DECODED_WORDS, (i + 1) * DECODED_WORDS)].join();
    const rows = (of: typeof out) => Array.from({ length: of.count }, (_, i) => rowOf(of, i));
    let divided = 0;
    fc.assert(
      fc.property(records, (all) => {
        const end = write(view, 0, all);
        const take = (path: DirectPath) => {
          const window = { view, start: 0, end } as DirectRecords['window'];
          const taken = path.takeRecords(
            { window, capturedMax: CAPTURED_MAX, linkType: 1, unitNs: 1, interfaceIndex: POINT },
            BASE_SECONDS,
          );
          return { taken, start: window.start, octets: path.totals[DIRECT_OCTETS] };
        };
        // Were the batch full, one that gets a part of them would take more.
        const few = take(paths[0]!.direct);
        expect(out.count).toBeLessThan(out.timeNs.length);
        const whole = rows(out);
        const accepted = paths[0]!.direct.totals[DIRECT_KEPT_OCTETS];
        let octets = 0;
        const parts = shares.map(({ part, path, share }) => {
          expect(take(path)).toEqual(few);
          octets += path.totals[DIRECT_KEPT_OCTETS]!;
          expected.words.set(out.words);
          expected.timeNs.set(out.timeNs);
          expected.count = out.count;
          // The general way chooses the same ones.
          expect(share.keep(expected)).toBe(path.totals[DIRECT_KEPT_OCTETS]);
          expect(rows(expected)).toEqual(rows(part));
          return rows(part);
        });
        expect(octets).toBe(accepted);
        expect(parts.flat().sort()).toEqual([...whole].sort());
        for (const part of parts) expect(whole.filter((row) => part.includes(row))).toEqual(part);
        if (parts.filter((part) => part.length > 0).length > 1) divided++;
      }),
      { numRuns: 500 },
    );
    expect(divided).toBeGreaterThan(20);
  });

  it('takes nothing of other links, nor what lies elsewhere', () => {
    const window = { view, start: 0, end: WINDOW_OCTETS } as DirectRecords['window'];
    const other = { window, capturedMax: CAPTURED_MAX, linkType: 101, unitNs: 1, interfaceIndex: POINT };
    expect(paths[0]!.direct.takeRecords(other, BASE_SECONDS)).toBe(0);
    const elsewhere = { ...window, view: new DataView(bytes.slice().buffer) };
    const outside = { ...other, linkType: 1, window: elsewhere };
    expect(paths[0]!.direct.takeRecords(outside, BASE_SECONDS)).toBe(0);
    expect(window.start).toBe(0);
  });
});
