/**
 * Captures that lie ready on disk, made if they do not: of made traffic, of real traffic, and copies in other formats.
 * Their contents stand beside them, in JSON; those of the capture of real traffic are asked of tshark.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { writeRealWorkload } from './real.ts';
import { type WorkloadContent, type WorkloadOptions, writeWorkload } from './workload.ts';
import { MADE, REAL, REAL_COPIES, REAL_PACKETS, WORKLOAD_NAMES } from './workloads.ts';

/** Where captures go when nothing else is said; git ignores it. */
export const DATA_FOLDER = join(import.meta.dirname, 'data');
/** Captures of real traffic, of other projects; they are not in this repository. */
const REAL_FOLDER = join(import.meta.dirname, '../../shared/pcaps/real');
const TSHARK_OUTPUT_MAX = 256 * 2 ** 20;

/** A workload that lies ready on disk. */
export interface ReadyWorkload {
  readonly name: string;
  readonly path: string;
  readonly content: WorkloadContent;
}

/** Makes a file and its content, unless the same ones lie there already. @param made what it is made of */
function prepare(
  name: string,
  path: string,
  made: object,
  make: (path: string) => WorkloadContent,
): ReadyWorkload {
  const contentPath = `${path}.json`;
  const of = JSON.stringify(made);
  if (existsSync(path) && existsSync(contentPath)) {
    const known = JSON.parse(readFileSync(contentPath, 'utf8')) as { made: object; content: WorkloadContent };
    if (JSON.stringify(known.made) === of) return { name, path, content: known.content };
  }
  rmSync(contentPath, { force: true });
  const started = performance.now();
  const content = make(path);
  writeFileSync(contentPath, `${JSON.stringify({ made, content }, null, 2)}\n`);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const mebibytes = Math.round(statSync(path).size / 2 ** 20);
  console.error(
    `${path}: ${content.packets} packets, ${content.flows} flows, ${mebibytes} MiB in ${seconds} s`,
  );
  return { name, path, content };
}

/** Made traffic. */
export function prepareMade(name: string, options: WorkloadOptions, folder: string): ReadyWorkload {
  mkdirSync(folder, { recursive: true });
  return prepare(name, join(folder, `${name}.pcap`), options, (path) => writeWorkload(path, options));
}

/** Octets of each frame's outermost IP packet, 0 of one that is none, and the conversation it belongs to. */
function describeRound(path: string): { ipOctets: number[]; conversations: Set<string>; directions: number } {
  const fields = 'frame.protocols ip.len ipv6.plen ip.src ip.dst ipv6.src ipv6.dst ip.proto ipv6.nxt'.split(
    ' ',
  );
  fields.push('tcp.srcport', 'tcp.dstport', 'udp.srcport', 'udp.dstport');
  const separate = ['-o', 'ip.defragment:FALSE', '-o', 'ipv6.defragment:FALSE', '-E', 'occurrence=f'];
  const command = [
    '-r',
    path,
    '-n',
    '-T',
    'fields',
    ...fields.flatMap((field) => ['-e', field]),
    ...separate,
  ];
  const text = execFileSync('tshark', command, {
    encoding: 'utf8',
    maxBuffer: TSHARK_OUTPUT_MAX,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const conversations = new Set<string>();
  const directions = new Set<string>();
  const ipOctets = text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [protocols, length4, length6, ...key] = line.split('\t');
      const version = /:(ip|ipv6)(:|$)/.exec(protocols!)?.[1];
      if (version === undefined) return 0;
      const [source4, to4, source6, to6, , , tcpFrom, tcpTo, udpFrom, udpTo] = key;
      const from = `${version === 'ip' ? source4 : source6} ${tcpFrom || udpFrom}`;
      const to = `${version === 'ip' ? to4 : to6} ${tcpTo || udpTo}`;
      directions.add(`${from} ${to}`);
      conversations.add(from < to ? `${from} ${to}` : `${to} ${from}`);
      return version === 'ip' ? Number(length4) : Number(length6) + 40;
    });
  return { ipOctets, conversations, directions: directions.size };
}

function makeReal(path: string, packets: number): WorkloadContent {
  const round = `${path}.round`;
  const each = writeRealWorkload(path, REAL_FOLDER, packets);
  writeRealWorkload(round, REAL_FOLDER, each);
  const { ipOctets, conversations, directions } = describeRound(round);
  rmSync(round);
  let octets = 0;
  let ipPackets = 0;
  for (let i = 0; i < packets; i++) {
    const length = ipOctets[i % each]!;
    octets += length;
    ipPackets += length > 0 ? 1 : 0;
  }
  const rounds = Math.ceil(packets / each);
  return {
    packets,
    flows: conversations.size * rounds,
    ipPackets,
    ipOctets: octets,
    unidirectionalFlows: directions * Math.floor(packets / each),
  };
}

/** Why there is no real traffic here; undefined where there is. */
function missingForReal(name: string): string | undefined {
  if (!existsSync(REAL_FOLDER)) return `it needs captures of real traffic in ${REAL_FOLDER}`;
  for (const tool of name === 'real.pcapng' ? ['tshark', 'editcap'] : ['tshark']) {
    try {
      execFileSync(tool, ['--version'], { stdio: 'ignore' });
    } catch {
      return `it needs ${tool}`;
    }
  }
  return undefined;
}

/**
 * A workload of workloads.ts, ready.
 * @param packets in place of the workload's own number
 * @returns undefined, with a line on standard error, where it cannot be made here
 * @throws RangeError for a name that is none
 */
export function prepareNamed(name: string, folder: string, packets?: number): ReadyWorkload | undefined {
  const made = MADE[name];
  if (made !== undefined) return prepareMade(name, { ...made, packets: packets ?? made.packets }, folder);
  if (!WORKLOAD_NAMES.includes(name))
    throw new RangeError(`--workloads: found ${name}; allowed: ${WORKLOAD_NAMES.join(', ')}`);
  const missing = missingForReal(name);
  if (missing !== undefined) {
    console.error(`LEFT OUT: the workload ${name}: ${missing}`);
    return undefined;
  }
  mkdirSync(folder, { recursive: true });
  const wanted = { packets: packets ?? REAL_PACKETS };
  const real = prepare(REAL, join(folder, 'real.pcap'), wanted, (path) => makeReal(path, wanted.packets));
  const copy = REAL_COPIES[name];
  if (copy === undefined) return real;
  return prepare(name, join(folder, name), { ...wanted, of: basename(real.path) }, (path) => {
    const [command, ...words] = copy(real.path, path);
    execFileSync(command!, words, { stdio: ['ignore', 'ignore', 2] });
    return real.content;
  });
}
