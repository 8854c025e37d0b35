/**
 * A group of interfaces is one observation point: both directions that a TAP hands over by a port each are one flow,
 * whichever worker gets them; members that go and come back are told of, and nothing of the others is lost meanwhile.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sendFrames, startWorkers, stopWorkers, total, waitForPackets } from '../../capture/live/support.ts';
import { describeInLab, Lab, type Namespace } from '../../lab/lab.ts';
import { ethernet, ipv4, tcp } from '../../support/frames.ts';
import { type Segment, segmentCapture } from '../../support/segments.ts';
import { fetchFrom, LAUNCHER, scrapeUntil, startDaemon, total as totalOf } from './daemon-support.ts';

let lab: Lab;
let sender: Namespace;
let probe: Namespace;
/** Ends of the two cables: the sender's and the probe's. */
let outside: string[];
let inside: string[];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-group-'));
  lab = new Lab('group');
  sender = lab.namespace('sender');
  probe = lab.namespace('probe');
  const cables = [1, 2].map(() => lab.connect(sender, probe, { quiet: true, mtuOctets: 9000 }));
  outside = cables.map(([near]) => near);
  inside = cables.map(([, far]) => far);
});
afterEach(async () => {
  await lab.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Packets of `count` connections, all of them in one direction. */
function oneDirection(count: number, isBack: boolean): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => {
    const [client, server] = [`10.1.${i >> 8}.${i & 0xff}`, '10.2.0.1'];
    const segment = isBack ? tcp(80, 1000 + i, 0x10) : tcp(1000 + i, 80, 0x10);
    const [source, destination] = isBack ? [server, client] : [client, server];
    return ethernet(ipv4({ source: source!, destination: destination!, protocol: 6 }, segment));
  });
}

/** A request with an answer of so many segments, 10 ms away: handshake, data with an acknowledgment each, both ends. */
function transfer(segments: number): Segment[] {
  const data = Array.from({ length: segments }, (_, i): Segment[] => [
    { ms: 30 + 2 * i, from: 'server', seq: 1 + 100 * i, ack: 11, payload: 100 },
    { ms: 31 + 2 * i, from: 'client', seq: 11, ack: 101 + 100 * i },
  ]);
  const ms = 40 + 2 * segments;
  const sent = 1 + 100 * segments;
  return [
    { ms: 0, from: 'client', seq: 0, flags: 'S' },
    { ms: 10, from: 'server', seq: 0, ack: 1, flags: 'S' },
    { ms: 11, from: 'client', seq: 1, ack: 1 },
    { ms: 12, from: 'client', seq: 1, ack: 1, payload: 10 },
    ...data.flat(),
    { ms, from: 'server', seq: sent, ack: 11, flags: 'F' },
    { ms: ms + 1, from: 'client', seq: 11, ack: sent + 1, flags: 'F' },
    { ms: ms + 11, from: 'server', seq: sent + 1, ack: 12 },
  ];
}

type Record_ = Readonly<Record<string, number | string>>;

describeInLab(['tcpreplay', 'tcpprep', 'curl'], 'flowtap run at a TAP', () => {
  it('meters the two directions of two interfaces as one flow, in the order in which they came', async () => {
    const capture = join(folder, 'transfer.pcap');
    const cache = join(folder, 'transfer.cache');
    const output = join(folder, 'flows.json');
    writeFileSync(capture, segmentCapture(transfer(100), { client: 1000, server: 9000 }));
    execFileSync('tcpprep', ['-c', '10.0.0.1/32', '-i', capture, '-o', cache]);
    const group = `tap=${inside.join('/')}`;
    const options = ['--workers', '2', '--template', 'health', '-e', `json:${output}`];
    const daemon = await startDaemon(probe, '-i', group, ...options);
    const ends = ['-i', outside[0]!, '-I', outside[1]!];
    expect(await sender.run(['tcpreplay', '-q', '-c', cache, ...ends, capture])).toMatchObject({ code: 0 });
    const series = await scrapeUntil(probe, (now) => totalOf(now, 'flowtap_capture_packets_total') >= 207);
    const ofMember = (name: string) =>
      totalOf(series, 'flowtap_capture_member_packets_total', `interface="${name}"`);
    expect(inside.map(ofMember)).toEqual([104, 103]);
    const { stderr } = await daemon.stop('SIGTERM');
    expect(stderr).toContain(`tap: 207 packets (${inside[0]} 104, ${inside[1]} 103)`);
    expect(stderr).toContain('Packets: 207 offered = 207 in flow records\n');
    const records = readFileSync(output, 'utf8').trim().split('\n');
    const flows = records.map((line) => JSON.parse(line) as Record_);
    expect(
      flows.map(({ sourceIPv4Address, packetDeltaCount }) => [sourceIPv4Address, packetDeltaCount]),
    ).toEqual([
      ['10.0.0.1', 104],
      ['10.0.0.2', 103],
    ]);
    for (const flow of flows) {
      // TCP end; a handshake of which all three packets were seen in their order.
      expect(flow).toMatchObject({
        flowEndReason: 3,
        tcpHandshakeState: 7,
        tcpOutOfOrderSegmentDeltaCount: 0,
      });
      expect(flow.handshakeServerMicroseconds).toBeGreaterThan(9000);
    }
  });

  it('goes on with the others while a member is away, and takes it back', async () => {
    const daemon = await startDaemon(probe, '-i', `tap=${inside.join('/')}`);
    const [first, second] = [0, 1] as const;
    await sendFrames(sender, outside[second]!, oneDirection(2, true), 10);
    await scrapeUntil(probe, (now) => totalOf(now, 'flowtap_capture_packets_total') >= 10);
    probe.execute('ip', 'link', 'del', inside[second]!);
    await daemon.waitForOutput(new RegExp(`tap: ${inside[second]}: the interface is gone`));
    expect(await fetchFrom(probe, '/readyz')).toEqual({
      status: 503,
      body: `of tap, ${inside[second]} is not there; waiting for it\n`,
    });
    await sendFrames(sender, outside[first]!, oneDirection(2, false), 20);
    await scrapeUntil(probe, (now) => totalOf(now, 'flowtap_capture_packets_total') >= 30);
    lab.connect(sender, probe, { quiet: true, names: [outside[second]!, inside[second]!] });
    await daemon.waitForOutput(
      new RegExp(`tap: ${inside[second]}: the interface is back, and captured again`),
    );
    await sendFrames(sender, outside[second]!, oneDirection(2, true), 40);
    const series = await scrapeUntil(probe, (now) => totalOf(now, 'flowtap_capture_packets_total') >= 70);
    const ofSecond = `interface="${inside[second]}"`;
    expect(totalOf(series, 'flowtap_capture_member_packets_total', ofSecond)).toBe(50);
    expect(totalOf(series, 'flowtap_capture_member_reopened_total', ofSecond)).toBe(1);
    expect(totalOf(series, 'flowtap_flows_created_total')).toBe(2);
    expect((await fetchFrom(probe, '/readyz')).status).toBe(200);
    const { stderr } = await daemon.stop('SIGTERM');
    expect(stderr).toContain('Packets: 70 offered = 70 in flow records\n');
    expect(stderr).not.toContain('lost before the ring');
  });

  it('waits for a member that is not there at the start, where it is told to', async () => {
    const command = (...args: string[]) => [process.execPath, LAUNCHER, 'run', ...args];
    const group = `tap=${inside[0]}/late0`;
    const refused = await probe.run(command('-i', group));
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('"late0" of the group tap, which is no interface here');
    const daemon = await startDaemon(probe, '-i', group, '--wait-for-interfaces', 'on');
    await daemon.waitForOutput(/tap: late0: the interface is not there; waiting for it/);
    lab.connect(sender, probe, { quiet: true, names: ['late1', 'late0'] });
    await daemon.waitForOutput(/tap: late0: the interface has come, and is captured/);
    await sendFrames(sender, 'late1', oneDirection(2, true), 10);
    await scrapeUntil(probe, (now) => totalOf(now, 'flowtap_capture_packets_total') >= 10);
    await daemon.stop('SIGTERM');
  });
});

describeInLab([], 'the workers of a group', () => {
  it('get both directions of each flow, and nothing of other interfaces', async () => {
    const [other, beside] = lab.connect(sender, probe, { quiet: true });
    const group = { interface: 'tap', members: inside, workers: 3 };
    const running = await startWorkers(probe, group);
    await sendFrames(sender, outside[0]!, oneDirection(200, false), 1000);
    await sendFrames(sender, other, oneDirection(10, false), 100);
    await sendFrames(sender, outside[1]!, oneDirection(200, true), 1000);
    await waitForPackets(running, 2000);
    const result = await stopWorkers(running);
    expect(beside).not.toBe('');
    expect(total(result, 'read')).toBe(2000);
    for (const { read } of result.workers) expect(read).toBeGreaterThan(0);
    expect(result.flows.length).toBe(200);
    for (const { forward, reverse, observationPoint } of result.flows) {
      expect([forward.packets, reverse.packets, observationPoint]).toEqual([5, 5, 1]);
    }
  });

  it('sample every N-th packet of all members together, in the kernel too, also when one has come back', async () => {
    const sampling = { method: 'systematic', interval: 10 };
    const options = { interface: 'tap', members: inside, workers: 2, inKernel: true, sampling };
    const running = await startWorkers(probe, options);
    await sendFrames(sender, outside[0]!, oneDirection(50, false), 1000);
    probe.execute('ip', 'link', 'del', inside[1]!);
    await running.waitForOutput(/the interface is gone/);
    lab.connect(sender, probe, { quiet: true, names: [outside[1]!, inside[1]!] });
    await running.waitForOutput(/(?:[\s\S]*captured again){2}/);
    await sendFrames(sender, outside[1]!, oneDirection(50, true), 1000);
    await waitForPackets(running, 200);
    const result = await stopWorkers(running);
    expect(total(result, 'read') + total(result, 'leftOut') + total(result, 'drops')).toBe(2000);
    expect(total(result, 'metered')).toBe(200);
  });
});
