/**
 * Two hosts with real TCP stacks in namespaces of their own, on a wire whose delay and losses are known (relay.c), and a
 * capture at either end of it. A probe at `left` sees losses behind it, one at `right` sees them before it.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntilQuiet } from '../support/network.ts';
import { runFlowtap } from '../support/run-flowtap.ts';
import { Lab, type LabProcess, type Namespace } from './lab.ts';

export const LEFT = '192.0.2.1';
export const RIGHT = '192.0.2.2';
/** What the hosts need; the tests skip without it. */
export const WIRE_TOOLS = ['gcc', 'python3', 'tcpdump', 'setpriv', 'ping'];

const HERE = import.meta.dirname;
/** Headers of every segment are captured, whatever their options; payload is not. */
const SNAP_OCTETS = '100';
const CAPTURE_KIBIBYTES = '65536';
/** libpcap hands over a block of its ring after at most a second. */
const CAPTURE_FLUSH_MS = 1500;

const QUEUE_FRAMES = '20000';

/** One direction of the wire. Times in µs. */
export interface WireCounts {
  readonly frames: number;
  /** TCP segments with payload, and those of them that were dropped. */
  readonly data: number;
  readonly dropped: number;
  readonly blackout: number;
  readonly unanswered: number;
  readonly overflow: number;
  readonly failed: number;
  readonly holdMin: number;
  readonly holdMean: number;
}

/** What `flowtap diagnose -o json` prints of a direction. */
export interface DiagnosisLine {
  readonly sourceIPv4Address: string;
  readonly destinationIPv4Address: string;
  readonly sourceTransportPort: number;
  readonly destinationTransportPort: number;
  readonly protocolIdentifier: number;
  readonly verdict: string;
  readonly roundTripTimeMs: {
    readonly min: number | null;
    readonly mean: number | null;
    readonly max: number | null;
  };
  readonly packets: number;
  readonly retransmittedPackets: number | null;
  readonly lostShare: number | null;
  readonly throughputBitsPerSecond: number | null;
  readonly intervalSeconds: number | null;
  readonly intervalOctets: readonly number[];
  readonly stalledIntervals: number;
  readonly lossBoundBitsPerSecond: number | null;
  readonly windowBoundBitsPerSecond: number | null;
  readonly reasons: readonly string[];
}

/** Diagnoses a capture. @throws Error when flowtap fails */
export async function diagnoseFile(file: string, ...flags: string[]): Promise<DiagnosisLine[]> {
  const { exitCode, stdout, stderr } = await runFlowtap(['diagnose', file, '-o', 'json', ...flags]);
  if (exitCode !== 0) throw new Error(`flowtap diagnose ended with ${exitCode}: ${stderr}`);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as DiagnosisLine);
}

/** The direction to this port of the hosts' connections. @throws Error unless there is one alone */
export function towardsPort(lines: readonly DiagnosisLine[], port: number): DiagnosisLine {
  const found = lines.filter((line) => line.destinationTransportPort === port);
  if (found.length !== 1) throw new Error(`${found.length} flows towards port ${port}, not one`);
  return found[0]!;
}

export class Wire {
  readonly left: Namespace;
  readonly right: Namespace;
  readonly folder: string;
  readonly #lab: Lab;
  readonly #captures: LabProcess[] = [];
  #relay: LabProcess | undefined;
  /** In front of what sends and receives. */
  #prefix: readonly string[] = [];

  readonly #addresses: readonly [left: string, right: string];

  /**
   * Makes the hosts, not yet joined.
   * @param name of the test: letters and digits
   * @param addresses of the hosts, for two wires in one capture
   */
  constructor(name: string, addresses: readonly [left: string, right: string] = [LEFT, RIGHT]) {
    this.#addresses = addresses;
    this.folder = mkdtempSync(join(tmpdir(), `flowtap-${name}-`));
    this.#lab = new Lab(name);
    this.left = this.#lab.namespace('left');
    this.right = this.#lab.namespace('right');
  }

  /** Joins the hosts by the relay. @param flags of relay.c */
  async relay(...flags: string[]): Promise<void> {
    const relay = join(this.folder, 'relay');
    execFileSync('gcc', ['-O2', '-o', relay, join(HERE, 'relay.c')]);
    this.#relay = this.left.start([relay, this.left.name, this.right.name, ...flags]);
    await this.#relay.waitForOutput(/ready/);
    for (const [host, address] of [
      [this.left, this.#addresses[0]],
      [this.right, this.#addresses[1]],
    ] as const) {
      host.sysctl('net.ipv6.conf.wire.disable_ipv6', 1);
      // No metrics of former connections: each test begins like the first one.
      host.sysctl('net.ipv4.tcp_no_metrics_save', 1);
      host.execute('ip', 'addr', 'add', `${address}/24`, 'dev', 'wire');
      // The device drops what finds its queue full, uncounted by the relay.
      host.execute('ip', 'link', 'set', 'wire', 'txqueuelen', QUEUE_FRAMES, 'up');
    }
    // So that no first segment waits for ARP.
    this.left.execute('ping', '-c', '1', '-W', '2', this.#addresses[1]);
  }

  /**
   * Joins the hosts by a veth pair whose frames are those of a wire. Both hosts keep to one processor: several would
   * hand frames over out of order, and the sender would send again what was not lost.
   */
  veth(): void {
    this.#prefix = ['taskset', '-c', '0'];
    this.#lab.connect(this.left, this.right, {
      names: ['wire', 'wire'],
      addresses: this.#addresses.map((address) => [`${address}/24`]) as [string[], string[]],
      withoutOffloads: true,
      quiet: true,
    });
    this.left.execute('ping', '-c', '1', '-W', '2', this.#addresses[1]);
  }

  /** Captures TCP and ICMP at one end. @returns the file, complete after `stopCaptures` */
  async capture(host: Namespace, name: string): Promise<string> {
    const file = join(this.folder, name);
    const capture = host.start([
      ...['tcpdump', '-i', 'wire', '-Z', 'root', '-B', CAPTURE_KIBIBYTES, '-s', SNAP_OCTETS, '-w', file],
      ...['--time-stamp-precision=nano', 'tcp or icmp[icmptype] == icmp-unreach'],
    ]);
    await capture.waitForOutput(/listening on/);
    this.#captures.push(capture);
    return file;
  }

  /** Waits until what is in the captures' rings has been written. @returns packets that tcpdump itself says it lost, of each capture */
  async stopCaptures(): Promise<number[]> {
    const quiet = this.#captures.map(({ pid }) => waitUntilQuiet({ pid, quietMs: CAPTURE_FLUSH_MS }));
    await Promise.all(quiet);
    const results = await Promise.all(this.#captures.splice(0).map((capture) => capture.stop('SIGINT')));
    return results.map(({ stderr }) => Number(/(\d+) packets? dropped by kernel/.exec(stderr)?.[1]));
  }

  /** Serves ports at `right` (traffic.py). */
  async serve(...ports: string[]): Promise<void> {
    const server = this.right.start([
      ...this.#prefix,
      'python3',
      join(HERE, 'traffic.py'),
      'serve',
      ...ports,
    ]);
    await server.waitForOutput(/ready/);
  }

  /** Sends from `left`, all connections at once, and waits until they are done. */
  async send(...connections: string[]): Promise<void> {
    const script = join(HERE, 'traffic.py');
    const command = [...this.#prefix, 'python3', script, 'send', this.#addresses[1], ...connections];
    const { code, stderr } = await this.left.run(command, { limitMs: 120_000 });
    if (code !== 0) throw new Error(`traffic.py ended with ${code}: ${stderr}`);
  }

  /**
   * Frames that the devices themselves dropped on their way from `left` to `right`, and back. Where the receiving host's
   * backlog is full, a veth pair counts the same frame twice: as dropped in sending here, in receiving there.
   */
  deviceDrops(): [number, number] {
    return [this.left.counters('wire').txDropped, this.right.counters('wire').txDropped];
  }

  /** Takes the relay away. @returns what it did in either direction */
  async stopRelay(): Promise<{ forward: WireCounts; reverse: WireCounts }> {
    const { stdout } = await this.#relay!.stop();
    return JSON.parse(stdout.slice(stdout.indexOf('{')));
  }

  /** Ends everything and removes what it made. */
  async close(): Promise<void> {
    await this.#lab.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
