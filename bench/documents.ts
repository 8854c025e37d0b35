/**
 * The results that docs/benchmarks keeps, as JSON, and what is made of them: charts, and the table of docs/benchmarks.md.
 * The test of this file checks that these are what the results give. Paths are relative to the repository.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CHART_NAMES, type GrowthResults } from './growth.ts';
import { drawGrowth } from './growth-charts.ts';
import { type Machine, machineText, roundsText } from './machine.ts';
import { type Baseline, type Summary, toMarkdown } from './report.ts';

/** What flowtap and its peers took. */
export interface PeerResults {
  readonly machine: Machine;
  readonly rounds: number;
  readonly summaries: readonly Summary[];
}

const REPOSITORY = join(import.meta.dirname, '..');
const DOCUMENT = 'docs/benchmarks.md';
const GROWTH = 'docs/benchmarks/growth.json';
const PEERS = 'docs/benchmarks/peers.json';
const TABLE_BEGIN = '<!-- The table that `npm run bench -- --write` made. Do not edit. -->\n';
const TABLE_END = '<!-- End of that table. -->\n';

function readText(path: string): string {
  return readFileSync(join(REPOSITORY, path), 'utf8');
}

function writeText(path: string, text: string): void {
  mkdirSync(dirname(join(REPOSITORY, path)), { recursive: true });
  writeFileSync(join(REPOSITORY, path), text);
}

/** The floors. */
export function readBaseline(): Baseline {
  return JSON.parse(readText('bench/baseline.json')) as Baseline;
}

/** A document with another table in place of the one that stands in it. @throws Error where none does */
export function withTable(document: string, { machine, rounds, summaries }: PeerResults): string {
  const begin = document.indexOf(TABLE_BEGIN);
  const end = document.indexOf(TABLE_END);
  if (begin < 0 || end < begin)
    throw new Error(`${DOCUMENT}: found no place for the table; it has lines of ${TABLE_BEGIN}${TABLE_END}`);
  const table = toMarkdown(summaries, readBaseline());
  const text = `\n${machineText(machine)}, ${roundsText(rounds)}:\n\n${table}\n\n`;
  return document.slice(0, begin + TABLE_BEGIN.length) + text + document.slice(end);
}

/** Path of each file that is made of results, with the function that makes its text. */
export const MADE_OF_RESULTS: Readonly<Record<string, () => Promise<string>>> = {
  ...Object.fromEntries(
    CHART_NAMES.map((name) => [
      `docs/benchmarks/growth-${name}.svg`,
      () => drawGrowth(name, JSON.parse(readText(GROWTH)) as GrowthResults),
    ]),
  ),
  [DOCUMENT]: async () => withTable(readText(DOCUMENT), JSON.parse(readText(PEERS)) as PeerResults),
};

/** Makes all of them again; tells their paths on standard output. */
export async function drawDocuments(): Promise<void> {
  for (const [path, make] of Object.entries(MADE_OF_RESULTS)) {
    writeText(path, await make());
    console.log(path);
  }
}

/** Keeps what growth.ts measured. */
export function writeGrowth(results: GrowthResults): void {
  writeText(GROWTH, `${JSON.stringify(results, null, 1)}\n`);
}

/** Keeps what the probes took. */
export function writePeers(results: PeerResults): void {
  writeText(PEERS, `${JSON.stringify(results, null, 1)}\n`);
}
