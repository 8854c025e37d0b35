/** What super-packets leave of a flow, and of its path health, against the segments that they stand for. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as layout from '../../src/records/flow-layout.ts';
import { flowsOf } from '../metering/path-health/support.ts';
import { cases } from '../support/cases.ts';
import { ethernet, ipv4, pcapFile, udp } from '../support/frames.ts';
import { handshake, type Segment, segmentCapture } from '../support/segments.ts';

const CONNECTION = { client: 1000, server: 5000 };
const HEADERS = 40;

const burst = fc.record({
  from: fc.constantFrom('client', 'server'),
  segments: fc.integer({ min: 1, max: 12 }),
  /** Octets of the last one. */
  last: fc.integer({ min: 1, max: 500 }),
});

/** Bursts of 500 octets a segment, in one packet each, or segment by segment. */
function captureOf(
  bursts: readonly { from: 'client' | 'server'; segments: number; last: number }[],
  isSuper: boolean,
): Buffer {
  const next = { client: 1, server: 1 };
  const ids = { client: 1, server: 1 };
  const all = bursts.flatMap(({ from, segments, last }, i) => {
    const lengths = [...Array<number>(segments - 1).fill(500), last];
    const packets = isSuper ? [lengths.reduce((sum, one) => sum + one, 0)] : lengths;
    const ack = next[from === 'client' ? 'server' : 'client'];
    const sent = packets.map((payload): Segment => {
      const segment = { ms: 30 + i, from, seq: next[from], ack, payload, id: ids[from]++ };
      next[from] += payload;
      return segment;
    });
    ids[from] += isSuper ? segments - 1 : 0;
    return sent;
  });
  return segmentCapture([...handshake(), ...all], CONNECTION);
}

/** The record's lines of counters, and the figures of path health that depend on lengths and numbers. */
async function figuresOf(capture: Buffer, options: { segmentOctets?: number }) {
  const [flow] = await flowsOf(capture, options);
  const { words, doubles } = flow!.record!;
  return [layout.FORWARD_WORD, layout.REVERSE_WORD].map((line, reverse) => {
    const health = reverse === 0 ? flow!.health!.forward : flow!.health!.reverse;
    return {
      packets: doubles[line / 2 + layout.PACKETS],
      octets: doubles[line / 2 + layout.OCTETS],
      frameOctets: doubles[line / 2 + layout.LAYER2_OCTETS],
      shortest: words[line + layout.LENGTH_MIN],
      longest: words[line + layout.LENGTH_MAX],
      dataSegments: health.dataSegments,
      payloadOctets: health.payloadOctets,
      newOctets: health.intervalOctets.reduce((sum, one) => sum + one, 0),
      retransmitted: health.retransmittedSegments,
      lost: health.captureLostOctets,
      largest: health.largestSegmentOctets,
      inFlight: health.inFlightMaxOctets,
    };
  });
}

describe('super-packets', () => {
  it('leave what their segments would have left, packet for packet', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(burst, { minLength: 1, maxLength: 8 }), async (bursts) => {
        const apart = await figuresOf(captureOf(bursts, false), {});
        expect(await figuresOf(captureOf(bursts, true), { segmentOctets: 500 })).toEqual(apart);
      }),
      { numRuns: cases(100) },
    );
  });

  it('of UDP have datagrams, with headers each', async () => {
    const datagrams = (...payloads: number[]) =>
      pcapFile(
        payloads.map((octets, i) => {
          const addresses = { source: '10.0.0.1', destination: '10.0.0.2', protocol: 17 };
          const frame = ethernet(ipv4(addresses, udp(4000, 4001, new Uint8Array(octets))));
          return { frame, timeNs: BigInt(i), wireLength: frame.length };
        }),
        { nanoseconds: true },
      );
    const together = await figuresOf(datagrams(80, 1007), { segmentOctets: 500 });
    expect(together).toEqual(await figuresOf(datagrams(80, 500, 500, 7), {}));
    expect(together[0]).toMatchObject({
      packets: 4,
      octets: 1087 + 4 * 28,
      newOctets: 1087,
      shortest: 35,
    });
  });

  it('have headers for each segment', async () => {
    const burstOf = [{ from: 'client', segments: 3, last: 7 }] as const;
    const [forward] = await figuresOf(captureOf(burstOf, true), { segmentOctets: 500 });
    const handshakeOctets = 2 * HEADERS + 8;
    expect(forward).toMatchObject({
      packets: 5,
      octets: handshakeOctets + 3 * HEADERS + 1007,
      shortest: HEADERS,
      longest: HEADERS + 500,
      dataSegments: 3,
      payloadOctets: 1007,
      largest: 500,
    });
  });
});
