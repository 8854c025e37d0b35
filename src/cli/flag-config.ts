/**
 * The configuration of a command that meters: defaults, then the configuration file, then the flags. Faults of the file
 * and of the flags are reported together. The file's reader, with the YAML parser, is loaded only for a file. Each
 * command checks by itself how its options go together.
 */

import { ConfigError, type ConfigFault } from '../base/errors.ts';
import { buildConfig, type FlowtapConfig, type OptionValues } from '../config/config.ts';
import { crossFaults } from '../config/cross-faults.ts';
import { type ExporterConfig, parseExporter } from '../config/exporters.ts';
import type { ConfigFile } from '../config/load.ts';
import { CONFIG_OPTIONS, flagText } from '../config/schema.ts';
import { concerns, type MeteringCommand } from '../config/types/config-option.ts';
import { allowedInPlaceOf, type OptionType, type OptionValue } from '../config/types/option-types.ts';
import { type Arguments, COMMAND_LINE } from './command.ts';
import { FLOW_KEY_PARTS, FLOW_KEY_TYPE } from './metering-flags.ts';

/** What a command's own rules look at. */
export interface MergedConfig {
  readonly config: FlowtapConfig;
  /** How the user called the option with this path: its flag where that was given, else the path. */
  nameOf(path: string): string;
  /**
   * Whether a flag asks for the option with this path, or the file for another value than its default: the sample file
   * has every default in it, which means nothing by that.
   */
  isGiven(path: string): boolean;
  /** Whether there is a file. */
  readonly hasFile: boolean;
}

/** The value of a flag that was given once or more: lists add up, of anything else the last one counts. */
function flagValue(
  flag: string,
  type: OptionType,
  texts: readonly string[],
  faults: ConfigFault[],
): OptionValue {
  const text = type.isList ? texts.join(',') : texts.at(-1)!;
  const value = type.parse(text);
  if (value === undefined)
    faults.push({ path: flag, found: JSON.stringify(text), allowed: allowedInPlaceOf(text, type) });
  return value;
}

/** `--flow-key tos,no-vlan`: each part is an option of its own. */
export function applyFlowKey(texts: readonly string[], values: OptionValues, faults: ConfigFault[]): void {
  for (const word of texts.join(',').split(',')) {
    const isRemoved = word.startsWith('no-');
    const part = isRemoved ? word.slice(3) : word;
    if (FLOW_KEY_PARTS.includes(part)) values.set(`metering.flowKey.${part}`, !isRemoved);
    else faults.push({ path: '--flow-key', found: JSON.stringify(word), allowed: FLOW_KEY_TYPE.allowed });
  }
}

/** Puts what the flags say over what `values` holds already. */
function applyFlags(
  command: MeteringCommand,
  args: Arguments,
  values: OptionValues,
  faults: ConfigFault[],
): void {
  const template = args.flags.get('template');
  for (const option of CONFIG_OPTIONS) {
    if (option.flag === undefined || !concerns(option, command)) continue;
    const flag = flagText(option);
    const isTemplate = option.path.startsWith('template.');
    const texts = args.flags.get(flag.slice(2)) ?? (isTemplate ? template : undefined);
    if (texts === undefined) continue;
    const isSwitch = option.type.placeholder === '';
    const value = isSwitch ? option.default !== true : flagValue(flag, option.type, texts, faults);
    if (value !== undefined) values.set(option.path, value);
  }
  const flowKey = args.flags.get('flow-key');
  if (flowKey !== undefined) applyFlowKey(flowKey, values, faults);
}

function flagExporters(urls: readonly string[], faults: ConfigFault[]): ExporterConfig[] {
  return urls.flatMap((url) => parseExporter(url, '--export', faults) ?? []);
}

/** How the user called the option with this path. */
function nameOf(command: MeteringCommand, path: string, args: Arguments): string {
  if (path === 'exporters') return args.flags.has('export') ? '--export' : path;
  const option = CONFIG_OPTIONS.find((row) => row.path === path && concerns(row, command));
  if (option?.flag === undefined || !args.flags.has(flagText(option).slice(2))) return path;
  return flagText(option);
}

/** Whether two values of an option are the same; lists are short. */
function isSame(a: OptionValue | undefined, b: OptionValue | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Faults of options that only the file sets are the file's, with their lines; the others are the command line's. */
function splitFaults(
  command: MeteringCommand,
  file: string | undefined,
  lines: ReadonlyMap<string, number> | undefined,
  faults: readonly ConfigFault[],
): ConfigError[] {
  const isOfFile = (fault: ConfigFault) => file !== undefined && !fault.path.startsWith('--');
  const ofFile = faults.filter(isOfFile).map((fault) => ({ ...fault, line: lines?.get(fault.path) }));
  const ofFlags = faults.filter((fault) => !isOfFile(fault));
  const errors: ConfigError[] = [];
  if (ofFile.length > 0) errors.push(new ConfigError(file!, ofFile));
  if (ofFlags.length > 0)
    errors.push(new ConfigError(COMMAND_LINE, ofFlags, `see: flowtap ${command} --help`));
  return errors;
}

/**
 * @param ownFaults what the command does not allow, asked for only when the options are right by themselves
 * @param otherFaults of flags that are no options of the configuration, to be told with the rest
 * @returns the complete configuration
 * @throws ConfigError for the file or the flags, or AggregateError with one for each
 */
export async function mergeConfig(
  command: MeteringCommand,
  args: Arguments,
  ownFaults: (merged: MergedConfig) => readonly ConfigFault[],
  otherFaults: readonly ConfigFault[] = [],
): Promise<FlowtapConfig> {
  const errors: unknown[] = [];
  const faults = [...otherFaults];
  const file = args.flags.get('config')?.at(-1);
  let fromFile: ConfigFile | undefined;
  if (file !== undefined) {
    const { readConfigFile } = await import('../config/load.ts');
    try {
      fromFile = readConfigFile(file);
    } catch (error) {
      errors.push(error);
    }
  }
  const values: OptionValues = new Map(fromFile?.values);
  applyFlags(command, args, values, faults);
  const urls = args.flags.get('export');
  const exporters = urls === undefined ? (fromFile?.exporters ?? []) : flagExporters(urls, faults);
  const config = buildConfig(values, exporters);
  if (errors.length === 0 && faults.length === 0) {
    const called = (path: string) => nameOf(command, path, args);
    const isGiven = (path: string) => {
      const row = CONFIG_OPTIONS.find((option) => option.path === path && concerns(option, command));
      return called(path) !== path || (values.has(path) && !isSame(values.get(path)!, row?.default));
    };
    const merged = { config, nameOf: called, isGiven, hasFile: file !== undefined };
    faults.push(...crossFaults(config, called), ...ownFaults(merged));
  }
  errors.push(...splitFaults(command, file, fromFile?.lines, faults));
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors);
  return config;
}
