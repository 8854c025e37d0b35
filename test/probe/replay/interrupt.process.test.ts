/** Signals to a replay that waits: for its pace, for an exporter, for whoever is to write into its input. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { LAUNCHER } from '../../cli/flowtap.ts';
import { ethernet, ipv4, pcapFile, udp } from '../../support/frames.ts';
import { collectDatagrams } from '../../support/network.ts';
import { waitFor } from '../../support/wait.ts';

const folder = mkdtempSync(join(tmpdir(), 'flowtap-interrupt-'));
afterAll(() => rmSync(folder, { recursive: true }));

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function start(args: readonly string[]) {
  const child = spawn(process.execPath, [LAUNCHER, 'replay', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.push(child);
  let text = '';
  child.stderr.on('data', (part) => (text += part));
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, closed, stderr: () => text };
}

/** Longer than two signals of one key press are apart. */
const PRESS_MS = 400;
/** What hangs does not come back at all. */
const HANGS_MS = 20_000;

/** Whether a process has this file open. */
function isOpen(pid: number, file: string): boolean {
  const descriptors = `/proc/${pid}/fd`;
  return readdirSync(descriptors).some((name) => {
    try {
      return readlinkSync(join(descriptors, name)) === file;
    } catch {
      return false;
    }
  });
}

const within = (closed: Promise<number | null>) =>
  Promise.race([closed, delay(HANGS_MS, 'still there', { ref: false })]);

describe('a replay whose flows end all at once, faster than their exporter takes them', () => {
  const FLOWS = 60_000;
  const capture = join(folder, 'burst.pcap');
  const frame = (i: number) => {
    const source = `11.${i >> 16}.${(i >> 8) & 0xff}.${i & 0xff}`;
    return ethernet(ipv4({ source, destination: '10.1.0.1', protocol: 17 }, udp(1000, 53)));
  };
  const S = 1_000_000_000n;
  const burst = Array.from({ length: FLOWS }, (_, i) => ({
    frame: frame(i),
    timeNs: 1_700_000_000n * S + BigInt(i) * 1000n,
  }));
  writeFileSync(capture, pcapFile([...burst, { frame: frame(FLOWS), timeNs: 1_700_003_600n * S }]));

  it.each([
    ['--speed 100 --workers 1'],
    ['--speed 100 --workers 3'],
    // One reads and one meters.
    ['--workers 2'],
  ])('ends at the second SIGINT, with %s', async (options) => {
    const collector = await collectDatagrams();
    const to = `ipfix://127.0.0.1:${collector.port}?rate=20`;
    const args = [capture, '-o', 'none', ...options.split(' '), '-e', to];
    const { child, closed } = start(args);
    try {
      // Templates, then records: flows have ended by then, and there are more than the queue holds.
      await waitFor('records arrive', () => collector.datagrams.length > 20);
      child.kill('SIGINT');
      await delay(PRESS_MS);
      expect(child.exitCode).toBeNull();
      child.kill('SIGINT');
      expect(await within(closed)).toBe(130);
    } finally {
      await collector.close();
    }
  });
});

describe('a replay of a named pipe that nobody writes into', () => {
  it('ends at the first SIGINT, without a fault', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const { child, closed, stderr } = start([pipe, '-o', 'none']);
    await waitFor('the pipe is open', () => isOpen(child.pid!, pipe));
    child.kill('SIGINT');
    expect(await within(closed)).toBe(130);
    expect(stderr()).not.toContain('flowtap:');
  });
});
