/** The flags of `flowtap diagnose`, and what their texts come to. */

import { parseNetwork } from '../base/addresses.ts';
import { ConfigError, type ConfigFault } from '../base/errors.ts';
import type { OptionValues } from '../config/config.ts';
import { CONFIG_OPTIONS } from '../config/schema.ts';
import {
  allowedInPlaceOf,
  choice,
  duration,
  formatDuration,
  integer,
  names,
  type OptionType,
} from '../config/types/option-types.ts';
import { type Arguments, COMMAND_LINE, type Flag } from './command.ts';
import { applyFlowKey } from './flag-config.ts';
import { FLOW_KEY_TYPE, helpOf } from './metering-flags.ts';

const FILE = { ...names('the name of a file to write'), placeholder: 'FILE' };
const INTERFACE = { ...names('the name of an interface (see: flowtap interfaces)'), placeholder: 'IFACE' };
const NETWORK: OptionType = {
  ...names('an address or a network, as 192.0.2.0/24 or 2001:db8::1'),
  placeholder: 'NET',
  parse: (raw) => (parseNetwork(String(raw)) === undefined ? undefined : String(raw)),
};
const REORDER_WINDOW = CONFIG_OPTIONS.find(({ path }) => path === 'replay.reorderWindow')!;
/** What decodes: `--decapsulate`, and the ports of tunnels. */
const DECODE_OPTIONS = CONFIG_OPTIONS.filter(
  ({ path, flag }) => path.startsWith('decode.') && flag !== undefined,
);
const DECODE_FLAGS = DECODE_OPTIONS.map((option) => ({
  name: option.flag!,
  type: option.type,
  help: helpOf(option),
}));

export const DIAGNOSE_FLAGS = [
  {
    name: 'output',
    letter: 'o',
    type: choice(['table', 'json']),
    help: 'A report for people [table], or one JSON object a line',
  },
  { name: 'html', type: FILE, help: 'Also write a page with charts, which needs nothing else' },
  {
    name: 'top',
    letter: 'n',
    type: integer(0, 1e6),
    help: 'Flows in the report, the largest ones [10]; 0 for all',
  },
  { name: 'interval', type: duration(1000, 3600e3), help: 'Length of the throughput intervals [5s]' },
  {
    name: 'min-octets',
    type: integer(0, Number.MAX_SAFE_INTEGER, 'OCTETS'),
    help: 'Leave smaller flows out [0]',
  },
  { name: 'address', type: NETWORK, help: 'Only flows from or to this address or network; repeatable' },
  { name: 'port', type: integer(0, 65_535), help: 'Only flows from or to this port; repeatable' },
  ...DECODE_FLAGS,
  { name: 'merge', help: 'Merge the files by time instead of one after the other' },
  {
    name: 'flow-key',
    type: FLOW_KEY_TYPE,
    help: 'no-interface for a TAP: each direction on its own interface',
  },
  {
    name: 'reorder-window',
    type: REORDER_WINDOW.type,
    help: `Put records in order that are late by no more [${formatDuration(REORDER_WINDOW.default as number)}]`,
  },
  { name: 'live', help: 'Diagnose an interface instead of files' },
  { name: 'interface', letter: 'i', type: INTERFACE, help: 'The interface for --live' },
  { name: 'duration', type: duration(1000, 30 * 86_400e3), help: 'How long --live looks [until a signal]' },
  { name: 'no-progress', help: 'No progress on a terminal' },
  { name: 'quiet', letter: 'q', help: 'No progress, and nothing about what was read' },
] as const satisfies readonly Flag[];

/** What the flags ask for. */
export interface DiagnoseOptions {
  readonly form: 'table' | 'json';
  readonly html: string | undefined;
  readonly top: number;
  readonly intervalMs: number;
  readonly octetsMin: number;
  readonly addresses: readonly string[];
  readonly ports: readonly number[];
  /** Files only. */
  readonly isMerged: boolean;
  readonly reorderWindowMs: number;
  /** Parts added to the flow key or, with `no-`, removed. */
  readonly flowKey: OptionValues;
  /** Values of the options of decoding, by path. */
  readonly decode: OptionValues;
  readonly live: { readonly interface: string; readonly durationMs: number | undefined } | undefined;
}

const TOP = 10;
const INTERVAL_MS = 5000;

/** The values of every flag that was given and is right; faults of the others. */
function parseFlags(args: Arguments, faults: ConfigFault[]): Map<string, unknown[]> {
  const values = new Map<string, unknown[]>();
  for (const flag of DIAGNOSE_FLAGS) {
    if (!('type' in flag)) continue;
    for (const text of args.flags.get(flag.name) ?? []) {
      const value = flag.type.parse(text);
      if (value === undefined)
        faults.push({
          path: `--${flag.name}`,
          found: JSON.stringify(text),
          allowed: allowedInPlaceOf(text, flag.type),
        });
      else values.set(flag.name, [...(values.get(flag.name) ?? []), value]);
    }
  }
  return values;
}

/** Faults of what was given together. */
function togetherFaults(args: Arguments, faults: ConfigFault[]): void {
  const isLive = args.flags.has('live');
  const file = args.operands[0];
  if (isLive && file !== undefined)
    faults.push({
      path: '--live',
      found: JSON.stringify(file),
      allowed: 'no FILE: --live looks at an interface',
    });
  if (isLive && !args.flags.has('interface'))
    faults.push({ path: '--live', found: 'no --interface', allowed: '-i IFACE beside it' });
  if (!isLive && file === undefined)
    faults.push({ path: 'FILE', found: 'nothing', allowed: 'at least one FILE, or --live -i IFACE' });
  for (const name of ['merge', 'reorder-window'])
    if (isLive && args.flags.has(name))
      faults.push({ path: `--${name}`, found: '--live', allowed: 'files, without --live' });
  for (const name of ['interface', 'duration'])
    if (!isLive && args.flags.has(name))
      faults.push({ path: `--${name}`, found: 'no --live', allowed: '--live beside it' });
}

/**
 * @returns what was asked for
 * @throws ConfigError with all faults
 */
export function diagnoseOptions(args: Arguments): DiagnoseOptions {
  const faults: ConfigFault[] = [];
  const values = parseFlags(args, faults);
  togetherFaults(args, faults);
  const flowKey: OptionValues = new Map();
  const parts = args.flags.get('flow-key');
  if (parts !== undefined) applyFlowKey(parts, flowKey, faults);
  if (faults.length > 0) throw new ConfigError(COMMAND_LINE, faults, 'see: flowtap diagnose --help');
  const last = <T>(name: string, otherwise: T) => (values.get(name)?.at(-1) as T | undefined) ?? otherwise;
  const first = (name: string) => last<readonly string[]>(name, [])[0];
  const name = first('interface');
  return {
    form: last('output', 'table'),
    html: first('html'),
    top: last('top', TOP),
    intervalMs: last('interval', INTERVAL_MS),
    octetsMin: last('min-octets', 0),
    addresses: (values.get('address') ?? []) as string[],
    ports: (values.get('port') ?? []) as number[],
    isMerged: args.flags.has('merge'),
    reorderWindowMs: last('reorder-window', REORDER_WINDOW.default as number),
    flowKey,
    decode: new Map(
      DECODE_OPTIONS.filter(({ flag }) => values.has(flag!)).map(({ path, flag }) => [
        path,
        values.get(flag!)!.flat() as string[] | number[],
      ]),
    ),
    live: name === undefined ? undefined : { interface: name, durationMs: last('duration', undefined) },
  };
}
