/** The web server by itself: whom it serves, where, and how much a client can take of it. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ListenError } from '../../src/base/errors.ts';
import { jsonAnswer, plainAnswer, type Route } from '../../src/web/route.ts';
import { startWebServer, type WebServer } from '../../src/web/server.ts';

let folder: string;
const servers: WebServer[] = [];

/** Streams that are read by somebody. */
const open = new Set<Readable>();

const ROUTES: readonly Route[] = [
  { path: '/guarded', isGuarded: true, answer: () => plainAnswer(200, 'yes') },
  { path: '/echo', answer: (query) => jsonAnswer(query) },
  { path: '/do', method: 'POST', answer: () => plainAnswer(200, 'done') },
  {
    path: '/stream',
    isStream: true,
    answer: () => {
      const body = new Readable({ read: () => {} });
      body.push('first\n');
      open.add(body);
      body.once('close', () => open.delete(body));
      return { contentType: 'text/event-stream', body };
    },
  },
  {
    path: '/fault',
    answer: () => {
      throw new Error('out of order');
    },
  },
];

async function serve(listen: string): Promise<WebServer> {
  const server = await startWebServer({ listen, routes: ROUTES });
  servers.push(server);
  return server;
}

/** What a server on a Unix socket answers. */
function ask(path: string, url: string, method = 'GET'): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const client = request({ socketPath: path, path: url, method, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode!, text }));
    });
    client.on('error', reject);
    client.end();
  });
}

/** All that a server sends back until it closes the connection. */
function rawAnswer(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(text));
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => (answer += part));
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
  });
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-web-'));
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
  rmSync(folder, { recursive: true });
});

describe('over TCP', () => {
  it('only reads: what changes something is not even there', async () => {
    const { url } = await serve('127.0.0.1:0');
    expect(await (await fetch(`${url}/echo?a=1&b=%22`)).json()).toEqual({ a: '1', b: '"' });
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const { status, headers } = await fetch(`${url}/do`, { method });
      expect([method, status, headers.get('allow')]).toEqual([method, 405, 'GET, HEAD']);
    }
    const unknown = await fetch(`${url}/do`);
    expect([unknown.status, await unknown.text()]).toEqual([
      404,
      'not found; there are /guarded, /echo, /stream and /fault\n',
    ]);
  });

  it('says what went wrong, and goes on', async () => {
    const { url } = await serve('127.0.0.1:0');
    const failed = await fetch(`${url}/fault`);
    expect([failed.status, await failed.text()]).toEqual([500, 'out of order\n']);
    expect((await fetch(`${url}/echo`)).status).toBe(200);
  });

  it('sends a stream until either side ends it', async () => {
    const { url } = await serve('127.0.0.1:0');
    expect((await fetch(`${url}/stream`, { method: 'HEAD' })).status).toBe(404);
    expect(open.size).toBe(0);
    const gone = new AbortController();
    const reader = (await fetch(`${url}/stream`, { signal: gone.signal })).body!.getReader();
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('first\n');
    const [stream] = open;
    const closed = new Promise((resolve) => stream!.once('close', resolve));
    gone.abort();
    await closed;
    const other = await fetch(`${url}/stream`);
    for (const one of open) one.push(null);
    expect(await other.text()).toBe('first\n');
  });

  it('ends a stream when it is closed', async () => {
    const server = await serve('127.0.0.1:0');
    const answer = await fetch(`${server.url}/stream`);
    await Promise.all([server.close(), expect(answer.text()).rejects.toThrow()]);
  });

  it.each([
    ['127.0.0.1:9669', 200],
    ['[::1]:9669', 200],
    ['localhost', 200],
    ['probe.localhost:80', 200],
    ['192.0.2.1', 200],
    ['attacker.example:9669', 421],
    ['127.0.0.1.attacker.example', 421],
    ['', 421],
  ])('asked as %j for what is guarded, answers %i', async (host, status) => {
    const { url } = await serve('127.0.0.1:0');
    const get = (path: string) =>
      rawAnswer(url, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(await get('/guarded')).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(await get('/echo')).toMatch(/^HTTP\/1.1 200 /);
  });

  it('refuses headers and bodies that are too large, and what is no HTTP', async () => {
    const { url } = await serve('127.0.0.1:0');
    expect(
      await rawAnswer(url, `GET /echo HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`),
    ).toMatch(/^HTTP\/1\.1 431 /);
    expect(await rawAnswer(url, 'hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect((await fetch(`${url}/echo`)).status).toBe(200);
  });

  it('has 128 connections at most', async () => {
    const { url } = await serve('127.0.0.1:0');
    const { hostname, port } = new URL(url);
    const open = await Promise.all(
      Array.from({ length: 128 }, () => {
        const socket = connect({ host: hostname, port: Number(port) });
        socket.on('error', () => {});
        return new Promise<typeof socket>((resolve) => socket.on('connect', () => resolve(socket)));
      }),
    );
    const refused = connect({ host: hostname, port: Number(port) });
    refused.on('error', () => {});
    await new Promise<void>((resolve) => refused.on('close', () => resolve()));
    for (const socket of open) socket.destroy();
  });
});

describe('on a Unix socket', () => {
  it('serves its owner and group alone, what changes something too', async () => {
    const path = join(folder, 'flowtap.sock');
    const server = await serve(path);
    expect(server.url).toBe(path);
    expect(statSync(path).mode & 0o777).toBe(0o660);
    expect(await ask(path, '/echo?top=3')).toEqual({ status: 200, text: '{"top":"3"}\n' });
    expect(await ask(path, '/do', 'POST')).toEqual({ status: 200, text: 'done\n' });
    expect((await ask(path, '/do', 'DELETE')).status).toBe(405);
    await server.close();
    expect(existsSync(path)).toBe(false);
  });

  it('leaves one to the program that answers there', async () => {
    const path = join(folder, 'flowtap.sock');
    await serve(path);
    await expect(serve(path)).rejects.toMatchObject({
      message: `cannot listen on the control socket ${path}: another program answers there, perhaps another flowtap`,
      remedy: expect.stringContaining('--control-socket'),
    });
    expect((await ask(path, '/echo')).status).toBe(200);
  });

  it('takes one that a program left behind', async () => {
    const path = join(folder, 'flowtap.sock');
    // Ended by a signal that it cannot catch, with the socket still there.
    const left = spawnSync(process.execPath, [
      '-e',
      `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`,
    ]);
    expect(left.signal).toBe('SIGKILL');
    expect(existsSync(path)).toBe(true);
    await serve(path);
    expect((await ask(path, '/echo')).status).toBe(200);
  });

  it('touches no file, and says what is missing', async () => {
    const path = join(folder, 'flowtap.sock');
    writeFileSync(path, 'mine');
    await expect(serve(path)).rejects.toThrow('there is a file which is no socket');
    expect(statSync(path).size).toBe(4);
    const nowhere = serve(join(folder, 'none', 'flowtap.sock'));
    await expect(nowhere).rejects.toThrow(ListenError);
    await expect(nowhere).rejects.toMatchObject({
      message: expect.stringContaining('its folder is not there'),
    });
  });
});
