/** The past of a probe: rates and levels by step, in memory that does not grow, and the questions about it. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { History, historyOctets, TIERS, type Tier } from '../../src/control/history.ts';
import { pastObject } from '../../src/control/history-query.ts';
import { MEASURES, readSeries, seriesOf } from '../../src/control/measures.ts';
import { collectorState, liveState, workerState } from '../metrics/states.ts';

const SMALL: readonly Tier[] = [
  { stepSeconds: 10, steps: 6 },
  { stepSeconds: 60, steps: 4 },
];
/** A count and a level. */
const KINDS = [true, false];

/** Looks each second from `from` on, at counts of a moment. */
function lookFor(history: History, seconds: number, count: (second: number) => number, from = 0): void {
  for (let second = from; second < from + seconds; second++)
    history.look(Float64Array.of(count(second), second % 100), second * 1e3);
}

describe('a history', () => {
  it('has the mean rate of each step that is complete, and the level at its end', () => {
    const history = new History(KINDS, SMALL);
    lookFor(history, 41, (second) => (second <= 20 ? 5 * second : 100 + 9 * (second - 20)));
    expect(history.read(0, 10)).toEqual({ startMs: 0, stepSeconds: 10, values: Float32Array.of(5, 5, 9, 9) });
    expect(history.read(1, 10).values).toEqual(Float32Array.of(10, 20, 30, 40));
    expect(history.read(0, 60).values).toHaveLength(0);
    expect(history.read(0, 10, 1)).toEqual({ startMs: 30e3, stepSeconds: 10, values: Float32Array.of(9) });
  });

  it('keeps as many steps as it has room for, the coarse ones longer', () => {
    const history = new History(KINDS, SMALL);
    lookFor(history, 601, (second) => (second <= 300 ? 0 : 60 * (second - 300)));
    expect(history.read(0, 10)).toMatchObject({ startMs: 540e3, values: new Float32Array(6).fill(60) });
    expect(history.read(0, 60)).toMatchObject({ startMs: 360e3, values: new Float32Array(4).fill(60) });
  });

  it('loses nothing when a look comes late, or never came for longer than it reaches back', () => {
    const history = new History(KINDS, SMALL);
    lookFor(history, 11, (second) => second);
    history.look(Float64Array.of(10 + 300, 0), 40e3);
    expect(history.read(0, 10).values).toEqual(Float32Array.of(1, 10, 10, 10));
    history.look(Float64Array.of(310 + 1000, 0), 1040e3);
    expect(history.read(0, 10)).toMatchObject({ startMs: 980e3, values: new Float32Array(6).fill(1) });
  });

  it('begins in the middle of a step, with the rate of what it saw of it', () => {
    const history = new History(KINDS, SMALL);
    lookFor(history, 9, (second) => 7 * second, 15);
    expect(history.read(0, 10)).toEqual({ startMs: 10e3, stepSeconds: 10, values: Float32Array.of(7) });
  });

  it('takes a count that began again for one from 0', () => {
    const history = new History(KINDS, SMALL);
    lookFor(history, 11, (second) => 1000 + second);
    lookFor(history, 10, (second) => 2 * (second - 10), 11);
    expect(history.read(0, 10).values[1]).toBe(2);
  });

  it('has room for a day in steps of ten seconds and a week in minutes', () => {
    expect(TIERS.map(({ stepSeconds, steps }) => stepSeconds * steps)).toEqual([86_400, 604_800]);
    const [whole, each] = [seriesOf([]).length, MEASURES.filter(({ isOfAll }) => !isOfAll).length];
    // As docs/running.md says, in MB.
    expect(historyOctets(whole) / 1e6).toBeCloseTo(0.67, 2);
    expect(historyOctets(each) / 1e6).toBeCloseTo(0.45, 2);
    expect(seriesOf(['eth0', 'eth1'])).toHaveLength(whole + 2 * each);
  });
});

describe('the numbers of a history', () => {
  it('are those of the state: of all, and of each interface', () => {
    const workers = [workerState('eth0', 0), workerState('eth0', 1), workerState('eth1', 0)];
    const state = liveState({ workers, collectors: [collectorState('ipfix://192.0.2.1:4739')] });
    const series = seriesOf(['eth0', 'eth1']);
    const counts = readSeries(series, state);
    const of = (name: string, point?: string) =>
      counts[series.findIndex((one) => one.measure.name === name && one.point === point)];
    // Of each worker: 1000 read, 154 segments more than super-packets, 13 dropped by the ring, 19 lost in faulty blocks.
    expect(of('offeredPackets')).toBe(3 * 1186);
    expect(of('offeredPackets', 'eth0')).toBe(2 * 1186);
    expect(of('offeredBits', 'eth1')).toBe(8 * workers[2]!.capture.octets);
    expect(of('meteredPackets', 'eth1')).toBe(workers[2]!.metered.packets);
    // 13 + 19 in the ring, 44 in the queue, 45 with a worker; and 52 missed, 50 that no ring can have seen.
    expect(of('lostPackets')).toBe(3 * (13 + 19 + 44 + 45) + 52 + 50);
    expect(of('lostPackets', 'eth1')).toBe(13 + 19 + 44 + 45);
    expect(of('activeFlows', 'eth0')).toBe(2 * workers[0]!.flows.active);
    expect(of('exportedRecords')).toBe(300);
    expect(of('exportedBits')).toBe(8 * 71_000);
    // 5 for each worker's queue, 12 that failed.
    expect(of('lostRecords')).toBe(3 * 5 + 12);
  });
});

describe('a question about the past', () => {
  const series = seriesOf(['eth0']);
  const history = new History(series.map(({ measure }) => measure.isRate));
  for (let second = 0; second <= 120; second++) {
    const counts = series.map(({ point }) => (point === undefined ? 3 : 2) * second);
    history.look(Float64Array.from(counts), second * 1e3);
  }
  const ask = (given: Record<string, string>) =>
    pastObject(given, series, history, (ms) => 1_700_000_000_000 + ms);

  it('has its answer', () => {
    expect(ask({ metric: 'offeredPackets', last: '25' })).toEqual({
      metric: 'offeredPackets',
      unit: 'packets/s',
      interface: null,
      stepSeconds: 10,
      startSeconds: 1_700_000_090,
      values: [3, 3, 3],
    });
    expect(ask({ metric: 'createdFlows', interface: 'eth0', step: '60' })).toMatchObject({
      interface: 'eth0',
      startSeconds: 1_700_000_000,
      values: [2, 2],
    });
    expect(ask({ metric: 'activeFlows' }).values).toHaveLength(12);
  });

  it.each([
    [{}, 'metric', 'nothing', 'offeredPackets, '],
    [{ metric: 'size' }, 'metric', '"size"', ', lostRecords'],
    [{ metric: 'toString' }, 'metric', '"toString"', 'offeredPackets, '],
    [{ metric: 'lostPackets', interface: 'eth9' }, 'interface', '"eth9"', 'eth0'],
    [{ metric: 'lostRecords', interface: 'eth0' }, 'interface', '"eth0"', 'none with lostRecords'],
    [{ metric: 'lostPackets', step: '5' }, 'step', '"5"', '10, 60 (seconds)'],
    [{ metric: 'lostPackets', last: '0' }, 'last', '"0"', '1 to 86400 seconds'],
    [{ metric: 'lostPackets', last: '86401' }, 'last', '"86401"', '1 to 86400 seconds'],
    [{ metric: 'lostPackets', step: '60', last: '1e9' }, 'last', '"1e9"', '1 to 604800 seconds'],
    [{ metric: 'lostPackets', top: '5' }, 'top', 'it', 'metric, interface, step, last'],
  ])('as %j is refused', (given, path, found, allowed) => {
    const fault = (() => {
      try {
        return ask(given as Record<string, string>);
      } catch (error) {
        return error;
      }
    })();
    expect(fault).toBeInstanceOf(ConfigError);
    expect((fault as ConfigError).faults).toEqual([
      { path, found, allowed: expect.stringContaining(allowed) },
    ]);
  });
});
