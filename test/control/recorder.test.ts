/** What looks at a probe every second: the events that it tells, and to how many. */

import type { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BusyError } from '../../src/base/errors.ts';
import { LISTENERS_MAX, Recorder } from '../../src/control/recorder.ts';
import type { LiveState } from '../../src/metrics/state.ts';
import { liveState, workerState } from '../metrics/states.ts';

const LOSS = { subject: 'eth0', count: 3, what: 'packets lost', remedy: 'a larger ring', level: 'warning' };

interface Event {
  readonly metrics: Record<string, number | null>;
  readonly interfaces: readonly { readonly name: string; readonly metrics: Record<string, number | null> }[];
  readonly losses: readonly object[];
}

let now: LiveState;
let recorder: Recorder;

/** What a listener has got since it was last asked. */
function eventsOf(listener: Readable): Event[] {
  const text = String(listener.read() ?? '');
  return [...text.matchAll(/^data: (.*)\n\n/gm)].map(([, data]) => JSON.parse(data!) as Event);
}

function metered(packets: number): LiveState {
  const worker = workerState('eth0', 0);
  return liveState({ workers: [{ ...worker, metered: { packets, octets: 0 } }] });
}

beforeEach(() => {
  now = metered(1000);
  recorder = new Recorder({
    points: ['eth0'],
    state: () => now,
    losses: () => [LOSS, { ...LOSS, count: 0 }],
  });
});
afterEach(() => recorder.stop());

describe('a recorder', () => {
  it('tells how fast everything grows since the look before', () => {
    recorder.look(5000);
    const listener = recorder.listen();
    const [first] = eventsOf(listener);
    expect(first!.metrics).toMatchObject({ meteredPackets: null, activeFlows: expect.any(Number) });
    now = metered(1600);
    recorder.look(7000);
    const [second] = eventsOf(listener);
    expect(second!.metrics.meteredPackets).toBe(300);
    expect(second!.interfaces).toMatchObject([{ name: 'eth0', metrics: { meteredPackets: 300 } }]);
    expect(second!.interfaces[0]!.metrics).not.toHaveProperty('exportedRecords');
    expect(second!.losses).toEqual([LOSS]);
  });

  it('keeps the past', () => {
    recorder.look(0);
    now = metered(3000);
    recorder.look(10_000);
    expect(recorder.past({ metric: 'meteredPackets' }).values).toEqual([200]);
  });

  it('lets so many listen and counts the others', async () => {
    recorder.look(0);
    const all = Array.from({ length: LISTENERS_MAX }, () => recorder.listen());
    expect(() => recorder.listen()).toThrow(BusyError);
    expect(recorder.listeners).toEqual({ open: LISTENERS_MAX, refused: 1, letGo: 0 });
    all[0]!.destroy();
    await turn();
    recorder.listen();
    expect(recorder.listeners).toEqual({ open: LISTENERS_MAX, refused: 1, letGo: 0 });
  });

  it('lets one go that does not read, and goes on with the others', async () => {
    recorder.look(0);
    const [deaf, other] = [recorder.listen(), recorder.listen()];
    for (let second = 1; second <= 1000; second++) {
      recorder.look(second * 1e3);
      expect(eventsOf(other!).length).toBeGreaterThan(0);
    }
    expect(deaf!.destroyed).toBe(true);
    await turn();
    expect(recorder.listeners).toEqual({ open: 1, refused: 0, letGo: 1 });
  });

  it('ends the stream when it stops', async () => {
    const listener = recorder.listen();
    listener.resume();
    recorder.stop();
    await new Promise<void>((resolve) => listener.once('end', () => resolve()));
  });
});
