/**
 * Log lines for people on standard error: a level, what happened, what to do. Each kind of warning is limited, so that a
 * fault which repeats does not bury everything else; what was held back is counted and told.
 */

const LEVELS = ['error', 'warning', 'info', 'debug'] as const;
export type LogLevel = (typeof LEVELS)[number];

/** Lines of one kind within a window; then silence until the window is over. */
const LINES_PER_WINDOW = 5;
const WINDOW_MS = 10_000;

interface KindState {
  windowStartMs: number;
  lines: number;
  heldBack: number;
}

export interface Log {
  /**
   * @param kind names the kind of event, for the limit: constant text without values
   * @param message one line
   */
  write(level: LogLevel, kind: string, message: string): void;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly print: (line: string) => void;
  /** Milliseconds from any fixed point. */
  readonly now?: () => number;
}

export function createLog({ level, print, now = () => performance.now() }: LogOptions): Log {
  const kinds = new Map<string, KindState>();
  const levelMax = LEVELS.indexOf(level);
  return {
    write(lineLevel, kind, message) {
      if (LEVELS.indexOf(lineLevel) > levelMax) return;
      const timeMs = now();
      const state = kinds.get(kind) ?? { windowStartMs: timeMs, lines: 0, heldBack: 0 };
      kinds.set(kind, state);
      if (timeMs - state.windowStartMs >= WINDOW_MS) {
        const { heldBack } = state;
        state.windowStartMs = timeMs;
        state.lines = 0;
        state.heldBack = 0;
        if (heldBack > 0) print(`flowtap: ${lineLevel}: ${heldBack} more like this held back: ${kind}`);
      }
      if (state.lines === LINES_PER_WINDOW) {
        state.heldBack++;
        return;
      }
      state.lines++;
      print(`flowtap: ${lineLevel}: ${message}`);
    },
  };
}
