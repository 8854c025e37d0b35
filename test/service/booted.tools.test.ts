/**
 * The units as systemd itself runs them: a small system is booted in namespaces, flowtap installed in it word for word as
 * docs/running.md says, and watched through systemctl and journalctl. The tests build on each other, in order.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
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
import { warnSkipped } from '../support/skipped.ts';
import { waitFor } from '../support/wait.ts';
import { BootedSystem, describeInSystem } from './booted-system.ts';

const SYNOPSIS = join(import.meta.dirname, '../../docs/running.md');
const FILE = '/etc/flowtap/flowtap.yaml';
const PACKETS = 2000;
/** CAP_NET_RAW, bit 13 of capabilities(7). */
const NET_RAW = '0000000000002000';
const START_MS = 90_000;

let lab: Lab;
let sender: Namespace;
let probe: Namespace;
let system: BootedSystem;
let folder: string;
let hostState: string;

/** What could change on the machine itself if the system were not kept in; nothing that others change meanwhile. */
function machineState(): string {
  const parameters = [
    'fs/file-max',
    'fs/nr_open',
    'fs/protected_symlinks',
    'kernel/pid_max',
    'kernel/printk',
  ];
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.includes('flowtap-system-'));
  const values = parameters.map((name) => readFileSync(`/proc/sys/${name}`, 'utf8'));
  const places = [
    '/etc/flowtap',
    '/etc/machine-id',
    '/etc/systemd/system/flowtap.service',
    '/var/lib/private/flowtap',
  ];
  const files = places.map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs);
  return [...mounts, ...values, ...files].join('\n');
}

const generate = (packets: number, flows: number) =>
  sender.run([
    process.execPath,
    LAUNCHER,
    'generate',
    '-i',
    'veth0',
    '--count',
    String(packets),
    '--flows',
    String(flows),
    '--rate',
    '5000',
  ]);
const mainPid = (unit = 'flowtap') => Number(system.show(unit, 'MainPID'));
const isActive = (unit = 'flowtap') => system.run('systemctl', 'is-active', unit).output.trim() === 'active';
const restarts = () => Number(system.show('flowtap', 'NRestarts'));

/** The shell lines under a heading of docs/running.md, without `sudo` and comments. */
function documented(heading: string): string[] {
  const text = readFileSync(SYNOPSIS, 'utf8');
  const block = /```\n([^`]*)```/.exec(text.slice(text.indexOf(`\n## ${heading}\n`)))![1]!;
  return block
    .split('\n')
    .map((line) => line.replace(/ +#.*$/, '').replace(/^sudo /, ''))
    .filter((line) => line !== '');
}

/** Changes one option of the configuration file. */
function configure(option: string, value: string, file = FILE): void {
  system.must('sed', '-i', '-E', `s|^( *)${option}: .*|\\1${option}: ${value}|`, file);
}

describeInSystem(
  ['curl', 'nfcapd', 'nfdump', 'journalctl', 'systemctl', 'systemd-analyze'],
  'with systemd, flowtap',
  () => {
    beforeAll(async () => {
      hostState = machineState();
      folder = mkdtempSync(join(tmpdir(), 'flowtap-booted-'));
      lab = new Lab('booted');
      [sender, probe] = [lab.namespace('sender'), lab.namespace('probe')];
      lab.connect(sender, probe, { names: ['veth0', 'veth1'], quiet: true });
      lab.connect(sender, probe, { names: ['tap-0', 'tap-1'], quiet: true });
      system = await BootedSystem.boot(probe);
    });
    afterAll(async () => {
      await system?.close();
      await lab.close();
      rmSync(folder, { recursive: true, force: true });
      expect(machineState()).toBe(hostState);
    });

    it('is installed as documented, and says what is missing in its configuration', () => {
      const lines = documented('Install it as a service');
      // The package is there already: no test asks a registry for what it depends on.
      const begin = lines.findIndex((line) => line.startsWith('install -d'));
      const end = lines.findIndex((line) => line.includes('enable --now'));
      expect([lines[begin - 1], lines[end]]).toEqual([
        'npm install -g ./flowtap-*.tgz',
        'systemctl enable --now flowtap',
      ]);
      // Edited later: this operator forgets it.
      const words = lines.slice(begin, end).filter((line) => line !== `sudoedit ${FILE}`);
      expect(words.length).toBe(end - begin - 1);
      const output = system.shell(`cd /usr/local/src/flowtap; ${words.join('; ')}`);
      expect(output).toContain(`${FILE}: OK\n`);
      const { code, output: refusal } = system.run('systemctl', 'enable', '--now', 'flowtap');
      expect(code, refusal).toBe(1);
      expect(system.show('flowtap', 'Result')).toBe('exit-code');
      // Neither running nor about to be: the exit code says that trying again is in vain.
      expect(system.show('flowtap', 'ActiveState')).toBe('failed');
      expect(system.journal('flowtap', '-p', 'err')).toMatch(
        /^\/etc\/flowtap\/flowtap\.yaml:\d+: live\.interfaces: found nothing; allowed: one or more of lo, tap-1, veth1$/m,
      );
    });

    it('starts, and systemctl knows when it is ready', async () => {
      configure('interfaces', '[veth1]');
      configure('exporters', '["ipfix://127.0.0.1:4739", "ipfix+tcp://127.0.0.1:4740"]');
      system.must('systemctl', 'start', 'flowtap');
      // No waiting: the daemon is up when systemctl is back.
      expect(await fetchFrom(probe, '/readyz')).toEqual({ status: 200, body: 'ok\n' });
      expect(system.must('systemctl', 'status', '--no-pager', 'flowtap')).toMatch(
        /Status: "0 packets, 0 flows active"/,
      );
      expect(system.journal('flowtap')).toContain('metering veth1 by ring, 1 worker each');
    });

    it('runs as a user of its own with one capability, in a tight sandbox', () => {
      const status = system.must('cat', `/proc/${mainPid()}/status`);
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
        expect(status).toContain(`${set}:\t${NET_RAW}\n`);
      }
      expect(status).toMatch(/^NoNewPrivs:\t1$/m);
      expect(status).toMatch(/^Seccomp:\t2$/m);
      const [, uid] = /^Uid:\t(\d+)/m.exec(status)!;
      // The range of systemd's dynamic users.
      expect(Number(uid)).toBeGreaterThanOrEqual(61_184);
      expect(Number(uid)).toBeLessThanOrEqual(65_519);
      expect(system.must('id', '-un', uid!)).toBe('flowtap\n');
      const security = system.must('systemd-analyze', 'security', '--no-pager', 'flowtap');
      expect(Number(/Overall exposure level for .*: ([\d.]+)/.exec(security)![1])).toBeLessThan(2);
      // Its spool, where it may write; and nothing anywhere else.
      expect(system.must('stat', '-c', '%U %a', '/var/lib/flowtap/spool/.')).toMatch(/^flowtap 7/);
      expect(
        system
          .must('find', '/var', '/tmp', '/etc', '/run', '-xdev', '-user', 'flowtap', '-type', 'f')
          .split('\n')
          .filter((name) => !/^(\/var\/(lib|cache)\/private\/flowtap\/.*)?$/.test(name)),
      ).toEqual([]);
    });

    it('may not take more memory than the unit says', () => {
      expect(system.show('flowtap', 'MemoryMax')).toBe(String(2 ** 30));
      const limit = system.memoryLimit('flowtap.service');
      if (limit === undefined) warnSkipped('what the kernel says of MemoryMax', 'the memory controller');
      else expect(limit).toBe(String(2 ** 30));
    });

    it('meters what comes, exports it, and tells how many in its status', async () => {
      const collector = await startCollector(probe, folder, 4739);
      expect(await generate(PACKETS, 100)).toMatchObject({ code: 0 });
      const series = await scrapeUntil(probe, (now) => total(now, 'flowtap_flow_packets_total') >= PACKETS);
      expect(total(series, 'flowtap_flow_packets_total')).toBe(PACKETS);
      expect(total(series, 'flowtap_capture_packets_dropped_total')).toBe(0);

      // Nothing listens on the other collector's port; journald sorts it by its priority.
      await waitFor('the refusal is told', () =>
        system.journal('flowtap', '-p', 'warning').includes('econnrefused'),
      );
      expect(system.journal('flowtap', '-p', 'warning')).not.toContain('metering veth1');
      configure('exporters', '["ipfix://127.0.0.1:4739"]');
      system.must('systemctl', 'reload', 'flowtap');
      // It is told every ten seconds, and after a reload.
      await waitFor('the status counts', () =>
        /^2,000 packets, 100 flows/.test(system.show('flowtap', 'StatusText')),
      );
      const stopped = system.run('systemctl', 'stop', 'flowtap');
      expect(stopped).toMatchObject({ code: 0 });
      // 5 s are what is promised; a machine that is busy may wake it late.
      expect(stopped.tookMs).toBeLessThan(15_000);
      expect(system.show('flowtap', 'Result')).toBe('success');
      await collector.stop();
      expect(await collected(probe, folder)).toMatchObject({ flows: 100, packets: PACKETS });
      expect(system.journal('flowtap')).toContain('Packets: 2,000 offered = 2,000 in flow records');
    });

    it('reloads a file that is right, and systemctl says of a wrong one that it failed', async () => {
      system.must('systemctl', 'start', 'flowtap');
      const pid = mainPid();
      configure('idleTimeout', '5s');
      expect(system.run('systemctl', 'reload', 'flowtap')).toMatchObject({ code: 0 });
      await waitFor('it is applied', () =>
        system.journal('flowtap').includes('changed: metering.idleTimeout'),
      );
      configure('idleTimeout', 'soon');
      const { code, output } = system.run('systemctl', 'reload', 'flowtap');
      expect([code, output]).toEqual([1, expect.stringContaining('Job for flowtap.service failed')]);
      expect([isActive(), mainPid()]).toEqual([true, pid]);
      const refusal =
        /the configuration is refused, the former one stays in effect\n\S+:\d+: metering\.idleTimeout: found "soon"/;
      await waitFor('it is refused', () => refusal.test(system.journal('flowtap', '-p', 'err')));
      await scrapeUntil(probe, (now) => total(now, 'flowtap_config_last_reload_successful') === 0);
      configure('idleTimeout', '15s');
      expect(system.run('systemctl', 'reload', 'flowtap')).toMatchObject({ code: 0 });
      await scrapeUntil(probe, (now) => total(now, 'flowtap_config_last_reload_successful') === 1);
    });

    it('is started again when it is killed', async () => {
      const pid = mainPid();
      system.must('systemctl', 'kill', '-s', 'KILL', '--kill-who=main', 'flowtap');
      await waitFor('it runs again', () => restarts() === 1 && isActive(), START_MS);
      expect(mainPid()).not.toBe(pid);
      expect(await fetchFrom(probe, '/readyz')).toMatchObject({ status: 200 });
    });

    it('is killed by the watchdog when it hangs, and started again', async () => {
      const shorter = '[Service]\nWatchdogSec=5\nRestartSec=100ms\n';
      system.write('/etc/systemd/system/flowtap.service.d/test.conf', shorter);
      system.must('systemctl', 'daemon-reload');
      system.must('systemctl', 'restart', 'flowtap');
      const pid = mainPid();
      system.must('kill', '-STOP', String(pid));
      await waitFor('it runs again', () => restarts() >= 1 && isActive(), START_MS);
      expect(mainPid()).not.toBe(pid);
      expect(system.journal('flowtap')).toContain('Watchdog timeout (limit 5s)!');
    });

    it('runs a second time, for an interface of its own, beside the first, with a key that only root may read', async () => {
      const unit = '/etc/systemd/system/flowtap@.service.d/test.conf';
      system.shell('umask 077; head -c 32 /dev/urandom >/etc/flowtap/anonymization.key');
      system.write(unit, '[Service]\nLoadCredential=key:/etc/flowtap/anonymization.key\n');
      system.must('systemctl', 'daemon-reload');
      const key = '/run/credentials/flowtap@tap-1.service/key';
      const config = [
        'metrics: { listen: "127.0.0.1:9670" }',
        'exporters: ["ipfix+tcp://127.0.0.1:4740"]',
        `anonymization: { method: cryptopan, keyFile: "${key}" }`,
      ];
      system.write('/etc/flowtap/tap-1.yaml', `${config.join('\n')}\n`);
      system.must('systemctl', 'start', 'flowtap@tap-1');
      expect(await fetchFrom(probe, '/readyz', 9670)).toMatchObject({ status: 200 });
      expect(system.journal('flowtap@tap-1')).toContain('metering tap-1 by ring');
      expect(isActive()).toBe(true);
      // Each has kept what is its own.
      const owner = (path: string) => system.must('stat', '-c', '%u', path).trim();
      const user = (unit: string) =>
        /^Uid:\t(\d+)/m.exec(system.must('cat', `/proc/${mainPid(unit)}/status`))![1];
      expect(owner('/var/lib/flowtap/.')).toBe(user('flowtap'));
      expect(owner('/var/lib/flowtap-tap-1/spool')).toBe(user('flowtap@tap-1'));
      expect(system.run('systemctl', 'stop', 'flowtap', 'flowtap@tap-1')).toMatchObject({ code: 0 });
      expect(system.show('flowtap@tap-1', 'Result')).toBe('success');
    });
  },
);
