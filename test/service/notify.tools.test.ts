/** What the daemon tells the service manager, as a datagram socket that is not ours hears it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServiceManager } from '../../src/cli/service-manager.ts';
import { unixAddress } from '../../src/sys/notify-socket.ts';
import { describeInLab, Lab } from '../lab/lab.ts';
import { daemonCommand } from '../probe/live/daemon-support.ts';
import { describeWithTools } from '../support/tools.ts';
import { waitFor } from '../support/wait.ts';

/** Prints each datagram as a line of JSON; an address with `@` in front is an abstract one. */
const LISTENER = `
import json, socket, sys
name = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind('\\0' + name[1:] if name[0] == '@' else name)
print(json.dumps('bound'), flush=True)
while True:
    print(json.dumps(s.recv(65536).decode()), flush=True)
`;

let folder: string;
let listener: ChildProcess | undefined;
let heard: string[] = [];

async function listen(address: string): Promise<void> {
  heard = [];
  listener = spawn('python3', ['-c', LISTENER, address], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  listener.stdout!.on('data', (part) => {
    text += part;
    heard = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as string);
  });
  await waitFor('the socket is bound', () => heard[0] === 'bound');
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-notify-'));
});
afterEach(() => {
  listener?.kill('SIGKILL');
  listener = undefined;
  rmSync(folder, { recursive: true, force: true });
});

describe('unixAddress', () => {
  it('is a path with a zero octet behind it, or an abstract name with one in front', () => {
    expect([...unixAddress('/a')!]).toEqual([1, 0, 0x2f, 0x61, 0]);
    expect([...unixAddress('@ab')!]).toEqual([1, 0, 0, 0x61, 0x62]);
  });

  it('takes what sockaddr_un holds, and no more', () => {
    expect(unixAddress(`/${'x'.repeat(107)}`)).toHaveLength(110);
    expect(unixAddress(`/${'x'.repeat(108)}`)).toBeUndefined();
    expect(unixAddress('relative')).toBeUndefined();
    expect(unixAddress('')).toBeUndefined();
  });
});

describe('without a service manager', () => {
  it('nothing is said, and nothing is wrong', () => {
    const manager = new ServiceManager({});
    manager.ready('x');
    manager.startWatchdog();
    manager.stopping();
    expect(manager.fault).toBeUndefined();
  });

  it('an address that is none is a fault', () => {
    expect(new ServiceManager({ NOTIFY_SOCKET: 'vsock:2:3' }).fault).toContain('vsock:2:3');
  });
});

describeWithTools(['python3'], 'a service manager', () => {
  it.each(['path', 'abstract name'])('hears by %s', async (kind) => {
    const address = kind === 'path' ? join(folder, 'notify') : `@flowtap-test-${process.pid}`;
    await listen(address);
    const manager = new ServiceManager({
      NOTIFY_SOCKET: address,
      WATCHDOG_USEC: '100000',
      WATCHDOG_PID: String(process.pid),
    });
    manager.ready('1 packet');
    manager.startWatchdog();
    await waitFor('the watchdog is fed', () => heard.includes('WATCHDOG=1'));
    manager.stopping();
    await waitFor('the end is told', () => heard.some((text) => text.startsWith('STOPPING=1\n')));
    expect(heard[1]).toBe('READY=1\nSTATUS=1 packet');
  });

  it('is not fed by a process that the watchdog does not concern', async () => {
    const address = join(folder, 'notify');
    await listen(address);
    const manager = new ServiceManager({
      NOTIFY_SOCKET: address,
      WATCHDOG_USEC: '20000',
      WATCHDOG_PID: String(process.pid + 1),
    });
    manager.startWatchdog();
    await new Promise((resolve) => setTimeout(resolve, 100));
    manager.status('end');
    await waitFor('the status is told', () => heard.includes('READY=1\nSTATUS=end'));
    expect(heard).not.toContain('WATCHDOG=1');
  });
});

describeInLab(['python3'], 'the daemon', () => {
  it('says when it is ready, reloading, ready again and stopping, and writes for journald', async () => {
    const address = join(folder, 'notify');
    await listen(address);
    const lab = new Lab('notify');
    const env = { NOTIFY_SOCKET: address, WATCHDOG_USEC: '200000' };
    const daemon = lab
      .namespace('probe')
      // Standard error as the journal's pipe is: JOURNAL_STREAM names its device and inode.
      .start(
        ['sh', '-c', 'export JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2); exec "$@"', 'sh'].concat(
          daemonCommand('-i', 'lo'),
        ),
        { env },
      );
    try {
      await waitFor('it is ready', () => heard.some((text) => text.startsWith('READY=1\nSTATUS=')));
      await waitFor('the watchdog is fed', () => heard.includes('WATCHDOG=1'));
      daemon.signal('SIGHUP');
      await waitFor('it reloads', () => heard.some((text) => /^RELOADING=1\nMONOTONIC_USEC=\d+$/.test(text)));
      const isReloading = (text: string) => text.startsWith('RELOADING=1');
      const isReady = (text: string) => text.startsWith('READY=1');
      await waitFor('it is ready again', () => heard.findLastIndex(isReady) > heard.findIndex(isReloading));
      const { code, stderr } = await daemon.stop('SIGTERM');
      expect(code).toBe(0);
      expect(heard.at(-1)).toMatch(/^STOPPING=1\n/);
      for (const line of stderr.trimEnd().split('\n')) expect(line).toMatch(/^<[3-7]>\S/);
      expect(stderr).toContain('<6>configuration read again; nothing has changed');
    } finally {
      await lab.close();
    }
  });
});
