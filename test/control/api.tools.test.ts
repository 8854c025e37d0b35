/** The API of a daemon that meters what comes by: its answers, held against docs/openapi.yaml and against what was sent. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { sendFrames } from '../capture/live/support.ts';
import { describeInLab, Lab, type LabProcess, type Namespace } from '../lab/lab.ts';
import { databasePath } from '../networks/support.ts';
import { fetchFrom, LAUNCHER, scrapeUntil, startDaemon, total } from '../probe/live/daemon-support.ts';
import { ethernet, ipv4, udp } from '../support/frames.ts';

const SPECIFICATION = join(import.meta.dirname, '../../docs/openapi.yaml');
const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema(parse(readFileSync(SPECIFICATION, 'utf8')) as object, 'openapi');

/** Fails with every fault of an answer of this schema. */
function expectValid(schema: string, answer: unknown): void {
  const validate = ajv.compile({ $ref: `openapi#/components/schemas/${schema}` });
  validate(answer);
  expect(validate.errors ?? []).toEqual([]);
}

const HEADERS_OCTETS = 28;
/** Packets and octets of payload of each flow, by source port; the other way, one answer of 10 octets each. */
const FLOWS = [
  [1001, 5, 100],
  [1002, 2, 900],
  [1003, 9, 20],
] as const;

function frames(): Uint8Array[] {
  const [client, server] = ['192.0.2.1', '198.51.100.7'];
  const sent = FLOWS.flatMap(([port, packets, payload]) =>
    Array.from({ length: packets }, () =>
      ethernet(
        ipv4({ source: client, destination: server, protocol: 17 }, udp(port, 53, new Uint8Array(payload))),
      ),
    ),
  );
  const back = FLOWS.map(([port]) =>
    ethernet(ipv4({ source: server, destination: client, protocol: 17 }, udp(53, port, new Uint8Array(10)))),
  );
  return [...sent, ...back];
}

/** Paths turn path health on. */
const CONFIG = `
enrichment:
  databases: [${databasePath('asn-24.mmdb')}, ${databasePath('country-28.mmdb')}]
  networks: [{ prefix: 198.51.100.0/25, name: servers, site: "Lyon 1" }]
paths:
  - { name: used, from: [192.0.2.0/24], to: [198.51.100.0/24] }
  - { name: unused, from: [203.0.113.0/24], to: [198.51.100.0/24] }
`;

interface PathsAnswer {
  readonly paths: readonly {
    readonly name: string;
    readonly total: readonly Record<string, unknown>[];
    readonly minutes: readonly Record<string, unknown>[];
  }[];
}

interface Flows {
  readonly isComplete: boolean;
  readonly flows: readonly Record<string, unknown>[];
}

describeInLab(['curl'], 'the API of a daemon', () => {
  let lab: Lab;
  let probe: Namespace;
  let daemon: LabProcess;
  let folder: string;
  let socket: string;
  let inside: string;
  const ask = async (path: string) => {
    const { status, body } = await fetchFrom(probe, path);
    return { status, answer: JSON.parse(body) as unknown };
  };
  const flowsOf = async (query: string) => {
    const { status, answer } = await ask(`/api/v1/flows?${query}`);
    expect(status).toBe(200);
    expectValid('Flows', answer);
    return answer as Flows;
  };
  const portsOf = async (query: string) =>
    (await flowsOf(query)).flows.map(({ sourceTransportPort: port }) => port);

  beforeAll(async () => {
    lab = new Lab('api');
    const sender = lab.namespace('sender');
    probe = lab.namespace('probe');
    const [outside, inner] = lab.connect(sender, probe, { quiet: true });
    inside = inner;
    // Flows stay in the table however slow the machine is.
    const timeouts = ['--idle-timeout', '10m', '--active-timeout', '10m'];
    folder = mkdtempSync(join(tmpdir(), 'flowtap-api-'));
    const config = join(folder, 'flowtap.yaml');
    writeFileSync(config, CONFIG);
    socket = join(folder, 'control.sock');
    daemon = await startDaemon(probe, '-c', config, '-i', inside, '--control-socket', socket, ...timeouts);
    const all = frames();
    await sendFrames(sender, outside, all, all.length);
    const packets = FLOWS.reduce((sum, [, count]) => sum + count + 1, 0);
    await scrapeUntil(probe, (series) => total(series, 'flowtap_flow_packets_total') === packets);
  });
  afterAll(async () => {
    await daemon.stop('SIGTERM');
    await lab.close();
    rmSync(folder, { recursive: true });
  });

  it('tells the networks of both ends', async () => {
    const { flows } = await flowsOf('top=1');
    expect(flows[0]).toMatchObject({
      bgpSourceAsNumber: 64_496,
      sourceAsName: 'Unité de test 字 😀',
      sourceCountryCode: 'CN',
      bgpDestinationAsNumber: 64_497,
      destinationNetworkName: 'servers',
      destinationSiteName: 'Lyon 1',
      destinationCountryCode: 'US',
      destinationIPv4PrefixLength: 25,
    });
  });

  it('tells of the flows in its tables, with both directions in one', async () => {
    const { flows, isComplete } = await flowsOf('top=10');
    expect(isComplete).toBe(true);
    const counted = flows.map((flow) => [
      flow.sourceTransportPort,
      flow.packetDeltaCount,
      flow.octetDeltaCount,
      flow.reversePacketDeltaCount,
      flow.reverseOctetDeltaCount,
    ]);
    const sent = FLOWS.map(([port, packets, payload]) => {
      return [port, packets, packets * (payload + HEADERS_OCTETS), 1, 10 + HEADERS_OCTETS];
    });
    expect(counted).toEqual([sent[1], sent[0], sent[2]]);
    const [first] = flows;
    expect(first).toMatchObject({ sourceIPv4Address: '192.0.2.1', destinationIPv4Address: '198.51.100.7' });
    expect(first).toMatchObject({ protocolIdentifier: 17, verdict: expect.any(String) });
    expect(first).not.toHaveProperty('flowEndReason');
  });

  it('puts them in order, and filters them', async () => {
    expect(await portsOf('sort=packets')).toEqual([1003, 1001, 1002]);
    expect(await portsOf('sort=packets&top=1')).toEqual([1003]);
    expect(await portsOf('filter=port%201001%20port%201003')).toEqual([1001, 1003]);
    expect(await portsOf('filter=address%20192.0.2.0/24%20protocol%20udp%20port%201002')).toEqual([1002]);
    expect(await portsOf('filter=address%20203.0.113.0/24')).toEqual([]);
  });

  it('refuses what it cannot answer, and says what it can', async () => {
    const { status, answer } = await ask('/api/v1/flows?sort=size&top=1000&filter=port%20x');
    expect(status).toBe(400);
    expectValid('Refusal', answer);
    expect(JSON.stringify(answer)).toContain('octets, packets, rate, loss, rtt, start');
    const unknown = await ask('/api/v1/status?verbose=1');
    expect(unknown.status).toBe(400);
    expectValid('Refusal', unknown.answer);
  });

  it('has the age and the size of each database in its status', async () => {
    const { answer } = await ask('/api/v1/status');
    const { networks } = answer as { networks: Record<string, unknown> };
    const [database] = networks.databases as Record<string, unknown>[];
    // As make-databases.py makes them.
    const builtAt = new Date(1_760_000_000_000);
    expect(database).toMatchObject({ builtAt: builtAt.toISOString(), refused: 0, faults: 0 });
    expect(database!.octets).toBe(statSync(database!.file as string).size);
    const age = (Date.now() - builtAt.getTime()) / 1e3;
    expect(age - Number(database!.ageSeconds)).toBeGreaterThanOrEqual(0);
    expect(Number(database!.nodes)).toBeGreaterThan(32);
    expect(networks.ownNetworks).toBe(1);
  });

  it('has a status that agrees with its metrics', async () => {
    const { status, answer } = await ask('/api/v1/status');
    expect(status).toBe(200);
    expectValid('Status', answer);
    const packets = FLOWS.reduce((sum, [, count]) => sum + count + 1, 0);
    expect(answer).toMatchObject({
      isReady: true,
      interfaces: [{ meteredPackets: packets, droppedPackets: 0, activeFlows: FLOWS.length, isUp: true }],
      workers: [{ flowTable: { activeFlows: FLOWS.length } }],
      configuration: { 'metering.idleTimeout': '10m', exporters: [] },
      losses: [],
      account: { offeredPackets: packets, packetsInTables: packets, lostPackets: 0 },
    });
  });

  it('remembers how much it metered', async () => {
    const past = async (query: string) => {
      const { status, answer } = await ask(`/api/v1/history?${query}`);
      expect(status).toBe(200);
      expectValid('Past', answer);
      return answer as { values: readonly (number | null)[] };
    };
    // Until the step in which the frames came is complete.
    let values: readonly (number | null)[] = [];
    while (!values.some((rate) => (rate ?? 0) > 0)) {
      await delay(500);
      ({ values } = await past('metric=meteredPackets&last=600'));
    }
    const ofInterface = await past(`metric=meteredPackets&last=600&interface=${inside}`);
    expect(ofInterface.values.slice(0, values.length)).toEqual(values);
    const refused = await ask('/api/v1/history?metric=size&step=1');
    expect(refused.status).toBe(400);
    expectValid('Refusal', refused.answer);
    expect(JSON.stringify(refused.answer)).toContain('offeredPackets, offeredBits');
  });

  it('tells how it is every second', async () => {
    const listener = probe.start(['curl', '-sN', 'http://127.0.0.1:9669/api/v1/stream']);
    await listener.waitForOutput(/(data: .*\n\n[\s\S]*){3}/);
    await listener.stop('SIGTERM');
    const { stdout } = await listener.ended;
    const events = [...stdout.matchAll(/^data: (.*)\n\n/gm)].map(([, data]) => JSON.parse(data!) as object);
    for (const event of events) expectValid('Event', event);
    expect(events[0]).toMatchObject({ isReady: true, metrics: { activeFlows: FLOWS.length }, losses: [] });
    expect((await ask('/api/v1/stream?top=1')).status).toBe(400);
    expect(await ask('/api/v1/status')).toMatchObject({ answer: { listeners: { refused: 0, letGo: 0 } } });
  });

  it('answers many at a time, or says that it cannot, and never keeps the worker', async () => {
    const answers = await Promise.all(Array.from({ length: 24 }, () => ask('/api/v1/flows')));
    for (const { status, answer } of answers) {
      expect([200, 429]).toContain(status);
      expectValid(status === 200 ? 'Flows' : 'Refusal', answer);
    }
    expect((await flowsOf('')).flows).toHaveLength(FLOWS.length);
  });

  it('is what flowtap top shows', async () => {
    const command = [process.execPath, LAUNCHER, 'top', '--socket', socket, '-n', '1', '--sort', 'packets'];
    const { code, stdout } = await probe.run(command);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^${inside}  up  .* ${FLOWS.length} flows .* 0 lost$`, 'm'));
    const ports = [...stdout.matchAll(/^192\.0\.2\.1:(\d+) +198\.51\.100\.7:53 +UDP/gm)];
    expect(ports.map(([, port]) => Number(port))).toEqual([1003, 1001, 1002]);
  });

  it('refuses a question about paths that cannot be', async () => {
    const { status, answer } = await ask('/api/v1/paths?path=lost&minutes=0&since=1');
    expect(status).toBe(400);
    expectValid('Refusal', answer);
    expect(JSON.stringify(answer)).toContain('used, unused');
    expect(JSON.stringify(answer)).toContain('1 to 1440');
  });

  it('counts the flows of a path once they are records', async () => {
    const { code } = await probe.run([process.execPath, LAUNCHER, 'ctl', 'export-all', '--socket', socket]);
    expect(code).toBe(0);
    const series = await scrapeUntil(
      probe,
      (all) => total(all, 'flowtap_named_path_flow_records_total') === 2 * FLOWS.length,
    );
    const { status, answer } = await ask('/api/v1/paths?minutes=1440');
    expect(status).toBe(200);
    expectValid('Paths', answer);
    const [used, unused] = (answer as PathsAnswer).paths;
    const packets = FLOWS.reduce((sum, [, count]) => sum + count, 0);
    const octets = FLOWS.reduce((sum, [, count, payload]) => sum + count * (payload + HEADERS_OCTETS), 0);
    expect(used!.total).toMatchObject([
      {
        direction: 'forward',
        deltaFlowCount: FLOWS.length,
        packetDeltaCount: packets,
        octetDeltaCount: octets,
      },
      { direction: 'reverse', deltaFlowCount: FLOWS.length, packetDeltaCount: FLOWS.length },
    ]);
    expect(unused).toMatchObject({ name: 'unused', total: [{ deltaFlowCount: 0 }, { deltaFlowCount: 0 }] });
    expect(total(series, 'flowtap_named_path_bytes_total', 'path="used",direction="forward"')).toBe(octets);
    const one = await ask('/api/v1/paths?path=unused');
    expect((one.answer as PathsAnswer).paths.map(({ name }) => name)).toEqual(['unused']);
  });
});
