/** What yargs is told: the program as a whole, and the options, help and completion of a command, from its row. */
import yargs, { type Argv, type Options } from 'yargs';
import type { Command, Flag } from './command.ts';

declare module 'yargs' {
  interface Argv<T> {
    // Missing in the types of yargs.
    usageConfiguration(configuration: { 'hide-types': boolean }): Argv<T>;
    global(key: string, isGlobal: boolean): Argv<T>;
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
/** Begins what yargs says of an option with too many values or too few. */
export const ARITY = 'arity of ';
/** yargs' sentences about the number of an option's values, made one that a program can read. */
const SENTENCES = {
  'Not enough arguments following: %s': `${ARITY}%s`,
  'Argument unexpected for: %s': `${ARITY}%s`,
};
/** Columns of the help; a terminal that has fewer gets it wrapped. */
export const COLUMNS_MAX = 100;
/** The command that prints a script for shells. */
export const COMPLETION = 'completion';
/** Shells that it prints one for; without a name, for the one that SHELL names, or bash. */
export const SHELLS: readonly string[] = ['bash', 'zsh', 'fish'];
/** How the shell asks for completions; yargs' own. */
export const COMPLETING = '--get-yargs-completions';
/** Stands for the version, which is read from a file, until it is shown. */
export const VERSION = 'flowtap VERSION';
const DESCRIPTION = 'A NetFlow v5, NetFlow v9 and IPFIX probe: packets in, flow records out';
const EXAMPLES = [
  ['flowtap run -i eth1 -e ipfix://192.0.2.1', 'meter a mirror port, for good'],
  ['flowtap replay office.pcapng', 'the busiest flows of a capture'],
  ['flowtap replay office.pcapng -e ipfix://192.0.2.1', 'send its flows to a collector'],
] as const;

/** What the options of a command are declared for. */
export type Purpose = 'parse' | 'help' | 'complete';

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

/** Puts options under headings, which stand in the order in which their first options do. */
function addGroups(parser: Argv, flags: readonly Flag[]): void {
  const names = Map.groupBy(flags, ({ group = 'Options' }) => group);
  for (const [group, ofGroup] of names) {
    parser.group(
      ofGroup.map((flag) => nameOf(flag, 'help')),
      `${group}:`,
    );
  }
}

/**
 * Declares a command's options to the yargs of that command, which it changes and returns.
 * @param loose options, as they were typed, whose arity is known to be wrong
 */
export function declare(parser: Argv, command: Command, purpose: Purpose, loose: ReadonlySet<string>): Argv {
  parser.usage(`${command.summary}\n\nUsage: $0 ${command.name} ${command.usage}`).strictCommands(false);
  for (const flag of command.flags) {
    parser.option(nameOf(flag, purpose), optionOf(flag, purpose, isLoose(flag, loose)));
  }
  if (purpose === 'help') {
    addGroups(parser, command.flags);
    for (const [line, what] of command.examples) parser.example(line, what);
    // Once more, so that it stands last.
    addHelp(parser.help(false));
  }
  return parser;
}

type Complete = (
  current: string,
  argv: unknown,
  ofYargs: (done: (error: Error | null, words?: string[]) => void) => void,
  done: (words: string[]) => void,
) => void;

/**
 * What a shell is to offer: of the words that yargs would complete with, options once a dash is there, since before it a
 * file may be meant, and letters not as `--o`; and the words that a command's first operand can be.
 */
export function completer(commands: readonly Command[]): Complete {
  return (current, argv, ofYargs, done) => {
    // The program, the command, and its operands up to the one that is being typed.
    const [, name, ...operands] = (argv as { readonly _: readonly string[] })._;
    const { words: first = [] } = commands.find((command) => command.name === name)?.operands ?? {};
    ofYargs((error, words = []) => {
      if (error !== null) throw error;
      done([
        ...words.filter(
          (word) => (current.startsWith('-') || !word.startsWith('-')) && !/^--\w(\W|$)/.test(word),
        ),
        ...first.filter((word) => operands.length === 1 && word.startsWith(current)),
      ]);
    });
  };
}

/** yargs without its commands. @param columns of the terminal, for help */
export function topLevel(columns: number): Argv {
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

/** Whether an option is among those that were typed with the wrong number of values. */
export function isLoose({ name, letter }: Flag, loose: ReadonlySet<string>): boolean {
  return loose.has(name) || (letter !== undefined && loose.has(letter));
}
