/**
 * The probes of the live benchmark: how each is started on an interface at its best (table room above the flows, no
 * daemon, no printing), and how to learn what it kept. As in peers.ts, a probe that is not installed is left out.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabProcess, LabResult, Namespace } from '../test/lab/lab.ts';
import type { SinkReport } from './sink.ts';

/** What a probe is given for one run. */
export interface LiveContext {
  readonly namespace: Namespace;
  readonly interfaceName: string;
  /** Where the collector listens on 127.0.0.1, in the probe's namespace. */
  readonly port: number;
  /** An empty folder in memory. */
  readonly folder: string;
  readonly flows: number;
  /** More options, of flowtap run alone. */
  readonly options?: readonly string[];
}

/** Figures of a probe that has been stopped. */
export interface LiveOutcome {
  readonly context: LiveContext;
  readonly result: LabResult;
  readonly sink: SinkReport;
  /** What `beforeStop` gave. */
  readonly before: number | undefined;
}

export interface LiveProbe {
  readonly name: string;
  /** Fails with ENOENT where the probe is not installed. */
  readonly versionCommand: readonly string[];
  command(context: LiveContext): string[];
  readonly stopSignal: NodeJS.Signals;
  /** Packets kept, asked of the running probe when the load is over. */
  beforeStop?(context: LiveContext, process: LabProcess): number | undefined;
  /** Packets kept; undefined where it does not tell. */
  kept(outcome: LiveOutcome): number | undefined;
}

const FLOWTAP = [process.execPath, join(import.meta.dirname, '../src/flowtap.mjs')];

function firstNumber(pattern: RegExp, output: string): number | undefined {
  const found = pattern.exec(output);
  return found === null ? undefined : Number(found[1]!.replaceAll(',', ''));
}

/** What reaches the collector is what was metered. */
const keptByCollector = ({ sink }: LiveOutcome) => sink.packets;

/** Capture and discard: the baseline. It prints a line a second, and the last one at its end. */
const count: LiveProbe = {
  name: 'flowtap count',
  versionCommand: [...FLOWTAP, '--version'],
  command: ({ interfaceName }) => [...FLOWTAP, 'count', '-i', interfaceName, '-o', 'json'],
  stopSignal: 'SIGINT',
  kept: ({ result }) => firstNumber(/"packets":(\d+)(?![\s\S]*"packets":)/, result.stdout),
};

const runWith = (name: string, pathHealth: 'on' | 'off'): LiveProbe => ({
  name,
  versionCommand: [...FLOWTAP, '--version'],
  command: ({ interfaceName, port, flows, options = [] }) => [
    ...[...FLOWTAP, 'run', '-i', interfaceName, '--metrics', 'none', '-e', `ipfix://127.0.0.1:${port}`],
    ...['--flow-table-entries', String(Math.max(262_144, Math.ceil(flows * 1.25)))],
    ...['--path-health', pathHealth],
    ...options,
  ],
  stopSignal: 'SIGTERM',
  kept: keptByCollector,
});

/** As other probes do it: what the network did to the flows is not measured. */
const run = runWith('flowtap run', 'off');
export const RUN_WITH_PATH_HEALTH = runWith('flowtap run with path health', 'on');

/** Asked by its control socket, since it loses records when it exports many at once. */
const softflowd: LiveProbe = {
  name: 'softflowd',
  versionCommand: ['softflowd', '-h'],
  command: ({ interfaceName, port, folder, flows }) => [
    ...['softflowd', '-i', interfaceName, '-d', '-v', '10', '-m', String(Math.max(8192, flows * 2))],
    ...['-n', `127.0.0.1:${port}`, '-c', join(folder, 'control'), '-p', join(folder, 'softflowd.pid')],
  ],
  stopSignal: 'SIGTERM',
  beforeStop: ({ namespace, folder }) =>
    firstNumber(
      /Packets processed: (\d+)/,
      namespace.execute('softflowctl', '-c', join(folder, 'control'), 'statistics'),
    ),
  kept: ({ before }) => before,
};

const NFPCAPD_NODES_DEFAULT = 524_288;

/** Into a file in memory, the fastest of its outputs; nfdump's summary of the file says what it holds. */
const nfpcapd: LiveProbe = {
  name: 'nfpcapd',
  versionCommand: ['nfpcapd', '-V'],
  command: ({ interfaceName, folder, flows }) => [
    ...['nfpcapd', '-i', interfaceName, '-w', folder, '-t', '3600'],
    ...['-B', String(Math.max(NFPCAPD_NODES_DEFAULT, flows * 2))],
  ],
  stopSignal: 'SIGTERM',
  kept: ({ context }) =>
    firstNumber(
      /^Packets: (\d+)/m,
      execFileSync('nfdump', ['-I', '-R', context.folder], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    ),
};

const pmacctd: LiveProbe = {
  name: 'pmacctd',
  versionCommand: ['pmacctd', '-V'],
  command: ({ interfaceName, port, folder, flows }) => {
    const lines = [
      'daemonize: false',
      `pcap_interface: ${interfaceName}`,
      'aggregate: src_host,dst_host,src_port,dst_port,proto',
      'plugins: nfprobe',
      `nfprobe_receiver: 127.0.0.1:${port}`,
      'nfprobe_version: 10',
      `nfprobe_maxflows: ${Math.max(8192, flows * 2)}`,
      'plugin_buffer_size: 1024000',
      'plugin_pipe_size: 102400000',
    ];
    const path = join(folder, 'pmacctd.conf');
    writeFileSync(path, `${lines.join('\n')}\n`);
    return ['pmacctd', '-f', path];
  },
  stopSignal: 'SIGINT',
  kept: keptByCollector,
};

/** Its pending queue of 100 flows loses nearly all at such rates: here it is as long as it can be of use. */
const fprobe: LiveProbe = {
  name: 'fprobe',
  versionCommand: ['fprobe', '-h'],
  command: ({ interfaceName, port, flows }) => [
    ...['fprobe', '-i', interfaceName, '-l', '2', '-B', '20480', '-b', String(Math.max(10_000, flows))],
    ...['-q', '10000', `127.0.0.1:${port}`],
  ],
  stopSignal: 'SIGTERM',
  kept: keptByCollector,
};

/** Meters nothing: what a reader through libpcap reaches. */
const tcpdump: LiveProbe = {
  name: 'tcpdump',
  versionCommand: ['tcpdump', '--version'],
  command: ({ interfaceName }) => ['tcpdump', '-i', interfaceName, '-n', '-w', '/dev/null'],
  stopSignal: 'SIGINT',
  kept: ({ result }) => firstNumber(/^(\d+) packets captured/m, result.stderr),
};

export const LIVE_PROBES: readonly LiveProbe[] = [
  count,
  run,
  RUN_WITH_PATH_HEALTH,
  softflowd,
  nfpcapd,
  pmacctd,
  fprobe,
  tcpdump,
];
