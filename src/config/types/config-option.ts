/** What a row of the table of options holds (schema.ts), and what several rows share. */
import type { ExportFeature } from '../../export/contract/protocols.ts';
import { names, type OptionType, type OptionValue } from './option-types.ts';

/** The parts of a probe that take a new value over while it runs. */
export type ReloadedPart = 'exporting' | 'networks' | 'metering' | 'metrics' | 'log';

/** The commands that read the configuration. */
export type MeteringCommand = 'replay' | 'run' | 'count';

export interface ConfigOption {
  /** Dotted path in the YAML file. */
  readonly path: string;
  readonly type: OptionType;
  readonly default: OptionValue;
  /** What the number counts; `''` where it has no unit or the value carries it. */
  readonly unit: string;
  /** One sentence. */
  readonly help: string;
  /** The flag without its dashes, where there is one. A switch that is on has `no-` in front. */
  readonly flag?: string;
  /** The commands that use the option and have its flag; without it, all that meter. */
  readonly commands?: readonly MeteringCommand[];
  /** The part of a running probe that takes a new value over; without it, the value waits for a restart. */
  readonly onReload?: ReloadedPart;
  /** What the protocol of an exporter must carry for the option to say anything; without it, nothing special. */
  readonly needs?: ExportFeature;
  /** One letter, for a flag that is typed often. */
  readonly letter?: string;
}

export const DAY_MS = 86_400e3;
export const UINT32_MAX = 2 ** 32 - 1;

/** Whether `command` uses the option. */
export function concerns(option: ConfigOption, command: MeteringCommand): boolean {
  // What counts does not meter: it uses nothing but what says so.
  return option.commands === undefined ? command !== 'count' : option.commands.includes(command);
}

/** The type of options that name information elements. */
export const TEMPLATE = names(
  'the name of a profile, or a list of information elements (see: flowtap elements)',
);
