/**
 * What `flowtap replay` makes of captures, as a user sees it, against two judges: tshark, whose packets are added up to
 * flows independently (every capture of pcaps/ and of the shared folder), and golden flows (pcaps/NAME.flows.json),
 * which pin every field and how flows are split in time. Golden flows are written only while tshark agrees:
 *
 *     FLOWTAP_UPDATE_GOLDEN=1 npx vitest run test/golden
 */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { differencesOf, flowsOfJson } from '../support/flow-totals.ts';
import { type FlowtapRun, runFlowtap } from '../support/run-flowtap.ts';
import { capturesIn, hasTool, PCAPS_FOLDER, requireTools, SHARED_PCAPS_FOLDER } from '../support/tools.ts';
import { type WitnessOptions, witnessFlows } from '../support/tshark.ts';

const isUpdating = process.env.FLOWTAP_UPDATE_GOLDEN === '1';
const hasTshark = requireTools('captures against tshark', 'tshark');
const ownCaptures = capturesIn(PCAPS_FOLDER);
const sharedFiles = capturesIn(join(SHARED_PCAPS_FOLDER, 'real'));
const realCaptures = sharedFiles.filter(beginsAsCapture);
/** Links of the project that they come from, stored as text: named like captures, but none. */
const noCaptures = sharedFiles.filter((file) => !beginsAsCapture(file));

/** What tshark has to be told about a capture, as it guesses too. */
const WITNESS: Readonly<Record<string, WitnessOptions>> = {
  'eompls.pcap': {
    arguments: ['-d', 'mpls.label==100,pwethnocw', '-d', 'mpls.label==200,pwethcw'],
  },
};

interface GoldenCase {
  /** Name of the golden file, without `.flows.json`. */
  readonly name: string;
  readonly file: string;
  readonly flags: readonly string[];
  readonly witness: WitnessOptions;
}

/** Every capture as it is, and some again with other flags. */
const GOLDEN: readonly GoldenCase[] = [
  ...ownCaptures.map((file) => ({
    name: basename(file).split('.')[0]!,
    file,
    flags: [],
    witness: WITNESS[basename(file)] ?? {},
  })),
  {
    name: 'tunnels.decapsulated',
    file: join(PCAPS_FOLDER, 'tunnels.pcap'),
    flags: ['--decapsulate', 'all'],
    witness: { innermost: true },
  },
  {
    name: 'vxlan-ports.decapsulated',
    file: join(PCAPS_FOLDER, 'vxlan-ports.pcap'),
    flags: ['--decapsulate', 'vxlan'],
    witness: { innermost: true, arguments: ['-d', 'udp.port==8472,vxlan'] },
  },
  {
    name: 'any-sll2.no-interface',
    file: join(PCAPS_FOLDER, 'any-sll2.pcap'),
    flags: ['--flow-key', 'no-interface'],
    witness: {},
  },
  {
    name: 'any-sll.direction',
    file: join(PCAPS_FOLDER, 'any-sll.pcap'),
    flags: ['--flow-key', 'direction'],
    witness: {},
  },
];

/** Captures that end in the middle, by intention. */
const DAMAGED: ReadonlySet<string> = new Set(['truncated.pcap']);

/** Whether the file's first octets are those of pcap (either byte order and resolution), pcapng or gzip. */
function beginsAsCapture(file: string): boolean {
  const magic = readFileSync(file).subarray(0, 4).toString('hex');
  return /^(a1b2c3d4|d4c3b2a1|a1b23c4d|4d3cb2a1|a1b2cd34|34cdb2a1|0a0d0d0a|1f8b....)$/.test(magic);
}

function replayAsJson(file: string, flags: readonly string[] = []): Promise<FlowtapRun> {
  return runFlowtap(['replay', file, '-q', '-o', 'json', ...flags]);
}

/** Records one a line, in an order that does not depend on when they were exported. */
function goldenText(json: string): string {
  const lines = json.split('\n').filter((line) => line !== '');
  return lines.length === 0 ? '' : `${lines.sort().join('\n')}\n`;
}

/** tshark runs while flowtap does. */
async function compareWithTshark(file: string, flags: readonly string[] = [], witness: WitnessOptions = {}) {
  const running = replayAsJson(file, flags);
  const expected = statSync(file).size === 0 ? new Map() : witnessFlows(file, witness);
  const run = await running;
  return { run, differences: differencesOf(flowsOfJson(run.stdout), expected) };
}

describe.skipIf(!hasTshark)('our captures, added up, are what tshark says', () => {
  it.each(GOLDEN.map((golden) => [golden.name, golden] as const))('%s', async (name, golden) => {
    const { run, differences } = await compareWithTshark(golden.file, golden.flags, golden.witness);
    expect(differences).toEqual([]);
    expect(run.exitCode, run.stderr).toBe(DAMAGED.has(basename(golden.file)) ? 1 : 0);
    if (isUpdating) writeFileSync(join(PCAPS_FOLDER, `${name}.flows.json`), goldenText(run.stdout));
  });
});

describe('our captures give their golden flows', () => {
  it.each(GOLDEN.map((golden) => [golden.name, golden] as const))('%s', async (name, { file, flags }) => {
    const path = join(PCAPS_FOLDER, `${name}.flows.json`);
    expect(existsSync(path), `${path}: make it with FLOWTAP_UPDATE_GOLDEN=1`).toBe(true);
    const run = await replayAsJson(file, flags);
    expect(goldenText(run.stdout)).toBe(readFileSync(path, 'utf8'));
  });
});

describe.skipIf(!hasTshark || realCaptures.length === 0)(
  'real captures, added up, are what tshark says',
  () => {
    it.each(realCaptures.map((file) => [basename(file), file] as const))('%s', async (_, file) => {
      const { run, differences } = await compareWithTshark(file);
      expect(differences).toEqual([]);
      expect(run.exitCode, run.stderr).toBe(0);
    });
  },
);

describe.skipIf(noCaptures.length === 0)('files that are no captures', () => {
  it.each(noCaptures.map((file) => [basename(file), file] as const))('%s is refused', async (name, file) => {
    const run = await replayAsJson(file);
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toBe('');
    expect(run.stderr).toContain(`${name}: byte 0: expected a pcap or pcapng capture`);
  });
});

/** Packets of each record of the flow with this source port, in order of time. */
function piecesOf(json: string, sourcePort: number): number[] {
  const records = json
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, number>)
    .filter((record) => record.sourceTransportPort === sourcePort);
  records.sort((a, b) => a.flowStartMilliseconds! - b.flowStartMilliseconds!);
  return records.map((record) => record.packetDeltaCount!);
}

describe('flows end when the rules say', () => {
  it('by idle and active timeout', async () => {
    const { stdout } = await replayAsJson(join(PCAPS_FOLDER, 'timeouts.pcap'));
    // One packet each 5 s from 0 to 150 s, active timeout 60 s: a piece holds what came within 60 s of its first one.
    expect(piecesOf(stdout, 5001)).toEqual([12, 12, 7]);
    // 0, 5, 19 s; silence of 21 s; 40, 41 s.
    expect(piecesOf(stdout, 5002)).toEqual([3, 2]);
    // Forward at 0 and 28 s, reverse at 14 s: neither direction alone is idle for long. Then 16 s of silence.
    expect(piecesOf(stdout, 5003)).toEqual([2]);
    expect(piecesOf(stdout, 7)).toEqual([1, 1]);
  });

  it('by timeouts as they are set', async () => {
    const flags = ['--idle-timeout', '30s', '--active-timeout', '1h'];
    const { stdout } = await replayAsJson(join(PCAPS_FOLDER, 'timeouts.pcap'), flags);
    expect(piecesOf(stdout, 5001)).toEqual([31]);
    expect(piecesOf(stdout, 5002)).toEqual([5]);
    expect(piecesOf(stdout, 7)).toEqual([2]);
  });

  it('by the end of a TCP connection, and ports used again are a new flow', async () => {
    const { stdout } = await replayAsJson(join(PCAPS_FOLDER, 'tcp-ends.pcap'));
    expect(piecesOf(stdout, 5001)).toEqual([6, 6]); // SYN, ACK, data, ACK, FIN, and the ACK after the end
    expect(piecesOf(stdout, 5002)).toEqual([4, 4]); // SYN, ACK, data, ACK; the server resets
    expect(piecesOf(stdout, 5003)).toEqual([4]);
  });
});

describe('tools for these tests', () => {
  it('are here, or the console says which are not', () => {
    expect(hasTool('sh')).toBe(true);
    expect(ownCaptures.length).toBeGreaterThan(10);
  });
});
