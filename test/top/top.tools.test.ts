/**
 * `flowtap top` on a real terminal, by tmux: keys, another size, and that the terminal is what it was before, however the
 * program ends. Of a capture at a slow pace, and of a daemon whose answers are given here.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LAUNCHER } from '../probe/live/daemon-support.ts';
import { PCAPS_FOLDER } from '../support/captures.ts';
import { runFlowtap } from '../support/run-flowtap.ts';
import { TmuxTerminal } from '../support/tmux.ts';
import { describeWithTools } from '../support/tools.ts';

const CAPTURE = join(PCAPS_FOLDER, 'demo.pcapng');
const LIMIT_MS = 240_000;

let folder: string;
let terminal: TmuxTerminal | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-top-'));
});
afterEach(() => {
  terminal?.close();
  rmSync(folder, { recursive: true });
});

const file = (name: string) => readFileSync(join(folder, name), 'utf8');

/** Starts `flowtap top` in a terminal that says BEFORE; behind it stands how it ended, and the terminal's settings. */
function start(args: string, node = ''): TmuxTerminal {
  const command = `exec '${process.execPath}' ${node} '${LAUNCHER}' top ${args}`;
  const script = [
    `cd '${folder}'; echo BEFORE; stty -a > before`,
    `(echo $BASHPID > pid; ${command}) 2> errors`,
    'echo "ENDED $?"; stty -a > after; cat errors; echo THAT IS ALL; exec sleep 1000',
  ].join('\n');
  terminal = new TmuxTerminal('top', script);
  return terminal;
}

const capture = (speed: number) => `'${CAPTURE}' --speed ${speed}`;

/** Waits for the end; the screen must be the shell's, with a cursor and the settings of before. */
async function expectRestored(shell: TmuxTerminal, exitCode: number): Promise<string> {
  const lines = await shell.until((_, text) => text.includes('THAT IS ALL'));
  expect(lines[0]).toBe('BEFORE');
  expect(lines[1]).toBe(`ENDED ${exitCode}`);
  expect(shell.format('#{alternate_on} #{cursor_flag}')).toBe('0 1');
  // The first line has the size.
  const settings = (name: string) => file(name).split('\n').slice(1);
  expect(settings('after')).toEqual(settings('before'));
  return lines.join('\n');
}

/** Until flows are on the screen. */
const untilFlows = (shell: TmuxTerminal) => shell.until((_, text) => /Initiator .*\n.*\d/.test(text));

describeWithTools(['tmux'], 'flowtap top on a terminal', () => {
  it(
    'sorts, filters, pauses and quits by keys',
    async () => {
      const shell = start(capture(0.2));
      await untilFlows(shell);
      expect(shell.format('#{alternate_on} #{cursor_flag}')).toBe('1 0');
      shell.press('1');
      await shell.until((_, text) => text.includes('by octets, all flows'));
      shell.press('s');
      await shell.until((_, text) => text.includes('by packets, all flows'));
      shell.press('p');
      await shell.until((_, text) => text.includes('PAUSED'));
      shell.press('f');
      shell.type('port 99999');
      await shell.until((_, text) => text.includes('filter: port 99999_'));
      shell.press('Enter');
      await shell.until((_, text) => text.includes('found port "99999"; allowed: a port from 0 to 65535'));
      shell.press('h');
      await shell.until((_, text) => text.includes('the next measure to sort by'));
      shell.press('h');
      shell.press('f');
      shell.type('protocol ICMPv6');
      shell.press('Enter');
      const filtered = await shell.until((_, text) => text.includes('filter protocol ICMPv6'));
      const rows = filtered.slice(filtered.findIndex((line) => line.startsWith('Initiator')) + 1, -1);
      expect(rows.filter((line) => line !== '' && !line.includes('ICMPv6'))).toEqual([]);
      shell.press('q');
      await expectRestored(shell, 0);
    },
    LIMIT_MS,
  );

  it(
    'fits a terminal that gets another size',
    async () => {
      const shell = start(capture(0.2));
      await untilFlows(shell);
      for (const [columns, rows] of [
        [60, 12],
        [140, 30],
      ] as const) {
        shell.resize(columns, rows);
        const lines = await shell.until(
          (all) =>
            all.length === rows && all.at(-1)!.startsWith('q quit') && all[0]!.startsWith('flowtap top'),
        );
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
      }
      shell.press('C-c');
      await expectRestored(shell, 130);
    },
    LIMIT_MS,
  );

  it.each([
    ['TERM', 143],
    ['HUP', 129],
    ['INT', 130],
  ] as const)(
    'leaves the terminal as it was after kill -%s',
    async (signal, code) => {
      const shell = start(capture(0.2));
      await untilFlows(shell);
      process.kill(Number(file('pid')), `SIG${signal}`);
      await expectRestored(shell, code);
    },
    LIMIT_MS,
  );

  it(
    'leaves the terminal as it was after a defect, which is told on it',
    async () => {
      const module = join(folder, 'defect.mjs');
      writeFileSync(module, "process.on('SIGUSR2', () => { throw new Error('on purpose'); });\n");
      const shell = start(capture(0.2), `--import '${module}'`);
      await untilFlows(shell);
      process.kill(Number(file('pid')), 'SIGUSR2');
      expect(await expectRestored(shell, 1)).toContain('on purpose');
    },
    LIMIT_MS,
  );

  it(
    'gives the terminal back for Ctrl-Z, until fg',
    async () => {
      terminal = new TmuxTerminal('top', `set -m; cd '${folder}'; stty -a > before; exec bash --norc -i`);
      const shell = terminal;
      shell.type(`PS1=; '${process.execPath}' '${LAUNCHER}' top ${capture(0.2)}; echo "ENDED $?"`);
      shell.press('Enter');
      await untilFlows(shell);
      shell.press('C-z');
      await shell.until((_, text) => text.includes('Stopped'));
      expect(shell.format('#{alternate_on} #{cursor_flag}')).toBe('0 1');
      shell.type('fg');
      shell.press('Enter');
      await shell.until((_, text) => text.includes('q quit  s sort'));
      expect(shell.format('#{alternate_on} #{cursor_flag}')).toBe('1 0');
      shell.press('q');
      await shell.until((_, text) => !text.includes('q quit  s sort'));
      expect(shell.format('#{alternate_on} #{cursor_flag}')).toBe('0 1');
    },
    LIMIT_MS,
  );

  it(
    'stays at the end of a capture, with its last flows',
    async () => {
      const shell = start(capture(1000));
      const lines = await shell.until((_, text) => text.includes('AT ITS END'));
      expect(lines.filter((line) => line.includes('10.1.0.'))).not.toEqual([]);
      shell.press('q');
      await expectRestored(shell, 0);
    },
    LIMIT_MS,
  );

  it(
    'ends with a message when its daemon does',
    async () => {
      const socket = join(folder, 'control.sock');
      const server = await answerAt(socket);
      const shell = start(`--socket '${socket}'`);
      await shell.until((_, text) => text.includes('192.0.2.1:1003') && text.includes('eth9  up'));
      await shell.until((_, text) => text.includes('raise live.ring.blocks'));
      server.closeAllConnections();
      server.close();
      expect(await expectRestored(shell, 1)).toMatch(/no daemon answers at .*control\.sock/);
    },
    LIMIT_MS,
  );
});

/** A daemon that always says the same. */
async function answerAt(socket: string): Promise<Server> {
  const counts = { packetTotalCount: 5, octetTotalCount: 500, droppedPackets: 7, activeFlows: 1 };
  const status = {
    version: '9.9.9',
    uptimeSeconds: 5,
    isReady: true,
    isPaused: false,
    interfaces: [{ name: 'eth9', isUp: true, ...counts }],
    losses: [
      {
        subject: 'eth9',
        count: 7,
        what: 'packets dropped',
        remedy: 'raise live.ring.blocks',
        level: 'error',
      },
    ],
  };
  const flow = {
    interface: 'eth9',
    sourceIPv4Address: '192.0.2.1',
    destinationIPv4Address: '198.51.100.7',
    sourceTransportPort: 1003,
    destinationTransportPort: 53,
    protocolIdentifier: 17,
    protocolName: 'UDP',
    ageMilliseconds: 1000,
    bitsPerSecond: 8,
    reverseBitsPerSecond: 8,
  };
  const server = createServer((request, response) => {
    const isFlows = request.url!.startsWith('/api/v1/flows?sort=rate&top=200');
    response.end(JSON.stringify(isFlows ? { isComplete: true, flows: [flow] } : status));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return server;
}

describe('flowtap top elsewhere', () => {
  it('is plain text where there is no terminal', async () => {
    const { exitCode, stdout, stderr } = await runFlowtap([
      'top',
      CAPTURE,
      '--speed',
      '1000',
      '--sort',
      'octets',
    ]);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).not.toContain('\x1b');
    const last = stdout.trimEnd().split('\n\n').at(-1)!;
    expect(last).toContain('by octets, all flows  AT ITS END');
    // The busiest of the flows that the end of the capture ended, as `replay` has it.
    const { stdout: table } = await runFlowtap(['replay', CAPTURE, '-q', '--top', '0']);
    const busiest = /(10\.\S+) +→ (10\.\S+) .* input end$/m.exec(table)!;
    expect(last.split('\n')[5]).toMatch(new RegExp(`^${busiest[1]} +${busiest[2]} `));
  });

  it('ends after so many looks', async () => {
    const { exitCode, stdout } = await runFlowtap([
      'top',
      CAPTURE,
      '--speed',
      '0.2',
      '-n',
      '2',
      '-f',
      'protocol icmpv6',
    ]);
    expect(exitCode).toBe(0);
    expect(stdout.match(/^by rate, filter protocol icmpv6/gm)).toHaveLength(2);
  });

  it.each([
    [['x.pcap', '-i', 'eth0'], /--interface: found with "x.pcap"; allowed: a FILE or -i NAME/],
    [['--speed', '2'], /--speed: found without a FILE/],
    [['--sort', 'size'], /--sort: found "size"; allowed: octets, packets, rate, loss, rtt or start/],
    [['x.pcap', '--socket', '/x'], /--socket: found with a FILE or -i/],
    [[CAPTURE, '-f', 'port x', '-n', '1'], /filter: found port "x"; allowed: a port/],
  ])('refuses %j', async (args, message) => {
    const { exitCode, stdout, stderr } = await runFlowtap(['top', ...args]);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });

  it('shows what it can of a capture with a fault, tells the fault, and fails', async () => {
    const cut = join(folder, 'cut.pcap');
    writeFileSync(cut, readFileSync(join(PCAPS_FOLDER, 'big-endian.pcap')).subarray(0, -1));
    const { exitCode, stdout, stderr } = await runFlowtap(['top', cut, '--speed', '100000']);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('AT ITS END');
    expect(stderr).toMatch(/^flowtap: .*cut\.pcap: byte \d+: /);
    const missing = await runFlowtap(['top', join(folder, 'missing.pcap')]);
    expect(missing.exitCode).toBe(1);
    expect(missing.stderr).toMatch(/missing\.pcap: .*found no such file/);
  });

  it('says where no daemon answers, and what to do', async () => {
    const { exitCode, stderr } = await runFlowtap(['top', '--socket', join(folder, 'none.sock')]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/no daemon answers at .*none\.sock: ENOENT/);
  });
});
