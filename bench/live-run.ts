/**
 * One measurement of the live benchmark: a probe at one end of a veth pair, one or two generators at the other, a
 * collector beside the probe. Yields what was offered, what was kept, and the processor time that the probe took.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { GenerateReport } from '../src/generate/generate.ts';
import { Lab, type LabProcess, type Namespace } from '../test/lab/lab.ts';
import type { LiveContext, LiveProbe } from './live-probes.ts';
import type { SinkReport } from './sink.ts';

/** The load that is sent to the probe. */
export interface Scenario {
  /** Octets of a frame without its check sequence. */
  readonly octets: number;
  /** Packets a second of each generator, or max. */
  readonly rate: number | 'max';
  readonly generators: number;
  readonly flows: number;
  /** More options of the generator. */
  readonly options?: readonly string[];
  /** Frames of this capture file are sent in place of made ones, as fast as can be; `octets` and `rate` are for warming up. */
  readonly capture?: string;
}

export interface LiveRun {
  readonly scenario: Scenario;
  readonly probe: string;
  readonly seconds: number;
  /** Packets that arrived at the probe's interface, warming up included; the generators' reports add up to the same. */
  readonly offered: number;
  /** Those of the time for which processor time is told. */
  readonly measured: number;
  readonly offeredPerSecond: number;
  readonly kept: number | undefined;
  /** All processes of the probe, from the first measured packet to when it has nothing more to read. */
  readonly cpuSeconds: number;
  readonly peakRssMiB: number;
  /** Flow records that reached the collector. */
  readonly records: number;
}

const TICKS_PER_SECOND = 100;
const RUN_LIMIT_MS = 120_000;
const READY_LIMIT_MS = 20_000;
const DRAIN_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 30_000;
const SETTLE_MS = 400;
const WARM_UP_SECONDS = 1;
/** Captures have super-packets. */
const MTU_OCTETS = 65_535;
const OUT = 'out0';
const IN = 'in0';

/** Field numbers in /proc/PID/stat, counted from behind the name. */
const STAT = { group: 2, userTicks: 11, systemTicks: 12 } as const;

/** Processor seconds of all processes of a group. */
export function groupCpuSeconds(group: number): number {
  let ticks = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const fields = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number);
      if (fields[STAT.group] === group) ticks += fields[STAT.userTicks]! + fields[STAT.systemTicks]!;
    } catch {
      // It has ended meanwhile.
    }
  }
  return ticks / TICKS_PER_SECOND;
}

function peakRssMiB(pid: number): number {
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Number(peak?.[1] ?? 0) / 1024;
}

/** Waits until a packet socket of the namespace listens on the probe's interface. */
async function listening(process: LabProcess, context: LiveContext): Promise<void> {
  const { namespace, interfaceName } = context;
  const ifIndex = namespace.execute('cat', `/sys/class/net/${interfaceName}/ifindex`).trim();
  const deadline = performance.now() + READY_LIMIT_MS;
  for (;;) {
    if (process.hasEnded) throw new Error(`ended before it listened:\n${process.output}`);
    // Columns: address, references, type, protocol, interface, running …
    const isThere = readFileSync(`/proc/${process.pid}/net/packet`, 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .some((fields) => fields[4] === ifIndex && fields[5] === '1');
    if (isThere) break;
    if (performance.now() > deadline) throw new Error(`does not listen:\n${process.output}`);
    await delay(50);
  }
  await delay(SETTLE_MS);
}

/** Waits until the probe rests: it uses less than a tenth of a core. @returns its processor seconds then */
async function rested(process: LabProcess): Promise<number> {
  const deadline = performance.now() + DRAIN_LIMIT_MS;
  let before = groupCpuSeconds(process.pid);
  for (;;) {
    await delay(SETTLE_MS);
    const now = groupCpuSeconds(process.pid);
    if (now - before < SETTLE_MS / 10_000 || performance.now() > deadline) return before;
    before = now;
  }
}

/** What a generator is to send. */
function loadOptions({ octets, rate, flows, options = [], capture }: Scenario, seed: number): string[] {
  if (capture !== undefined) return ['-r', capture, '--speed', 'max', '--loop', '0'];
  return [
    ...['--size', String(octets), '--rate', String(rate), '--flows', String(flows), '--seed', String(seed)],
    ...(options.length === 0 ? ['--order', 'random'] : options),
  ];
}

/** The lab of all measurements: two namespaces, a link between them, a collector beside the probe. */
export class LiveLab {
  readonly #lab = new Lab('bench');
  readonly sender: Namespace;
  readonly receiver: Namespace;
  readonly #sink: ChildProcess;

  private constructor() {
    this.sender = this.#lab.namespace('sender');
    this.receiver = this.#lab.namespace('probe');
    this.#lab.connect(this.sender, this.receiver, { names: [OUT, IN], mtuOctets: MTU_OCTETS });
    const words = [...this.receiver.prefix, process.execPath, join(import.meta.dirname, 'sink.ts')];
    this.#sink = spawn(words[0]!, words.slice(1), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  }

  static async create(): Promise<LiveLab> {
    const lab = new LiveLab();
    await new Promise((resolve) => lab.#sink.once('message', resolve));
    return lab;
  }

  async close(): Promise<void> {
    this.#sink.disconnect();
    await this.#lab.close();
  }

  ask(command: 'reset' | 'report'): Promise<SinkReport> {
    return new Promise((resolve) => {
      this.#sink.once('message', (answer) => resolve(answer as SinkReport));
      this.#sink.send(command);
    });
  }

  /** The collector's counters once nothing has arrived for a moment. */
  async settledSink(): Promise<SinkReport> {
    for (;;) {
      const report = await this.ask('report');
      if (report.quietMs >= SETTLE_MS) return report;
      await delay(SETTLE_MS / 3);
    }
  }

  /** Starts the generators of a scenario. */
  startGenerators(scenario: Scenario, seconds: number, limitMs = RUN_LIMIT_MS): LabProcess[] {
    const entry = join(import.meta.dirname, '../src/flowtap.mjs');
    return Array.from({ length: scenario.generators }, (_, i) =>
      this.sender.start(
        [
          ...[process.execPath, entry, 'generate', '-i', OUT, '-o', 'json', '--duration', `${seconds}s`],
          ...loadOptions(scenario, i + 1),
        ],
        { limitMs },
      ),
    );
  }

  /** Waits for generators to end. @returns packets sent and the time it took @throws Error when one failed */
  async finish(generators: readonly LabProcess[]): Promise<{ packets: number; seconds: number }> {
    const results = await Promise.all(generators.map((generator) => generator.ended));
    const reports = results.map(({ code, stdout, stderr }) => {
      if (code !== 0) throw new Error(`flowtap generate: exit code ${code}: ${stdout}${stderr}`);
      return JSON.parse(stdout) as GenerateReport;
    });
    return {
      packets: reports.reduce((sum, { packets }) => sum + packets, 0),
      seconds: Math.max(...reports.map(({ elapsedSeconds }) => elapsedSeconds)),
    };
  }

  arrived(): number {
    return this.receiver.counters(IN).rxPackets;
  }

  context(folder: string, port: number, flows: number): LiveContext {
    return { namespace: this.receiver, interfaceName: IN, port, folder, flows };
  }

  /** Starts a probe; resolves when it listens. */
  async startProbe(probe: LiveProbe, context: LiveContext, limitMs = RUN_LIMIT_MS): Promise<LabProcess> {
    const process = this.receiver.start(probe.command(context), { cwd: context.folder, limitMs });
    await listening(process, context);
    return process;
  }

  /** One measurement. */
  async measure(probe: LiveProbe, scenario: Scenario, seconds: number): Promise<LiveRun> {
    const { port } = await this.ask('reset');
    const folder = mkdtempSync(join('/dev/shm', 'flowtap-live-'));
    try {
      const context = this.context(folder, port, scenario.flows);
      const running = await this.startProbe(probe, context);
      const arrivedBefore = this.arrived();
      // Tables fill, and what is compiled while it runs is compiled. It is UDP, as no segment of TCP comes twice on a good path.
      const { capture: _, options: __, ...made } = scenario;
      const warm = await this.finish(this.startGenerators(made, WARM_UP_SECONDS));
      const cpuBefore = await rested(running);
      const sent = await this.finish(this.startGenerators(scenario, seconds));
      const cpuSeconds = (await rested(running)) - cpuBefore;
      const offered = this.arrived() - arrivedBefore;
      if (offered !== warm.packets + sent.packets) {
        throw new Error(`${probe.name}: ${warm.packets + sent.packets} packets sent, ${offered} arrived`);
      }
      const before = probe.beforeStop?.(context, running);
      const peak = peakRssMiB(running.pid);
      const result = await running.stop(probe.stopSignal, STOP_LIMIT_MS);
      const sink = await this.settledSink();
      return {
        scenario,
        probe: probe.name,
        seconds: sent.seconds,
        offered,
        measured: sent.packets,
        offeredPerSecond: sent.packets / sent.seconds,
        kept: probe.kept({ context, result, sink, before }),
        cpuSeconds,
        peakRssMiB: peak,
        records: sink.records,
      };
    } finally {
      await this.receiver.stopAll();
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
