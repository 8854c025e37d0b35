/** Filters, sampling, and the division of an interface among workers, on a veth pair. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import {
  flowsOf,
  flowTotal,
  sendFrames,
  startWorkers,
  stopWorkers,
  total,
  useLink,
  waitForPackets,
} from '../../capture/live/support.ts';
import { describeInLab } from '../../lab/lab.ts';
import { ethernet, ipv4, udp } from '../../support/frames.ts';

describeInLab([], 'of a live interface', () => {
  const link = useLink('selection');

  it('reads only what the filter lets through, in the kernel', async () => {
    const running = await startWorkers(link.right, { interface: link.far, filter: 'udp and src port 1003' });
    await sendFrames(link.left, link.near, flowsOf(10), 1000);
    await waitForPackets(running, 100);
    const result = await stopWorkers(running);
    expect(total(result, 'read')).toBe(100);
    expect(result.flows.map((flow) => flow.source)).toEqual(['10.1.0.3']);
  });

  it('samples at random in the kernel, and tells the counters apart when they are scaled', async () => {
    const sampling = { method: 'random', interval: 10 };
    const running = await startWorkers(link.right, { interface: link.far, sampling, scale: true });
    const sent = await sendFrames(link.left, link.near, flowsOf(20), 20_000);
    // Seven standard deviations less than what is to be expected.
    await waitForPackets(running, sent / 10 - 300);
    await delay(300);
    const result = await stopWorkers(running);
    const read = total(result, 'read');
    // Binomial: 2,000 ± 42; seven standard deviations.
    expect(Math.abs(read - sent / 10)).toBeLessThan(300);
    expect(total(result, 'metered')).toBe(read);
    expect(flowTotal(result, 'packets')).toBe(read * 10);
  });

  it('takes every N-th packet, or one in N by hash, and counts the others as not selected', async () => {
    const sampling = { method: 'systematic', interval: 8 };
    const running = await startWorkers(link.right, { interface: link.far, sampling });
    await sendFrames(link.left, link.near, flowsOf(20), 8_000);
    await waitForPackets(running, 8_000);
    const result = await stopWorkers(running);
    expect(total(result, 'read')).toBe(8_000);
    expect(total(result, 'unselected')).toBe(7_000);
    expect(total(result, 'metered')).toBe(1_000);
    const hash = await startWorkers(link.right, {
      interface: link.far,
      sampling: { method: 'hash', interval: 8 },
    });
    await sendFrames(link.left, link.near, flowsOf(2_000), 2_000);
    await waitForPackets(hash, 2_000);
    const hashed = await stopWorkers(hash);
    expect(total(hashed, 'unselected') + total(hashed, 'metered')).toBe(2_000);
    // Binomial: 250 ± 15.
    expect(Math.abs(total(hashed, 'metered') - 250)).toBeLessThan(100);
  });

  it('divides the packets of an interface among workers, both directions of a flow to one', async () => {
    const running = await startWorkers(link.right, { interface: link.far, workers: 2 });
    const there = flowsOf(200);
    const back = Array.from({ length: 200 }, (_, i) =>
      ethernet(
        ipv4(
          { source: '10.2.0.1', destination: `10.1.0.${i & 0xff}`, protocol: 17 },
          udp(53, 1000 + i, new Uint8Array(18)),
        ),
      ),
    );
    const sent = await sendFrames(link.left, link.near, [...there, ...back], 8_000);
    await waitForPackets(running, sent);
    const result = await stopWorkers(running);
    expect(total(result, 'metered')).toBe(sent);
    for (const { metered } of result.workers) expect(metered).toBeGreaterThan(sent / 10);
    expect(result.flows.length).toBe(200);
    for (const flow of result.flows) {
      expect(flow.forward.packets).toBe(20);
      expect(flow.reverse.packets).toBe(20);
    }
  });
});
