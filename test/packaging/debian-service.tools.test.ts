/**
 * The Debian package in a small system that systemd boots: installed, configured, started, upgraded under load, removed
 * and purged by dpkg. The tests build on each other, in order.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Lab, type Namespace } from '../lab/lab.ts';
import {
  collected,
  fetchFrom,
  LAUNCHER,
  scrapeUntil,
  startCollector,
  total,
} from '../probe/live/daemon-support.ts';
import { BootedSystem, describeInSystem } from '../service/booted-system.ts';
import { makePackages, VERSIONS } from './support.ts';

const CONFIG = '/etc/flowtap/flowtap.yaml';
const PACKETS = 20_000;
const FLOWS = 100;
const BUILD_LIMIT_MS = 900_000;
/** From the start of the service until it is ready, at most, on a machine where Node alone starts in so long. */
const READY_MS = 1500;
const BARE_START_MS = 60;
/** The best of so many starts counts: others work on the machine too. */
const STARTS_MAX = 5;

let lab: Lab;
let sender: Namespace;
let probe: Namespace;
let system: BootedSystem;
let folder: string;

const isActive = () => system.run('systemctl', 'is-active', 'flowtap').output.trim() === 'active';
/** Triggers are those of other packages, such as the index of manual pages, whose users this system does not have. */
const dpkg = (...args: string[]) =>
  system.must('env', 'DEBIAN_FRONTEND=noninteractive', 'dpkg', '--no-triggers', ...args);
const packageOf = (version: string) => `/usr/local/packages/flowtap_${version}_amd64.deb`;

/** How long the package's runtime takes to do nothing: how slow this machine is now. */
function bareStartMs(): number {
  const from = performance.now();
  system.must('/usr/lib/flowtap/runtime/node', '-e', '0');
  return performance.now() - from;
}

/** From the program's start until it said that it is ready, as systemd saw it. */
function startMsOfService(): number {
  const [exec, active] = ['ExecMainStartTimestampMonotonic', 'ActiveEnterTimestampMonotonic'].map((name) =>
    Number(system.show('flowtap', name)),
  );
  return (active! - exec!) / 1000;
}

/** All that flowtap could leave behind, by name. */
function leftBehind(): string[] {
  const found = system.must(
    ...['find', '/etc', '/usr/bin', '/usr/lib', '/usr/share', '/var/lib', '/var/cache', '/run'],
    ...['-xdev', '-name', '*flowtap*', '-prune'],
  );
  return found.split('\n').filter((name) => name !== '' && !name.includes('/dpkg/'));
}

/** The account of a run that ended: packets offered, and those in flow records. */
function accounts(): { offered: number; inRecords: number }[] {
  const text = system.journal('flowtap');
  const number = (digits: string) => Number(digits.replaceAll(',', ''));
  return [...text.matchAll(/^Packets: ([\d,]+) offered = ([\d,]+) in flow records/gm)].map(
    ([, offered, records]) => ({
      offered: number(offered!),
      inRecords: number(records!),
    }),
  );
}

describeInSystem(
  ['dpkg', 'dpkg-deb', 'curl', 'nfcapd', 'nfdump', 'journalctl', 'systemctl'],
  'the Debian package, with systemd',
  () => {
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'flowtap-debian-'));
      const packages = join(folder, 'packages');
      for (const version of VERSIONS) makePackages(packages, ['--arch', 'amd64', '--only', 'deb'], version);
      lab = new Lab('debian');
      [sender, probe] = [lab.namespace('sender'), lab.namespace('probe')];
      lab.connect(sender, probe, { names: ['veth0', 'veth1'], quiet: true });
      system = await BootedSystem.boot(probe, packages);
    }, BUILD_LIMIT_MS);
    afterAll(async () => {
      await system?.close();
      await lab?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it('is installed by dpkg, and starts nothing without an interface', () => {
      const output = dpkg('--install', packageOf(VERSIONS[0]));
      expect(output).toContain(`flowtap: name interfaces in ${CONFIG}, then: systemctl enable --now flowtap`);
      expect(system.must('flowtap', '--version')).toContain(VERSIONS[0]);
      expect(isActive()).toBe(false);
      expect(system.run('systemctl', 'is-enabled', 'flowtap').output.trim()).toBe('disabled');
    });

    it('is ready when systemctl is back', async () => {
      system.must('sed', '-i', 's|^  interfaces: .*|  interfaces: [veth1]|', CONFIG);
      system.must('sed', '-i', 's|^exporters: .*|exporters: ["ipfix://127.0.0.1:4739"]|', CONFIG);
      system.must('systemctl', 'enable', '--now', 'flowtap');
      expect(await fetchFrom(probe, '/readyz')).toEqual({ status: 200, body: 'ok\n' });
    });

    it('is ready within a second and a half of its start', () => {
      // The first start compiled the program; the cache has it for the next ones.
      let bestMs = Number.POSITIVE_INFINITY;
      for (let i = 0; i < STARTS_MAX && bestMs >= READY_MS; i++) {
        const slowness = Math.max(1, bareStartMs() / BARE_START_MS);
        system.must('systemctl', 'restart', 'flowtap');
        const startMs = startMsOfService();
        console.log(
          `ready ${startMs} ms after the start, on a machine ${slowness.toFixed(1)} times as slow as a quiet one`,
        );
        bestMs = Math.min(bestMs, startMs / slowness);
      }
      expect(bestMs).toBeLessThan(READY_MS);
    });

    it('is upgraded under load: the flows of both versions add up', async () => {
      const collector = await startCollector(probe, folder, 4739);
      const before = accounts().length;
      const sending = sender.run([
        ...[process.execPath, LAUNCHER, 'generate', '-i', 'veth0', '--count', String(PACKETS)],
        ...['--flows', String(FLOWS), '--rate', '1000'],
      ]);
      await scrapeUntil(probe, (now) => total(now, 'flowtap_flow_packets_total') >= PACKETS / 10);
      dpkg('--install', packageOf(VERSIONS[1]));
      expect(isActive()).toBe(true);
      expect(system.must('flowtap', '--version')).toContain(VERSIONS[1]);
      expect(system.must('cat', CONFIG)).toContain('interfaces: [veth1]');
      expect(await sending).toMatchObject({ code: 0 });
      system.must('systemctl', 'stop', 'flowtap');
      await collector.stop();

      const runs = accounts().slice(before);
      expect(runs.length).toBe(2);
      for (const { offered, inRecords } of runs) expect(inRecords).toBe(offered);
      const packets = runs.reduce((sum, { inRecords }) => sum + inRecords, 0);
      expect(packets).toBeGreaterThan(PACKETS / 4);
      expect(packets).toBeLessThanOrEqual(PACKETS);
      expect(await collected(probe, folder)).toMatchObject({ packets });
    });

    it('runs after a failed upgrade as it ran before', () => {
      system.must('systemctl', 'start', 'flowtap');
      // What dpkg does with both where a package cannot be unpacked (Debian Policy 6.6).
      const [older, newer] = VERSIONS;
      system.must('sh', '-c', `dpkg-deb --ctrl-tarfile ${packageOf(newer)} | tar -xC /tmp ./preinst`);
      system.must('/tmp/preinst', 'upgrade', older, newer);
      expect(isActive()).toBe(false);
      system.must('/var/lib/dpkg/info/flowtap.postinst', 'abort-upgrade', older);
      expect(isActive()).toBe(true);
    });

    it('keeps the configuration when it is removed, starts with it when it is back, and nothing when purged', () => {
      dpkg('--remove', 'flowtap');
      expect(isActive()).toBe(false);
      expect(system.must('cat', CONFIG)).toContain('interfaces: [veth1]');
      expect(leftBehind().filter((name) => name.startsWith('/usr'))).toEqual([]);
      // A machine on which packages start nothing is another matter.
      system.must('rm', '-f', '/usr/sbin/policy-rc.d');
      expect(dpkg('--install', packageOf(VERSIONS[0]))).not.toContain('name interfaces');
      expect(isActive()).toBe(true);
      expect(system.run('systemctl', 'is-enabled', 'flowtap').output.trim()).toBe('enabled');
      dpkg('--purge', 'flowtap');
      expect(isActive()).toBe(false);
      expect(leftBehind()).toEqual([]);
    });
  },
);
