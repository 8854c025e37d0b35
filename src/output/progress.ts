/**
 * One line on a terminal that tells how far a long replay is: a bar where the input has an end, packets, their rate and
 * the time left. It appears only once a replay has lasted a moment, and is wiped before anything else is printed.
 *
 * Written here because one line needs no package: the well-known ones bring a Unicode width table along, which loads
 * longer than most replays take.
 */

import { formatOctets, formatShort, formatSpan } from '../base/units.ts';

/** How far a replay is. */
export interface ReplayProgress {
  /** Octets of input consumed, compressed ones where the input is compressed. */
  readonly octets: number;
  /** Undefined where the input has no known end. */
  readonly octetsTotal: number | undefined;
  readonly packets: number;
}

/** Replays that are over sooner show nothing. */
const SHOW_AFTER_MS = 500;
/** Time between two drawings. */
const DRAW_EVERY_MS = 100;
const BAR_COLUMNS = 30;

export interface Terminal {
  readonly columns: number;
  write(text: string): void;
}

/** The line, cut to `columns`. @param elapsedMs since the start of the replay */
export function progressLine(progress: ReplayProgress, elapsedMs: number, columns: number): string {
  const { octets, octetsTotal, packets } = progress;
  const rate = `${packets === 1 ? '1 packet' : `${formatShort(packets)} packets`}, ${formatShort((packets / elapsedMs) * 1e3)}/s`;
  if (octetsTotal === undefined || octetsTotal === 0) {
    return `${formatOctets(octets)} read, ${rate}, ${formatSpan(elapsedMs)}`.slice(0, columns);
  }
  const fraction = Math.min(1, octets / octetsTotal);
  const filled = Math.round(fraction * BAR_COLUMNS);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR_COLUMNS - filled)}`;
  const percent = `${Math.floor(fraction * 100)}`.padStart(3);
  const leftMs = fraction > 0 ? (elapsedMs / fraction) * (1 - fraction) : 0;
  const left = fraction > 0 ? `, ${formatSpan(Math.ceil(leftMs / 1e3) * 1e3).replace('.000', '')} left` : '';
  return `${bar} ${percent} %  ${rate}${left}`.slice(0, columns);
}

export class ProgressLine {
  readonly #terminal: Terminal;
  readonly #now: () => number;
  readonly #startedAtMs: number;
  #drawnAtMs = Number.NEGATIVE_INFINITY;
  #isShown = false;

  /** @param now milliseconds from any fixed point */
  constructor(terminal: Terminal, now: () => number = () => performance.now()) {
    this.#terminal = terminal;
    this.#now = now;
    this.#startedAtMs = now();
  }

  /** Draws the line anew if it is time to. */
  update(progress: ReplayProgress): void {
    const nowMs = this.#now();
    const elapsedMs = nowMs - this.#startedAtMs;
    if (elapsedMs < SHOW_AFTER_MS || nowMs - this.#drawnAtMs < DRAW_EVERY_MS) return;
    this.#drawnAtMs = nowMs;
    this.#isShown = true;
    // A column less than the terminal has, since some wrap when the last one is filled.
    this.#terminal.write(`\r\x1b[K${progressLine(progress, elapsedMs, this.#terminal.columns - 1)}`);
  }

  /** Wipes the line. */
  clear(): void {
    if (this.#isShown) this.#terminal.write('\r\x1b[K');
    this.#isShown = false;
  }
}
