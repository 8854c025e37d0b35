/** Signals to a replay that waits: for its pace, for an exporter, for whoever is to write into its input. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
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

/** User and system time of a process, in ticks of the clock. */
function ticksOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

describe('a replay that nobody reads the output of', () => {
  // More than the queue of records and all batches hold.
  const PACKETS = 150_000;
  const LOOK_MS = 200;
  /** More than what its timers take of that. */
  const BUSY_TICKS = 4;
  const capture = join(folder, 'unread.pcap');
  const packets = Array.from({ length: PACKETS }, (_, i) => {
    const source = `11.${i >> 16}.${(i >> 8) & 0xff}.${i & 0xff}`;
    const frame = ethernet(ipv4({ source, destination: '10.1.0.1', protocol: 17 }, udp(1000, 53)));
    return { frame, timeNs: 1_700_000_000_000_000_000n + BigInt(i) * 1000n };
  });
  writeFileSync(capture, pcapFile(packets));

  it.each(['1', '2'])(
    'gives the flows of all that it has read by SIGINT, with %s workers',
    async (workers) => {
      const args = ['replay', capture, '-o', 'json', '--flow-table-entries', '1000', '--workers', workers];
      const child = spawn(process.execPath, [LAUNCHER, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
      children.push(child);
      let said = '';
      child.stderr.on('data', (part) => (said += part));
      const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
      await new Promise((resolve) => child.stdout.once('readable', resolve));
      // Until it waits for its output to be read.
      for (let before = -BUSY_TICKS, now = 0; now - before >= BUSY_TICKS; now = ticksOf(child.pid!)) {
        before = now;
        await delay(LOOK_MS);
      }
      child.kill('SIGINT');
      let out = '';
      for await (const part of child.stdout) out += part;
      expect(await closed, said).toBe(130);
      const read = Number(/^Read .*?([\d,]+) packets/m.exec(said)![1]!.replaceAll(',', ''));
      const flows = out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      const sources = flows.map((flow) => String(flow.sourceIPv4Address).split('.').map(Number));
      const numbers = sources.map(([, high, middle, low]) => high! * 65_536 + middle! * 256 + low!);
      // Each packet is a flow of its own, and its source its number.
      expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: read }, (_, i) => i));
    },
  );
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
