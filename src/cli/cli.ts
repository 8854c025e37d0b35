/**
 * The command line as a whole: runs the command or shows what yargs has to show, and turns what was thrown into
 * messages and an exit code. Loads nothing but what the command at hand needs, since start-up is part of every run.
 */
import { errorLines, FlowtapError } from '../base/errors.ts';
import { detectLogFormat } from '../base/log.ts';
import { type CommandLine, parseCommandLine, Refused } from './arguments.ts';

/** Exit codes: see docs and README. */
const DONE = 0;
const FAULT = 1;
const WRONG_USE = 2;

/** @throws ConfigError with every fault of the command line */
async function parse(argv: readonly string[]): Promise<CommandLine> {
  try {
    return parseCommandLine(argv);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { commandLineError } = await import('./faults.ts');
    throw commandLineError(error);
  }
}

async function dispatch(argv: readonly string[]): Promise<number> {
  const isEmpty = argv.length === 0;
  const wanted = await parse(isEmpty ? ['--help'] : argv);
  if (wanted.kind === 'run') return wanted.command.run(wanted.args);
  (isEmpty ? process.stderr : process.stdout).write(wanted.text === '' ? '' : `${wanted.text}\n`);
  return isEmpty ? WRONG_USE : DONE;
}

/** What stands before each line of an error: for journald its priority, which also tells the program's name by itself. */
async function errorPrefix(): Promise<string> {
  const stream = process.env.JOURNAL_STREAM;
  if (stream === undefined) return 'flowtap: ';
  const { fstatSync } = await import('node:fs');
  return detectLogFormat(false, fstatSync(2), stream) === 'journal' ? '<3>' : 'flowtap: ';
}

/** Writes one error for people: what happened, and what to do about it. */
function report(error: unknown, prefix: string): void {
  if (!(error instanceof FlowtapError)) {
    // A defect of flowtap: its stack is what a report of it needs.
    process.stderr.write(`${prefix}${error instanceof Error ? error.stack : String(error)}\n`);
    return;
  }
  process.stderr.write(
    errorLines(error)
      .map((line) => `${prefix}${line}\n`)
      .join(''),
  );
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
