/**
 * The command line, taken apart by yargs: its commands, options, help and completion are made of the rows of commands.ts.
 * Values stay texts, which whoever uses them checks. Faults are put into words by faults.ts, all of them at once, and only
 * once there are some.
 */
import yargs, { type Argv, type Options } from 'yargs';
import { packageVersion } from '../package-files.ts';
import type { Arguments, Command, Flag } from './command.ts';
import { COMMANDS } from './commands.ts';

declare module 'yargs' {
  interface Argv<T> {
    // Missing in the types of yargs.
    usageConfiguration(configuration: { 'hide-types': boolean }): Argv<T>;
    global(key: string, isGlobal: boolean): Argv<T>;
  }
}

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
 * The end of a parse that found a command. It is thrown, since yargs lays out the help of a command whose handler returns,
 * in case something asks for it later; nothing does.
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

/** Texts and nothing else: no numbers, no nested objects, no second spellings, no `--no-` that is no row. */
const PARSING = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'populate--': true,
};
const ARITY = 'arity of ';
/** Yargs' sentences about the number of an option's values, made one that a program can read. */
const SENTENCES = {
  'Not enough arguments following: %s': `${ARITY}%s`,
  'Argument unexpected for: %s': `${ARITY}%s`,
};
/** Columns of the help; a terminal that has fewer gets it wrapped. */
const COLUMNS_MAX = 100;
/** How the shell asks for completions; yargs' own. */
export const COMPLETING = '--get-yargs-completions';
/** Stands for the version, which is read from a file, until it is shown. */
const VERSION = 'flowtap VERSION';
const DESCRIPTION = 'A NetFlow v5, NetFlow v9 and IPFIX probe: packets in, flow records out';
const EXAMPLES = [
  ['flowtap run -i eth1 -e ipfix://192.0.2.1', 'meter a mirror port, for good'],
  ['flowtap replay office.pcapng', 'the busiest flows of a capture'],
  ['flowtap replay office.pcapng -e ipfix://192.0.2.1', 'send its flows to a collector'],
] as const;

/** What the options of a command are declared for. */
type Purpose = 'parse' | 'help' | 'complete';

/** An option as yargs knows it. @param takesAny for one whose arity is known to be wrong: it takes what there is */
function optionOf({ letter, type, help }: Flag, purpose: Purpose, takesAny: boolean): Options {
  const words = purpose === 'complete' ? (type?.jsonSchema as { enum?: string[] })?.enum : undefined;
  return {
    ...(letter === undefined ? {} : { alias: letter }),
    ...(words === undefined ? {} : { choices: words }),
    ...(takesAny ? {} : { nargs: type === undefined ? 0 : 1 }),
    // A loose switch takes a text, to say which.
    type: type === undefined && !takesAny ? 'boolean' : 'string',
    describe: help,
  };
}

/** The name in help: with what stands for the value, for which yargs has no place of its own. */
function nameOf({ name, type }: Flag, purpose: Purpose): string {
  return purpose === 'help' && type !== undefined ? `${name} ${type.placeholder}` : name;
}

function addHelp(parser: Argv): void {
  parser.help('help', 'Show this help').alias('help', 'h');
}

function declare(parser: Argv, command: Command, purpose: Purpose, loose: ReadonlySet<string>): Argv {
  parser.usage(`${command.summary}\n\nUsage: $0 ${command.name} ${command.usage}`).strictCommands(false);
  for (const flag of command.flags) {
    parser.option(nameOf(flag, purpose), optionOf(flag, purpose, isLoose(flag, loose)));
  }
  if (purpose === 'help') {
    for (const [line, what] of command.examples) parser.example(line, what);
    // Once more, so that it stands last.
    addHelp(parser.help(false));
  }
  return parser;
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

/** Whether an option is among those that were typed with the wrong number of values. */
export function isLoose({ name, letter }: Flag, loose: ReadonlySet<string>): boolean {
  return loose.has(name) || (letter !== undefined && loose.has(letter));
}

/** Whether a command has as many operands as it takes, no option among them, and no `--help=no`. */
function areOperandsRight({ operands }: Command, parsed: Parsed): boolean {
  const count = operandsOf(parsed).length;
  const isCountRight = count >= operands.min && count <= operands.max;
  return isCountRight && dashedOperands(parsed).length === 0 && parsed.help !== false;
}

/**
 * Puts `=` between a letter and the value that is written right behind it (`-ieth0`; POSIX.1 12.2, guideline 6), where
 * yargs reads further letters.
 */
function separateValues(argv: readonly string[], command: Command | undefined): string[] {
  const letters = (isSwitch: boolean) =>
    (command?.flags ?? []).map(({ letter, type }) =>
      (type === undefined) === isSwitch ? (letter ?? '') : '',
    );
  const attached = new RegExp(`^(-[${letters(true).join('')}h]*[${letters(false).join('')}])([^=].*)$`, 's');
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  return argv.map((text, i) => (i < end ? text.replace(attached, '$1=$2') : text));
}

/**
 * Of the words that yargs would complete with, those that a shell is to offer: options once a dash is there, since before
 * it a file may be meant; and letters not as `--o`.
 */
function complete(
  current: string,
  _argv: unknown,
  ofYargs: (done: (error: Error | null, words?: string[]) => void) => void,
  done: (words: string[]) => void,
): void {
  ofYargs((error, words = []) => {
    if (error !== null) throw error;
    done(
      words.filter((word) => (current.startsWith('-') || !word.startsWith('-')) && !/^--\w(\W|$)/.test(word)),
    );
  });
}

function topLevel(columns: number): Argv {
  const parser = yargs([])
    .scriptName('flowtap')
    .parserConfiguration(PARSING)
    .usageConfiguration({ 'hide-types': true })
    .updateStrings(SENTENCES)
    .exitProcess(false)
    .wrap(columns < COLUMNS_MAX ? columns : null)
    .usage(`${DESCRIPTION}\n\nUsage: $0 COMMAND [OPTION]...`)
    .version('version', 'Show the version', VERSION)
    .alias('version', 'V')
    .global('version', false)
    .demandCommand(1)
    .strictCommands()
    .strictOptions();
  addHelp(parser);
  for (const [line, what] of EXAMPLES) parser.example(line, what);
  return parser;
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
    return new Refused(
      argv,
      loose,
      command,
      parsed === false ? { _: [] } : (parsed.argv as unknown as Parsed),
    );
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
  parser.completion('completion', 'Print a script with which a shell completes command lines', complete);
  const anyOperand = (inner: Argv) => inner.strictCommands(false).strictOptions(false);
  parser.command('help [COMMAND]', false, anyOperand, ({ COMMAND }) => {
    text = parse([String(COMMAND), '--help'], loose, columns);
  });
  parser.parse([...argv], (_error: unknown, parsed: Parsed, output: string) => {
    if (output !== '') text = output;
    // yargs shows its own help for a command that it does not know.
    if (parsed.help === true && command === undefined && parsed._.length > 0) throw refused();
  });
  if (text === '' && !isCompleting) throw refused();
  return text === VERSION ? text.replace('VERSION', packageVersion()) : text;
}

/**
 * What a command line asks for.
 * @param argv without the runtime and the script
 * @throws Refused when it is wrong in any way that the rows of the options tell without their values
 */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const texts = separateValues(
    argv,
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
