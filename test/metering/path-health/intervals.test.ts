/**
 * Octets in intervals of 5 s, by the engine and by TypeScript, and what memory they take: a flow has room for its first few
 * intervals in a line, and a wide histogram when there is data in later ones.
 */
import { describe, expect, it } from 'vitest';
import type { MeteringProcess } from '../../../src/metering/metering-process.ts';
import {
  INTERVALS_MAX,
  LINE_INTERVALS,
  POOL_LINES,
  POOL_MOST,
  POOL_RARE,
  POOL_USED,
  POOL_WIDE,
} from '../../../src/records/path-health-words.ts';
import { type Segment, segmentCapture } from '../../support/segments.ts';
import { CONNECTION, flowsOf } from './support.ts';

const INTERVAL_MS = 5000;
/** Another one than before, so that the last segment is no duplicate acknowledgement. */
const WINDOW = 600;
const ACTIVE_TIMEOUT_MS = 3_600_000;

/** Octets of both directions in the intervals of a flow, by number: what is not there had no data. */
type Octets = Readonly<Record<number, readonly [forward: number, reverse: number]>>;

/** Segments of these octets, one for each direction and interval, and a bare one at the end of interval `last`. */
function segmentsOf(octets: Octets, last: number): Segment[] {
  const next = { client: 1, server: 1 };
  const segment = (ms: number, from: 'client' | 'server', payload: number): Segment => {
    const one = { ms, from, seq: next[from], ack: next[from === 'client' ? 'server' : 'client'], payload };
    next[from] += payload;
    return one;
  };
  const data = Object.entries(octets).flatMap(([number, [forward, reverse]]) => {
    const ms = Number(number) * INTERVAL_MS + 100;
    return [
      ...(forward > 0 ? [segment(ms, 'client', forward)] : []),
      ...(reverse > 0 ? [segment(ms + 50, 'server', reverse)] : []),
    ];
  });
  const first: Segment = { ms: 0, from: 'client', seq: 1, ack: 1 };
  return [first, ...data, { ...segment((last + 1) * INTERVAL_MS - 100, 'client', 0), window: WINDOW }];
}

/** Path health of the records, and the pools of path health behind its last packet. */
async function measure(
  octets: Octets,
  last: number,
  framesOutside: boolean,
  activeTimeoutMs = ACTIVE_TIMEOUT_MS,
) {
  let pools = new Int32Array();
  const onBatch = ({ table }: MeteringProcess) => {
    pools = table.health!.pools.slice();
  };
  const options = { activeTimeoutMs, framesOutside, onBatch };
  const flows = await flowsOf(segmentCapture(segmentsOf(octets, last), CONNECTION), options);
  return { flows: flows.map(({ health }) => health!), pools };
}

/** As `octets` has them, `doubled` times two neighbours added up. */
function expected(octets: Octets, last: number, direction: 0 | 1, doubled = 0): number[] {
  const sums = new Array(Math.floor(last / 2 ** doubled) + 1).fill(0);
  for (const [number, both] of Object.entries(octets)) sums[Number(number) >> doubled] += both[direction];
  return sums;
}

const CASES: Readonly<Record<string, { octets: Octets; last: number; wide: number; doubled?: number }>> = {
  'the first ones, none of them empty': {
    octets: { 0: [10, 1], 1: [20, 2], 2: [30, 3], 3: [40, 4] },
    last: LINE_INTERVALS,
    wide: 0,
  },
  'of one direction alone': { octets: { 1: [0, 20], 3: [0, 40] }, last: 5, wide: 0 },
  'one more than a line holds': {
    octets: { 0: [10, 1], 1: [20, 2], 2: [30, 3], 3: [40, 4], 4: [50, 5] },
    last: 5,
    wide: 1,
  },
  'a late one alone': { octets: { 20: [7, 8] }, last: INTERVALS_MAX - 1, wide: 1 },
  'data in the last interval is not stored yet': {
    octets: { 0: [10, 1], [INTERVALS_MAX - 1]: [5, 6] },
    last: INTERVALS_MAX - 1,
    wide: 0,
  },
  'the first ones, doubled in their line': {
    octets: { 0: [10, 1], 1: [20, 2], 3: [40, 4] },
    last: INTERVALS_MAX,
    wide: 0,
    doubled: 1,
  },
  'many, doubled twice': {
    octets: { 0: [10, 1], 5: [20, 2], 13: [30, 3], 40: [40, 4], 41: [50, 5], 70: [60, 6] },
    last: 3 * INTERVALS_MAX,
    wide: 1,
    doubled: 2,
  },
};

for (const framesOutside of [false, true])
  describe(`intervals, measured ${framesOutside ? 'by TypeScript' : 'in the engine'}`, () => {
    for (const [name, { octets, last, wide, doubled }] of Object.entries(CASES))
      it(name, async () => {
        const { flows, pools } = await measure(octets, last, framesOutside);
        expect(flows).toHaveLength(1);
        const [{ forward, reverse, intervalMs }] = flows as [(typeof flows)[0]];
        expect(intervalMs).toBe(INTERVAL_MS * 2 ** (doubled ?? 0));
        expect(forward.intervalOctets).toEqual(expected(octets, last, 0, doubled));
        expect(reverse.intervalOctets).toEqual(expected(octets, last, 1, doubled));
        expect(pools[POOL_WIDE + POOL_MOST]).toBe(wide);
        expect(pools[POOL_RARE + POOL_MOST]).toBe(0);
      });

    it('without data take no memory', async () => {
      const { flows, pools } = await measure({}, 3 * INTERVALS_MAX, framesOutside);
      expect(flows[0]!.forward.intervalOctets).toEqual(new Array(19).fill(0));
      expect([pools[POOL_LINES + POOL_MOST], pools[POOL_WIDE + POOL_MOST]]).toEqual([0, 0]);
    });

    it('count anew in the records of a flow that is cut, in the memory of the first one', async () => {
      const octets: Octets = { 0: [10, 1], 1: [20, 2], 5: [30, 3], 6: [1, 1], 12: [40, 4], 18: [50, 5] };
      const { flows, pools } = await measure(octets, 18, framesOutside, 12 * INTERVAL_MS);
      expect(flows.map(({ forward }) => forward.intervalOctets)).toEqual([
        [10, 20, 0, 0, 0, 30, 1],
        [40, 0, 0, 0, 0, 0, 50],
      ]);
      expect(flows.map(({ reverse }) => reverse.intervalOctets)).toEqual([
        [1, 2, 0, 0, 0, 3, 1],
        [4, 0, 0, 0, 0, 0, 5],
      ]);
      expect([pools[POOL_WIDE + POOL_MOST], pools[POOL_WIDE + POOL_USED]]).toEqual([1, 1]);
    });
  });
