/**
 * IPFIX over TCP and TLS to programs that are not ours: python-ipfix as a collector, with OpenSSL's TLS by way of
 * Python, and tshark beside the line. Field by field against what `-o json` says, and over restarts of either side.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeInLab, Lab } from '../lab/lab.ts';
import { PCAPS_FOLDER } from '../support/captures.ts';
import { waitUntilQuiet } from '../support/network.ts';
import { runFlowtap } from '../support/run-flowtap.ts';
import { warnSkipped } from '../support/skipped.ts';
import { hasTool } from '../support/tools.ts';

const COLLECTOR = join(import.meta.dirname, 'ipfix-collector.py');

/** A Python that has the package: .ci/run makes one. */
function pythonWithIpfix(): string | undefined {
  const made = join(homedir(), '.cache/flowtap-ci/ipfix/bin/python3');
  for (const python of [...(existsSync(made) ? [made] : []), 'python3']) {
    if (spawnSync(python, ['-c', 'import ipfix'], { stdio: 'ignore' }).status === 0) return python;
  }
  warnSkipped('IPFIX over TCP to python-ipfix', "Python's package ipfix (.ci/run installs it)");
  return undefined;
}

const python = pythonWithIpfix();

type Row = Readonly<Record<string, string | number>>;

/** Fields that both sides show; a record is told by all of them. */
const FIELDS = [
  'sourceIPv4Address',
  'destinationIPv4Address',
  'sourceIPv6Address',
  'destinationIPv6Address',
  'protocolIdentifier',
  'sourceTransportPort',
  'destinationTransportPort',
  'octetDeltaCount',
  'packetDeltaCount',
  'reverseOctetDeltaCount',
  'reversePacketDeltaCount',
  'flowStartMilliseconds',
  'flowEndMilliseconds',
  'tcpControlBits',
  'icmpTypeCodeIPv4',
  'icmpTypeCodeIPv6',
  'ingressInterface',
  'flowEndReason',
  'minimumTTL',
];
/** What the JSON leaves out where it does not apply is 0 in a template that all protocols share. */
const shownValue = (row: Row, field: string) => (field === 'tcpControlBits' ? row[field] || 0 : row[field]);
const shown = (rows: readonly Row[], fields: readonly string[]) =>
  rows.map((row) => fields.map((field) => `${field}=${shownValue(row, field)}`).join(' ')).sort();
/** Rows that stand in one list more often than in the other: few lines where something is wrong. */
function differences(rows: readonly Row[], expected: readonly Row[], fields: readonly string[]): string[] {
  const left = shown(expected, fields);
  const extra: string[] = [];
  for (const row of shown(rows, fields)) {
    const at = left.indexOf(row);
    if (at < 0) extra.push(`only there: ${row}`);
    else left.splice(at, 1);
  }
  return [...extra, ...left.map((row) => `missing: ${row}`)].slice(0, 5);
}
/** Fields that the collector saw in some record: the JSON may have more. */
const common = (rows: readonly Row[]) => FIELDS.filter((field) => rows.some((row) => field in row));
const isFlow = (row: Row) => 'octetDeltaCount' in row;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Runs a collector. `sessions` resolves when so many sessions have ended. */
async function startCollector(port: number, tls: readonly string[] = []) {
  const child = spawn(python!, [COLLECTOR, String(port), ...tls], { stdio: ['ignore', 'pipe', 'inherit'] });
  // Everything that it printed has been read then.
  const closed = once(child, 'close');
  let output = '';
  child.stdout.on('data', (part) => {
    output += part;
  });
  const until = async (holds: () => boolean) => {
    for (let i = 0; !holds(); i++) {
      if (i === 6000 || child.exitCode !== null) throw new Error(`the collector does not answer: ${output}`);
      await delay(10);
    }
  };
  await until(() => output.includes('listening'));
  const ends = () => output.split('\n').filter((line) => line.startsWith('end '));
  return {
    rows: () =>
      output
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Row),
    sessions: async (count: number) => {
      await until(() => ends().length === count);
      return ends().map((line) => JSON.parse(line.slice(4)));
    },
    until,
    kill: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

async function replay(capture: string, url: string, ...args: string[]): Promise<Row[]> {
  const file = join(PCAPS_FOLDER, capture);
  const run = await runFlowtap(['replay', file, '-q', '-o', 'json', '-e', url, ...args]);
  expect(run.exitCode).toBe(0);
  // Quiet but for a collector that is killed, and tried while it is away.
  const failed = /.*: \d+ sessions? failed: (closed|econnreset|epipe|econnrefused)[ ;].*\n/g;
  expect(run.stderr.replace(failed, '')).toBe('');
  return run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
}

/** One element of each kind of options data. */
const OPTIONS = [
  'samplingAlgorithm',
  'selectorAlgorithm',
  'systemInitTimeMilliseconds',
  'exporterIPv4Address',
  'interfaceDescription',
  'flowKeyIndicator',
  'exportedMessageTotalCount',
  'ignoredPacketTotalCount',
  'notSentFlowTotalCount',
  'notSentPacketTotalCount',
];

function expectAllOptions(rows: readonly Row[]): void {
  const options = rows.filter((row) => !isFlow(row));
  for (const name of OPTIONS) expect(options.filter((row) => name in row).length, name).toBeGreaterThan(0);
  expect(options.find((row) => 'exporterIPv4Address' in row)).toMatchObject({
    exporterIPv4Address: '127.0.0.1',
  });
}

describe.skipIf(python === undefined)('python-ipfix over TCP', () => {
  it('gets all options data in each session', async () => {
    const port = await freePort();
    const collector = await startCollector(port);
    try {
      let seen = 0;
      for (let session = 1; session <= 2; session++) {
        await replay('demo.pcapng', `ipfix+tcp://127.0.0.1:${port}`);
        await collector.sessions(session);
        expectAllOptions(collector.rows().slice(seen));
        seen = collector.rows().length;
      }
    } finally {
      await collector.kill();
    }
  });

  it.each([
    ['uniflows', 'demo.pcapng', []],
    ['biflows', 'demo.pcapng', ['--biflow']],
  ] as const)('reads %s as JSON shows them', async (_, capture, args) => {
    const port = await freePort();
    const collector = await startCollector(port);
    try {
      const expected = await replay(capture, `ipfix+tcp://127.0.0.1:${port}`, ...args);
      const [session] = await collector.sessions(1);
      const flows = collector.rows().filter(isFlow);
      const fields = common(flows);
      expect(fields.length).toBeGreaterThan(12);
      expect(differences(flows, expected, fields)).toEqual([]);
      expect(session).toEqual({ dataRecords: collector.rows().length, sequenceErrors: 0 });
    } finally {
      await collector.kill();
    }
  });

  it('follows restarts of either side', async () => {
    const port = await freePort();
    const url = `ipfix+tcp://127.0.0.1:${port}`;
    let collector = await startCollector(port);
    const expected = await replay('demo.pcapng', url);
    const again = await replay('demo.pcapng', url);
    const sessions = await collector.sessions(2);
    // Each run has a session of its own, with templates and sequence numbers of its own.
    expect(sessions.map(({ sequenceErrors }) => sequenceErrors)).toEqual([0, 0]);
    expect(collector.rows().filter(isFlow)).toHaveLength(expected.length + again.length);
    // In its own tempo, 40 times as fast, over a kill -9 of the collector.
    const slow = replay('demo.pcapng', url, '--speed', '5');
    const rowsBefore = collector.rows().length;
    await collector.until(() => collector.rows().length > rowsBefore);
    await delay(1000);
    await collector.kill();
    const before = collector.rows().filter(isFlow).length - expected.length - again.length;
    await delay(300);
    collector = await startCollector(port);
    try {
      const rows = await slow;
      const [session] = await collector.sessions(1);
      expect(session!.sequenceErrors).toBe(0);
      // The session of the same run that came after the broken one, too.
      expectAllOptions(collector.rows());
      const got = collector.rows().filter(isFlow);
      expect(got.length + before).toBeGreaterThanOrEqual(rows.length);
      const fields = common(got);
      const known = new Set(shown(rows, fields));
      expect(
        shown(got, fields)
          .filter((row) => !known.has(row))
          .slice(0, 5),
      ).toEqual([]);
    } finally {
      await collector.kill();
    }
  });
});

describe.skipIf(python === undefined || !hasTool('openssl'))(
  'python-ipfix over TLS, with client certificates',
  () => {
    let directory: string;
    beforeAll(() => {
      directory = mkdtempSync(join(tmpdir(), 'flowtap-tls-'));
      const openssl = (...args: string[]) => spawnSync('openssl', args, { cwd: directory });
      const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
      openssl('req', '-x509', ...key, '-days', '2', '-subj', '/CN=ca', '-keyout', 'ca.key', '-out', 'ca.pem');
      for (const name of ['collector', 'probe']) {
        openssl(
          'req',
          '-x509',
          ...key,
          '-days',
          '2',
          '-subj',
          `/CN=${name}`,
          '-addext',
          'subjectAltName=IP:127.0.0.1',
          '-CA',
          'ca.pem',
          '-CAkey',
          'ca.key',
          '-keyout',
          `${name}.key`,
          '-out',
          `${name}.pem`,
        );
      }
    });
    afterAll(() => rmSync(directory, { recursive: true }));

    it('reads what JSON shows', async () => {
      const port = await freePort();
      const file = (name: string) => join(directory, name);
      const collector = await startCollector(port, [
        file('collector.pem'),
        file('collector.key'),
        file('ca.pem'),
      ]);
      try {
        const options = `caFile=${file('ca.pem')}&certificateFile=${file('probe.pem')}&keyFile=${file('probe.key')}`;
        const expected = await replay('demo.pcapng', `ipfix+tls://127.0.0.1:${port}?${options}`);
        const [session] = await collector.sessions(1);
        const flows = collector.rows().filter(isFlow);
        const fields = common(flows);
        expect(differences(flows, expected, fields)).toEqual([]);
        expect(session).toMatchObject({ sequenceErrors: 0 });
      } finally {
        await collector.kill();
      }
    });
  },
);

describeInLab(['dumpcap', 'tshark', 'python3'], 'tshark beside a TCP session', () => {
  it('sees every message, in sequence, and every flow record', async () => {
    const lab = new Lab('streams');
    const directory = mkdtempSync(join(tmpdir(), 'flowtap-streams-'));
    try {
      const host = lab.namespace('host');
      host.execute('ip', 'link', 'set', 'lo', 'up');
      const file = join(directory, 'lo.pcapng');
      const sink =
        'import socket; s = socket.create_server(("127.0.0.1", 4739)); print("listening", flush=True)\nc = s.accept()[0]\nwhile c.recv(65536): pass';
      const collector = host.start(['python3', '-c', sink]);
      await collector.waitForOutput(/listening/);
      const dumpcap = host.start(['dumpcap', '-q', '-i', 'lo', '-w', file]);
      await dumpcap.waitForOutput(/File:/);
      await delay(500);
      const flowtap = join(import.meta.dirname, '../../src/flowtap.mjs');
      const command = [process.execPath, flowtap, 'replay', join(PCAPS_FOLDER, 'demo.pcapng'), '-o', 'json'];
      const run = await host.run([...command, '-q', '-e', 'ipfix+tcp://127.0.0.1:4739']);
      const flows = run.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Row);
      // It gets packets a quarter of a second late.
      await waitUntilQuiet({ pid: dumpcap.pid, quietMs: 1000 });
      await dumpcap.stop('SIGINT');
      const args = ['-n', '-r', file, '-d', 'tcp.port==4739,cflow', '-Y', 'cflow', '-T', 'json'];
      const { stdout } = spawnSync('tshark', args, { encoding: 'utf8', maxBuffer: 1 << 28 });
      const counts = [...stdout.matchAll(/"cflow\.octets": "(\d+)"/g)].map(([, octets]) => Number(octets));
      const sum = (list: readonly number[]) => list.reduce((total, value) => total + value, 0);
      expect(counts).toHaveLength(flows.length);
      expect(sum(counts)).toBe(sum(flows.map((row) => Number(row.octetDeltaCount))));
      expect(stdout).not.toMatch(/expert|malformed|_ws\.lua|sequence_expected/i);
    } finally {
      await lab.close();
      rmSync(directory, { recursive: true });
    }
  });
});
