/** Runs tools that are not ours over messages: tshark's dissector, and nfcapd with nfdump. */
import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntilQuiet } from '../../support/network.ts';

/** A classic pcap of raw IPv4 packets (LINKTYPE_RAW), one UDP datagram to port 2055 for each message. */
export function pcapOf(messages: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65535, 16);
  header.writeUInt32LE(101, 20);
  const packets = messages.map((message, i) => {
    const packet = Buffer.alloc(16 + 28 + message.length);
    packet.writeUInt32LE(i, 0);
    packet.writeUInt32LE(28 + message.length, 8);
    packet.writeUInt32LE(28 + message.length, 12);
    packet[16] = 0x45;
    packet.writeUInt16BE(28 + message.length, 18);
    packet[24] = 64;
    packet[25] = 17;
    packet.set([192, 0, 2, 1], 28);
    packet.set([192, 0, 2, 2], 32);
    packet.writeUInt16BE(40000, 36);
    packet.writeUInt16BE(2055, 38);
    packet.writeUInt16BE(8 + message.length, 40);
    packet.set(message, 44);
    return packet;
  });
  return Buffer.concat([header, ...packets]);
}

/** What tshark's CFLOW dissector prints about messages. */
export function tshark(messages: readonly Uint8Array[], args: readonly string[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'flowtap-'));
  try {
    const file = join(directory, 'messages.pcap');
    writeFileSync(file, pcapOf(messages));
    return execFileSync('tshark', ['-n', '-r', file, '-d', 'udp.port==2055,cflow', ...args], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

/** A flow as `nfdump -o json` lists it. */
export type NfdumpFlow = Readonly<Record<string, string | number>>;

export interface NfcapdResult {
  readonly flows: readonly NfdumpFlow[];
  /** Value of a line of `nfdump -I`, as `Sequence failures`. */
  readonly statistics: ReadonlyMap<string, string>;
}

/**
 * Starts nfcapd, lets `send` send to its port, stops it, and reads what it stored.
 */
export async function collectWithNfcapd(send: (port: number) => Promise<void>): Promise<NfcapdResult> {
  const directory = mkdtempSync(join(tmpdir(), 'flowtap-'));
  const port = await freePort();
  const nfcapd = spawn('nfcapd', ['-b', '127.0.0.1', '-p', String(port), '-l', directory, '-t', '3600'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    await new Promise<void>((resolve, reject) => {
      let log = '';
      nfcapd.stderr.on('data', (chunk) => {
        log += chunk;
        if (log.includes('Startup nfcapd')) resolve();
      });
      nfcapd.once('exit', () => reject(new Error(`nfcapd ended early: ${log}`)));
    });
    await send(port);
    // Stopping stores what has been read.
    await waitUntilQuiet({ pid: nfcapd.pid!, port, quietMs: 200 });
    nfcapd.kill('SIGTERM');
    if (nfcapd.exitCode === null) await once(nfcapd, 'exit');
    const files = readdirSync(directory).filter((name) => name.startsWith('nfcapd.'));
    const statistics = new Map<string, string>();
    for (const file of files) {
      const text = execFileSync('nfdump', ['-r', join(directory, file), '-I'], { encoding: 'utf8' });
      for (const line of text.split('\n')) {
        const [, name, value] = /^([^:]+): (.*)$/.exec(line) ?? [];
        if (name === undefined) continue;
        const before = Number(statistics.get(name) ?? 0);
        statistics.set(name, Number.isNaN(Number(value)) ? value! : String(before + Number(value)));
      }
    }
    const flows = execFileSync('nfdump', ['-R', directory, '-q', '-o', 'json'], {
      encoding: 'utf8',
      env: { ...process.env, TZ: 'UTC' },
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return { flows: JSON.parse(`[${flows.trim().replace(/^\[|,?\s*\]?$/g, '')}]`), statistics };
  } finally {
    if (nfcapd.exitCode === null) nfcapd.kill('SIGKILL');
    rmSync(directory, { recursive: true });
  }
}
