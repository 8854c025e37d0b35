/**
 * A daemon that meters real traffic in network namespaces, and Chromium in the daemon's namespace, from where nothing else
 * can be reached: for tests of the page, and for pictures of it.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import type { LabProcess, Namespace } from '../lab/lab.ts';
import { daemonCommand } from '../probe/live/daemon-support.ts';

/** What it takes, besides namespaces. */
export const PAGE_TOOLS = ['chromium', 'python3'];
export const PAGE_URL = 'http://127.0.0.1:9669/';
/** Hosts that send, each to a server of its own. */
const CLIENTS = ['192.0.2.11', '192.0.2.12', '192.0.2.13', '192.0.2.14'];
export const SERVERS = ['198.51.100.21', '198.51.100.22', '203.0.113.31', '203.0.113.32'];
const TRAFFIC = join(import.meta.dirname, '../lab/traffic.py');
/** For what runs as long as the page is looked at. */
const LIMIT_MS = 900_000;
/** To start Chromium on a machine that others keep busy. */
const BROWSER_START_MS = 120_000;

/** Two namespaces with a wire between them. */
export interface PageWire {
  readonly clients: Namespace;
  readonly probe: Namespace;
  /** Names of the wire at either end; the daemon meters the probe's. */
  readonly ends: readonly [string, string];
  readonly close: () => Promise<void>;
}

/** Starts Chromium in a namespace. */
function startBrowser(namespace: Namespace, folder: string): Promise<Browser> {
  const script = join(folder, 'chromium');
  const words = [...namespace.prefix, 'chromium'].map((word) => `'${word}'`);
  writeFileSync(script, `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`);
  chmodSync(script, 0o755);
  return chromium.launch({
    executablePath: script,
    args: ['--disable-gpu', '--disable-dev-shm-usage', '--lang=en'],
    timeout: BROWSER_START_MS,
    env: { ...process.env, HOME: folder, TZ: 'UTC' },
  });
}

export class PageLab {
  readonly wire: PageWire;
  readonly folder: string;
  daemon!: LabProcess;
  browser!: Browser;

  /** @param wire closed with it */
  constructor(wire: PageWire) {
    this.wire = wire;
    this.folder = mkdtempSync(join(tmpdir(), 'flowtap-page-'));
  }

  /** The control socket of the daemon. */
  get socket(): string {
    return join(this.folder, 'flowtap.sock');
  }

  /** Gives the hosts addresses, and starts the daemon and the browser. @param flags of the daemon, besides the usual ones */
  async start(...flags: string[]): Promise<void> {
    const { clients, probe, ends } = this.wire;
    for (const [i, server] of SERVERS.entries()) {
      clients.execute('ip', 'addr', 'add', `${CLIENTS[i]}/32`, 'dev', ends[0]);
      probe.execute('ip', 'addr', 'add', `${server}/32`, 'dev', ends[1]);
    }
    for (const [i, server] of SERVERS.entries()) {
      clients.execute('ip', 'route', 'add', server, 'dev', ends[0], 'src', CLIENTS[i]!);
      probe.execute('ip', 'route', 'add', CLIENTS[i]!, 'dev', ends[1], 'src', server);
    }
    const usual = ['--path-health', 'on', '--outgoing', '--control-socket', this.socket];
    const command = daemonCommand('-i', ends[1], ...usual, ...flags);
    this.daemon = probe.start(command, { limitMs: LIMIT_MS });
    await this.daemon.waitForOutput(/metering .* by /);
    this.browser = await startBrowser(probe, this.folder);
  }

  /**
   * Lets a client talk to its server.
   * @param which pair of hosts
   * @param words of traffic.py's send, a connection each
   */
  talk(which: number, ...words: string[]): LabProcess {
    return this.wire.clients.start(['python3', TRAFFIC, 'send', SERVERS[which]!, ...words], {
      limitMs: LIMIT_MS,
    });
  }

  /** Serves these ports, words of traffic.py each, on all servers. */
  async serve(...words: string[]): Promise<void> {
    const server = this.wire.probe.start(['python3', TRAFFIC, 'serve', ...words], { limitMs: LIMIT_MS });
    await server.waitForOutput(/ready/);
  }

  async close(): Promise<void> {
    await this.browser?.close();
    await this.daemon?.stop('SIGTERM');
    await this.wire.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
