/**
 * Explains a command line that yargs refuses: every fault of it, with what is allowed instead and the nearest
 * known name. Loaded only then.
 */
import { ConfigError, type ConfigFault } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import { dashedOperands, operandsOf, type Refused } from './arguments.ts';
import { COMMAND_LINE, type Command, type Flag } from './command.ts';
import { COMMANDS } from './commands.ts';
import { COMPLETION, isLoose } from './yargs-options.ts';

/** What yargs adds to the options. */
const HELP: Flag = { name: 'help', letter: 'h', help: '' };
const VERSION: Flag = { name: 'version', letter: 'V', help: '' };
const NO_OPTIONS: ReadonlySet<string> = new Set(['_', '--', '$0']);

/** As it was typed: letters have one dash, mostly, and no name has a blank at its end. */
function withDashes(name: string, argv: readonly string[]): string {
  const isLong = name.length > 1 || argv.some((text) => text.split('=')[0] === `--${name}`);
  return `${isLong ? '--' : '-'}${name.trimEnd()}`;
}

function unknownOption(typed: string, flags: readonly Flag[]): ConfigFault {
  const names = flags.map(({ name }) => name);
  const meant = nearest(typed.replace(/^-+/, ''), names);
  const known = names.map((name) => `--${name}`).join(', ');
  const allowed = meant === undefined ? known : `--${meant} (did you mean it?)`;
  return { path: typed, found: 'an unknown option', allowed };
}

function unknownOptions({ argv, parsed }: Refused, flags: readonly Flag[]): ConfigFault[] {
  const isKnown = (key: string) => flags.some(({ name, letter }) => name === key || letter === key);
  const keys = Object.keys(parsed).filter((key) => !NO_OPTIONS.has(key) && !isKnown(key));
  return [...keys.map((key) => withDashes(key, argv)), ...dashedOperands(parsed)].map((typed) =>
    unknownOption(typed, flags),
  );
}

/** Switches with a value, and other options without one, in the order in which they were typed. */
function arityFaults({ loose, parsed }: Refused, flags: readonly Flag[]): ConfigFault[] {
  const faults: ConfigFault[] = [];
  for (const key of Object.keys(parsed)) {
    const flag = flags.find(({ name }) => name === key);
    if (flag === undefined) continue;
    const path = `--${flag.name}`;
    for (const value of [parsed[key]].flat()) {
      if (flag.type !== undefined && value === '' && isLoose(flag, loose)) {
        faults.push({ path, found: 'nothing', allowed: flag.type.allowed });
      } else if (flag.type === undefined && value !== true && value !== '') {
        faults.push({ path, found: JSON.stringify(value), allowed: 'no value' });
      }
    }
  }
  return faults;
}

function operandFaults(command: Command, operands: readonly string[]): ConfigFault[] {
  const { name, min, max } = command.operands;
  if (operands.length < min) {
    return [{ path: name, found: 'nothing', allowed: `flowtap ${command.name} ${command.usage}` }];
  }
  if (operands.length <= max) return [];
  const found = JSON.stringify(operands.slice(max).join(' '));
  return [{ path: 'operand', found, allowed: max === 0 ? 'no operand' : `one ${name}` }];
}

function commandFault({ argv, parsed }: Refused): ConfigFault {
  const name = parsed._[0] ?? argv[0]!;
  const names = [...COMMANDS.map((command) => command.name), COMPLETION];
  const meant = nearest(name, names);
  const allowed = meant === undefined ? names.join(', ') : `${meant} (did you mean it?)`;
  return { path: 'command', found: JSON.stringify(name), allowed };
}

/** Every fault of a command line that was refused. */
export function commandLineError(refused: Refused): ConfigError {
  const { argv, command, parsed } = refused;
  if (command === undefined) {
    // Behind a word that is no command, nothing is known to be wrong.
    const unknown = argv[0]!.startsWith('-') ? unknownOptions(refused, [HELP, VERSION]) : [];
    const faults = unknown.length > 0 ? unknown : [commandFault(refused)];
    return new ConfigError(COMMAND_LINE, faults, 'see: flowtap --help');
  }
  const flags = [...command.flags, HELP];
  const unknown = unknownOptions(refused, flags);
  // An unknown option may have taken an operand for its value.
  const operands = unknown.length > 0 ? [] : operandFaults(command, operandsOf(parsed));
  const faults = [...unknown, ...arityFaults(refused, flags), ...operands];
  return new ConfigError(COMMAND_LINE, faults, `see: flowtap ${command.name} --help`);
}
