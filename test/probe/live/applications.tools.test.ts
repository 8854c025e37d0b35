/**
 * Payload of a live capture: a daemon knows the same of the applications of a capture that is sent over its link as a
 * replay of the file, names in messages longer than the usual snap length among it.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInLab, Lab, type Namespace } from '../../lab/lab.ts';
import { PCAPS_FOLDER } from '../../support/captures.ts';
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
});
