/**
 * The probes that are measured side by side, and how each is run at its best: no time limits inside the capture, table
 * room above the flows, no daemon, nothing printed. A probe that is not installed is left out and named.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import type { ReadyWorkload } from './ready.ts';

/** What a probe is given for one run. */
export interface RunContext {
  readonly workload: ReadyWorkload;
  /** Where the collectors listen on 127.0.0.1; one at least. */
  readonly ports: readonly number[];
  /** An empty folder for this run, in memory where the system has such a place. */
  readonly folder: string;
}

export interface Probe {
  readonly name: string;
  /** The workloads that it is run on; missing: all. */
  readonly workloads?: readonly string[];
  /** How it hands out flows: IPFIX to the collector, files of its own, or not at all (a reader, for comparison). */
  readonly output: 'ipfix' | 'netflow9' | 'file' | 'none';
  /** Prints the version; failing means not installed. */
  readonly versionCommand: readonly string[];
  command(context: RunContext): string[];
  /** Flow records it says it has handed out, from what it printed; undefined where it does not tell. */
  recordsFrom?(output: string): number | undefined;
}

const REPOSITORY = join(import.meta.dirname, '..');

function firstNumber(pattern: RegExp, output: string): number | undefined {
  const found = pattern.exec(output);
  return found === null ? undefined : Number(found[1]);
}

/** Name of flowtap with payload inspection. */
export const INSPECTING = 'flowtap, applications';

/** flowtap's default where it is enough; else a quarter above the flows, for those that TCP's end splits. */
function flowTableEntries(flows: number): number {
  return Math.max(262_144, Math.ceil(flows * 1.25));
}

/**
 * flowtap itself.
 * @param commandLine words of its command line; {file}, {flows} and {entries} (table room above the flows) stand
 *   for the workload's, {port}, {port2}, {port3} … for the collectors'
 * @param name another one where flowtap is run in several ways
 */
export function flowtapProbe(commandLine: readonly string[], name = 'flowtap'): Probe {
  return {
    name,
    output: 'ipfix',
    versionCommand: [process.execPath, '--version'],
    command: ({ workload, ports }) =>
      commandLine.map((word) =>
        word
          .replace('{file}', workload.path)
          .replace(/\{port(\d*)\}/, (_, nth: string) => String(ports[Number(nth || 1) - 1]))
          .replace('{flows}', String(workload.content.flows))
          .replace('{entries}', String(flowTableEntries(workload.content.flows))),
      ),
  };
}

/**
 * flowtap with payload inspection, beside flowtap without: what that costs is told as a ratio.
 * @param workloads that it is run on
 */
export function inspectingProbe(commandLine: readonly string[], workloads: readonly string[]): Probe {
  return {
    ...flowtapProbe([...commandLine, '--applications', 'on']),
    name: INSPECTING,
    workloads,
  };
}

/** What flowtap is told unless the command line says otherwise: of path health, which its peers do not measure, nothing. */
const REPLAY: readonly string[] = [
  'replay',
  ...['{file}', '-e', 'ipfix://127.0.0.1:{port}', '-o', 'none', '--flow-table-entries', '{entries}'],
  ...['--path-health', 'off'],
];

/** flowtap as it is installed: from the bundle, which this makes. @throws Error when it cannot be made */
export function installedFlowtap(): string[] {
  // Standard output is the report's.
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: REPOSITORY, stdio: ['ignore', 2, 2] });
  return [process.execPath, join(REPOSITORY, 'dist/flowtap.mjs'), ...REPLAY];
}

/** flowtap as a clone runs it. */
export function flowtapFromSources(): string[] {
  return [process.execPath, join(REPOSITORY, 'src/flowtap.mjs'), ...REPLAY];
}

const COMPRESSED = '.gz';

/**
 * The command line of a probe that reads no compressed captures: gzip hands the octets over by a named pipe or, where
 * the probe reads regular files alone, by a file in memory. gzip's own time is in the wall time alone.
 * @param words  makes the command line from the name of what is to be read
 */
function uncompressed(
  { workload, folder }: RunContext,
  by: 'pipe' | 'file',
  words: (path: string) => string[],
): string[] {
  if (!workload.path.endsWith(COMPRESSED)) return words(workload.path);
  const path = join(folder, 'uncompressed.pcap');
  const before = by === 'pipe' ? 'mkfifo "$1"; gzip -dc "$2" >"$1" &' : 'gzip -dc "$2" >"$1";';
  const script = `${before} shift 2; exec "$@"`;
  return ['sh', '-c', script, 'sh', path, workload.path, ...words(path)];
}

/** softflowd: -m above the flows, since at its 8,192 it would evict; -d: one process that ends with the file. */
const softflowd: Probe = {
  name: 'softflowd',
  output: 'ipfix',
  versionCommand: ['softflowd', '-h'],
  command: (context) =>
    uncompressed(context, 'pipe', (path) => [
      'softflowd',
      ...['-r', path, '-d', '-v', '10', '-m', String(context.workload.content.flows * 2)],
      ...['-n', `127.0.0.1:${context.ports[0]}`, '-c', 'none', '-p', join(context.folder, 'softflowd.pid')],
    ]),
  recordsFrom: (output) => firstNumber(/Flows exported: \d+ \((\d+) records\)/, output),
};

const NFPCAPD_NODES_DEFAULT = 524_288;

/**
 * nfpcapd: into a file in memory, the fastest of its outputs; -t: one file, never rotated; -B: its node cache above the
 * flows (two nodes each) where the default is below them. Where the default is enough a larger one makes it slower.
 */
const nfpcapd: Probe = {
  name: 'nfpcapd',
  output: 'file',
  versionCommand: ['nfpcapd', '-V'],
  command: (context) =>
    uncompressed(context, 'file', (path) => [
      'nfpcapd',
      ...['-v', '-r', path, '-w', context.folder, '-t', '3600'],
      ...['-B', String(Math.max(NFPCAPD_NODES_DEFAULT, context.workload.content.flows * 2))],
    ]),
  recordsFrom: (output) => firstNumber(/Flows: (\d+)/, output),
};

/** pmacctd with its nfprobe plugin. */
const pmacctd: Probe = {
  name: 'pmacctd',
  output: 'ipfix',
  versionCommand: ['pmacctd', '-V'],
  command: ({ workload, ports, folder }) => {
    const flows = workload.content.flows * 2;
    const lines = [
      'daemonize: false',
      `pcap_savefile: ${workload.path}`,
      'aggregate: src_host,dst_host,src_port,dst_port,proto',
      'plugins: nfprobe',
      `nfprobe_receiver: 127.0.0.1:${ports[0]}`,
      'nfprobe_version: 10',
      `nfprobe_maxflows: ${flows}`,
      'plugin_buffer_size: 1024000',
      'plugin_pipe_size: 102400000',
    ];
    mkdirSync(folder, { recursive: true });
    const path = join(folder, 'pmacctd.conf');
    writeFileSync(path, `${lines.join('\n')}\n`);
    return ['pmacctd', '-f', path];
  },
};

/** argus: its own records, thrown away. */
const argus: Probe = {
  name: 'argus',
  output: 'file',
  versionCommand: ['argus', '-h'],
  command: (context) =>
    uncompressed(context, 'pipe', (path) => ['argus', '-r', path, '-w', join(context.folder, 'argus.out')]),
};

/** tcpdump: reads and writes packets, meters nothing. What a reader through libpcap can reach at most. */
const tcpdump: Probe = {
  name: 'tcpdump',
  output: 'none',
  versionCommand: ['tcpdump', '--version'],
  command: (context) => uncompressed(context, 'pipe', (path) => ['tcpdump', '-r', path, '-w', '/dev/null']),
};

/** All known peers; the first three are measured unless others are asked for. */
export const PEERS: readonly Probe[] = [softflowd, nfpcapd, tcpdump, argus, pmacctd];
export const DEFAULT_PEERS: readonly string[] = ['softflowd', 'nfpcapd', 'tcpdump'];

/** Whether the probe can be started here: ENOENT is no, a strange exit code is not. */
export function isInstalled(probe: Probe): boolean {
  try {
    execFileSync(probe.versionCommand[0]!, probe.versionCommand.slice(1), { stdio: 'ignore' });
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

/** The file that is run when the probe is; the probe must be installed. */
export function executableOf({ versionCommand: [name] }: Probe): string {
  const places = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name!));
  return [name!, ...places].find((path) => isAbsolute(path) && existsSync(path))!;
}
