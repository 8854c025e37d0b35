/** The ring on veth pairs in network namespaces: what is offered is metered or counted as lost, to the packet. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeInLab, Lab, type Namespace } from '../lab/lab.ts';
import { flowsOf, flowTotal, sendFrames, startWorkers, stopWorkers, total } from './support.ts';

/** Time for the last block to be handed over. */
const SETTLE_MS = 100;

let lab: Lab;
let left: Namespace;
let right: Namespace;
let near: string;
let far: string;

function setUp(): void {
  beforeEach(() => {
    lab = new Lab('ring');
    left = lab.namespace('l');
    right = lab.namespace('r');
    [near, far] = lab.connect(left, right);
  });
  afterEach(() => lab.close());
}

describeInLab([], 'a live ring', () => {
  setUp();

  it('meters every packet that the interface received', async () => {
    const running = await startWorkers(right, { interface: far });
    const sent = await sendFrames(left, near, flowsOf(50), 20_000);
    await delay(SETTLE_MS);
    const { rxPackets, rxOctets } = right.counters(far);
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
    const running = await startWorkers(right, { interface: far, blocks: 2, blockOctets: 16_384 });
    running.signal('SIGSTOP');
    const sent = await sendFrames(left, near, flowsOf(10), 5_000);
    running.signal('SIGCONT');
    await delay(SETTLE_MS);
    const more = await sendFrames(left, near, flowsOf(10), 100, 1000);
    await delay(SETTLE_MS);
    const result = await stopWorkers(running);
    const drops = total(result, 'drops');
    expect(drops).toBeGreaterThan(4_000);
    expect(total(result, 'freezes')).toBeGreaterThan(0);
    expect(total(result, 'read') + drops).toBe(sent + more);
    expect(total(result, 'metered')).toBe(total(result, 'read'));
  });

  it('counts a snapped packet with its length on the wire', async () => {
    const running = await startWorkers(right, { interface: far, snapLength: 64 });
    await sendFrames(left, near, flowsOf(5, 1000), 500);
    await delay(SETTLE_MS);
    const result = await stopWorkers(running);
    expect(total(result, 'snapped')).toBe(500);
    expect(flowTotal(result, 'packets')).toBe(500);
    expect(flowTotal(result, 'octets')).toBe(500 * 1028);
    expect(flowTotal(result, 'layer2Octets')).toBe(500 * 1042);
  });

  it('does not see what this machine sends, unless told to', async () => {
    const running = await startWorkers(right, { interface: far });
    const both = await startWorkers(right, { interface: far, outgoing: true });
    const group = await startWorkers(right, { interface: far, workers: 2 });
    await sendFrames(right, far, flowsOf(5), 500);
    await sendFrames(left, near, flowsOf(5), 300);
    await delay(SETTLE_MS);
    expect(total(await stopWorkers(running), 'read')).toBe(300);
    expect(total(await stopWorkers(both), 'read')).toBe(800);
    expect(total(await stopWorkers(group), 'read')).toBe(300);
  });

  it('shows a packet within the block timeout, and takes next to no processor time on a quiet link', async () => {
    const running = await startWorkers(right, { interface: far });
    await delay(1000);
    const before = running.cpuSeconds();
    await delay(3000);
    const share = (running.cpuSeconds() - before) / 3;
    await sendFrames(left, near, flowsOf(1), 1);
    await delay(SETTLE_MS);
    running.signal('SIGUSR1');
    const [, text] = await running.waitForOutput(/now (\[.*\])/);
    expect((JSON.parse(text!) as { metered: number }[])[0]!.metered).toBe(1);
    await stopWorkers(running);
    // Two per cent of a core is what is promised for an idle link; a busy loop would take all of it.
    expect(share).toBeLessThan(0.1);
  });

  it('hears new timeouts, and ends flows on a quiet link', async () => {
    const timeouts = { idleTimeoutMs: 200, activeTimeoutMs: 60_000, tcpEndDelayMs: 0 };
    const running = await startWorkers(right, { interface: far, timeouts });
    await sendFrames(left, near, flowsOf(3), 30);
    await delay(SETTLE_MS);
    running.signal('SIGHUP');
    await delay(800);
    const result = await stopWorkers(running);
    expect(result.flows.map((flow) => flow.endReason)).toEqual([1, 1, 1]);
  });

  it('exports every flow at the end, and counts the records that find no room', async () => {
    const frames = flowsOf(40_000 / 2);
    const running = await startWorkers(right, { interface: far, holdRecords: true });
    const sent = await sendFrames(left, near, frames, frames.length, 50_000);
    await delay(SETTLE_MS);
    const result = await stopWorkers(running);
    expect(sent).toBe(frames.length);
    expect(total(result, 'recordsDropped')).toBeGreaterThan(0);
    expect(flowTotal(result, 'packets') + total(result, 'recordsDroppedPackets')).toBe(sent);
  });
});
