/**
 * Systematic sampling in the kernel: exactly every N-th packet that the filter lets through, however many workers there
 * are; counted as the kernel's own firewall counts; and the same figures where the kernel refuses and the worker samples.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeInLab, type LabProcess } from '../../lab/lab.ts';
import { ethernet, ipv4, ipv6, tcp, udp } from '../../support/frames.ts';
import {
  flowsOf,
  type Link,
  sendFrames,
  startWorkers,
  stopWorkers,
  total,
  useLink,
  type WorkerResult,
  waitForResult,
} from '../live/support.ts';

const FLOWTAP = join(import.meta.dirname, '../../../src/flowtap.mjs');

/** Waits until so many packets have been read, or left out by the kernel, and ends the workers. */
async function stopAt(running: LabProcess, packets: number): Promise<WorkerResult> {
  await waitForResult(running, (now) => total(now, 'read') + total(now, 'leftOut') >= packets);
  return stopWorkers(running);
}

/** Numbers of the flows of `flowsOf` that were metered, in order. */
function metered({ flows }: WorkerResult): number[] {
  const numbers = flows.map(({ source }) => {
    const [, , high, low] = source.split('.').map(Number);
    return high! * 256 + low!;
  });
  return numbers.sort((a, b) => a - b);
}

/** Has the kernel's firewall count UDP packets that come in. @returns what reads the count */
function countUdp({ right, far }: Link): () => number {
  right.execute('nft', 'add table netdev t');
  right.execute(
    'nft',
    `add chain netdev t c { type filter hook ingress device "${far}" priority 0; policy accept; }`,
  );
  right.execute('nft', 'add rule netdev t c meta l4proto udp counter');
  return () => Number(/counter packets (\d+)/.exec(right.execute('nft', 'list table netdev t'))![1]);
}

/** What the filter does not let through, in turn with what it does. */
function mixed(frames: readonly Uint8Array[]): Uint8Array[] {
  const other = ethernet(
    ipv4({ source: '10.9.0.1', destination: '10.2.0.1', protocol: 6 }, tcp(1, 2, 0x10, new Uint8Array(10))),
  );
  return frames.flatMap((frame, i) => (i % 3 === 0 ? [other, frame] : [frame]));
}

describeInLab(['nft'], 'systematic sampling in the kernel', () => {
  const link = useLink('select');

  it.each([1, 2])('takes exactly every seventh packet of the filter, with %d workers', async (workers) => {
    const interval = 7;
    const flows = flowsOf(2100);
    const options = { interface: link.far, filter: 'udp', workers, inKernel: true };
    const sampling = { method: 'systematic', interval };
    const running = await startWorkers(link.right, { ...options, sampling });
    const counted = countUdp(link);
    const frames = mixed(flows);
    await sendFrames(link.left, link.near, frames, frames.length);
    const result = await stopAt(running, flows.length);
    expect(counted()).toBe(flows.length);
    expect(running.stderr).not.toContain('sampled afterwards');
    // One worker's packets need not come in the order of the link, all workers' together do.
    const numbers = metered(result);
    const first = numbers[0]!;
    expect(first).toBeLessThan(interval);
    expect(numbers).toEqual(Array.from({ length: 300 }, (_, i) => first + i * interval));
    expect(total(result, 'read')).toBe(300);
    expect(total(result, 'leftOut')).toBe(1800);
    expect(total(result, 'unselected')).toBe(0);
    for (const { read } of result.workers) expect(read).toBeGreaterThan(0);
  });

  it('goes on where it was when the interface comes back', async () => {
    const sampling = { method: 'systematic', interval: 4 };
    const running = await startWorkers(link.right, { interface: link.far, inKernel: true, sampling });
    await sendFrames(link.left, link.near, flowsOf(10), 402);
    link.right.execute('ip', 'link', 'del', link.far);
    await running.waitForOutput(/the interface is gone/);
    link.connectAgain();
    await running.waitForOutput(/captured again/);
    await sendFrames(link.left, link.near, flowsOf(10), 402);
    const result = await stopAt(running, 804);
    expect(total(result, 'read')).toBe(201);
    expect(total(result, 'leftOut')).toBe(603);
  });

  it('lets through what libpcap’s own program does, whatever the filter', async () => {
    const filters = [
      '',
      'udp',
      'ip6 and tcp',
      'host 10.1.0.3 or host 10.1.0.4',
      'tcp[tcpflags] & tcp-syn != 0',
      'udp port 1007 or portrange 1010-1012',
      'greater 100',
      'len - 60 > 8',
      'ip[2:2] & 3 = 1',
      'ip[8] / (udp[1] & 3) = 32',
      'ip[8] % (ip[19] * 5) = 4',
      'vlan 10',
      'vlan and udp',
      'not vlan',
      'inbound',
      'outbound',
      'ether[0] & 1 = 0 and ip proto 17',
      'ip[6:2] & 0x1fff = 0 and (src net 10.1.0.0/28 or dst port 54)',
    ];
    const options = JSON.stringify({ interface: link.far, filters });
    const running = link.right.start([
      process.execPath,
      `${import.meta.dirname}/compare-filters.ts`,
      options,
    ]);
    await running.waitForOutput(/ready/);
    const segment = tcp(1007, 443, 2, new Uint8Array(40));
    const frames = [
      ...flowsOf(16),
      ...flowsOf(16, 101),
      ethernet(ipv4({ source: '10.1.0.3', destination: '10.2.0.1', protocol: 6 }, segment)),
      ethernet(ipv6({ source: '2001:db8::1', destination: '2001:db8::2', nextHeader: 6 }, segment)),
      ethernet(
        ipv4({ source: '10.1.0.9', destination: '10.2.0.5', protocol: 17 }, udp(7, 54, new Uint8Array(30))),
        {
          vlans: [10],
        },
      ),
      new Uint8Array(20),
    ];
    await sendFrames(link.left, link.near, frames, frames.length * 10);
    await sendFrames(link.right, link.far, flowsOf(5), 50);
    const { rxPackets } = link.right.counters(link.far);
    // Blocks are handed over within 10 ms; on a machine that stands still, the next look sees them.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { stdout, stderr } = await running.stop('SIGTERM');
    const results = JSON.parse(stdout) as Record<'classic' | 'selected' | 'leftOut', number>[];
    expect(stderr).toBe('ready\n');
    expect(results[0]!.classic).toBe(rxPackets + 50);
    for (const [i, { classic, selected, leftOut, ...rest }] of results.entries()) {
      expect(rest, filters[i]).toEqual({ filter: filters[i] });
      expect(selected + leftOut, filters[i]).toBe(classic);
      expect(Math.abs(selected - leftOut), filters[i]).toBeLessThan(2);
    }
    const matched = results.filter(({ classic }) => classic > 0).length;
    expect(matched).toBeGreaterThan(filters.length - 4);
  });
});

describeInLab(['setpriv'], 'systematic sampling where the kernel', () => {
  const link = useLink('select');
  const isOpenToAll = readFileSync('/proc/sys/kernel/unprivileged_bpf_disabled', 'utf8').trim() === '0';

  it.each(['allows it', 'refuses it'])('%s selects and observes the same', async (what) => {
    const isRefused = what === 'refuses it';
    // CAP_SYS_ADMIN stands for CAP_BPF.
    const without = isRefused ? ['setpriv', '--bounding-set=-bpf,-sys_admin'] : [];
    const sampling = ['--sampling', '8', '--sampling-method', 'systematic'];
    const command = [process.execPath, FLOWTAP, 'count', '-i', link.far, '-o', 'json', ...sampling];
    const running = link.right.start([...without, ...command], { limitMs: 20_000 });
    await running.waitForOutput(/"packets":0,/);
    await sendFrames(link.left, link.near, flowsOf(10), 8000);
    await running.waitForOutput(/"packets":1000,[^\n]*"unselected":7000/);
    const { stdout, stderr } = await running.stop('SIGINT');
    const last = JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, number>;
    expect(last).toMatchObject({ packets: 1000, unselected: 7000, drops: 0 });
    const isSampledAfterwards = /sampled afterwards.*CAP_BPF is missing.*SystemCallFilter=bpf/.test(stderr);
    expect(isSampledAfterwards, stderr).toBe(isRefused && !isOpenToAll);
  });
});
