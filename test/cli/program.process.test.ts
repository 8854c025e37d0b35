/** The program as its users meet it: help, exit codes, messages. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { LAUNCHER, runFlowtap } from './flowtap.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'flowtap-cli-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

describe('a rejection that nobody handles', () => {
  it('ends the program with a message and exit code 1', () => {
    const defect =
      'data:text/javascript,setInterval(()=>process.listenerCount("unhandledRejection")&&Promise.reject(new Error("no such thing")),5)';
    const main = join(import.meta.dirname, '../../src/main.ts');
    const run = spawnSync(process.execPath, ['--import', defect, main, 'replay', '-', '-o', 'none'], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect(run.status).toBe(1);
    expect(run.stderr).toMatch(/^flowtap: a defect of flowtap, .*\nflowtap: Error: no such thing\n/);
  });
});

describe('help', () => {
  it.each(['', ...COMMANDS.map((command) => command.name)])(
    'flowtap %s --help fits a screen, with an example',
    (name) => {
      const { code, out, err } = runFlowtap([...(name === '' ? [] : [name]), '--help']);
      expect([code, err]).toEqual([0, '']);
      const lines = out.trimEnd().split('\n');
      expect(lines.length).toBeLessThanOrEqual(60);
      for (const line of lines) expect([...line].length).toBeLessThanOrEqual(100);
      expect(out).toContain('Usage: flowtap');
      expect(out.slice(out.indexOf('Examples:'))).toMatch(/ {2}(flowtap|tcpdump)/);
    },
  );

  it('has the options of a command under headings', () => {
    const { out } = runFlowtap(['run', '--help']);
    const headings = [...out.matchAll(/^(\w+):$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(['Options', 'Capture', 'Metering', 'Exporting', 'Examples']);
    const below = (heading: string) => out.split(`${heading}:\n`)[1]!.split('\n\n')[0]!;
    expect(below('Options')).toMatch(/-i, --interface NAME.*\n(.*\n)*.*-h, --help/);
    expect(below('Metering')).toMatch(/^ +--idle-timeout DURATION +Export a flow .*\[15s\]$/m);
  });

  it('is what flowtap alone shows, as a wrong use', () => {
    const { code, out, err } = runFlowtap([]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toBe(runFlowtap(['--help']).out);
  });

  it('shows the version', () => {
    expect(runFlowtap(['--version'])).toEqual({
      code: 0,
      out: expect.stringMatching(/^flowtap \d+\.\d+\.\d+\n$/),
      err: '',
    });
  });
});

describe('a wrong command line', () => {
  it.each([
    [['relpay', 'x.pcap'], ['command line: command: found "relpay"; allowed: replay (did you mean it?)']],
    [['check'], ['command: found "check"; allowed: check-config (did you mean it?)']],
    [['replay'], ['FILE: found nothing']],
    [['interfaces', 'eth0'], ['operand: found "eth0"; allowed: no operand']],
    [['interfaces', '-o', 'xml'], ['--output: found "xml"; allowed: table or json']],
    [
      ['replay', 'x', '--idle-timout', '1s'],
      ['--idle-timout: found an unknown option; allowed: --idle-timeout (did you mean it?)'],
    ],
    [
      [
        'replay',
        'x',
        '--idle-timeout',
        'soon',
        '--top',
        '-1',
        '-e',
        'http://h',
        '--flow-key',
        'tos,x',
        '-o',
        'xml',
      ],
      [
        '--idle-timeout: found "soon"; allowed: a duration',
        '--top: found "-1"; allowed: a whole number from 0',
        '--export: found "http://h"; allowed: netflow5, netflow9, ipfix',
        '--flow-key: found "x"; allowed: any of vlan, pppoe',
        '--output: found "xml"; allowed: table, json, csv or none',
      ],
    ],
    [['replay', 'x', '--speed', '--merge'], ['--speed: found nothing; allowed: max, or a number']],
    [['replay', 'x', '--merge=yes'], ['--merge: found "yes"; allowed: no value']],
    [['replay', 'x', '--help=no'], ['--help: found false; allowed: no value']],
    [
      ['replay', 'x', '-e', '--speed', '--merge=1', '-q=3', '--bogus', '-o'],
      [
        '--bogus: found an unknown option; allowed: --export, --output',
        '--export: found nothing; allowed: the URL of a collector',
        '--speed: found nothing; allowed: max, or a number',
        '--merge: found "1"; allowed: no value',
        '--quiet: found "3"; allowed: no value',
        '--output: found nothing; allowed: table, json, csv or none',
      ],
    ],
    [
      ['count', '-i', 'no-such-interface', '--duration', 'soon', '-o', 'xml', '--snap-length', 'x'],
      [
        '--duration: found "soon"; allowed: a duration',
        '--output: found "xml"; allowed: table or json',
        '--snap-length: found "x"; allowed: auto, or a whole number',
      ],
    ],
    [['replay', '-5'], ['-5: found an unknown option']],
    [['replay', '---merge', 'x'], ['---merge: found an unknown option; allowed: --merge (did you mean it?)']],
    [['replay', 'x', '-qZ'], ['-Z: found an unknown option']],
    [['replay', 'x', '--no-merge'], ['--no-merge: found an unknown option; allowed: --merge']],
    [['replay', 'x', '--_', '3'], ['--_: found an unknown option']],
    [['replay', 'x', '--$0=3'], ['--$0: found an unknown option']],
    [['replay', 'x', '--__proto__', '3'], ['--__proto__: found an unknown option']],
    [['replay', 'x', '--a.b', '3'], ['--a.b: found an unknown option']],
    [['check-config', 'a', 'b', 'c'], ['operand: found "b c"; allowed: one FILE']],
    [['--verbos', 'replay', 'x'], ['--verbos: found an unknown option; allowed: --help, --version']],
    [['--x'], ['--x: found an unknown option; allowed: --help, --version']],
    [['--', 'replay'], ['command: found "--"; allowed: run, replay']],
    [['help', 'relpay'], ['command: found "relpay"; allowed: replay (did you mean it?)']],
    [['relpay', '--help'], ['command: found "relpay"; allowed: replay (did you mean it?)']],
    [
      ['replay', 'x', '--idle-timeout', '2m', '--active-timeout', '1m'],
      ['--idle-timeout: found 2m; allowed: at most --active-timeout, which is 60s'],
    ],
  ] as const)('%j exits with 2 and says all that is wrong', (args, messages) => {
    const { code, out, err } = runFlowtap(args);
    expect([code, out]).toEqual([2, '']);
    for (const message of messages) expect(err).toContain(message);
    expect(err).not.toMatch(/^ +at /m);
  });
});

describe('options', () => {
  const demo = join(import.meta.dirname, '../../pcaps/demo.pcapng');

  it.each([
    ['behind a blank', ['-q', '-o', 'json']],
    ['behind its letter', ['-q', '-ojson']],
    ['behind a group of letters', ['-qojson']],
    ['behind =', ['-q', '--output=json']],
    ['behind a letter and =', ['-qo=json']],
    ['the last of several', ['-q', '-o', 'csv', '--output', 'json']],
  ])('have their value %s', (_, flags) => {
    const { code, out, err } = runFlowtap(['replay', demo, ...flags]);
    expect([code, err]).toEqual([0, '']);
    const flows = out.trimEnd().split('\n');
    expect(flows.length).toBeGreaterThan(1);
    for (const flow of flows) expect(JSON.parse(flow)).toHaveProperty('packetDeltaCount');
  });

  it('may have a digit for their letter, and a file - for their value', () => {
    const run = (args: string[]) =>
      spawnSync(process.execPath, [LAUNCHER, 'generate', ...args], { cwd: directory, encoding: 'utf8' });
    expect(run(['-6', '-n', '3', '-w', 'six.pcap', '--size', '82']).stdout).toContain('3 packets');
    // EtherType of IPv6, behind the headers of the file and of the first record.
    expect(readFileSync(join(directory, 'six.pcap')).readUInt16BE(24 + 16 + 12)).toBe(0x86dd);
    expect(run(['-n3', '--write', '-']).status).toBe(0);
    expect(existsSync(join(directory, '-'))).toBe(true);
  });

  it('end with --, behind which all are operands', () => {
    const { code, err } = runFlowtap(['replay', '-q', '--', '-x', '--merge']);
    expect(code).toBe(1);
    for (const name of ['-x', '--merge']) expect(err).toContain(`flowtap: ${name}: expected a pcap`);
  });

  it('give way to --help, wherever it stands', () => {
    const help = runFlowtap(['help', 'replay']);
    expect(help).toMatchObject({ code: 0, out: expect.stringContaining('Usage: flowtap replay FILE') });
    for (const args of [['-h'], ['x', '--top', '-h'], ['--bogus', '--help']]) {
      expect(runFlowtap(['replay', ...args])).toEqual(help);
    }
  });
});

describe('completion', () => {
  /** What bash, with the script that `flowtap completion` prints, completes the last of these words with. */
  function completed(words: readonly string[]): string[] {
    const script = `
      flowtap() { "$NODE" "$LAUNCHER" "$@"; }
      source <(flowtap completion)
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
      _flowtap_yargs_completions
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const env = { ...process.env, NODE: process.execPath, LAUNCHER, SHELL: '/bin/bash' };
    const result = spawnSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8', env });
    expect([result.status, result.stderr]).toEqual([0, '']);
    return result.stdout.split('\n').filter((word) => word !== '');
  }

  it.each([
    [['flowtap', 'rep'], ['replay']],
    [
      ['flowtap', 'c'],
      ['count', 'check-config', 'ctl', 'completion'],
    ],
    [
      ['flowtap', 'replay', '--temp'],
      ['--template', '--template-ipv4', '--template-ipv6'],
    ],
    [
      ['flowtap', 'replay', 'x.pcap', '-o', ''],
      ['table', 'json', 'csv', 'none'],
    ],
    [['flowtap', 'run', '--capture', 'lib'], ['libpcap']],
    [
      ['flowtap', 'ctl', 'st'],
      ['status', 'stop', 'statistics', 'stop-gather', 'start-gather'],
    ],
    [
      ['flowtap', 'ctl', '--json', 'ex'],
      ['export-all', 'expire-all'],
    ],
    [['flowtap', 'ctl', 'set', 's'], []],
    // Nothing, so that bash offers files.
    [['flowtap', 'replay', ''], []],
  ])('of %j is %j', (words, expected) => {
    expect(completed(words)).toEqual(expected);
  });
});

describe('check-config', () => {
  const write = (name: string, text: string) => {
    const file = join(directory, name);
    writeFileSync(file, text);
    return file;
  };

  it('says OK, and prints what is in effect', () => {
    const file = write('right.yaml', 'metering: { idleTimeout: 5 }\n');
    const checked = runFlowtap(['check-config', file]);
    expect(checked).toMatchObject({ code: 0, err: '' });
    expect(checked.out).toMatch(
      /^\S+right\.yaml: OK\nmemory; each worker: ring .*, flow table .*, record queue .*\n$/,
    );
    const { code, out } = runFlowtap(['check-config', file, '--print']);
    expect(code).toBe(0);
    expect(out).toContain('  idleTimeout: 5s\n  activeTimeout: 60s\n');
  });

  it('tells the memory that inspection and names would take', () => {
    const lineOf = (dnsNames: string, more: string) => {
      const live =
        'live: { interfaces: [lo], workers: 2 }\nmetering: { flowTableEntries: 1000, pathHealth: off }\n';
      const names = `applications: { dnsNames: ${dnsNames}, dnsNameEntries: 2000 }\n`;
      const file = write('memory.yaml', `${live}exporters: ["ipfix://192.0.2.1"]\n${names}${more}`);
      return runFlowtap(['check-config', file]).out.split('\n')[1];
    };
    const inspection = 'payload inspection up to \\S+ MB \\(1,000 flows\\)';
    expect(lineOf('client', '')).toMatch(
      new RegExp(`^memory: 2\\d\\d MB; .*${inspection}, names by DNS \\S+ MB \\(2,000 addresses\\), record`),
    );
    expect(lineOf('off', '')).not.toMatch(/payload|DNS/);
    expect(lineOf('off', 'template: { ipv4: applications }\n')).toMatch(new RegExp(`${inspection}, record`));
  });

  it('names every fault with file and line', () => {
    const file = write('wrong.yaml', 'metering:\n  idleTimeout: x\n  activTimeout: 1\n');
    const { code, err } = runFlowtap(['check-config', file]);
    expect(code).toBe(2);
    expect(err).toContain(`${file}:2: metering.idleTimeout: found "x"`);
    expect(err).toContain(
      `${file}:3: metering.activTimeout: found an unknown option; allowed: activeTimeout`,
    );
  });

  it('names elements that do not exist', () => {
    const file = write(
      'template.yaml',
      'template: { ipv4: [octetDeltaCont] }\nexporters: ["ipfix://h", "netflow9://h"]\n',
    );
    const { code, err } = runFlowtap(['check-config', file]);
    expect(code).toBe(2);
    expect(err).toMatch(/template\.ipv4: found octetDeltaCont; allowed: .*did you mean octetDeltaCount\?\n$/);
    expect(err.split('\n')).toHaveLength(2);
  });

  it('names options of a live capture that contradict each other', () => {
    const file = write('contradiction.yaml', 'live:\n  sampling:\n    method: hash\n');
    const { code, err } = runFlowtap(['check-config', file]);
    expect(code).toBe(2);
    expect(err).toMatch(
      /contradiction\.yaml:3: live\.sampling\.method: found hash; allowed: only with live\.sampling\.interval/,
    );
  });

  it('finds the sample right, which the daemon then wants nothing but interfaces in', () => {
    const sample = join(import.meta.dirname, '../../config/flowtap.yaml');
    expect(runFlowtap(['check-config', sample])).toMatchObject({ code: 0 });
    for (const flags of [[], ['--capture', 'libpcap']]) {
      const { code, err } = runFlowtap(['run', '-c', sample, ...flags]);
      expect(code).toBe(2);
      expect(err).toMatch(
        /^flowtap: \S*config\/flowtap\.yaml:\d+: live\.interfaces: found nothing; allowed: one or more of .*\n$/,
      );
    }
  });

  it('writes for journald where its errors go there', () => {
    const file = write('journal.yaml', 'biflow: 7\n');
    const script = 'export JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2); exec "$@"';
    const args = ['-c', script, 'sh', process.execPath, LAUNCHER, 'check-config', file];
    const { status, stderr } = spawnSync('sh', args, { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^<3>\S+journal\.yaml:1: biflow: found 7; allowed: .*\n$/);
  });

  it('tells when there is no file', () => {
    const { code, err } = runFlowtap(['check-config', join(directory, 'none.yaml')]);
    expect([code, err.includes('found ENOENT')]).toEqual([2, true]);
  });

  it('names the faults of the file and of the flags together', () => {
    const file = write('both.yaml', 'biflow: 7\n');
    const { code, err } = runFlowtap(['replay', 'x.pcap', '-c', file, '--top', 'x']);
    expect(code).toBe(2);
    expect(err).toContain(`${file}:1: biflow: found 7`);
    expect(err).toContain('command line: --top: found "x"');
  });
});

describe('interfaces', () => {
  it('lists the loopback interface for people and programs', () => {
    const rows = runFlowtap(['interfaces', '-o', 'json'])
      .out.trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const loopback = rows.find((row) => row.addresses.some((address: string) => address.startsWith('127.')));
    expect(loopback).toMatchObject({ name: expect.any(String), mtuOctets: expect.anything() });
    const table = runFlowtap(['interfaces']).out;
    expect(table.split('\n')[0]).toMatch(/^Index +Name +State +Speed +MTU +MAC +Addresses$/);
    expect(table.trimEnd().split('\n')).toHaveLength(rows.length + 1);
  });
});

describe('elements', () => {
  it('lists every element, and all of them to programs', () => {
    const { code, out } = runFlowtap(['elements']);
    expect(code).toBe(0);
    expect(out).toMatch(/^ *1 +octetDeltaCount +unsigned64 +octets +netflow9 ipfix$/m);
    const rows = runFlowtap(['elements', '-o', 'json']).out.trimEnd().split('\n');
    expect(rows).toHaveLength(out.trimEnd().split('\n').length - 1);
    expect(rows.map((row) => JSON.parse(row))).toContainEqual(
      expect.objectContaining({ id: 8, name: 'sourceIPv4Address', type: 'ipv4Address', octets: 4 }),
    );
  });

  it('shows one', () => {
    const { out } = runFlowtap(['elements', 'protocolIdentifier']);
    expect(out).toMatch(/^protocolIdentifier: .+\n +Number +4 \(IANA\)$/m);
  });

  it('suggests the nearest for an unknown one', () => {
    const { code, err } = runFlowtap(['elements', 'octetDelta']);
    expect(code).toBe(2);
    expect(err).toContain('NAME: found "octetDelta"; allowed: octetDeltaCount (did you mean it?)');
  });
});
