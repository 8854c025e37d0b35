/** What a row of the table of options holds (schema.ts), and what several rows share. */
import { names, type OptionType, type OptionValue } from './option-types.ts';

export interface ConfigOption {
  /** Dotted path in the YAML file. */
  readonly path: string;
  readonly type: OptionType;
  readonly default: OptionValue;
  /** What the number counts; `''` where it has no unit or the value carries it. */
  readonly unit: string;
  /** One sentence. */
  readonly help: string;
  /** The flag of `flowtap replay` without its dashes, where there is one. A switch that is on has `no-` in front. */
  readonly flag?: string;
  /** One letter, for a flag that is typed often. */
  readonly letter?: string;
}

export const DAY_MS = 86_400e3;
export const UINT32_MAX = 2 ** 32 - 1;
/** The type of options that name information elements. */
export const TEMPLATE = names(
  'the name of a profile, or a list of information elements (see: flowtap elements)',
);
