/**
 * `flowtap run` beside real traffic in network namespaces: iperf3, ping, curl, dig, IPv4 and IPv6. Two hosts are joined
 * by a veth pair, the probe looks at one end of it, both directions. What nfcapd stored must be what the kernel counted
 * at that end, and for UDP and ICMP what the tools themselves say they exchanged.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { scrape, startDaemon, stopCollector, total } from '../probe/live/daemon-support.ts';
import { addToFlows, type FlowTotals } from '../support/flow-totals.ts';
import { parseNfdumpJson, totalsOf } from '../support/nfcapd.ts';
import { describeInLab, Lab, type LabProcess, type Namespace, waitForPort } from './lab.ts';

const CLIENT = '192.0.2.1';
const SERVER = '192.0.2.2';
const CLIENT6 = '2001:db8::1';
const SERVER6 = '2001:db8::2';
const COLLECTOR_PORT = 4739;
const DROPPED = 'flowtap_capture_packets_dropped_total';
const TCP = 6;
const UDP = 17;
const ICMP = 1;
const ICMPV6 = 58;

let lab: Lab;
let client: Namespace;
let server: Namespace;
let wire: string;
let folder: string;
let collector: LabProcess;
let probe: LabProcess;
/** Packets that were on the wire before the probe looked. */
let unseen: number;

interface Captured {
  readonly packets: number;
  readonly flows: readonly FlowTotals[];
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-lab-'));
  lab = new Lab('traffic');
  [client, server] = [lab.namespace('client'), lab.namespace('server')];
  // Without offloads, so that the kernel counts packets as they would be on a wire.
  [, wire] = lab.connect(client, server, {
    addresses: [
      [`${CLIENT}/24`, `${CLIENT6}/64`],
      [`${SERVER}/24`, `${SERVER6}/64`],
    ],
    withoutOffloads: true,
  });
  const port = String(COLLECTOR_PORT);
  const words = ['nfcapd', '-w', folder, '-p', port, '-b', '127.0.0.1', '-t', '3600', '-B', '8000000'];
  collector = server.start(words, { env: { TZ: 'UTC' } });
  await waitForPort(collector, 'udp', COLLECTOR_PORT);
  probe = await startDaemon(server, '-i', wire, '--outgoing', '-e', `ipfix://127.0.0.1:${COLLECTOR_PORT}`);
  unseen = await steady(async () => onTheWire() - offered(await scrape(server)));
});

afterEach(async () => {
  await lab.close();
  rmSync(folder, { recursive: true, force: true });
});

/** All packets at the probe's end of the wire, both directions, as the kernel counts them. */
function onTheWire(): number {
  const { rxPackets, txPackets } = server.counters(wire);
  return rxPackets + txPackets;
}

/** What the kernel handed to the probe, and what it could not. */
function offered(series: ReadonlyMap<string, number>): number {
  return total(series, 'flowtap_capture_packets_total') + total(series, DROPPED);
}

/** A value once it has been the same three times in a row: hosts send a packet of their own now and then. */
async function steady(read: () => Promise<number>): Promise<number> {
  let [value, times] = [Number.NaN, 0];
  for (let i = 0; i < 50 && times < 3; i++) {
    const next = await read();
    times = next === value ? times + 1 : 1;
    value = next;
    await delay(100);
  }
  return value;
}

/**
 * Ends the probe and the collector. Checks that whatever was on the wire is in flow records or in a counter, and that
 * nfcapd has what the probe says.
 */
async function finish(): Promise<Captured> {
  expect(await steady(async () => onTheWire() - unseen - offered(await scrape(server)))).toBe(0);
  const series = await scrape(server);
  const decoded = total(series, 'flowtap_decode_packets_total');
  const refused = decoded - total(series, 'flowtap_decode_packets_total', 'metered');
  expect(total(series, DROPPED)).toBe(0);
  expect(total(series, 'flowtap_flow_packets_total') + refused).toBe(offered(series));
  const stopped = await probe.stop('SIGTERM');
  expect(stopped.code, stopped.stderr).toBe(0);
  const told = /Packets: ([\d,]+) offered = ([\d,]+) in flow records/.exec(stopped.stderr)!;
  await stopCollector(collector, COLLECTOR_PORT);
  const { stdout } = await server.run(['nfdump', '-R', folder, '-q', '-o', 'json'], { env: { TZ: 'UTC' } });
  const flows = new Map<string, FlowTotals>();
  for (const record of parseNfdumpJson(stdout)) {
    if (record.type === 'FLOW') addToFlows(flows, totalsOf(record));
  }
  const packets = [...flows.values()].reduce((sum, flow) => sum + flow.packets, 0);
  expect(packets).toBe(Number(told[2]!.replaceAll(',', '')));
  return { packets, flows: [...flows.values()] };
}

/** The flows between two addresses that match, in one direction. */
function sumOf(flows: readonly FlowTotals[], match: Partial<FlowTotals>) {
  const found = flows.filter((flow) =>
    Object.entries(match).every(([key, value]) => flow[key as keyof FlowTotals] === value),
  );
  return {
    flows: found.length,
    packets: found.reduce((sum, flow) => sum + flow.packets, 0),
    octets: found.reduce((sum, flow) => sum + flow.octets, 0),
  };
}

interface IperfEnd {
  readonly end: {
    readonly sum: { readonly packets: number; readonly bytes: number };
    readonly sum_sent: { readonly bytes: number };
    readonly sum_received: { readonly bytes: number };
    readonly streams: readonly { readonly udp?: { readonly packets: number } }[];
  };
}

async function iperf(...options: string[]): Promise<IperfEnd> {
  const daemon = server.start(['iperf3', '-s', '-1']);
  await waitForPort(daemon, 'tcp', 5201);
  const { code, stdout } = await client.run(['iperf3', '-J', '-t', '1', ...options]);
  expect(code, stdout).toBe(0);
  await daemon.ended;
  return JSON.parse(stdout) as IperfEnd;
}

const RUN_TOOLS = ['nfcapd', 'nfdump', 'ethtool', 'curl'];

describeInLab([...RUN_TOOLS, 'ping', 'iperf3'], 'real traffic: ping and iperf3', () => {
  it('ping: the echoes of both families, to the packet and octet', async () => {
    for (const address of [SERVER, SERVER6]) {
      const { code, stdout } = await client.run([
        'ping',
        '-n',
        '-q',
        '-c',
        '10',
        '-i',
        '0.02',
        '-s',
        '100',
        address,
      ]);
      expect(code, stdout).toBe(0);
    }
    const { flows } = await finish();
    const echo = { sourcePort: 0 };
    // Type 8 or 128, code 0, in the destination port's place.
    expect(sumOf(flows, { ...echo, source: CLIENT, destination: SERVER, protocol: ICMP })).toEqual({
      flows: 1,
      packets: 10,
      octets: 10 * (20 + 8 + 100),
    });
    expect(sumOf(flows, { source: SERVER, destination: CLIENT, protocol: ICMP })).toMatchObject({
      packets: 10,
    });
    const echo6 = { source: CLIENT6, destination: SERVER6, protocol: ICMPV6, destinationPort: 128 * 256 };
    expect(sumOf(flows, echo6)).toEqual({ flows: 1, packets: 10, octets: 10 * (40 + 8 + 100) });
  });

  it.each([
    ['IPv4', SERVER, CLIENT, 28],
    ['IPv6', SERVER6, CLIENT6, 48],
  ])('iperf3 over UDP and %s: every datagram that it sent', async (_, to, from, headers) => {
    const { end } = await iperf('-c', to, '-u', '-b', '50M', '-l', '1000');
    const { flows } = await finish();
    const sent = end.sum.packets;
    expect(sent).toBeGreaterThan(1000);
    const { packets, octets } = sumOf(flows, {
      source: from,
      destination: to,
      protocol: UDP,
      destinationPort: 5201,
    });
    // One more datagram opens the stream; its four octets are no part of the test.
    expect(packets).toBe(sent + 1);
    expect(octets).toBe(sent * (1000 + headers) + 4 + headers);
  });

  it.each([
    ['IPv4', SERVER, CLIENT],
    ['IPv6', SERVER6, CLIENT6],
  ])(
    'iperf3 over TCP and %s: what it received, without what headers and repetitions add',
    async (_, to, from) => {
      const { end } = await iperf('-c', to, '-b', '200M', '-P', '2');
      const { flows } = await finish();
      const bulk = sumOf(flows, { source: from, destination: to, protocol: TCP, destinationPort: 5201 });
      const acknowledged = sumOf(flows, { source: to, destination: from, protocol: TCP, sourcePort: 5201 });
      // Two streams and a control connection.
      expect([bulk.flows, acknowledged.flows]).toEqual([3, 3]);
      const payload = end.sum_received.bytes;
      expect(bulk.octets).toBeGreaterThan(payload);
      expect(bulk.octets).toBeLessThan(payload * 1.1 + 100_000);
    },
  );
});

describeInLab([...RUN_TOOLS, 'dig', 'dnsmasq'], 'real traffic: curl and dig', () => {
  it('curl: one flow each way for each connection, and all that was fetched', async () => {
    const body = 300_000;
    const script = `require('node:http').createServer((_, answer) => answer.end(Buffer.alloc(${body}))).listen(8080)`;
    await waitForPort(server.start([process.execPath, '-e', script]), 'tcp', 8080);
    for (const host of [SERVER, SERVER, `[${SERVER6}]`]) {
      const { code } = await client.run(['curl', '-sf', '-o', '/dev/null', `http://${host}:8080/`]);
      expect(code).toBe(0);
    }
    const { flows } = await finish();
    const answers = sumOf(flows, { source: SERVER, destination: CLIENT, protocol: TCP, sourcePort: 8080 });
    expect(answers.flows).toBe(2);
    expect(answers.octets).toBeGreaterThan(2 * body);
    const answers6 = sumOf(flows, { source: SERVER6, destination: CLIENT6, protocol: TCP, sourcePort: 8080 });
    expect(answers6.flows).toBe(1);
    expect(answers6.octets).toBeGreaterThan(body);
  });

  it('dig: a question and an answer each', async () => {
    const records = ['--address=/flowtap.test/192.0.2.77', '--no-resolv', '--no-hosts', '--port=5353'];
    const resolver = server.start([
      'dnsmasq',
      '--keep-in-foreground',
      '--user=root',
      '--pid-file',
      '--conf-file=/dev/null',
      ...records,
    ]);
    await waitForPort(resolver, 'udp', 5353);
    for (const address of [SERVER, SERVER6, SERVER]) {
      const { stdout } = await client.run([
        'dig',
        `@${address}`,
        '-p',
        '5353',
        '+short',
        '+tries=1',
        'a.flowtap.test',
      ]);
      expect(stdout.trim()).toBe('192.0.2.77');
    }
    const { flows } = await finish();
    const questions = { protocol: UDP, destinationPort: 5353 };
    expect(sumOf(flows, { ...questions, source: CLIENT })).toMatchObject({ packets: 2 });
    expect(sumOf(flows, { ...questions, source: CLIENT6 })).toMatchObject({ packets: 1 });
    const answers = { protocol: UDP, sourcePort: 5353 };
    expect(sumOf(flows, answers)).toMatchObject({ packets: 3 });
  });
});
