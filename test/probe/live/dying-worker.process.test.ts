/** What a real worker leaves open when it dies is freed: its packet socket would keep its share of the packets. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { balanceOf } from '../../../src/metrics/balance.ts';
import { startLiveProbe } from '../../../src/probe/live/probe.ts';
import { warnSkipped } from '../../support/skipped.ts';
import { waitFor } from '../../support/wait.ts';
import { keptLog, liveConfig, probeOptions } from './live-support.ts';

/** Packet sockets of this process: descriptors whose inode is in the kernel's list of them. */
function packetSockets(): number {
  const rows = readFileSync('/proc/net/packet', 'latin1').trim().split('\n').slice(1);
  const inodes = new Set(rows.map((row) => row.trim().split(/\s+/).at(-1)));
  const links = readdirSync('/proc/self/fd').map((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`);
    } catch {
      // The descriptor that listed the others.
      return '';
    }
  });
  return links.filter((link) => inodes.has(/^socket:\[(\d+)\]$/.exec(link)?.[1])).length;
}

/** Mappings of packet sockets. */
function mappedRings(): number {
  return readFileSync('/proc/self/maps', 'latin1')
    .split('\n')
    .filter((line) => line.includes('socket:')).length;
}

const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
if (!isRoot) warnSkipped('a real worker that dies', 'root on Linux');

describe.skipIf(!isRoot)('a real worker that dies', () => {
  it('leaves no socket and no mapping behind, and is started again', async () => {
    const { log, lines } = keptLog();
    const options = { 'live.ring.blocks': 2, 'live.workers': 2, 'metering.flowTableEntries': 64 };
    const workerModule = new URL('./dying-worker.ts', import.meta.url);
    const probe = await startLiveProbe(probeOptions(liveConfig(options), log, { workerModule }));
    expect([packetSockets(), mappedRings()]).toEqual([2, 2]);
    // The first lives die of it, and each one after that as soon as it hears.
    await probe.reload(liveConfig({ ...options, 'metering.idleTimeout': 7000 }));
    const workers = () => probe.state().workers;
    await waitFor('both have died twice', () => workers().every(({ restarts }) => restarts > 1));
    await waitFor('both are dead', () => workers().every(({ isRunning }) => !isRunning));
    await waitFor('all is freed', () => packetSockets() + mappedRings() === 0);
    expect(balanceOf(await probe.stop()).rest).toBe(0);
    expect(lines.join('\n')).toContain('the worker died: a defect of the test');
  });
});
