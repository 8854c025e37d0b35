/**
 * The command line, taken apart by yargs: commands, options, help and completion. Values stay texts, and are
 * checked where they are used. Faults are put into words by faults.ts, all of them at once, and only once there are some.
 */
import type { Argv } from 'yargs';
import { packageVersion } from '../package-files.ts';
import type { Arguments, Command } from './command.ts';
import { COMMANDS } from './commands.ts';
import {
  ARITY,
  COLUMNS_MAX,
  COMPLETING,
  COMPLETION,
  completer,
  declare,
  SHELLS,
  topLevel,
  VERSION,
} from './yargs-options.ts';

/** What yargs made of a command line. */
export type CommandLine =
  | { readonly kind: 'run'; readonly command: Command; readonly args: Arguments }
  /** Help, the version, or what a shell completes with. */
  | { readonly kind: 'show'; readonly text: string };

/** What yargs-parser finds, under names as they were typed. Of a name that came more than once, there is a list. */
export type Parsed = Readonly<Record<string, unknown>> & {
  readonly _: readonly string[];
  readonly '--'?: readonly string[];
};

/** A command line that yargs refuses, for faults.ts to explain. */
export class Refused extends Error {
  /** Of the command, or undefined where there is none of that name. */
  readonly command: Command | undefined;
  readonly parsed: Parsed;
  readonly argv: readonly string[];
  /** Options, as they were typed, whose arity is wrong. */
  readonly loose: ReadonlySet<string>;

  constructor(
    argv: readonly string[],
    loose: ReadonlySet<string>,
    command: Command | undefined,
    parsed: Parsed,
  ) {
    super('the command line is wrong');
    this.argv = argv;
    this.loose = loose;
    this.command = command;
    this.parsed = parsed;
  }
}

/**
 * The end of a parse that found a command. It is thrown, since yargs lays out the help of a command whose handler
 * returns, in case something asks for it later; nothing does.
 */
class Chosen extends Error {
  readonly command: Command;
  readonly args: Arguments;

  constructor(command: Command, args: Arguments) {
    super(command.name);
    this.command = command;
    this.args = args;
  }
}

/** An option without its value, or a switch with one. yargs names the last of them alone. */
class WrongArity extends Error {
  /** The name, or the letter, as it was typed. */
  readonly option: string;

  constructor(option: string) {
    super(option);
    this.option = option;
  }
}

/** Texts of each flag of the command that was given. */
function argumentsOf(command: Command, parsed: Parsed): Arguments {
  const flags = new Map<string, readonly string[]>();
  for (const { name, type } of command.flags) {
    const value = parsed[name];
    if (value === undefined) continue;
    if (type === undefined) flags.set(name, ['']);
    else flags.set(name, Array.isArray(value) ? value : [value as string]);
  }
  return { operands: operandsOf(parsed), flags };
}

/** What stands behind the command's name and is no option, all that is behind `--` with it. */
export function operandsOf(parsed: Parsed): readonly string[] {
  return [...parsed._.slice(1), ...(parsed['--'] ?? [])];
}

/** Operands that were meant for options: yargs takes -5 for a number, and ---x for no option at all. */
export function dashedOperands(parsed: Parsed): readonly string[] {
  return parsed._.filter((text) => text.length > 1 && text.startsWith('-'));
}

/** Whether a command has as many operands as it takes, no option among them, and no `--help=no`. */
function areOperandsRight({ operands }: Command, parsed: Parsed): boolean {
  const count = operandsOf(parsed).length;
  const isCountRight = count >= operands.min && count <= operands.max;
  return isCountRight && dashedOperands(parsed).length === 0 && parsed.help !== false;
}

/** Names that yargs has for itself, or does not keep as they are: none of them is an option. */
const RESERVED = /^--(_|\$0|__proto__)(?==|$)/;

/**
 * What yargs would misread, put so that it does not. Between a letter and the value that is written right behind it there
 * comes a `=` (`-ieth0`; POSIX.1 12.2, guideline 6), where yargs reads further letters. Behind a name of its own there
 * comes a blank, which makes it an unknown one.
 */
function forYargs(argv: readonly string[], command: Command | undefined): string[] {
  const letters = (isSwitch: boolean) =>
    (command?.flags ?? []).map(({ letter, type }) =>
      (type === undefined) === isSwitch ? (letter ?? '') : '',
    );
  const attached = new RegExp(`^(-[${letters(true).join('')}h]*[${letters(false).join('')}])([^=].*)$`, 's');
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  return argv.map((text, i) => (i < end ? text.replace(attached, '$1=$2').replace(RESERVED, '--$1 ') : text));
}

/**
 * One pass of yargs.
 * @returns what it shows
 * @throws Chosen, WrongArity, Refused
 */
function parse(argv: readonly string[], loose: ReadonlySet<string>, columns: number): string {
  let command: Command | undefined;
  let text = '';
  const parser = topLevel(columns);
  const refused = (): Refused => {
    const { parsed } = parser;
    const found = parsed === false ? { _: [] } : (parsed.argv as unknown as Parsed);
    return new Refused(argv, loose, command, found);
  };
  parser.fail((message: string | null, error?: Error) => {
    if (message?.startsWith(ARITY)) throw new WrongArity(message.slice(ARITY.length));
    throw error === undefined || error.name === 'YError' ? refused() : error;
  });
  const isCompleting = argv[0] === COMPLETING;
  for (const row of COMMANDS) {
    const build = (inner: Argv, isHelp?: boolean): Argv => {
      command = row;
      const purpose = isCompleting ? 'complete' : isHelp ? 'help' : 'parse';
      return declare(inner, row, purpose, loose).check((parsed) => {
        if (loose.size > 0 || !areOperandsRight(row, parsed as unknown as Parsed)) throw refused();
        return true;
      }, false);
    };
    parser.command(row.name, row.summary, build, (parsed) => {
      throw new Chosen(row, argumentsOf(row, parsed as unknown as Parsed));
    });
  }
  parser.completion(
    COMPLETION,
    'Print a script with which a shell completes command lines',
    completer(COMMANDS),
  );
  const anyOperand = (inner: Argv) => inner.strictCommands(false).strictOptions(false);
  parser.command('help [COMMAND]', false, anyOperand, ({ COMMAND }) => {
    text = parse([String(COMMAND), '--help'], loose, columns);
  });
  parser.parse([...argv], (_error: unknown, parsed: Parsed, output: string) => {
    if (output !== '') text = output;
    // yargs shows its own help for a command that it does not know.
    const isUnknown = command === undefined && parsed._.length > 0 && parsed._[0] !== COMPLETION;
    if (parsed.help === true && isUnknown) throw refused();
  });
  if (text === '' && !isCompleting) throw refused();
  // yargs has fish offer no files, which most operands are.
  if (parser.parsed !== false && (parser.parsed.argv as unknown as Parsed)._[0] === COMPLETION) {
    text = text.replace('complete -f -c', 'complete -c');
  }
  return text === VERSION ? text.replace('VERSION', packageVersion()) : text;
}

/** `completion SHELL` as yargs has it: the environment names the shell, and the command takes no operand. */
function forShell(argv: readonly string[]): readonly string[] {
  if (argv[0] !== COMPLETION || argv.length !== 2 || !SHELLS.includes(argv[1]!)) return argv;
  process.env.SHELL = argv[1]!;
  // Names zsh whatever SHELL says.
  delete process.env.ZSH_NAME;
  return [COMPLETION];
}

/**
 * What a command line asks for.
 * @param argv without the runtime and the script
 * @throws Refused when it is wrong in any way that the rows of the options tell without their values
 */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const texts = forYargs(
    forShell(argv),
    COMMANDS.find(({ name }) => name === argv[0]),
  );
  const loose = new Set<string>();
  for (;;) {
    try {
      const text = parse(texts, loose, COLUMNS_MAX);
      const columns = process.stdout.columns ?? COLUMNS_MAX;
      return { kind: 'show', text: columns < COLUMNS_MAX ? parse(texts, loose, columns) : text };
    } catch (error) {
      if (error instanceof Chosen) return { kind: 'run', command: error.command, args: error.args };
      // An option whose arity is wrong takes what there is the next time, so that the others are seen, too.
      if (!(error instanceof WrongArity) || loose.has(error.option)) throw error;
      loose.add(error.option);
    }
  }
}
