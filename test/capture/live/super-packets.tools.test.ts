/**
 * Super-packets: what a TCP sender hands to its interface in one piece is counted as the segments that a wire would
 * carry. The sender's own kernel says how many those are (OutSegs and RetransSegs of its namespace).
 */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeInLab, Lab, type Namespace, waitForPort } from '../../lab/lab.ts';
import { flowTotal, startWorkers, stopWorkers, total, waitUntilQuiet } from './support.ts';

let lab: Lab;
let left: Namespace;
let right: Namespace;
let near: string;
let far: string;

beforeEach(() => {
  lab = new Lab('super');
  left = lab.namespace('l');
  right = lab.namespace('r');
  const addresses = [
    ['192.0.2.1/24', '2001:db8::1/64'],
    ['192.0.2.2/24', '2001:db8::2/64'],
  ] as const;
  [near, far] = lab.connect(left, right, { addresses });
});
afterEach(() => lab.close());

/** TCP segments that the namespace's kernel has sent, again included. */
function segmentsSent(namespace: Namespace): number {
  const [names, values] = namespace
    .execute('cat', '/proc/net/snmp')
    .split('\n')
    .filter((line) => line.startsWith('Tcp:'))
    .map((line) => line.split(' '));
  const value = (name: string) => Number(values![names!.indexOf(name)]);
  return value('OutSegs') + value('RetransSegs');
}

describeInLab(['iperf3'], 'super-packets', () => {
  it.each([
    ['IPv4', '192.0.2.2', 40],
    ['IPv6', '2001:db8::2', 60],
  ])('of TCP over %s count as the segments they carry', async (_, server, headerOctets) => {
    const listening = right.start(['iperf3', '-s', '-1']);
    const running = await startWorkers(right, { interface: far, filter: 'tcp', blocks: 64 });
    await waitForPort(listening, 'tcp', 5201);
    const { code, stdout } = await left.run(['iperf3', '-c', server, '-t', '1', '-J']);
    expect(code).toBe(0);
    await listening.stop();
    await waitUntilQuiet(running);
    const result = await stopWorkers(running);
    expect(total(result, 'drops')).toBe(0);
    const forward = result.flows.reduce((sum, flow) => sum + flow.forward.packets, 0);
    expect(forward).toBe(segmentsSent(left));
    // Offloads are what this is about: far fewer packets were captured.
    expect(total(result, 'superPackets')).toBeGreaterThan(10);
    expect(total(result, 'read') * 3).toBeLessThan(forward);
    expect(flowTotal(result, 'packets')).toBe(total(result, 'metered'));
    expect(total(result, 'metered')).toBe(
      total(result, 'read') + total(result, 'superPacketSegments') - total(result, 'superPackets'),
    );
    // No segment is longer than the path carries, and headers are counted with each.
    const { end } = JSON.parse(stdout) as { end: { sum_sent: { bytes: number; retransmits: number } } };
    const data = result.flows.find((flow) => flow.forward.octets > end.sum_sent.bytes / 2)!;
    expect(data.forward.lengthMax).toBe(1500);
    const payload = data.forward.octets - data.forward.packets * (headerOctets + 12);
    const { bytes, retransmits } = end.sum_sent;
    expect(payload / bytes).toBeGreaterThan(0.99);
    // Segments that were sent again are counted as often as they were sent.
    expect(payload / (bytes + retransmits * (1500 - headerOctets - 12))).toBeLessThan(1.01);
  });

  it('of more than 64 KB (IPv6 BIG TCP) count without the header that no segment has', async () => {
    for (const [namespace, name] of [
      [left, near],
      [right, far],
    ] as const) {
      namespace.execute('ip', 'link', 'set', name, 'gso_max_size', '200000', 'gro_max_size', '200000');
    }
    const listening = right.start(['iperf3', '-s', '-1']);
    // The filter `tcp` does not look behind the hop-by-hop header.
    const running = await startWorkers(right, { interface: far, filter: 'ip6', blocks: 64 });
    await waitForPort(listening, 'tcp', 5201);
    const { code } = await left.run(['iperf3', '-c', '2001:db8::2', '-t', '1', '-l', '1M', '-J']);
    expect(code).toBe(0);
    await listening.stop();
    await waitUntilQuiet(running);
    const result = await stopWorkers(running);
    expect(total(result, 'drops')).toBe(0);
    const segments = result.flows.filter(({ protocol }) => protocol === 6);
    const forward = segments.reduce((sum, flow) => sum + flow.forward.packets, 0);
    expect(forward).toBe(segmentsSent(left));
    // 64 KB hold 45 segments of this path.
    expect(total(result, 'superPacketSegments') / total(result, 'superPackets')).toBeGreaterThan(46);
    expect(Math.max(...segments.map((flow) => flow.forward.lengthMax))).toBe(1500);
  });
});
