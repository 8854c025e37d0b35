/** The units of systemd: right by systemd's own judgement, tight, and wide enough for what the daemon does. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeInLab, Lab } from '../lab/lab.ts';
import { daemonCommand, fetchFrom } from '../probe/live/daemon-support.ts';
import { describeWithTools } from '../support/tools.ts';

const FOLDER = join(import.meta.dirname, '../../systemd');
const UNITS = ['flowtap.service', 'flowtap@.service'] as const;
const read = (name: string) => readFileSync(join(FOLDER, name), 'utf8');

/** Values of a setting, in order. */
function settings(text: string, name: string): string[] {
  return [...text.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value!);
}

function run(...command: [string, ...string[]]) {
  const [program, ...args] = command;
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-units-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describeWithTools(['systemd-analyze'], 'systemd-analyze', () => {
  it.each(UNITS)('gives %s an exposure below 2.0', (name) => {
    const { output } = run('systemd-analyze', 'security', '--offline=true', join(FOLDER, name));
    const level = Number(/Overall exposure level for .*: ([\d.]+)/.exec(output)?.[1]);
    expect(level, output).toBeLessThan(2);
  });

  it.each(UNITS)('finds nothing wrong with %s', (name) => {
    // Its command is not installed here: another one stands in for it.
    const text = read(name).replace('/usr/local/bin/flowtap', '/bin/true');
    const file = join(folder, name.replace('@', '@eth1'));
    writeFileSync(file, text);
    const { status, output } = run('systemd-analyze', 'verify', '--man=no', file);
    expect(output.split('\n').filter((line) => line.includes('flowtap'))).toEqual([]);
    expect(status).toBe(0);
  });
});

/** Names of the system calls in a set of systemd's, sets within it included. */
function callsIn(set: string): Set<string> {
  const calls = new Set<string>();
  const { output } = run('systemd-analyze', 'syscall-filter', '--no-pager', set);
  for (const line of output.split('\n')) {
    const word = line.trim();
    if (word === '' || word.startsWith('#') || word === set) continue;
    if (word.startsWith('@')) for (const call of callsIn(word)) calls.add(call);
    else calls.add(word);
  }
  return calls;
}

describeInLab(['strace', 'systemd-analyze', 'curl'], 'the system call filter', () => {
  it('lets everything pass that the daemon cannot do without', async () => {
    const [first, second] = settings(read('flowtap.service'), 'SystemCallFilter');
    const allowed = callsIn(first!);
    for (const set of second!.slice(1).split(' ')) for (const call of callsIn(set)) allowed.delete(call);
    expect(allowed.size).toBeGreaterThan(150);
    const lab = new Lab('units');
    const probe = lab.namespace('probe');
    const trace = join(folder, 'trace');
    const strace = ['strace', '-f', '-qq', '-c', '-U', 'name,errors', '-o', trace];
    const options = ['-i', 'lo', '-e', 'ipfix://127.0.0.1:4739', '--idle-timeout', '100ms'];
    const daemon = probe.start([...strace, ...daemonCommand(...options)]);
    try {
      await daemon.waitForOutput(/metering lo by ring/);
      await probe.run(['ping', '-q', '-c', '3', '-i', '0.2', '127.0.0.1']);
      expect((await fetchFrom(probe, '/readyz')).status).toBe(200);
      // strace passes the signal on to what it traces, which ends by itself.
      probe.execute('sh', '-c', `kill -TERM $(cat /proc/${daemon.pid}/task/${daemon.pid}/children)`);
      await daemon.ended;
    } finally {
      await lab.close();
    }
    const used = readFileSync(trace, 'utf8')
      .split('\n')
      .map((line) => /^([a-z_0-9]+)(?:\s+\d+)?\s*$/.exec(line.trim())?.[1])
      .filter((call) => call !== undefined && call !== 'total');
    expect(used).toContain('poll');
    expect(used.length).toBeGreaterThan(30);
    expect(used.filter((call) => !allowed.has(call!))).toEqual([]);
  });
});
