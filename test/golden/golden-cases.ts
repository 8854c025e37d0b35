/** Captures with golden flows, and replays of them. */
import { basename, join } from 'node:path';
import { capturesIn, PCAPS_FOLDER } from '../support/captures.ts';
import { type FlowtapRun, runFlowtap } from '../support/run-flowtap.ts';
import type { WitnessOptions } from '../support/tshark.ts';

const ownCaptures = capturesIn(PCAPS_FOLDER);

/** What tshark has to be told about a capture, as it guesses too. */
const WITNESS: Readonly<Record<string, WitnessOptions>> = {
  'eompls.pcap': {
    arguments: ['-d', 'mpls.label==100,pwethnocw', '-d', 'mpls.label==200,pwethcw'],
  },
};

export interface GoldenCase {
  /** Name of the golden file, without `.flows.json`. */
  readonly name: string;
  readonly file: string;
  readonly flags: readonly string[];
  readonly witness: WitnessOptions;
}

/** Every capture as it is, and some again with other flags. */
export const GOLDEN: readonly GoldenCase[] = [
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
    name: 'tap.no-interface',
    file: join(PCAPS_FOLDER, 'tap.pcapng'),
    flags: ['--flow-key', 'no-interface'],
    witness: {},
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

export function replayAsJson(file: string, flags: readonly string[] = []): Promise<FlowtapRun> {
  return runFlowtap(['replay', file, '-q', '-o', 'json', ...flags]);
}

/** Records one a line, in an order that does not depend on when they were exported. */
export function goldenText(json: string): string {
  const lines = json.split('\n').filter((line) => line !== '');
  return lines.length === 0 ? '' : `${lines.sort().join('\n')}\n`;
}
