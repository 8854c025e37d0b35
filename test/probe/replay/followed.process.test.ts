/**
 * Packets that come through a pipe as they are observed, as from tcpdump: a flow's record leaves when its timeout has
 * passed, whether or not anything else comes, and waits for no other record.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { FollowedClock } from '../../../src/probe/replay/followed-clock.ts';
import { LAUNCHER } from '../../cli/flowtap.ts';
import { ethernet, ipv4, pcapFile, udp } from '../../support/frames.ts';
import { collectDatagrams } from '../../support/network.ts';
import { waitFor } from '../../support/wait.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

const START_S = 1_700_000_000;

/** A capture of one packet of a flow of its own. */
function capture(i: number, timeMs: number): Buffer {
  const frame = ethernet(
    ipv4({ source: `10.0.0.${i}`, destination: '10.1.0.1', protocol: 17 }, udp(1000, 53)),
  );
  return pcapFile([{ frame, timeNs: (BigInt(START_S) * 1000n + BigInt(Math.round(timeMs))) * 1_000_000n }]);
}
const FILE_HEADER_OCTETS = 24;

/** A replay of a pipe, and what it has printed so far. */
function follow(args: readonly string[]) {
  const child = spawn(process.execPath, [LAUNCHER, 'replay', '-', '-q', ...args]);
  children.push(child);
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => (out += text));
  child.stderr.on('data', (text) => (err += text));
  const lines = () => out.split('\n').slice(0, -1);
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, lines, closed, errors: () => err };
}

describe('a flow that came through a pipe which is silent now', () => {
  it('is printed when its idle timeout has passed', async () => {
    const { child, lines, closed, errors } = follow(['-o', 'json', '--idle-timeout', '1s']);
    child.stdin.write(capture(1, 0));
    await waitFor('its record is printed', () => lines().length === 1);
    expect(JSON.parse(lines()[0]!)).toMatchObject({ sourceIPv4Address: '10.0.0.1', flowEndReason: 1 });
    expect(child.exitCode).toBeNull();
    child.stdin.end();
    expect([await closed, lines().length, errors()]).toEqual([0, 1, '']);
  });

  it('is exported then', async () => {
    const collector = await collectDatagrams();
    try {
      const to = `ipfix://127.0.0.1:${collector.port}`;
      const { child } = follow(['-o', 'none', '--idle-timeout', '1s', '-e', to]);
      child.stdin.write(capture(7, 0));
      const address = Buffer.from([10, 0, 0, 7]);
      await waitFor('its record is sent', () => collector.datagrams.some((one) => one.includes(address)));
      expect(child.exitCode).toBeNull();
    } finally {
      await collector.close();
    }
  });

  it('stays one flow while its packets come in time', async () => {
    const { child, lines, closed } = follow(['-o', 'json', '--idle-timeout', '30s']);
    child.stdin.write(capture(1, 0));
    await delay(1000);
    child.stdin.write(capture(1, 1000).subarray(FILE_HEADER_OCTETS));
    child.stdin.end();
    await closed;
    expect(lines().map((line) => JSON.parse(line))).toMatchObject([
      { packetDeltaCount: 2, flowEndReason: 4 },
    ]);
  });
});

describe('flows whose packets keep coming', () => {
  it('are printed one by one as their timeouts pass', async () => {
    const { child, lines, closed } = follow(['-o', 'csv', '--idle-timeout', '1s']);
    const startedMs = performance.now();
    let sent = 0;
    // A program that waits for a batch, or for the end, prints none of 50 s of packets.
    while (lines().length - 1 <= 5 && sent < 250) {
      const octets = capture(++sent, performance.now() - startedMs);
      child.stdin.write(sent === 1 ? octets : octets.subarray(FILE_HEADER_OCTETS));
      await delay(200);
    }
    expect(lines().length - 1).toBeGreaterThan(5);
    expect(lines().length - 1).toBeLessThan(sent);
    child.stdin.end();
    await closed;
    expect(lines()).toHaveLength(1 + sent);
  });
});

describe('the clock of a followed input', () => {
  const clock = (...batches: [timesMs: number[], nowMs: number][]) => {
    const made = new FollowedClock();
    for (const [times, nowMs] of batches) {
      made.heard({ count: times.length, timeNs: Float64Array.from(times, (ms) => ms * 1e6) }, nowMs);
    }
    return (nowMs: number) => made.timeNs(nowMs) / 1e6;
  };

  it('goes on from the last packet', () => {
    expect(clock()(5)).toBeNaN();
    expect(clock([[100], 5000])(5030)).toBe(130);
    expect(clock([[100], 5000], [[1100], 6000])(6030)).toBe(1130);
    expect(clock([[100, 200, 300], 5000])(5030)).toBe(230);
    expect(clock([[100], 5000], [[], 6000])(6030)).toBe(1130);
  });

  it('is not led far ahead by one damaged time', () => {
    expect(clock([[100], 5000], [[1e9], 6000])(6030)).toBe(1130);
    expect(clock([[100, 200, 1e9], 5000])(5030)).toBe(230);
    expect(clock([[100], 5000], [[1e9], 6000], [[2100], 7000])(7030)).toBe(2130);
  });

  it('goes back with packets that do', () => {
    expect(clock([[1e9], 5000], [[100], 6000])(6030)).toBe(130);
  });
});
