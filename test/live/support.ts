/** Live workers and senders in namespaces of a laboratory. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LabProcess, Namespace } from '../lab/lab.ts';
import { ethernet, ipv4, udp } from '../support/frames.ts';

const FOLDER = import.meta.dirname;

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
}

export interface WorkerResult {
  readonly workers: readonly WorkerCounts[];
  readonly flows: readonly Flow[];
}

/** Starts workers in a namespace; resolves when they capture. @param options as run-worker.ts takes them */
export async function startWorkers(namespace: Namespace, options: object): Promise<LabProcess> {
  const command = [process.execPath, join(FOLDER, 'run-worker.ts'), JSON.stringify(options)];
  const running = namespace.start(command, { limitMs: 30_000 });
  const { workers = 1 } = options as { workers?: number };
  await waitForOpenings(running, workers);
  return running;
}

/** Waits until captures have been opened so many times since the start. */
export async function waitForOpenings(running: LabProcess, times: number): Promise<void> {
  await running.waitForOutput(new RegExp(`(?:[\\s\\S]*"kind":"opened"){${times}}`));
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
