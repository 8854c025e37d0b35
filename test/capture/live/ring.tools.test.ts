/** The ring on veth pairs in network namespaces: what is offered is metered or counted as lost, to the packet. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { describeInLab } from '../../lab/lab.ts';
import {
  flowsOf,
  flowTotal,
  sendFrames,
  startWorkers,
  stopWorkers,
  total,
  useLink,
  waitForPackets,
  waitForResult,
} from './support.ts';

describeInLab([], 'a live ring', () => {
  const link = useLink('ring');

  it('meters every packet that the interface received', async () => {
    const running = await startWorkers(link.right, { interface: link.far });
    const sent = await sendFrames(link.left, link.near, flowsOf(50), 20_000);
    await waitForPackets(running, sent);
    const { rxPackets, rxOctets } = link.right.counters(link.far);
    const result = await stopWorkers(running);
    expect(sent).toBe(20_000);
    expect(rxPackets).toBe(20_000);
    expect(total(result, 'read')).toBe(20_000);
    expect(total(result, 'octetsRead')).toBe(rxOctets);
    expect(total(result, 'metered')).toBe(20_000);
    expect(total(result, 'drops')).toBe(0);
    expect(result.flows.length).toBe(50);
    expect(flowTotal(result, 'packets')).toBe(20_000);
    expect(flowTotal(result, 'layer2Octets')).toBe(rxOctets);
    expect(new Set(result.flows.map((flow) => flow.observationPoint))).toEqual(new Set([1]));
    for (const flow of result.flows) expect(Math.abs(flow.firstMs - Date.now())).toBeLessThan(30_000);
  });

  it('counts to the packet what a full ring dropped', async () => {
    // Two small blocks, and a worker that SIGSTOP keeps from reading them.
    const running = await startWorkers(link.right, { interface: link.far, blocks: 2, blockOctets: 16_384 });
    running.signal('SIGSTOP');
    const sent = await sendFrames(link.left, link.near, flowsOf(10), 5_000);
    running.signal('SIGCONT');
    await waitForPackets(running, sent);
    const more = await sendFrames(link.left, link.near, flowsOf(10), 100, 1000);
    await waitForPackets(running, sent + more);
    const result = await stopWorkers(running);
    const drops = total(result, 'drops');
    expect(drops).toBeGreaterThan(4_000);
    expect(total(result, 'freezes')).toBeGreaterThan(0);
    expect(total(result, 'read') + drops).toBe(sent + more);
    expect(total(result, 'metered')).toBe(total(result, 'read'));
  });

  it('counts a snapped packet with its length on the wire', async () => {
    const running = await startWorkers(link.right, { interface: link.far, snapLength: 64 });
    await sendFrames(link.left, link.near, flowsOf(5, 1000), 500);
    await waitForPackets(running, 500);
    const result = await stopWorkers(running);
    expect(total(result, 'snapped')).toBe(500);
    expect(flowTotal(result, 'packets')).toBe(500);
    expect(flowTotal(result, 'octets')).toBe(500 * 1028);
    expect(flowTotal(result, 'layer2Octets')).toBe(500 * 1042);
  });

  it('does not see what this machine sends, unless told to', async () => {
    const running = await startWorkers(link.right, { interface: link.far });
    const both = await startWorkers(link.right, { interface: link.far, outgoing: true });
    const group = await startWorkers(link.right, { interface: link.far, workers: 2 });
    await sendFrames(link.right, link.far, flowsOf(5), 500);
    await sendFrames(link.left, link.near, flowsOf(5), 300);
    await Promise.all([waitForPackets(running, 300), waitForPackets(both, 800), waitForPackets(group, 300)]);
    expect(total(await stopWorkers(running), 'read')).toBe(300);
    expect(total(await stopWorkers(both), 'read')).toBe(800);
    expect(total(await stopWorkers(group), 'read')).toBe(300);
  });

  it('shows a packet within the block timeout, and takes next to no processor time on a quiet link', async () => {
    const running = await startWorkers(link.right, { interface: link.far });
    await delay(1000);
    const before = running.cpuSeconds();
    await delay(3000);
    const share = (running.cpuSeconds() - before) / 3;
    await sendFrames(link.left, link.near, flowsOf(1), 1);
    await waitForPackets(running, 1);
    expect(total(await stopWorkers(running), 'metered')).toBe(1);
    // Two per cent of a core is what is promised for an idle link; a busy loop would take all of it.
    expect(share).toBeLessThan(0.1);
  });

  it('hears new timeouts, and ends flows on a quiet link', async () => {
    const timeouts = { idleTimeoutMs: 200, activeTimeoutMs: 60_000, tcpEndDelayMs: 0 };
    const running = await startWorkers(link.right, { interface: link.far, timeouts });
    await sendFrames(link.left, link.near, flowsOf(3), 30);
    await waitForPackets(running, 30);
    running.signal('SIGHUP');
    await waitForResult(running, ({ flows }) => flows.length === 3);
    const result = await stopWorkers(running);
    expect(result.flows.map((flow) => flow.endReason)).toEqual([1, 1, 1]);
  });

  it('exports every flow at the end, and counts the records that find no room', async () => {
    const frames = flowsOf(40_000 / 2);
    const running = await startWorkers(link.right, { interface: link.far, holdRecords: true });
    const sent = await sendFrames(link.left, link.near, frames, frames.length, 50_000);
    await waitForPackets(running, sent);
    const result = await stopWorkers(running);
    expect(sent).toBe(frames.length);
    expect(total(result, 'recordsDropped')).toBeGreaterThan(0);
    expect(flowTotal(result, 'packets') + total(result, 'recordsDroppedPackets')).toBe(sent);
  });
});
