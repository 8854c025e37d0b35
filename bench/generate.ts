/**
 * Command line of the workload generator: `npm run bench:generate -- [NAME…] [options]`. Writes NAME.pcap and NAME.json
 * (what is in it) into `--out`. Does not run anything; see run.ts.
 */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { WORKLOADS, type WorkloadContent, type WorkloadOptions, writeWorkload } from './workload.ts';

/** Where captures go when nothing else is said; git ignores it. */
export const DATA_FOLDER = join(import.meta.dirname, 'data');

/** A workload that lies ready on disk. */
export interface ReadyWorkload {
  readonly name: string;
  readonly path: string;
  readonly content: WorkloadContent;
}

function sameOptions(content: WorkloadContent, options: WorkloadOptions): boolean {
  return (Object.keys(options) as (keyof WorkloadOptions)[]).every((key) => content[key] === options[key]);
}

/** Writes a workload into `folder`, unless the same one lies there already. */
export function prepareWorkload(name: string, options: WorkloadOptions, folder: string): ReadyWorkload {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.pcap`);
  const contentPath = join(folder, `${name}.json`);
  if (existsSync(path) && existsSync(contentPath)) {
    const content = JSON.parse(readFileSync(contentPath, 'utf8')) as WorkloadContent;
    if (sameOptions(content, options)) return { name, path, content };
  }
  const started = performance.now();
  const content = writeWorkload(path, options);
  writeFileSync(contentPath, `${JSON.stringify(content, null, 2)}\n`);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const mebibytes = Math.round(statSync(path).size / 2 ** 20);
  console.error(
    `${path}: ${options.packets} packets, ${options.flows} flows, ${mebibytes} MiB in ${seconds} s`,
  );
  return { name, path, content };
}

const HELP = `usage: node bench/generate.ts [NAME…] [options]
NAME        ${Object.keys(WORKLOADS).join(', ')}
            (default: all but the last; any other name starts from the first one's options)
--packets N --flows N --frame OCTETS --stored OCTETS --ipv6-share 0…1 --rate PACKETS/S --skew EXPONENT --seed N
            change what the named workloads hold
--out DIR   default bench/data`;

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      packets: { type: 'string' },
      flows: { type: 'string' },
      frame: { type: 'string' },
      stored: { type: 'string' },
      'ipv6-share': { type: 'string' },
      rate: { type: 'string' },
      skew: { type: 'string' },
      seed: { type: 'string' },
      out: { type: 'string', default: DATA_FOLDER },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const names = positionals.length > 0 ? positionals : Object.keys(WORKLOADS).slice(0, -1);
  for (const name of names) {
    const preset = WORKLOADS[name] ?? Object.values(WORKLOADS)[0]!;
    const number = (text: string | undefined, fallback: number) =>
      text === undefined ? fallback : Number(text);
    prepareWorkload(
      name,
      {
        packets: number(values.packets, preset.packets),
        flows: number(values.flows, preset.flows),
        frameOctets: number(values.frame, preset.frameOctets),
        storedOctets: number(values.stored, preset.storedOctets),
        ipv6Share: number(values['ipv6-share'], preset.ipv6Share),
        packetsPerSecond: number(values.rate, preset.packetsPerSecond),
        skew: number(values.skew, preset.skew),
        seed: number(values.seed, preset.seed),
      },
      values.out,
    );
  }
}

if (import.meta.main) main();
