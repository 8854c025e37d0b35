/** The daemon as its operator meets it: started in a namespace of a lab, asked over HTTP, told by signals. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { LabProcess, Namespace } from '../../lab/lab.ts';
import { waitForPort } from '../../lab/lab.ts';
import { waitUntilQuiet } from '../../support/network.ts';

export const LAUNCHER = join(import.meta.dirname, '../../../src/flowtap.mjs');
/** The command line of a daemon. */
export function daemonCommand(...args: string[]): string[] {
  return [process.execPath, LAUNCHER, 'run', ...args];
}

/** Starts the daemon; resolves when every capture is open. */
export async function startDaemon(namespace: Namespace, ...args: string[]): Promise<LabProcess> {
  const daemon = namespace.start(daemonCommand(...args));
  await daemon.waitForOutput(/metering .* by /);
  return daemon;
}

/** What an address of the namespace's loopback answers. */
export async function fetchFrom(
  namespace: Namespace,
  path: string,
  port = 9669,
): Promise<{ status: number; body: string }> {
  const { stdout } = await namespace.run([
    'curl',
    '-s',
    '-w',
    '\n%{http_code}',
    `http://127.0.0.1:${port}${path}`,
  ]);
  const end = stdout.lastIndexOf('\n');
  return { status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) };
}

/** Series and their values, `name{labels}` each. */
export async function scrape(namespace: Namespace, port = 9669): Promise<Map<string, number>> {
  const { body } = await fetchFrom(namespace, '/metrics', port);
  const lines = body.split('\n').filter((line) => /^[a-z]/.test(line));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}

/** Sum of all series of one name, whose labels hold `part`. */
export function total(series: ReadonlyMap<string, number>, name: string, part = ''): number {
  let sum = 0;
  for (const [key, value] of series) {
    if ((key === name || key.startsWith(`${name}{`)) && key.includes(part)) sum += value;
  }
  return sum;
}

/** Scrapes until `isReached`. @throws Error with the last answer when it is not within `limitMs` */
export async function scrapeUntil(
  namespace: Namespace,
  isReached: (series: ReadonlyMap<string, number>) => boolean,
  limitMs = 60_000,
): Promise<Map<string, number>> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const series = await scrape(namespace);
    if (isReached(series)) return series;
    if (performance.now() > deadline) {
      const shown = [...series].filter(([key, value]) => key.startsWith('flowtap_') && value !== 0);
      throw new Error(`not within ${limitMs} ms:\n${shown.map((pair) => pair.join(' ')).join('\n')}`);
    }
    await delay(50);
  }
}

/** Starts nfcapd on a port of the namespace's loopback; what it gets lies in `folder`. */
export async function startCollector(
  namespace: Namespace,
  folder: string,
  port: number,
): Promise<LabProcess> {
  const command = [
    'nfcapd',
    '-w',
    folder,
    '-p',
    String(port),
    '-b',
    '127.0.0.1',
    '-t',
    '3600',
    '-B',
    '8000000',
  ];
  const collector = namespace.start(command);
  await waitForPort(collector, 'udp', port);
  return collector;
}

/** Ends a collector once it has read all that was sent to it, and has stored it. */
export async function stopCollector(collector: LabProcess, port: number): Promise<void> {
  await waitUntilQuiet({ pid: collector.pid, port, quietMs: 200 });
  await collector.stop('SIGTERM');
}

/** Packets and octets of all flows that nfcapd stored, as nfdump adds them up. */
export async function collected(
  namespace: Namespace,
  folder: string,
): Promise<{ flows: number; packets: number; octets: number }> {
  const { stdout } = await namespace.run(['nfdump', '-R', folder, '-q', '-N', '-o', 'fmt:%pkt %byt']);
  let [flows, packets, octets] = [0, 0, 0];
  for (const line of stdout.trim().split('\n')) {
    const [ofPackets, ofOctets] = line.trim().split(/\s+/).map(Number);
    if (ofPackets === undefined || ofOctets === undefined || Number.isNaN(ofPackets)) continue;
    flows++;
    packets += ofPackets;
    octets += ofOctets;
  }
  return { flows, packets, octets };
}
