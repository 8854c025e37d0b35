/** When the thread that takes the records of a replay starts. */
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import type { FlowtapConfig } from '../../../src/config/config.ts';
import { createRecordQueue } from '../../../src/metering/record-queue.ts';
import { PACKETS_READ, runCounters } from '../../../src/probe/counters.ts';
import {
  LARGE_OCTETS,
  mayStartLater,
  PACKETS_BEFORE,
  startLater,
} from '../../../src/probe/replay/export-start.ts';

const folder = mkdtempSync(join(tmpdir(), 'flowtap-start-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A file of this size, which takes no room. */
function fileOf(octets: number): string {
  const file = join(folder, `${octets}.pcap`);
  writeFileSync(file, '');
  const descriptor = openSync(file, 'r+');
  ftruncateSync(descriptor, octets);
  closeSync(descriptor);
  return file;
}

describe('the export thread may start later', () => {
  const small = fileOf(LARGE_OCTETS - 1);
  const large = fileOf(LARGE_OCTETS);
  const half = fileOf(LARGE_OCTETS / 2);

  it.each([
    ['beside a large capture', [large], {}, true],
    ['beside several that are large together', [half, half], {}, true],
    ['not beside a small one', [small], {}, false],
    ['not beside standard input', ['-'], {}, false],
    ['not beside a file that is not there', [join(folder, 'none.pcap')], {}, false],
    ['not at the pace of the capture', [large], { speed: 1 }, false],
    ['not with several meters', [large], { workers: 2 }, false],
  ])('%s', (_, files, replay, expected) => {
    const config = { replay: { speed: 'max', workers: 1, ...replay } } as FlowtapConfig;
    expect(mayStartLater({ files, config })).toBe(expected);
  });
});

describe('a thread that starts later', () => {
  const WAIT_MS = 100;

  function waiting() {
    const counters = runCounters();
    const queue = createRecordQueue(false);
    const ended = Promise.withResolvers<void>();
    let starts = 0;
    const stop = startLater(() => starts++, counters, queue, ended.promise);
    /** Starts by now, after waiting long enough for one. */
    const settled = async () => {
      await delay(WAIT_MS);
      return starts;
    };
    return { counters, queue, ended, stop, settled };
  }

  it('waits for the packets, and starts once', async () => {
    const { counters, ended, settled } = waiting();
    counters.capture[PACKETS_READ] = PACKETS_BEFORE - 1;
    expect(await settled()).toBe(0);
    counters.capture[PACKETS_READ] = PACKETS_BEFORE;
    expect(await settled()).toBe(1);
    ended.resolve();
    expect(await settled()).toBe(1);
  });

  it('starts when records fill half of their queue', async () => {
    const { queue, stop, settled } = waiting();
    const written = new Int32Array(queue.buffer);
    Atomics.store(written, 0, queue.batches / 2 - 1);
    expect(await settled()).toBe(0);
    Atomics.store(written, 0, queue.batches / 2);
    expect(await settled()).toBe(1);
    stop();
  });

  it.each(['resolve', 'reject'] as const)('starts when the meter has ended: %s', async (how) => {
    const { ended, settled } = waiting();
    ended[how]();
    expect(await settled()).toBe(1);
  });

  it('does not start any more once it is stopped', async () => {
    const { counters, ended, stop, settled } = waiting();
    stop();
    counters.capture[PACKETS_READ] = PACKETS_BEFORE;
    ended.resolve();
    expect(await settled()).toBe(0);
  });
});
