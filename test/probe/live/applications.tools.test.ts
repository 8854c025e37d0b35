/**
 * Payload of a live capture: a daemon knows the same of the applications of a capture that is sent over its link as a
 * replay of the file, names in messages longer than the usual snap length among it.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sendFrames } from '../../capture/live/support.ts';
import { describeInLab, Lab, type Namespace } from '../../lab/lab.ts';
import { PCAPS_FOLDER } from '../../support/captures.ts';
import { a, dnsQuery, dnsResponse } from '../../support/dns-messages.ts';
import { ethernet, ipv4, tcp, udp } from '../../support/frames.ts';
import { runFlowtap } from '../../support/run-flowtap.ts';
import { scrapeUntil, startDaemon, total } from './daemon-support.ts';

const CAPTURES = ['ipfixprobe-dns.pcap', 'ipfixprobe-tls.pcap'].map((name) =>
  join(PCAPS_FOLDER, 'ipfixprobe', name),
);
const FACTS = [
  'applicationName',
  'serverName',
  'dnsQueryName',
  'dnsAnswers',
  'tlsAlpn',
  'tlsVersion',
  'tlsJa4',
];

type Line = Readonly<Record<string, unknown>>;

/** Facts of each flow, by its key; the same where a flow has several records. */
function factsOf(lines: string): Map<string, Line> {
  const facts = new Map<string, Line>();
  for (const text of lines.trimEnd().split('\n')) {
    const line = JSON.parse(text) as Line;
    const ends = [
      'sourceIPv4Address',
      'sourceTransportPort',
      'destinationIPv4Address',
      'destinationTransportPort',
    ];
    const key = [...ends, 'protocolIdentifier'].map((name) => line[name]).join(' ');
    facts.set(key, Object.fromEntries(FACTS.map((name) => [name, line[name]])));
  }
  return facts;
}

const CLIENTS = 24;

/** Of each client a question, its response, and a connection to what it was told, in the order of the link. */
function conversation(client: number): Uint8Array[] {
  const [source, server, resolver] = [`10.0.${client}.1`, `203.0.113.${client + 1}`, '192.0.2.53'];
  const name = `host${client}.example`;
  const response = dnsResponse(client, name, [a(name, server)]);
  return [
    ipv4({ source, destination: resolver, protocol: 17 }, udp(40_000, 53, dnsQuery(client, name))),
    ipv4({ source: resolver, destination: source, protocol: 17 }, udp(53, 40_000, response)),
    ipv4({ source, destination: server, protocol: 6 }, tcp(50_000, 443, 0x10, [0xff, 0xfe, 1, 2, 3])),
  ].map((packet) => ethernet(packet));
}

describeInLab(['tcpreplay', 'curl'], 'applications of a live capture', () => {
  let lab: Lab;
  let folder: string;
  let sender: Namespace;
  let probe: Namespace;
  let outside: string;
  let inside: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'flowtap-live-applications-'));
    lab = new Lab('applications');
    sender = lab.namespace('sender');
    probe = lab.namespace('probe');
    [outside, inside] = lab.connect(sender, probe, { quiet: true, mtuOctets: 9000 });
  });
  afterAll(async () => {
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(['ring', 'libpcap'])('are those of a replay of the same file: %s', async (capture) => {
    const file = join(folder, `${capture}.json`);
    const flags = [
      '--capture',
      capture,
      '--applications',
      'on',
      '--template',
      'applications',
      '-e',
      `json:${file}`,
    ];
    const daemon = await startDaemon(probe, '-i', inside, ...flags);
    const before = probe.counters(inside).rxPackets;
    for (const name of CAPTURES) {
      const sent = await sender.run(['tcpreplay', '-q', '-i', outside, '--pps', '2000', name]);
      expect(sent).toMatchObject({ code: 0 });
    }
    const packets = probe.counters(inside).rxPackets - before;
    await scrapeUntil(probe, (now) => total(now, 'flowtap_capture_packets_total') >= packets);
    await daemon.stop('SIGTERM');
    const flagsOfReplay = ['-q', '-o', 'json', '--applications', 'on', '--template', 'applications'];
    const { stdout, exitCode } = await runFlowtap(['replay', ...CAPTURES, ...flagsOfReplay]);
    expect(exitCode).toBe(0);
    const expected = factsOf(stdout);
    const found = factsOf(readFileSync(file, 'utf8'));
    expect([...expected.values()].filter(({ tlsJa4 }) => tlsJa4 !== undefined).length).toBeGreaterThan(0);
    expect(
      [...expected.values()].filter(({ dnsQueryName }) => dnsQueryName !== undefined).length,
    ).toBeGreaterThan(3);
    for (const [key, facts] of expected) expect([key, found.get(key)]).toEqual([key, facts]);
  });

  it('are those of one answer, with several workers that a client’s DNS and connections come to', async () => {
    const file = join(folder, 'names.json');
    const names = ['--workers', '4', '--dns-names', 'client', '--template', 'applications'];
    const daemon = await startDaemon(probe, '-i', inside, ...names, '-e', `json:${file}`);
    const frames = Array.from({ length: CLIENTS }, (_, client) => conversation(client)).flat();
    await sendFrames(sender, outside, frames, frames.length);
    await scrapeUntil(probe, (now) => total(now, 'flowtap_flow_packets_total') >= frames.length);
    await daemon.stop('SIGTERM');
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const connections = lines
      .map((text) => JSON.parse(text) as Line)
      .filter(({ destinationTransportPort }) => destinationTransportPort === 443);
    const found = connections.map((line) => [line.sourceIPv4Address, line.serverName, line.serverNameSource]);
    const wanted = Array.from({ length: CLIENTS }, (_, i) => [`10.0.${i}.1`, `host${i}.example`, 5]);
    expect(found.sort()).toEqual(wanted.sort());
  });
});
