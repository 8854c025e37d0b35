/**
 * Path health of random connections: losses, disorder, acknowledgements and windows as they fall. The figures must
 * not depend on where sequence numbers begin, on which host has the smaller address, or on the IP version.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LiveFlows } from '../../../src/metering/live-flows.ts';
import type { MeteringProcess } from '../../../src/metering/metering-process.ts';
import { LINES_MAX, POOL_LINES, POOL_USED } from '../../../src/records/path-health-words.ts';
import { cases } from '../../support/cases.ts';
import type { TestFlow } from '../../support/flows.ts';
import { type CapturedFrame, pcapFile } from '../../support/frames.ts';
import type { Connection, Segment } from '../../support/segments.ts';
import { handshake, segmentCapture, segmentFrame } from '../../support/segments.ts';
import { flowsOf, healthOf } from './support.ts';

const SIZE = 1000;

interface Step {
  readonly from: 'client' | 'server';
  readonly seq: number;
  readonly ack: number;
  readonly payload: number;
  readonly gapMs: number;
  readonly window: number;
  readonly flags: string;
}

const step: fc.Arbitrary<Step> = fc.record({
  from: fc.constantFrom('client', 'server'),
  seq: fc.nat({ max: 12 }).map((n) => 1 + n * SIZE),
  ack: fc.nat({ max: 12 }).map((n) => 1 + n * SIZE),
  payload: fc.constantFrom(0, 0, 1, SIZE, SIZE, SIZE, 3 * SIZE),
  gapMs: fc.constantFrom(0.01, 1, 30, 1500),
  window: fc.constantFrom(0, 50, 1000),
  flags: fc.constantFrom('', '', '', 'P', 'F', 'E', 'R'),
});

/** With options as real stacks have them, or without. */
const script = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 40 }),
  hasTimestamps: fc.boolean(),
  hasHandshake: fc.boolean(),
});

type Script = typeof script extends fc.Arbitrary<infer T> ? T : never;

function segmentsOf({ steps, hasTimestamps, hasHandshake }: Script): Segment[] {
  let ms = 30;
  const rest = steps.map((one): Segment => {
    ms += one.gapMs;
    const stamp = Math.floor(ms) + 1;
    return { ...one, ms, ...(hasTimestamps ? { timestamps: [stamp, stamp - 1] as const } : {}) };
  });
  return hasHandshake ? [...handshake(), ...rest] : rest;
}

/** Moves of a connection that works: numbers follow, with a fault now and then. */
const move = fc.record({
  from: fc.constantFrom('client', 'server'),
  payload: fc.constantFrom(0, 0, 1, 400, 1000, 1460, 3000),
  gapMs: fc.constantFrom(0.01, 0.01, 1, 1, 30, 30, 1500, 6000, 70_000, 900_000),
  window: fc.constantFrom(500, 500, 500, 900, 0, 1460),
  flags: fc.constantFrom('', '', '', '', '', '', '', '', 'P', 'F', 'E', 'C', 'R', 'S'),
  /** By how much its sequence number, and its acknowledgement, miss the one that is due. */
  seqOff: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1000, -1000, -1),
  ackOff: fc.constantFrom(0, 0, 0, 0, 0, 0, 1000, -400),
  idStep: fc.constantFrom(1, 1, 1, 1, 0, 2000, -3),
  tos: fc.constantFrom(0, 0, 0, 0, 0, 2, 3),
  options: fc.constantFrom<Partial<Segment>>(
    ...[{}, {}, {}, {}, { snap: 60 }, { snap: 50 }],
    ...[{ mss: 500, scale: 3 }, { mss: 500 }, { scale: 15 }],
    ...[{ sack: [[2000, 3000] as const] }, { sack: [[1, 1001] as const, [1, 2001] as const] }],
  ),
});
const connection = fc.record({
  moves: fc.array(move, { minLength: 1, maxLength: 60 }),
  hasTimestamps: fc.boolean(),
  hasHandshake: fc.boolean(),
});

function connectionOf({
  moves,
  hasTimestamps,
  hasHandshake,
}: typeof connection extends fc.Arbitrary<infer T> ? T : never): Segment[] {
  const next = { client: 1, server: 1 };
  const ids = { client: 1, server: 30_000 };
  let ms = 30;
  const rest = moves.map((one): Segment => {
    const { from, payload, seqOff, ackOff, flags, window, tos, options } = one;
    ms += one.gapMs;
    ids[from] = (ids[from] + one.idStep) & 0xffff;
    const seq = next[from] + seqOff;
    if (seqOff === 0) next[from] += payload + (/[FS]/.test(flags) ? 1 : 0);
    const ack = next[from === 'client' ? 'server' : 'client'] + ackOff;
    const stamp = Math.floor(ms / 4) + 1;
    const timestamps = hasTimestamps ? { timestamps: [stamp, stamp - 1] as const } : {};
    return { ms, from, seq, ack, payload, flags, window, tos, id: ids[from], ...timestamps, ...options };
  });
  return hasHandshake ? [...handshake(), ...rest] : rest;
}

const plain: Connection = { client: 1000, server: 1000 };
/** Longer than any connection. */
const BETWEEN_PAIRS_MS = 200_000_000;

/** A capture of the frames of several connections. */
function inOrder(connections: readonly (readonly CapturedFrame[])[]): Buffer {
  const frames = connections.flat().sort((a, b) => Number((a.timeNs ?? 0n) - (b.timeNs ?? 0n)));
  return pcapFile(frames, { nanoseconds: true });
}

describe('path health', () => {
  it('is the same wherever sequence numbers begin', async () => {
    const starts = fc.constantFrom(0, 1, 0x7ffffffe, 0x80000000, 0xfffff000, 0xffffffff);
    await fc.assert(
      fc.asyncProperty(script, starts, starts, async (random, client, server) => {
        const segments = segmentsOf(random);
        const here = await healthOf(segments, plain);
        const there = await healthOf(segments, { client, server });
        const withoutStart = (health: typeof here) => ({
          ...health,
          forward: { ...health.forward, initialSequenceNumber: 0 },
          reverse: { ...health.reverse, initialSequenceNumber: 0 },
        });
        expect(withoutStart(there)).toEqual(withoutStart(here));
      }),
      { numRuns: cases(80) },
    );
  });

  it('is the same whichever host has the smaller address, and over IPv6', async () => {
    await fc.assert(
      fc.asyncProperty(script, async (random) => {
        const segments = segmentsOf(random);
        const here = await healthOf(segments, plain);
        expect(await healthOf(segments, { ...plain, isSwapped: true })).toEqual(here);
        expect(await healthOf(segments, { ...plain, isV6: true })).toEqual(here);
      }),
      { numRuns: cases(80) },
    );
  });

  it('is the same however often somebody asks for the flows of the moment', async () => {
    const asking = {
      // Between all packets.
      batchCapacity: 1,
      onBatch: ({ table }: MeteringProcess) => {
        const flows = new LiveFlows({ table, encapsulation: false, scale: 1 });
        flows.begin({ sort: 'rate', top: 1, filter: { networks: [], ports: [], protocols: [], points: [] } });
        flows.look(Number.POSITIVE_INFINITY);
        expect(flows.allocateCopy(0, 0).count).toBe(1);
      },
    };
    let stalls = 0;
    await fc.assert(
      fc.asyncProperty(script, async (random) => {
        const segments = segmentsOf(random);
        const unasked = await healthOf(segments, plain);
        expect(await healthOf(segments, plain, asking)).toEqual(unasked);
        stalls += unasked.forward.stalls || 0;
      }),
      { numRuns: cases(80) },
    );
    // A copy in the middle of a stall is what could end it.
    expect(stalls).toBeGreaterThan(0);
  });

  it('is the same in the engine as in TypeScript', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(script.map(segmentsOf), connection.map(connectionOf)),
        fc.boolean(),
        fc.constantFrom(60_000, 36_000_000),
        // Of a replay, and of a live capture whose packets of more octets are several segments each.
        fc.constantFrom({}, { segmentOctets: 400 }, { segmentOctets: 999 }),
        async (segments, isV6, activeTimeoutMs, source) => {
          const capture = segmentCapture(segments, { ...plain, isV6 });
          const options = { activeTimeoutMs, idleTimeoutMs: 36_000_000, ...source };
          const byTypeScript = await flowsOf(capture, { ...options, framesOutside: true });
          expect(await flowsOf(capture, options)).toEqual(byTypeScript);
        },
      ),
      { numRuns: cases(400) },
    );
  });

  it('is the same whichever flows had its lines and blocks before', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(connection.map(connectionOf), { minLength: 3, maxLength: 8 }),
        async (connections) => {
          // Two at a time, over IPv4 and IPv6; all end before the next two begin.
          const frames = connections.map((segments, n) => {
            const startMs = Math.floor(n / 2) * BETWEEN_PAIRS_MS;
            const to = { ...plain, isV6: n % 2 === 1 };
            // All captures begin at the same time, which times are relative to.
            const first: Segment = { ms: 0, from: 'client', seq: 1, ack: 1 };
            return [first, ...segments].map((one) => segmentFrame({ ...one, ms: startMs + one.ms }, to));
          });
          const options = {
            ...{ idleTimeoutMs: 1_000_000, tcpEndDelayMs: 1_000_000 },
            activeTimeoutMs: BETWEEN_PAIRS_MS,
          };
          const counts: { used: number; slots: number }[] = [];
          const onBatch = ({ table: { health, slotsTouched: slots } }: MeteringProcess) =>
            counts.push({ used: health!.pools[POOL_LINES + POOL_USED]!, slots });
          const together = await flowsOf(inOrder(frames), { ...options, batchCapacity: 8, onBatch });
          const isV6 = (_: unknown, n: number) => n % 2 === 1;
          const overIPv4 = await flowsOf(inOrder(frames.filter((one, n) => !isV6(one, n))), options);
          const overIPv6 = await flowsOf(inOrder(frames.filter(isV6)), options);
          const sorted = (flows: readonly TestFlow[]) =>
            flows
              .map(({ key, forward, reverse, health }) => JSON.stringify([key, forward, reverse, health]))
              .sort();
          expect(sorted(together)).toEqual(sorted([...overIPv4, ...overIPv6]));
          for (const { used, slots } of counts) expect(used).toBeLessThanOrEqual(slots * LINES_MAX);
          expect(counts.at(-1)!.slots).toBeLessThanOrEqual(2);
        },
      ),
      { numRuns: cases(80) },
    );
  });

  it('keeps its sums: retransmissions are lost, spurious or neither, and octets add up', async () => {
    await fc.assert(
      fc.asyncProperty(script, async (random) => {
        const { forward, reverse } = await healthOf(segmentsOf(random), plain);
        for (const one of [forward, reverse]) {
          if (!one.isTcp || Number.isNaN(one.retransmittedSegments)) continue;
          const told = one.lostUpstreamSegments + one.lostDownstreamSegments + one.spuriousRetransmissions;
          expect(told).toBe(one.retransmittedSegments);
          const news = one.intervalOctets.reduce((sum, octets) => sum + octets, 0);
          expect(one.payloadOctets).toBe(news + one.retransmittedOctets);
          expect(one.lossEvents).toBeLessThanOrEqual(one.retransmittedSegments);
          expect(one.ackRtt.samples === 0 || one.ackRtt.minMs <= one.ackRtt.meanMs + 0.001).toBe(true);
          expect(one.zeroWindowMs).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: cases(80) },
    );
  });
});
