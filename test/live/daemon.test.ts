/**
 * `flowtap run` end to end, in network namespaces: a capture of ours is replayed onto a veth pair by tcpreplay, and what
 * the daemon says must agree with the kernel's counters and with what nfcapd got.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeInLab, Lab, type LabProcess, type Namespace } from '../lab/lab.ts';
import { PCAPS_FOLDER } from '../support/tools.ts';
import {
  collected,
  daemonCommand,
  fetchFrom,
  scrape,
  scrapeUntil,
  startCollector,
  startDaemon,
  total,
} from './daemon-support.ts';

const CAPTURE = join(PCAPS_FOLDER, 'demo.pcapng');
/**
 * For several workers the kernel puts IPv4 fragments together before it shares packets out. Of four packets of this
 * capture the last fragments wait for others in vain, which the capture's snap length has cut.
 */
const WAITING_FRAGMENTS = 4;

let lab: Lab;
let sender: Namespace;
let probe: Namespace;
let outside: string;
let inside: string;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-daemon-'));
  lab = new Lab('service');
  sender = lab.namespace('sender');
  probe = lab.namespace('probe');
  // Frames of the capture are longer than a veth's usual 1,500 octets where the capture had GRO.
  [outside, inside] = lab.connect(sender, probe, { quiet: true, mtuOctets: 9000 });
});
afterEach(async () => {
  await lab.close();
  rmSync(folder, { recursive: true, force: true });
});

const replay = () => sender.run(['tcpreplay', '-q', '-i', outside, '--pps', '2000', CAPTURE]);
const offered = (series: ReadonlyMap<string, number>) =>
  total(series, 'flowtap_capture_packets_total') +
  total(series, 'flowtap_capture_packets_dropped_total', 'ring_full');

async function stop(daemon: LabProcess) {
  const began = performance.now();
  const result = await daemon.stop('SIGTERM', 10_000);
  return { ...result, tookMs: performance.now() - began };
}

describeInLab(['tcpreplay', 'nfcapd', 'nfdump', 'curl'], 'flowtap run', () => {
  it('meters what the kernel counted, exports all of it, and ends on SIGTERM with every flow sent', async () => {
    const collector = await startCollector(probe, folder, 4739);
    const daemon = await startDaemon(probe, '-i', inside, '-e', 'ipfix://127.0.0.1:4739');
    expect(await fetchFrom(probe, '/readyz')).toEqual({ status: 200, body: 'ok\n' });
    expect(await replay()).toMatchObject({ code: 0 });
    const { rxPackets, rxOctets } = probe.counters(inside);
    expect(rxPackets).toBeGreaterThan(1600);
    const series = await scrapeUntil(probe, (now) => offered(now) >= rxPackets);
    expect(offered(series)).toBe(rxPackets);
    expect(total(series, 'flowtap_capture_packets_dropped_total')).toBe(0);
    expect(total(series, 'flowtap_capture_bytes_total')).toBe(rxOctets);
    expect(total(series, 'flowtap_decode_packets_total')).toBe(rxPackets);
    expect(total(series, 'flowtap_flows_active')).toBeGreaterThan(0);
    const metered = total(series, 'flowtap_flow_packets_total');
    const octets = total(series, 'flowtap_flow_bytes_total');
    daemon.signal('SIGUSR1');
    await daemon.waitForOutput(/Packets: [\d,]+ offered = .* in flow tables/);
    const { code, stderr, tookMs } = await stop(daemon);
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(5000);
    expect(stderr).toContain('SIGTERM: exporting');
    expect(stderr).toMatch(
      new RegExp(`Packets: ${rxPackets.toLocaleString('en')} offered = [\\d,]+ in flow records`),
    );
    expect(stderr).not.toContain('unaccounted');
    await collector.stop('SIGTERM');
    expect(await collected(probe, folder)).toMatchObject({ packets: metered, octets });
  });

  it('shares an interface among workers, and meters several interfaces', async () => {
    const [outside2, inside2] = lab.connect(sender, probe, { quiet: true, mtuOctets: 9000 });
    const args = ['-i', inside, '-i', inside2, '--workers', '2', '--ring-blocks', '8'];
    const daemon = await startDaemon(probe, ...args, '--flow-table-entries', '4096');
    expect(daemon.output).toMatch(/memory: 5\d\.\d MB; each worker: ring 8\.39 MB \(8 blocks of 1\.05 MB\)/);
    await replay();
    await sender.run(['tcpreplay', '-q', '-i', outside2, '--pps', '2000', CAPTURE]);
    const sent = [inside, inside2].map((name) => probe.counters(name).rxPackets - WAITING_FRAGMENTS);
    const all = sent[0]! + sent[1]!;
    const series = await scrapeUntil(probe, (now) => offered(now) >= all);
    for (const [i, name] of [inside, inside2].entries()) {
      expect(total(series, 'flowtap_capture_packets_total', `interface="${name}"`)).toBe(sent[i]);
      const rings = ['0', '1'].map((ring) =>
        series.get(`flowtap_capture_packets_total{interface="${name}",ring="${ring}"}`),
      );
      expect(Math.min(...rings.map(Number))).toBeGreaterThan(0);
    }
    const { code, stderr } = await stop(daemon);
    expect(code).toBe(0);
    expect(stderr).toContain(`Packets: ${all.toLocaleString('en')} offered = `);
    expect(stderr).not.toContain('unaccounted');
  });

  it('takes over a changed configuration on SIGHUP without losing a flow, and refuses a bad one', async () => {
    const [first, second] = [join(folder, 'first'), join(folder, 'second')];
    await probe.run(['mkdir', first, second]);
    const collectors = [await startCollector(probe, first, 4001), await startCollector(probe, second, 4002)];
    const file = join(folder, 'flowtap.yaml');
    const write = (text: string) => writeFileSync(file, `live: { interfaces: [${inside}] }\n${text}`);
    write('exporters: ["ipfix://127.0.0.1:4001"]\nmetering: { idleTimeout: 400ms }\n');
    const daemon = await startDaemon(probe, '-c', file);
    await replay();
    const sent = probe.counters(inside).rxPackets;
    await scrapeUntil(probe, (now) => total(now, 'flowtap_flows_active') === 0 && offered(now) >= sent);
    write('exporters: ["ipfix://127.0.0.1:4002"]\nmetering: { idleTimeout: 30s }\nlog: { level: loud }\n');
    daemon.signal('SIGHUP');
    await daemon.waitForOutput(/flowtap\.yaml:4: log\.level: found "loud"; allowed: error, warning/);
    expect(daemon.output).toContain('the configuration is refused, the former one stays in effect');
    const refused = await scrape(probe);
    expect(refused.get('flowtap_config_last_reload_successful')).toBe(0);
    expect([...refused.keys()].join()).toContain('127.0.0.1:4001');
    write('exporters: ["ipfix://127.0.0.1:4002"]\nmetering: { idleTimeout: 30s, flowTableEntries: 4096 }\n');
    daemon.signal('SIGHUP');
    await daemon.waitForOutput(/configuration read again; changed: metering\.idleTimeout, exporters/);
    await daemon.waitForOutput(/takes effect at the next start: metering\.flowTableEntries/);
    const taken = await scrape(probe);
    expect(taken.get('flowtap_config_last_reload_successful')).toBe(1);
    expect([...taken.keys()].join()).toContain('127.0.0.1:4002');
    await replay();
    const all = probe.counters(inside).rxPackets;
    const series = await scrapeUntil(probe, (now) => offered(now) >= all);
    // The new timeout holds: what was replayed last is all still in the table.
    expect(total(series, 'flowtap_flows_active')).toBeGreaterThan(0);
    const metered = total(series, 'flowtap_flow_packets_total');
    expect(await stop(daemon)).toMatchObject({ code: 0 });
    for (const collector of collectors) await collector.stop('SIGTERM');
    const [before, after] = [await collected(probe, first), await collected(probe, second)];
    expect(before.packets).toBeGreaterThan(0);
    expect(before.packets + after.packets).toBe(metered);
    expect(before.packets).toBe(after.packets);
  });

  it('outlives its collector, says what is wrong, and counts what could not be sent', async () => {
    const collector = await startCollector(probe, folder, 2055);
    const daemon = await startDaemon(
      probe,
      ...['-i', inside, '-e', 'netflow9://127.0.0.1:2055', '--idle-timeout', '100ms'],
    );
    collector.signal('SIGKILL');
    await collector.ended;
    for (let i = 0; i < 2; i++) await replay();
    const series = await scrapeUntil(
      probe,
      (now) => total(now, 'flowtap_export_errors_total', 'econnrefused') > 0,
    );
    await daemon.waitForOutput(/messages not sent: econnrefused; nothing listens on that port/);
    expect(total(series, 'flowtap_ready')).toBe(1);
    const { code, stderr } = await stop(daemon);
    expect(code).toBe(0);
    expect(stderr).toMatch(/netflow9:\/\/127\.0\.0\.1:2055: [\d,]+ messages not sent: econnrefused/);
    expect(stderr).not.toContain('unaccounted');
  });
});

describeInLab(['curl', 'setpriv'], 'flowtap run that cannot', () => {
  const fails = (...args: string[]) => probe.run(daemonCommand(...args));

  it('names the interfaces there are when one is not', async () => {
    const { code, stderr } = await fails('-i', 'eth77');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^flowtap: command line: --interface: found "eth77", which is no interface here; allowed: /,
    );
    expect(stderr).toContain(inside);
    expect(await fails()).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--interface: found nothing'),
    });
  });

  it('says which capability it lacks, and needs no other', async () => {
    const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
    const { code, stderr } = await probe.run([...nobody, ...daemonCommand('-i', inside)]);
    expect(code).toBe(1);
    expect(stderr).toContain('CAP_NET_RAW');
    const raw = ['--inh-caps', '-all,+net_raw', '--ambient-caps', '-all,+net_raw'];
    const bounded = ['--bounding-set', '-all,+net_raw', '--no-new-privs'];
    const daemon = probe.start([
      ...nobody,
      ...raw,
      ...bounded,
      ...daemonCommand('-i', inside, '--workers', '2'),
    ]);
    await daemon.waitForOutput(/metering .* by ring, 2 workers each/, 30_000);
    expect(await stop(daemon)).toMatchObject({ code: 0 });
  });

  it('says that an address is in use', async () => {
    const first = await startDaemon(probe, '-i', inside);
    const { code, stderr } = await fails('-i', inside);
    expect(code).toBe(1);
    expect(stderr).toContain('cannot serve metrics on 127.0.0.1:9669: the address is in use (EADDRINUSE)');
    expect(stderr).toContain('choose another --metrics');
    expect(await stop(first)).toMatchObject({ code: 0 });
  });

  it('passes on what libpcap says of a filter', async () => {
    const { code, stderr } = await fails('-i', inside, '--filter', 'tcp prot 80');
    expect(code).toBe(2);
    expect(stderr).toMatch(/syntax error|parse/);
  });

  it.each([
    [['--capture', 'libpcap', '--ring-blocks', '8'], '--ring-blocks: found with --capture libpcap'],
    [['--capture', 'libpcap', '--workers', '2'], '--workers: found 2 with --capture libpcap'],
    [['--workers', '2', '--decapsulate', 'gre'], '--workers: found 2; allowed: 1 with --decapsulate'],
    [['--sampling-method', 'hash'], '--sampling-method: found hash; allowed: only with'],
    [['--metrics', '9669'], '--metrics: found "9669"; allowed: none, or ADDRESS:PORT'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await fails('-i', inside, ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
