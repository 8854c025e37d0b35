/**
 * `flowtap run` end to end, in network namespaces: a capture of ours is replayed onto a veth pair by tcpreplay, and what
 * the daemon says must agree with the kernel's counters and with what nfcapd got.
 */
import { copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeInLab, Lab, type LabProcess, type Namespace } from '../../lab/lab.ts';
import { databasePath } from '../../networks/support.ts';
import { PCAPS_FOLDER } from '../../support/captures.ts';
import {
  collected,
  fetchFrom,
  LAUNCHER,
  scrape,
  scrapeUntil,
  startCollector,
  startDaemon,
  stopCollector,
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
/** Of these, all that is decoded and metered or refused: a batch counts as read before. */
const decided = (series: ReadonlyMap<string, number>) =>
  total(series, 'flowtap_flow_packets_total') +
  total(series, 'flowtap_decode_packets_total') -
  total(series, 'flowtap_decode_packets_total', 'metered') +
  total(series, 'flowtap_capture_packets_dropped_total', 'ring_full');

async function stop(daemon: LabProcess) {
  const began = performance.now();
  const result = await daemon.stop('SIGTERM');
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
    const series = await scrapeUntil(probe, (now) => decided(now) >= rxPackets);
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
    // 5 s are what is promised; a machine that is busy may wake it late.
    expect(tookMs).toBeLessThan(15_000);
    expect(stderr).toContain('SIGTERM: exporting');
    expect(stderr).toMatch(
      new RegExp(`Packets: ${rxPackets.toLocaleString('en')} offered = [\\d,]+ in flow records`),
    );
    expect(stderr).not.toContain('unaccounted');
    await stopCollector(collector, 4739);
    expect(await collected(probe, folder)).toMatchObject({ packets: metered, octets });
  });

  it('exports eighty thousand flows at its end, more than an exporter keeps in its queue', async () => {
    const collector = await startCollector(probe, folder, 4739);
    const options = [
      '-e',
      'ipfix://127.0.0.1:4739?rate=5000',
      '--idle-timeout',
      '5m',
      '--active-timeout',
      '5m',
    ];
    const daemon = await startDaemon(probe, '-i', inside, ...options);
    const flows = ['--flows', '80k', '-n', '80k', '--rate', '50k'];
    const generated = await sender.run([process.execPath, LAUNCHER, 'generate', '-i', outside, ...flows]);
    expect(generated.code, generated.stderr).toBe(0);
    const { rxPackets } = probe.counters(inside);
    const series = await scrapeUntil(probe, (now) => decided(now) >= rxPackets);
    const metered = total(series, 'flowtap_flow_packets_total');
    expect(total(series, 'flowtap_flows_active')).toBeGreaterThan(66_000);
    const { code, stderr, tookMs } = await stop(daemon);
    expect(stderr).not.toMatch(/lost|could not be sent/);
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(15_000);
    await stopCollector(collector, 4739);
    expect((await collected(probe, folder)).packets).toBe(metered);
  });

  it('shares an interface among workers, and meters several interfaces', async () => {
    const [outside2, inside2] = lab.connect(sender, probe, { quiet: true, mtuOctets: 9000 });
    const args = ['-i', inside, '-i', inside2, '--workers', '2', '--ring-blocks', '8'];
    const daemon = await startDaemon(probe, ...args, '--flow-table-entries', '4096');
    // Four workers; records with path health take most of a queue.
    await daemon.waitForOutput(
      /memory: 115 MB; each worker: ring 8\.39 MB \(8 blocks of 1\.05 MB\), .*queue 19\.5 MB/,
    );
    await daemon.waitForOutput(/; path health up to 8\.13 MB more, as flows need it/);
    await replay();
    await sender.run(['tcpreplay', '-q', '-i', outside2, '--pps', '2000', CAPTURE]);
    const sent = [inside, inside2].map((name) => probe.counters(name).rxPackets - WAITING_FRAGMENTS);
    const all = sent[0]! + sent[1]!;
    const series = await scrapeUntil(probe, (now) => decided(now) >= all);
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

  it('counts what a ring drops that is too small, says so with the remedy, and when it is over', async () => {
    const file = join(folder, 'flowtap.yaml');
    writeFileSync(file, `live: { interfaces: [${inside}], ring: { blocks: 2, blockOctets: 4096 } }\n`);
    const daemon = await startDaemon(probe, '-c', file);
    await sender.run(['tcpreplay', '-q', '-i', outside, '--topspeed', '--loop', '20', CAPTURE]);
    const { rxPackets } = probe.counters(inside);
    const series = await scrapeUntil(probe, (now) => decided(now) >= rxPackets);
    expect(offered(series)).toBe(rxPackets);
    expect(total(series, 'flowtap_capture_packets_dropped_total', 'ring_full')).toBeGreaterThan(0);
    await daemon.waitForOutput(
      /packets lost, the ring was full; raise live\.ring\.blocks \(--ring-blocks\), now 2, live\.ring\.blockTimeout, or live\.workers/,
    );
    await daemon.waitForOutput(/over: [\d,]+ packets? lost, the ring was full, within \d+ s/);
    const { code, stderr } = await stop(daemon);
    expect(code).toBe(0);
    expect(stderr).toMatch(/offered = [\d,]+ in flow records \+ [\d,]+ refused \+ [\d,]+ lost$/m);
    expect(stderr).not.toContain('unaccounted');
  });

  it('tells its collector the sampling, and the number of the interface', async () => {
    const collector = await startCollector(probe, folder, 4739);
    const sampling = ['--sampling', '10', '--sampling-method', 'systematic'];
    const daemon = await startDaemon(probe, '-i', inside, '-e', 'ipfix://127.0.0.1:4739', ...sampling);
    await replay();
    const { rxPackets } = probe.counters(inside);
    const series = await scrapeUntil(
      probe,
      (now) =>
        // Fragments whose first one was not selected are metered after a second of waiting for it.
        total(now, 'flowtap_flow_packets_total') +
          total(now, 'flowtap_decode_packets_total') -
          total(now, 'flowtap_decode_packets_total', 'result="metered"') +
          total(now, 'flowtap_capture_packets_unselected_total') >=
        rxPackets,
    );
    expect(total(series, 'flowtap_sampling_interval')).toBe(10);
    const metered = total(series, 'flowtap_flow_packets_total');
    expect(metered).toBeLessThan(rxPackets / 9);
    expect(await stop(daemon)).toMatchObject({ code: 0 });
    await stopCollector(collector, 4739);
    // nfcapd multiplies by the interval that it was told.
    expect((await collected(probe, folder)).packets).toBe(10 * metered);
    const { stdout } = await probe.run(['nfdump', '-R', folder, '-q', '-N', '-o', 'fmt:%in %out']);
    const numbers = new Set(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.trim().replace(/\s+/, ' ')),
    );
    const ifIndex = probe.execute('cat', `/sys/class/net/${inside}/ifindex`).trim();
    expect([...numbers]).toEqual([`${ifIndex} ${ifIndex}`]);
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
    await daemon.waitForOutput(/the configuration is refused, the former one stays in effect/);
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
    const series = await scrapeUntil(probe, (now) => decided(now) >= all);
    // The new timeout holds: what was replayed last is all still in the table.
    expect(total(series, 'flowtap_flows_active')).toBeGreaterThan(0);
    const metered = total(series, 'flowtap_flow_packets_total');
    expect(await stop(daemon)).toMatchObject({ code: 0 });
    await stopCollector(collectors[0]!, 4001);
    await stopCollector(collectors[1]!, 4002);
    const [before, after] = [await collected(probe, first), await collected(probe, second)];
    expect(before.packets).toBeGreaterThan(0);
    expect(before.packets + after.packets).toBe(metered);
    expect(before.packets).toBe(after.packets);
  });

  it('takes over a database on SIGHUP, refuses a broken one, and exports what it says', async () => {
    const [stored, file] = [join(folder, 'stored'), join(folder, 'asn.mmdb')];
    await probe.run(['mkdir', stored]);
    copyFileSync(databasePath('asn-24.mmdb'), file);
    const collector = await startCollector(probe, stored, 4001);
    const config = join(folder, 'flowtap.yaml');
    writeFileSync(
      config,
      `live: { interfaces: [${inside}] }\nexporters: ["ipfix://127.0.0.1:4001"]\nmetering: { idleTimeout: 200ms }\n` +
        `enrichment: { databases: [${file}] }\n`,
    );
    const daemon = await startDaemon(probe, '-c', config);
    const name = (metric: string) => `flowtap_network_database_${metric}{database="${file}"}`;
    const before = await scrape(probe);
    expect(before.get(name('build_timestamp_seconds'))).toBe(1_760_000_000);
    expect(before.get(name('age_seconds'))).toBeGreaterThan(0);
    expect(before.get(name('refused_total'))).toBe(0);
    writeFileSync(`${file}.new`, 'no database');
    renameSync(`${file}.new`, file);
    daemon.signal('SIGHUP');
    await daemon.waitForOutput(
      /asn\.mmdb: no metadata of a MaxMind DB at its end; the former database stays/,
    );
    await scrapeUntil(probe, (now) => now.get(name('refused_total')) === 1);
    copyFileSync(databasePath('newer-24.mmdb'), `${file}.new`);
    renameSync(`${file}.new`, file);
    daemon.signal('SIGHUP');
    await daemon.waitForOutput(/asn\.mmdb: Test-ASN of 2025-10-09T08:53:20\.000Z is in use now/);
    await replay();
    const sent = probe.counters(inside).rxPackets;
    const series = await scrapeUntil(probe, (now) => {
      return total(now, 'flowtap_flows_active') === 0 && decided(now) >= sent;
    });
    expect(total(series, 'flowtap_network_addresses_total')).toBeGreaterThan(0);
    expect(await stop(daemon)).toMatchObject({ code: 0 });
    await stopCollector(collector, 4001);
    const { stdout } = await probe.run(['nfdump', '-R', stored, '-q', '-N', '-o', 'fmt:%sas %das']);
    const numbers = new Set(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.trim().replace(/\s+/g, ' ')),
    );
    // Addresses of the capture in 10.1.0.0/16 and in the rest of 10.0.0.0/8, as the newer one has them.
    expect([...numbers]).toContain('64502 64501');
    expect([...numbers].filter((pair) => pair.includes('64500'))).toEqual([]);
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
    await daemon.waitForOutput(
      /refusals? by the collector's host: econnrefused; nothing listens on that port/,
    );
    expect(total(series, 'flowtap_ready')).toBe(1);
    const { code, stderr } = await stop(daemon);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /netflow9:\/\/127\.0\.0\.1:2055: [\d,]+ refusals? by the collector's host: econnrefused/,
    );
    expect(stderr).not.toContain('unaccounted');
  });
});
