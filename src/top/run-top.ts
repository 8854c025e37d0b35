/** `flowtap top` at work: looks at a probe once a second, and shows what it saw. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ReadStream, WriteStream } from 'node:tty';
import { ConfigError } from '../base/errors.ts';
import type { OutputStream } from '../output/standard-output.ts';
import type { Look, TopQuestion, TopSource } from './look.ts';
import { plainText, screenLines } from './screen.ts';
import { type Action, firstState, type Key, pressed, type TopState } from './state.ts';
import { Terminal } from './terminal.ts';

const LOOK_MS = 1000;

/** How a view ended: somebody quit, pressed Ctrl-C, or it was aborted by its signal. */
export type TopEnd = 'quit' | 'interrupt' | 'aborted';

export interface ScreenOptions {
  readonly source: TopSource;
  readonly question: TopQuestion;
  readonly input: ReadStream;
  readonly output: WriteStream & { readonly fd: number };
  readonly hasColor: boolean;
  readonly signal: AbortSignal;
}

/** The view on a terminal. */
class ScreenView {
  readonly #options: ScreenOptions;
  readonly #terminal: Terminal;
  readonly #ended = Promise.withResolvers<TopEnd>();
  #state: TopState;
  #look: Look | undefined;
  #before: Look | undefined;
  /** The question that was answered last: where the next one cannot be, it stays. */
  #answered: TopQuestion;
  #isLooking = false;
  #isAskedAgain = false;

  constructor(options: ScreenOptions) {
    this.#options = options;
    const { input, output, hasColor, question } = options;
    this.#state = firstState(question);
    this.#answered = question;
    this.#terminal = new Terminal({
      input,
      output,
      hasColor,
      onKey: (key) => this.#press(key),
      onResize: () => this.#draw(),
    });
  }

  /** Resolves when the view is over, the terminal as it was. @throws what the source does */
  async run(): Promise<TopEnd> {
    const { signal } = this.#options;
    // The first look comes before anything is drawn: a daemon that is not there is no view.
    await this.#lookNow();
    const abort = () => this.#ended.resolve('aborted');
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    const timer = setInterval(() => {
      if (!this.#state.isPaused && this.#look?.isOver !== true) void this.#lookSoon();
    }, LOOK_MS);
    const resume = () => this.#resume();
    process.on('SIGCONT', resume);
    try {
      this.#terminal.enter();
      this.#draw();
      return await this.#ended.promise;
    } finally {
      clearInterval(timer);
      process.off('SIGCONT', resume);
      signal.removeEventListener('abort', abort);
      this.#terminal.leave();
    }
  }

  #press(key: Key): void {
    const [state, action] = pressed(this.#state, key);
    this.#state = state;
    this.#act(action);
  }

  #act(action: Action): void {
    if (action === 'quit' || action === 'interrupt') this.#ended.resolve(action);
    else if (action === 'suspend') this.#suspend();
    else if (action === 'look') void this.#lookSoon();
    else this.#draw();
  }

  /** Ctrl-Z: the shell's screen comes back until somebody says `fg`. */
  #suspend(): void {
    this.#terminal.leave();
    // The whole job, as the terminal would have done it.
    process.kill(0, 'SIGTSTP');
  }

  #resume(): void {
    this.#terminal.enter();
    this.#draw();
  }

  /** One look after the other, however fast keys come. */
  async #lookSoon(): Promise<void> {
    this.#isAskedAgain = this.#isLooking;
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      do {
        this.#isAskedAgain = false;
        await this.#lookNow();
      } while (this.#isAskedAgain);
      this.#draw();
    } catch (error) {
      this.#ended.reject(error);
    } finally {
      this.#isLooking = false;
    }
  }

  async #lookNow(): Promise<void> {
    const { question } = this.#state;
    try {
      const look = await this.#options.source.look(question);
      // Two looks at one moment, as after a key, have no rates between them.
      if (this.#look !== undefined && look.nowMs > this.#look.nowMs) this.#before = this.#look;
      this.#look = look;
      this.#answered = question;
    } catch (error) {
      if (!(error instanceof ConfigError) || this.#look === undefined) throw error;
      const [fault] = error.faults;
      const message = `${fault!.path}: found ${fault!.found}; allowed: ${fault!.allowed}`;
      this.#state = { ...this.#state, question: this.#answered, message };
    }
  }

  #draw(): void {
    if (this.#look === undefined) return;
    this.#terminal.draw(screenLines(this.#state, this.#look, this.#before, this.#terminal.size));
  }
}

/** Shows a probe on a terminal until somebody quits. @throws what the source does */
export function runOnScreen(options: ScreenOptions): Promise<TopEnd> {
  return new ScreenView(options).run();
}

export interface PlainOptions {
  readonly source: TopSource;
  readonly question: TopQuestion;
  readonly output: OutputStream;
  readonly signal: AbortSignal;
  /** Looks after which it ends; undefined: it goes on until there is nothing more to see. */
  readonly count: number | undefined;
}

/** Prints what it sees, for what is no terminal. @throws what the source does */
export async function runPlain({ source, question, output, signal, count }: PlainOptions): Promise<TopEnd> {
  let before: Look | undefined;
  for (let looks = 1; !signal.aborted && !output.isClosed; looks++) {
    const look = await source.look(question);
    await output.write(Buffer.from(plainText(firstState(question), look, before)));
    if (look.isOver || looks === count) return 'quit';
    before = look;
    await delay(LOOK_MS, undefined, { signal }).catch(() => {});
  }
  return signal.aborted ? 'aborted' : 'quit';
}
