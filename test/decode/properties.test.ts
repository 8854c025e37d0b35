import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBatch } from '../../src/decode/decoder.ts';
import { NOTICES } from '../../src/decode/notices.ts';
import { REASONS } from '../../src/decode/reasons.ts';
import {
  createDecodedBatch,
  DECODED_WORDS,
  ENCAPSULATION_WORDS,
  KEY_OBSERVATION_POINT,
  LINK_OFFSET,
} from '../../src/records/decoded-batch.ts';
import { int32Array, uint8Array } from '../../src/records/memory.ts';
import { BATCH_CAPACITY, createPacketBatch } from '../../src/records/packet-batch.ts';
import type { TunnelName } from '../../src/records/tunnel-kinds.ts';
import { TUNNEL_KINDS } from '../../src/records/tunnel-kinds.ts';
import { cases } from '../support/cases.ts';
import {
  decodedAt,
  decodeOne,
  decoderFor,
  engine,
  type FrameOptions,
  hex,
  type Outcome,
} from './decode-support.ts';
import { SEED_FRAMES } from './seed-frames.ts';

const ALL_TUNNELS = Object.keys(TUNNEL_KINDS) as TunnelName[];
const LINK_TYPES = [
  0, 1, 9, 12, 14, 50, 51, 100, 101, 104, 105, 107, 108, 113, 119, 127, 147, 163, 192, 204, 205, 206, 228,
  229, 276, 109, 122, 138, 178, 179, 180, 181, 197, 242,
];

/** Bytes that look like packets: a real frame with some octets changed, or cut, or nothing but noise. */
const frames = fc.oneof(
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 160 }) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.constantFrom(...SEED_FRAMES.map(hex)),
        fc.array(
          fc.tuple(fc.nat(), fc.oneof(fc.constantFrom(0, 1, 4, 6, 41, 44, 59, 60, 255), fc.nat(255))),
          {
            maxLength: 3,
          },
        ),
      )
      .map(([seed, changes]) => {
        const frame = seed.slice();
        for (const [position, value] of changes) frame[position % frame.length] = value;
        return frame;
      }),
  },
);

const settings = fc.record({
  decapsulate: fc.constantFrom<TunnelName[]>([], ALL_TUNNELS, ['vxlan', 'l2tp', 'teredo']),
  tunnelDepthMax: fc.constantFrom(0, 1, 8),
  flowKey: fc.record({ tos: fc.boolean(), vlan: fc.boolean() }),
  encapsulation: fc.boolean(),
});
const lengths = fc.record({ cut: fc.option(fc.nat(200)), wire: fc.constantFrom(-9, 0, 0, 0, 1, 1500) });

function decodeWith(frame: Uint8Array, cut: number | null, wire: number, options: FrameOptions): Outcome {
  const captured = Math.min(frame.length, cut ?? frame.length);
  return decodeOne(frame, { ...options, captured, wire: Math.max(0, frame.length + wire) });
}

describe('any frame', () => {
  it('has one outcome, which nothing around the frame changes, on every link type', () => {
    fc.assert(
      fc.property(
        frames,
        lengths,
        settings,
        fc.constantFrom(...LINK_TYPES),
        (frame, { cut, wire }, options, linkType) => {
          // decodeOne itself fails unless there is exactly one outcome.
          const first = decodeWith(frame, cut, wire, { ...options, linkType });
          const second = decodeWith(frame, cut, wire, { ...options, linkType, fill: 0x45 });
          expect(second).toEqual(first);
        },
      ),
      { numRuns: cases(3000) },
    );
  });

  it('is decoded the same by the engine and by the general path', () => {
    fc.assert(
      fc.property(frames, lengths, settings, (frame, { cut, wire }, options) => {
        const general = decodeWith(frame, cut, wire, { ...options, inEngine: false });
        expect(decodeWith(frame, cut, wire, options)).toEqual(general);
      }),
      { numRuns: cases(5000) },
    );
  });

  it('does not read behind its captured octets: a longer capture of the same octets starts the same way', () => {
    fc.assert(
      fc.property(frames, fc.nat(160), settings, (frame, cut, options) => {
        const captured = Math.min(cut, frame.length);
        const whole = decodeOne(frame, { ...options, captured });
        const other = frame.slice();
        other.fill(0xff, captured);
        expect(decodeOne(other, { ...options, captured })).toEqual(whole);
      }),
      { numRuns: cases(500) },
    );
  });
});

describe('every seed frame', () => {
  it('has the same outcome on both paths at every captured length and every wire length', () => {
    for (const text of SEED_FRAMES) {
      const frame = hex(text);
      // The engine leaves labels and PPPoE where they are kept.
      for (const [decapsulate, encapsulation] of [
        [[], true],
        [[], false],
        [ALL_TUNNELS, true],
      ] as const) {
        for (let captured = 0; captured <= frame.length; captured++) {
          for (const wire of [frame.length, captured]) {
            const options: FrameOptions = { decapsulate, encapsulation, captured, wire };
            const outcome = decodeOne(frame, options);
            expect(decodeOne(frame, { ...options, inEngine: false })).toEqual(outcome);
            expect(decodeOne(frame, { ...options, fill: 0x45 })).toEqual(outcome);
          }
        }
      }
    }
  });
});

describe('a batch', () => {
  it('gives each of its frames what it gives them alone: nothing leaks from one to the next', () => {
    const framesOfOne = fc.array(frames, { minLength: 1, maxLength: BATCH_CAPACITY });
    fc.assert(
      fc.property(framesOfOne, settings, (list, options) => {
        const alone = list.map((frame) => decodeOne(frame, options));
        const { out, decoder } = decodeTogether(list, options);
        const accepted = alone.filter((outcome) => outcome.packet !== undefined);
        expect(out.count).toBe(accepted.length);
        for (const [index, outcome] of accepted.entries()) {
          const at = index * DECODED_WORDS;
          const words = Array.from(out.words.subarray(at, at + DECODED_WORDS));
          // Where the frame lies is the batch's affair.
          words[LINK_OFFSET] = outcome.words[LINK_OFFSET]!;
          expect(words).toEqual(outcome.words);
          const from = index * ENCAPSULATION_WORDS;
          const around = out.encapsulation?.subarray(from, from + ENCAPSULATION_WORDS);
          expect(around && Array.from(around)).toEqual(outcome.encapsulation);
        }
        const times = list.flatMap((_, index) => (alone[index]!.packet === undefined ? [] : [1000 + index]));
        expect(Array.from(out.timeNs.subarray(0, out.count))).toEqual(times);
        const { packetsByReason, octetsByReason, packetsByNotice } = decoder.counters;
        for (const { code, name } of REASONS) {
          const those = list.filter((_, index) => alone[index]!.reason === name);
          expect(packetsByReason[code]).toBe(those.length);
          expect(octetsByReason[code]).toBe(those.reduce((sum, frame) => sum + frame.length, 0));
        }
        for (const { code, name } of NOTICES) {
          expect(packetsByNotice[code]).toBe(
            alone.filter((outcome) => outcome.notices.includes(name)).length,
          );
        }
      }),
      { numRuns: cases(300) },
    );
  });

  it('links each packet to its interface and that one’s link type', () => {
    const ip = hex(SEED_FRAMES[0]!).subarray(14);
    const { out } = decodeTogether([ip, hex(SEED_FRAMES[0]!), ip], {}, [2, 0, 65_534]);
    const points = [0, 1, 2].map((index) => out.words[index * DECODED_WORDS + KEY_OBSERVATION_POINT]);
    expect(points).toEqual([3, 1, 65_535]);
  });

  it('forgets the tags of a frame before the next one, on links without an Ethernet header too', () => {
    const cooked = '0000 0001 0006 0200000000010000';
    const ip = SEED_FRAMES[0]!.slice(28);
    const list = [hex(`${cooked} 88a8 6005 8100 0006 0800 ${ip}`), hex(`${cooked} 0800 ${ip}`)];
    const { out } = decodeTogether(list, {}, [1, 1]);
    expect(decodedAt(out.words, 0)).toMatchObject({
      vlanId: 5,
      customerVlanId: 6,
      priority: 3,
      linkOffset: -1,
    });
    expect(decodedAt(out.words, DECODED_WORDS)).toMatchObject({ vlanId: 0, customerVlanId: 0, priority: 0 });
  });
});

const TOGETHER = {
  memory: uint8Array(engine.allocate, BATCH_CAPACITY * 512),
  batch: createPacketBatch(BATCH_CAPACITY, engine.allocate),
  linkTypes: int32Array(engine.allocate, 65_535),
  outs: [true, false].map((withEncapsulation) =>
    createDecodedBatch(BATCH_CAPACITY, withEncapsulation, false, engine.allocate),
  ),
};

/** Decodes frames that lie one behind the other in an engine's memory; interface 0 is Ethernet, 1 is Linux cooked, any other is raw IP. */
function decodeTogether(list: Uint8Array[], options: FrameOptions, interfaces: number[] = []) {
  const { batch, memory, linkTypes } = TOGETHER;
  batch.view = new DataView(memory.buffer, memory.byteOffset, memory.length);
  batch.count = list.length;
  let offset = 0;
  for (const [index, frame] of list.entries()) {
    memory.set(frame, offset);
    batch.frameOffset[index] = offset;
    batch.capturedLength[index] = frame.length;
    batch.wireLength[index] = frame.length;
    batch.timeNs[index] = 1000 + index;
    batch.interfaceIndex[index] = interfaces[index] ?? 0;
    offset += frame.length;
  }
  const out = TOGETHER.outs[(options.encapsulation ?? true) ? 0 : 1]!;
  const decoder = decoderFor(options);
  linkTypes.fill(101);
  linkTypes[0] = 1;
  linkTypes[1] = 113;
  decodeBatch(decoder, batch, linkTypes, out);
  return { out, decoder };
}
