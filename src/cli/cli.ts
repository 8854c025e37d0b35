/**
 * The command line as a whole: finds the command, shows help and version, and turns what was thrown into messages and an
 * exit code. Loads nothing but what the command at hand needs, since start-up is part of every run.
 */
import { ConfigError, FlowtapError } from '../base/errors.ts';
import { packageVersion } from '../package-files.ts';
import { parseArguments } from './arguments.ts';
import { COMMAND_LINE, type Command } from './command.ts';
import { COMMANDS } from './commands.ts';

/** Exit codes: see docs and README. */
const DONE = 0;
const FAULT = 1;
const WRONG_USE = 2;

async function unknownCommand(name: string): Promise<ConfigError> {
  const { nearest } = await import('../config/suggest.ts');
  const names = COMMANDS.map((command) => command.name);
  const meant = nearest(name, names);
  const allowed = meant === undefined ? names.join(', ') : `${meant} (did you mean it?)`;
  const fault = { path: 'command', found: JSON.stringify(name), allowed };
  return new ConfigError(COMMAND_LINE, [fault], 'see: flowtap --help');
}

async function findCommand(name: string): Promise<Command> {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined) throw await unknownCommand(name);
  return command;
}

async function showHelp(name: string | undefined): Promise<void> {
  const { commandHelp, mainHelp } = await import('./help.ts');
  process.stdout.write(name === undefined ? mainHelp(COMMANDS) : commandHelp(await findCommand(name)));
}

async function dispatch(argv: readonly string[]): Promise<number> {
  const [first, ...rest] = argv;
  if (first === undefined) {
    const { mainHelp } = await import('./help.ts');
    process.stderr.write(mainHelp(COMMANDS));
    return WRONG_USE;
  }
  if (first === '--version' || first === '-V') {
    process.stdout.write(`flowtap ${packageVersion()}\n`);
    return DONE;
  }
  if (first === '--help' || first === '-h' || first === 'help') {
    await showHelp(rest[0]);
    return DONE;
  }
  const command = await findCommand(first);
  const args = await parseArguments(command, rest);
  if (!args.flags.has('help')) return command.run(args);
  await showHelp(command.name);
  return DONE;
}

/** What stands before each line of an error: for journald its priority, which also tells the program's name by itself. */
async function errorPrefix(): Promise<string> {
  const stream = process.env.JOURNAL_STREAM;
  if (stream === undefined) return 'flowtap: ';
  const { fstatSync } = await import('node:fs');
  const { detectLogFormat } = await import('../base/log.ts');
  return detectLogFormat(false, fstatSync(2), stream) === 'journal' ? '<3>' : 'flowtap: ';
}

/** Writes one error for people: what happened, and what to do about it. */
function report(error: unknown, prefix: string): void {
  if (!(error instanceof FlowtapError)) {
    // A defect of flowtap: its stack is what a report of it needs.
    process.stderr.write(`${prefix}${error instanceof Error ? error.stack : String(error)}\n`);
    return;
  }
  const lines = error.message.split('\n');
  if (error.remedy !== undefined) lines.push(error.remedy);
  process.stderr.write(lines.map((line) => `${prefix}${line}\n`).join(''));
}

/**
 * The last door: what nobody has caught, after which nothing is certain. Says so and ends the process with exit code 1,
 * after which systemd starts the service again.
 */
export async function endByDefect(error: unknown): Promise<never> {
  const prefix = await errorPrefix().catch(() => 'flowtap: ');
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const lines = ['a defect of flowtap, which ends it; please report these lines', ...stack.split('\n')];
  process.stderr.write(lines.map((line) => `${prefix}${line}\n`).join(''));
  process.exit(FAULT);
}

/**
 * Runs one command line.
 * @param argv without the runtime and the script
 * @returns the exit code: 0 done, 1 a fault while running, 2 a wrong command line or configuration
 */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  try {
    return await dispatch(argv);
  } catch (error) {
    const errors: unknown[] = error instanceof AggregateError ? error.errors : [error];
    const prefix = await errorPrefix();
    for (const each of errors) report(each, prefix);
    const codes = errors.map((each) => (each instanceof FlowtapError ? each.exitCode : FAULT));
    return Math.max(...codes);
  }
}
