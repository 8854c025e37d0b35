/**
 * Log lines on standard error: a level, what happened, what to do, and values as key=value. For journald each line begins
 * with its priority (`<4>`, sd-daemon(3)), for a terminal the level has a colour. Each kind of line is limited, so that a
 * fault which repeats does not bury everything else; what was held back is counted and told.
 */

import { writeSync } from 'node:fs';

const STDERR = 2;

const LEVELS = ['error', 'warning', 'info', 'debug'] as const;
export type LogLevel = (typeof LEVELS)[number];
export type LogFormat = 'journal' | 'plain' | 'terminal';

/** Priorities of syslog (RFC 5424 §6.2.1), as journald reads them at the start of a line. */
const PRIORITIES: Readonly<Record<LogLevel, number>> = { error: 3, warning: 4, info: 6, debug: 7 };
/** SGR codes of the levels: red, yellow, none, grey. */
const COLOURS: Readonly<Record<LogLevel, string>> = { error: '31', warning: '33', info: '0', debug: '90' };

/** Lines of one kind within a window; then silence until the window is over. */
const LINES_PER_WINDOW = 5;
const WINDOW_MS = 10_000;

export type LogFields = Readonly<Record<string, string | number | boolean>>;

interface KindState {
  windowStartMs: number;
  lines: number;
  heldBack: number;
}

export interface Log {
  /**
   * @param kind names the kind of event, for the limit: constant text without values; undefined: without limit, for what
   *   people asked for
   * @param message one line
   * @param fields values for programs that read the log
   */
  write(level: LogLevel, kind: string | undefined, message: string, fields?: LogFields): void;
  /** From now on. */
  setStyle(level: LogLevel, format: LogFormat): void;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly format?: LogFormat;
  readonly print: (line: string) => void;
  /** Milliseconds from any fixed point. */
  readonly now?: () => number;
}

/** `key=value`, quoted where there are spaces, quotes or equals signs in it. */
function formatField([key, value]: [string, string | number | boolean]): string {
  const text = String(value);
  return `${key}=${text === '' || /[\s"=]/.test(text) ? JSON.stringify(text) : text}`;
}

function formatLine(format: LogFormat, level: LogLevel, message: string, fields: LogFields): string {
  const pairs = Object.entries(fields).map(formatField).join(' ');
  const text = message.replaceAll('\n', ' ');
  const values = pairs === '' ? '' : ` ${pairs}`;
  if (format === 'journal') return `<${PRIORITIES[level]}>${text}${values}`;
  if (format === 'plain') return `flowtap: ${level}: ${text}${values}`;
  const grey = values === '' ? '' : `\x1b[90m${values}\x1b[0m`;
  return `flowtap: \x1b[${COLOURS[level]}m${level}\x1b[0m: ${text}${grey}`;
}

/**
 * What standard error is.
 * @param isTerminal whether it is one
 * @param stat device and inode of it
 * @param journalStream the environment's JOURNAL_STREAM (systemd.exec(5)): device and inode of the pipe to journald
 */
export function detectLogFormat(
  isTerminal: boolean,
  stat: { readonly dev: number | bigint; readonly ino: number | bigint },
  journalStream: string | undefined,
): LogFormat {
  if (journalStream === `${stat.dev}:${stat.ino}`) return 'journal';
  return isTerminal ? 'terminal' : 'plain';
}

/**
 * A line to standard error, written before it returns, from any thread: `process.stderr` of a worker goes by way of the
 * main thread, and loses what has not come there when the worker ends. A log that nobody reads is no reason to end.
 */
export function printLogLine(line: string): void {
  try {
    writeSync(STDERR, `${line}\n`);
  } catch {
    // The reader is gone, or does not keep up.
  }
}

export function createLog({
  level,
  format = 'plain',
  print,
  now = () => performance.now(),
}: LogOptions): Log {
  const kinds = new Map<string, KindState>();
  let levelMax = LEVELS.indexOf(level);
  let lineFormat = format;
  const isHeldBack = (lineLevel: LogLevel, kind: string): boolean => {
    const timeMs = now();
    const state = kinds.get(kind) ?? { windowStartMs: timeMs, lines: 0, heldBack: 0 };
    kinds.set(kind, state);
    if (timeMs - state.windowStartMs >= WINDOW_MS) {
      const { heldBack } = state;
      state.windowStartMs = timeMs;
      state.lines = 0;
      state.heldBack = 0;
      if (heldBack > 0)
        print(formatLine(lineFormat, lineLevel, `${heldBack} more like this held back: ${kind}`, {}));
    }
    if (state.lines === LINES_PER_WINDOW) {
      state.heldBack++;
      return true;
    }
    state.lines++;
    return false;
  };
  return {
    write(lineLevel, kind, message, fields = {}) {
      if (LEVELS.indexOf(lineLevel) > levelMax) return;
      if (kind !== undefined && isHeldBack(lineLevel, kind)) return;
      print(formatLine(lineFormat, lineLevel, message, fields));
    },
    setStyle(newLevel, newFormat) {
      levelMax = LEVELS.indexOf(newLevel);
      lineFormat = newFormat;
    },
  };
}
