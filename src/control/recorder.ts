/**
 * Looks at a probe every second: keeps its past (history.ts), and tells those who listen how it is now, in events of
 * server-sent events. The number of listeners is limited, and one that does not read is let go.
 */
import { Readable } from 'node:stream';
import { BusyError } from '../base/errors.ts';
import type { LiveState } from '../metrics/state.ts';
import { History, rateOf } from './history.ts';
import { type PastObject, pastObject } from './history-query.ts';
import { readSeries, type Series, seriesOf } from './measures.ts';
import { type ListenerCounts, type LossInWords, lossesInWords } from './status.ts';

const LOOK_MS = 1000;
export const LISTENERS_MAX = 16;
/** Of events that a listener has not read yet: minutes of them. */
const UNREAD_OCTETS_MAX = 1 << 18;
/** What a browser waits before it connects again. */
const RETRY_MS = 2000;

export interface RecorderOptions {
  /** Names of the observation points. */
  readonly points: readonly string[];
  readonly state: () => LiveState;
  readonly losses: (state: LiveState) => readonly LossInWords[];
}

type Rates = Record<string, number | null>;

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #series: readonly Series[];
  readonly #history: History;
  readonly #listeners = new Set<Readable>();
  #timer: NodeJS.Timeout | undefined;
  #refused = 0;
  #letGo = 0;
  /** Of the look before. */
  #counts: Float64Array | undefined;
  #lookedAtMs = Number.NaN;
  #makeEvent: () => string = () => '';

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#series = seriesOf(options.points);
    this.#history = new History(this.#series.map(({ measure }) => measure.isRate));
  }

  start(): void {
    this.look(performance.now());
    this.#timer = setInterval(() => this.look(performance.now()), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const listener of this.#listeners) listener.push(null);
    this.#listeners.clear();
  }

  get listeners(): ListenerCounts {
    return { open: this.#listeners.size, refused: this.#refused, letGo: this.#letGo };
  }

  /**
   * A stretch of the past.
   * @throws ConfigError for a question that cannot be
   */
  past(given: Readonly<Record<string, string>>): PastObject {
    const nowMs = performance.now();
    return pastObject(given, this.#series, this.#history, (ms) => Date.now() - (nowMs - ms));
  }

  /**
   * The events from now on, that of the last look first.
   * @throws BusyError where too many listen
   */
  listen(): Readable {
    if (this.#listeners.size >= LISTENERS_MAX) {
      this.#refused++;
      throw new BusyError(
        `${LISTENERS_MAX} listen already; close a page, or ask /api/v1/status now and then`,
      );
    }
    const listener = new Readable({ read: () => {} });
    this.#listeners.add(listener);
    listener.once('close', () => this.#listeners.delete(listener));
    listener.push(`retry: ${RETRY_MS}\n\n${this.#makeEvent()}`);
    return listener;
  }

  /** Called every second. @param nowMs on performance's clock */
  look(nowMs: number): void {
    const state = this.#options.state();
    const counts = readSeries(this.#series, state);
    this.#history.look(counts, nowMs);
    const before = this.#counts;
    const seconds = (nowMs - this.#lookedAtMs) / 1e3;
    this.#counts = counts;
    this.#lookedAtMs = nowMs;
    let event = '';
    this.#makeEvent = () =>
      (event ||= `data: ${JSON.stringify(this.#eventOf(state, counts, before, seconds))}\n\n`);
    for (const listener of this.#listeners) {
      if (listener.readableLength > UNREAD_OCTETS_MAX) {
        this.#letGo++;
        this.#listeners.delete(listener);
        listener.destroy();
      } else listener.push(this.#makeEvent());
    }
  }

  #eventOf(
    state: LiveState,
    counts: Float64Array,
    before: Float64Array | undefined,
    seconds: number,
  ): object {
    const ratesOf = (wanted: string | undefined): Rates => {
      const rates: Rates = {};
      for (const [i, { measure, point }] of this.#series.entries()) {
        if (point !== wanted) continue;
        if (!measure.isRate) rates[measure.name] = counts[i]!;
        else rates[measure.name] = before === undefined ? null : rateOf(before[i]!, counts[i]!, seconds);
      }
      return rates;
    };
    return {
      time: new Date(state.nowMs).toISOString(),
      isReady: state.isReady,
      isStopping: state.isStopping,
      isPaused: state.isPaused,
      metrics: ratesOf(undefined),
      interfaces: this.#options.points.map((name) => ({ name, metrics: ratesOf(name) })),
      losses: lossesInWords(this.#options.losses(state)),
    };
  }
}
