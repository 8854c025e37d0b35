/** libpcap as a source, and `flowtap count` on top of each source, against what the sender's kernel took. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeInLab } from '../../lab/lab.ts';
import { ethernet, ipv4, udp } from '../../support/frames.ts';
import { warnSkipped } from '../../support/skipped.ts';
import {
  flowsOf,
  flowTotal,
  sendFrames,
  startWorkers,
  stopWorkers,
  total,
  useLink,
  waitForPackets,
} from './support.ts';

const link = useLink('sources');
const FLOWTAP = join(import.meta.dirname, '../../../src/flowtap.mjs');
const LIBRARY_FOLDERS = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib'];
const hasLibpcap = LIBRARY_FOLDERS.some((folder) => existsSync(join(folder, 'libpcap.so.0.8')));
if (!hasLibpcap) warnSkipped('libpcap as a source', 'libpcap.so.0.8');

/** Runs `flowtap count -o json` until it has counted the frames that are sent, or `counted` of them. @returns its last line */
async function countWhile(args: readonly string[], sent: () => Promise<number>, counted?: number) {
  const command = [process.execPath, FLOWTAP, 'count', '-i', link.far, '-o', 'json', ...args];
  const running = link.right.start(command);
  // The first line comes after a second: by then it captures.
  await running.waitForOutput(/"packets":0,/);
  const packets = await sent();
  await running.waitForOutput(new RegExp(`"packets":${counted ?? packets},`));
  const { code, stdout, stderr } = await running.stop('SIGINT');
  expect(code, stderr).toBe(0);
  const last = JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, number | null>;
  return { packets, last, stderr };
}

describeInLab([], 'flowtap count', () => {
  it('counts every packet and its octets, and says so at the end', async () => {
    const { packets, last, stderr } = await countWhile([], () =>
      sendFrames(link.left, link.near, flowsOf(10, 100), 10_000, 30_000),
    );
    expect(packets).toBe(10_000);
    expect(last).toMatchObject({ packets: 10_000, octets: 10_000 * 142, drops: 0 });
    expect(stderr).toMatch(/10,000 packets, 1\.42 MB in .* 0 dropped, 100\.00 % captured/);
  });

  it('counts what a filter lets through', async () => {
    const send = () => sendFrames(link.left, link.near, flowsOf(4), 400);
    const { last } = await countWhile(['--filter', 'src port 1001'], send, 100);
    expect(last.packets).toBe(100);
  });

  it('ends after --duration, and takes one interface that there is', async () => {
    const run = (...args: string[]) => link.right.run([process.execPath, FLOWTAP, 'count', ...args]);
    expect((await run('-i', link.far, '--duration', '300ms')).code).toBe(0);
    const two = await run('-i', link.far, '-i', 'lo');
    expect(two.code).toBe(2);
    expect(two.stderr).toContain('one interface');
    const none = await run('-i', 'nosuch0');
    expect(none.code).toBe(2);
    expect(none.stderr).toContain(link.far);
  });
});

describeInLab([], 'libpcap', () => {
  it.skipIf(!hasLibpcap)('meters every packet, and does not know blocks and freezes', async () => {
    const running = await startWorkers(link.right, { interface: link.far, capture: 'libpcap' });
    const tagged = ethernet(
      ipv4({ source: '10.9.0.1', destination: '10.2.0.1', protocol: 17 }, udp(9, 53, new Uint8Array(18))),
      { vlans: [77] },
    );
    const sent = await sendFrames(link.left, link.near, [...flowsOf(49, 1000), tagged], 10_000);
    await sendFrames(link.right, link.far, flowsOf(1), 100);
    await waitForPackets(running, sent);
    const { rxOctets } = link.right.counters(link.far);
    const result = await stopWorkers(running);
    expect(total(result, 'metered')).toBe(sent);
    expect(total(result, 'octetsRead')).toBe(rxOctets);
    expect(total(result, 'snapped')).toBe((sent * 49) / 50);
    expect(result.workers[0]).toMatchObject({ drops: 0, freezes: null });
    expect(flowTotal(result, 'packets')).toBe(sent);
    expect(result.flows.length).toBe(50);
    expect(result.flows.filter(({ vlan }) => vlan === 77).length).toBe(1);
    for (const { firstMs } of result.flows) expect(Math.abs(firstMs - Date.now())).toBeLessThan(30_000);
  });

  it.skipIf(!hasLibpcap)('counts what its ring dropped', async () => {
    const options = { interface: link.far, capture: 'libpcap', blocks: 2, blockOctets: 65_536 };
    const running = await startWorkers(link.right, options);
    running.signal('SIGSTOP');
    const sent = await sendFrames(link.left, link.near, flowsOf(10), 20_000, 100_000);
    running.signal('SIGCONT');
    await waitForPackets(running, sent);
    const result = await stopWorkers(running);
    expect(total(result, 'drops')).toBeGreaterThan(100);
    expect(total(result, 'read') + total(result, 'drops')).toBe(sent);
  });

  it.skipIf(!hasLibpcap)('filters, samples in the worker, and comes back with its interface', async () => {
    const sampling = { method: 'random', interval: 4 };
    const filter = 'udp and src port 1001';
    const running = await startWorkers(link.right, {
      interface: link.far,
      capture: 'libpcap',
      filter,
      sampling,
    });
    await sendFrames(link.left, link.near, flowsOf(2), 2000);
    await waitForPackets(running, 1000);
    link.right.execute('ip', 'link', 'del', link.far);
    await running.waitForOutput(/the interface is gone/);
    link.connectAgain();
    await running.waitForOutput(/captured again/);
    await sendFrames(link.left, link.near, flowsOf(2), 2000);
    await waitForPackets(running, 2000);
    const result = await stopWorkers(running);
    expect(total(result, 'read')).toBe(2000);
    expect(total(result, 'unselected') + total(result, 'metered')).toBe(2000);
    // Binomial: 500 ± 19.
    expect(Math.abs(total(result, 'metered') - 500)).toBeLessThan(140);
    expect(total(result, 'reopened')).toBe(1);
  });
});
