/**
 * Takes a command line apart by the tables of command.ts. Unknown flags and missing values are found here, all of them
 * at once; values are checked by whoever uses them. POSIX and GNU conventions, `--` included, as node:util reads them.
 */
import { ConfigError, type ConfigFault } from '../base/errors.ts';
import { type Arguments, COMMAND_LINE, type Command, type Flag } from './command.ts';

/** Flags that every command has. */
export const COMMON_FLAGS: readonly Flag[] = [{ name: 'help', letter: 'h', help: 'Show this help' }];

async function unknownFlag(rawName: string, flags: readonly Flag[]): Promise<ConfigFault> {
  const { nearest } = await import('../base/nearest.ts');
  const meant = nearest(
    rawName.replace(/^-+/, ''),
    flags.map((flag) => flag.name),
  );
  const known = flags.map((flag) => `--${flag.name}`).join(', ');
  const allowed = meant === undefined ? known : `--${meant} (did you mean it?)`;
  return { path: rawName, found: 'an unknown option', allowed };
}

function operandFault(command: Command, operands: readonly string[]): ConfigFault | undefined {
  const { name, min, max } = command.operands;
  if (operands.length < min) {
    return { path: name, found: 'nothing', allowed: `flowtap ${command.name} ${command.usage}` };
  }
  if (operands.length <= max) return undefined;
  const found = JSON.stringify(operands.slice(max).join(' '));
  const allowed = max === 0 ? 'no operand' : `one ${name}`;
  return { path: 'operand', found, allowed };
}

/**
 * @param argv what follows the command's name
 * @throws ConfigError with every flag that is unknown or lacks its value, and with operands that are too few or many
 */
export async function parseArguments(command: Command, argv: readonly string[]): Promise<Arguments> {
  // Imported as a module, node:util first evaluates all of its exports, which takes twice as long as the rest of this.
  const { parseArgs } = process.getBuiltinModule('node:util');
  const known = [...command.flags, ...COMMON_FLAGS];
  const options: Record<string, { type: 'string' | 'boolean'; short?: string }> = {};
  for (const { name, letter, type } of known) {
    const kind = type === undefined ? 'boolean' : 'string';
    options[name] = letter === undefined ? { type: kind } : { type: kind, short: letter };
  }
  const { tokens } = parseArgs({
    args: [...argv],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const operands: string[] = [];
  const flags = new Map<string, string[]>();
  const faults: ConfigFault[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = known.find((candidate) => candidate.name === token.name);
    if (flag === undefined) {
      faults.push(await unknownFlag(token.rawName, known));
    } else if (flag.type === undefined && token.inlineValue) {
      faults.push({ path: token.rawName, found: JSON.stringify(token.value), allowed: 'no value' });
    } else if (flag.type !== undefined && isMissing(token.value, token.inlineValue)) {
      faults.push({ path: token.rawName, found: 'nothing', allowed: flag.type.allowed });
    } else {
      flags.set(flag.name, [...(flags.get(flag.name) ?? []), token.value ?? '']);
    }
  }
  const operand = flags.has('help') ? undefined : operandFault(command, operands);
  if (operand !== undefined) faults.push(operand);
  if (faults.length > 0) {
    throw new ConfigError(COMMAND_LINE, faults, `see: flowtap ${command.name} --help`);
  }
  return { operands, flags };
}

/** What looks like the next flag is not this one's value, unless it is written with `=`. */
function isMissing(value: string | undefined, isInline: boolean | undefined): boolean {
  return value === undefined || (!isInline && /^--?[a-zA-Z]/.test(value));
}
