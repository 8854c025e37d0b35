import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Part, Parts } from '../../src/probe/part.ts';

const calls: string[] = [];

/** Notes when it is started and stopped; a stop takes some time. */
function part(name: string, { stopMs = 0, fault }: { stopMs?: number; fault?: Error } = {}): Part {
  return {
    start: async () => {
      calls.push(`start ${name}`);
      if (fault !== undefined) throw fault;
    },
    stop: async (limitMs) => {
      calls.push(`stop ${name} within ${Math.round(limitMs)}`);
      vi.advanceTimersByTime(stopMs);
    },
    statistics: undefined,
  };
}

beforeEach(() => {
  calls.length = 0;
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the list of parts', () => {
  it('starts in order and stops in reverse, each within what is left until its time', async () => {
    const parts = new Parts([
      { part: part('server'), stopByMs: 5000 },
      { part: part('exporting', { stopMs: 4000 }), stopByMs: 4700 },
      { part: part('workers', { stopMs: 1200 }), stopByMs: 4300 },
    ]);
    await parts.start();
    await parts.stop();
    expect(calls).toEqual([
      'start server',
      'start exporting',
      'start workers',
      'stop workers within 4300',
      'stop exporting within 3500',
      // Those before it took longer than they might: it has no time left.
      'stop server within 0',
    ]);
  });

  it('starts none after one that cannot, and stops all the same', async () => {
    const parts = new Parts([
      { part: part('server'), stopByMs: 5000 },
      { part: part('exporting', { fault: new Error('no room') }), stopByMs: 4700 },
      { part: part('workers'), stopByMs: 4300 },
    ]);
    await expect(parts.start()).rejects.toThrow('no room');
    await parts.stop();
    expect(calls).toEqual([
      ...['start server', 'start exporting'],
      ...['stop workers within 4300', 'stop exporting within 4700', 'stop server within 5000'],
    ]);
  });
});
