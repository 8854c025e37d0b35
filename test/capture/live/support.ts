/** Live workers and senders in namespaces of a laboratory. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach } from 'vitest';
import type { FlowHealth } from '../../../src/records/path-health-figures.ts';
import { Lab, type LabProcess, type Namespace } from '../../lab/lab.ts';
import { ethernet, ipv4, udp } from '../../support/frames.ts';

const FOLDER = import.meta.dirname;
const WAIT_MS = 60_000;
/** The last block is handed over long before. */
const SETTLE_MS = 50;

export interface WorkerCounts {
  readonly read: number;
  readonly octetsRead: number;
  readonly snapped: number;
  readonly drops: number | null;
  readonly freezes: number | null;
  readonly faults: number;
  readonly unselected: number;
  readonly leftOut: number;
  readonly superPackets: number;
  readonly superPacketSegments: number;
  readonly reopened: number;
  readonly isUp: number;
  readonly waits: number;
  readonly metered: number;
  readonly meteredOctets: number;
  readonly refused: number;
  readonly recordsDropped: number;
  readonly recordsDroppedPackets: number;
}

interface Direction {
  readonly packets: number;
  readonly octets: number;
  readonly layer2Octets: number;
  readonly lengthMin: number;
  readonly lengthMax: number;
  readonly customerVlan: number;
}

export interface Flow {
  readonly source: string;
  readonly destination: string;
  readonly ports: number;
  readonly protocol: number;
  readonly vlan: number;
  readonly observationPoint: number;
  readonly firstMs: number;
  readonly endReason: number;
  readonly forward: Direction;
  readonly reverse: Direction;
  /** Where path health is measured. */
  readonly health?: FlowHealth;
}

export interface WorkerResult {
  readonly workers: readonly WorkerCounts[];
  readonly flows: readonly Flow[];
}

/** Two namespaces and the veth pair that joins them. */
export interface Link {
  readonly left: Namespace;
  readonly right: Namespace;
  /** Names of the ends: `left`'s, `right`'s. */
  readonly near: string;
  readonly far: string;
  /** Makes the veth pair anew, under the same names, after one end was deleted. */
  connectAgain(): void;
}

/** Gives every test of the group a link of its own. @param name of the lab @returns to be read within tests */
export function useLink(name: string): Link {
  const link: { -readonly [K in keyof Link]?: Link[K] } = {};
  let lab: Lab;
  beforeEach(() => {
    lab = new Lab(name);
    const [left, right] = [lab.namespace('l'), lab.namespace('r')];
    const [near, far] = lab.connect(left, right);
    const connectAgain = () => void lab.connect(left, right, { names: [near, far] });
    Object.assign(link, { left, right, near, far, connectAgain });
  });
  afterEach(() => lab.close());
  return link as Link;
}

/** Starts workers in a namespace; resolves when they capture. @param options as run-worker.ts takes them */
export async function startWorkers(namespace: Namespace, options: object): Promise<LabProcess> {
  const command = [process.execPath, join(FOLDER, '../../probe/live/run-worker.ts'), JSON.stringify(options)];
  const running = namespace.start(command);
  const { workers = 1 } = options as { workers?: number };
  await waitForOpenings(running, workers);
  return running;
}

/** Waits until captures have been opened so many times since the start. */
export async function waitForOpenings(running: LabProcess, times: number): Promise<void> {
  await running.waitForOutput(new RegExp(`(?:[\\s\\S]*"kind":"opened"){${times}}`));
}

/** What workers have counted and metered so far. */
async function resultSoFar(running: LabProcess): Promise<WorkerResult> {
  const from = running.stderr.length;
  running.signal('SIGUSR1');
  for (;;) {
    const found = /^now (.*)\n/m.exec(running.stderr.slice(from));
    if (found !== null) return JSON.parse(found[1]!) as WorkerResult;
    if (running.hasEnded) throw new Error(`the workers have ended:\n${running.output.slice(-4000)}`);
    await delay(10);
  }
}

/** Waits until something holds for what workers have counted and metered. @throws Error with the counts when it does not */
export async function waitForResult(
  running: LabProcess,
  holds: (result: WorkerResult) => boolean,
): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    const result = await resultSoFar(running);
    if (holds(result)) return;
    if (performance.now() > deadline) {
      const flows = `${result.flows.length} flows`;
      throw new Error(`not within ${WAIT_MS} ms: ${JSON.stringify(result.workers)}, ${flows}`);
    }
    await delay(20);
  }
}

/** Waits until nothing more is metered for a while. */
export async function waitUntilQuiet(running: LabProcess): Promise<void> {
  let [metered, looks] = [Number.NaN, 0];
  await waitForResult(running, (now) => {
    looks = total(now, 'metered') === metered ? looks + 1 : 0;
    metered = total(now, 'metered');
    return looks > 10;
  });
}

/**
 * Waits until so many packets have been read or counted as dropped, and a little longer, so that one too many would be
 * seen.
 */
export async function waitForPackets(running: LabProcess, packets: number): Promise<void> {
  await waitForResult(running, ({ workers }) => {
    return workers.reduce((sum, { read, drops }) => sum + read + (drops ?? 0), 0) >= packets;
  });
  await delay(SETTLE_MS);
}

/** UDP frames of so many flows. @param payloadOctets 18 make frames of 60 octets, the shortest there are */
export function flowsOf(count: number, payloadOctets = 18): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => {
    const source = `10.1.${i >> 8}.${i & 0xff}`;
    const datagram = udp(1000 + i, 53, new Uint8Array(payloadOctets));
    return ethernet(ipv4({ source, destination: '10.2.0.1', protocol: 17, id: i }, datagram));
  });
}

/** Ends workers, and what they counted and metered. @throws Error with what they wrote if that is not a result */
export async function stopWorkers(running: LabProcess): Promise<WorkerResult> {
  const { stdout, stderr } = await running.stop('SIGTERM');
  try {
    return JSON.parse(stdout) as WorkerResult;
  } catch {
    throw new Error(`the workers ended without a result:\n${stdout}${stderr}`);
  }
}

/** Sends frames out of an interface. @returns how many the kernel took */
export async function sendFrames(
  namespace: Namespace,
  name: string,
  frames: readonly Uint8Array[],
  count: number,
  perSecond = 20_000,
): Promise<number> {
  const hex = frames.map((frame) => Buffer.from(frame).toString('hex'));
  const folder = mkdtempSync(join(tmpdir(), 'flowtap-frames-'));
  const file = join(folder, 'frames.json');
  writeFileSync(file, JSON.stringify({ interface: name, frames: hex, count, perSecond }));
  const command = [process.execPath, join(FOLDER, 'send-frames.ts'), file];
  const { stdout, stderr } = await namespace.run(command);
  rmSync(folder, { recursive: true });
  if (stderr !== '') throw new Error(stderr);
  return Number(stdout);
}

/** What all workers together counted. */
export function total(result: WorkerResult, name: keyof WorkerCounts): number {
  return result.workers.reduce((sum, counts) => sum + (counts[name] ?? Number.NaN), 0);
}

/** What all flows together hold, both directions. */
export function flowTotal(result: WorkerResult, name: keyof Direction): number {
  return result.flows.reduce((sum, flow) => sum + flow.forward[name] + flow.reverse[name], 0);
}
