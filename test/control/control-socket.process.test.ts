/** Where the control socket of a daemon is, and what the configuration may say about it. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../src/base/log.ts';
import { SOCKET_PATH } from '../../src/config/types/socket-path.ts';
import { openControlSocket } from '../../src/control/control-socket.ts';
import { socketOf } from '../../src/control/socket-path.ts';

let folder: string;
const lines: string[] = [];
const log = createLog({ level: 'info', format: 'plain', print: (line) => lines.push(line) });
const runtime = process.env.RUNTIME_DIRECTORY;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-control-'));
  lines.length = 0;
});
afterEach(() => {
  if (runtime === undefined) delete process.env.RUNTIME_DIRECTORY;
  else process.env.RUNTIME_DIRECTORY = runtime;
  rmSync(folder, { recursive: true });
});

describe('the control socket', () => {
  it.each([
    ['/run/flowtap', '/run/flowtap/flowtap.sock'],
    ['/run/flowtap-eth1:/run/other', '/run/flowtap-eth1/flowtap.sock'],
  ])('lies in the folder that systemd made, %s', (directory, path) => {
    expect(socketOf(directory)).toBe(path);
  });

  it('lies in its usual folder where that is there, and else nowhere', () => {
    expect(socketOf(undefined, folder)).toBe(join(folder, 'flowtap.sock'));
    expect(socketOf('', folder)).toBe(join(folder, 'flowtap.sock'));
    expect(socketOf(undefined, join(folder, 'none'))).toBeUndefined();
  });

  it('of a second daemon is refused where it was asked for, else the daemon goes on without', async () => {
    process.env.RUNTIME_DIRECTORY = folder;
    const path = join(folder, 'flowtap.sock');
    const routes = async () => [];
    const first = await openControlSocket('auto', routes, log);
    expect(first?.url).toBe(path);
    expect(lines.join('\n')).toContain(`control socket ${path}`);
    expect(await openControlSocket('auto', routes, log)).toBeUndefined();
    expect(lines.join('\n')).toContain('another program answers there, perhaps another flowtap');
    await expect(openControlSocket(path, routes, log)).rejects.toThrow('another program answers there');
    expect(await openControlSocket('none', routes, log)).toBeUndefined();
    const client = connect(path);
    await once(client, 'connect');
    client.destroy();
    await first!.close();
  });
});

describe('control.socket', () => {
  it.each([['auto'], ['none'], ['/run/a b/x.sock'], [`/${'a'.repeat(106)}`]])('may be %s', (text) => {
    expect(SOCKET_PATH.parse(text)).toBe(text);
  });

  it.each([
    ['flowtap.sock'],
    ['./x'],
    ['/run/'],
    ['/'],
    [`/${'a'.repeat(107)}`],
    [`/${'ä'.repeat(60)}`],
    [7],
  ])('may not be %s', (raw) => expect(SOCKET_PATH.parse(raw)).toBeUndefined());
});
