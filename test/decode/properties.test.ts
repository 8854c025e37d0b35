import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TunnelName } from '../../src/decode/tunnel-kinds.ts';
import { TUNNEL_KINDS } from '../../src/decode/tunnel-kinds.ts';
import { decodeOne, type FrameOptions, hex, type Outcome } from './decode-support.ts';
import { SEED_FRAMES } from './seed-frames.ts';

const ALL_TUNNELS = Object.keys(TUNNEL_KINDS) as TunnelName[];
const LINK_TYPES = [
  0, 1, 9, 12, 14, 50, 51, 100, 101, 104, 105, 107, 108, 113, 119, 127, 147, 163, 192, 204, 205, 206, 228,
  229, 276,
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
      { numRuns: 3000 },
    );
  });

  it('is decoded the same by the common and by the general path', () => {
    fc.assert(
      fc.property(frames, lengths, settings, (frame, { cut, wire }, options) => {
        const fast = decodeWith(frame, cut, wire, options);
        const general = decodeWith(frame, cut, wire, { ...options, fastPath: false });
        expect(fast).toEqual(general);
      }),
      { numRuns: 5000 },
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
      { numRuns: 500 },
    );
  });
});

describe('every seed frame', () => {
  it('has the same outcome on both paths at every captured length and every wire length', () => {
    for (const text of SEED_FRAMES) {
      const frame = hex(text);
      for (const decapsulate of [[], ALL_TUNNELS]) {
        for (let captured = 0; captured <= frame.length; captured++) {
          for (const wire of [frame.length, captured]) {
            const options: FrameOptions = { decapsulate, captured, wire };
            expect(decodeOne(frame, { ...options, fastPath: false })).toEqual(decodeOne(frame, options));
          }
        }
      }
    }
  });
});
