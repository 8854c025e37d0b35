/**
 * The terminal of `flowtap top`: another screen than the shell's, without a cursor, and keys as they are pressed. However
 * the process ends, `leave` puts back what was there; only SIGKILL leaves it as it is.
 */
import { writeSync } from 'node:fs';
import { emitKeypressEvents } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';
import type { ScreenLine, ScreenSize } from './screen.ts';
import type { Key } from './state.ts';

const ESCAPE = '\x1b[';
const ENTER = `${ESCAPE}?1049h${ESCAPE}?25l`;
const LEAVE = `${ESCAPE}0m${ESCAPE}?25h${ESCAPE}?1049l`;
const STYLES = { title: '1', head: '7', alarm: '1;31' } as const;
/** Where colours are not wanted: bold, reversed. */
const PLAIN_STYLES = { title: '1', head: '7', alarm: '1' } as const;
/** Of a terminal that does not say its size. */
const USUAL_SIZE: ScreenSize = { columns: 80, rows: 24 };

export interface TerminalOptions {
  readonly input: ReadStream;
  readonly output: WriteStream & { readonly fd: number };
  readonly hasColor: boolean;
  onKey(key: Key): void;
  onResize(): void;
}

export class Terminal {
  readonly #options: TerminalOptions;
  #isEntered = false;
  readonly #leave = () => this.leave();
  readonly #hear = (_: unknown, key: Key) => this.#options.onKey(key);
  readonly #resized = () => this.#options.onResize();

  constructor(options: TerminalOptions) {
    this.#options = options;
    emitKeypressEvents(options.input);
  }

  get size(): ScreenSize {
    const { columns, rows } = this.#options.output;
    return { columns: columns || USUAL_SIZE.columns, rows: rows || USUAL_SIZE.rows };
  }

  enter(): void {
    if (this.#isEntered) return;
    this.#isEntered = true;
    const { input, output } = this.#options;
    process.on('exit', this.#leave);
    // Before whoever says what it was: that belongs on the shell's screen.
    process.prependListener('uncaughtException', this.#leave);
    process.prependListener('unhandledRejection', this.#leave);
    input.setRawMode(true);
    input.on('keypress', this.#hear);
    input.resume();
    output.on('resize', this.#resized);
    this.#write(ENTER);
  }

  /** Puts back what was there; does nothing where that has been done. */
  leave(): void {
    if (!this.#isEntered) return;
    this.#isEntered = false;
    const { input, output } = this.#options;
    this.#write(LEAVE);
    output.off('resize', this.#resized);
    input.off('keypress', this.#hear);
    input.setRawMode(false);
    input.pause();
    process.off('uncaughtException', this.#leave);
    process.off('unhandledRejection', this.#leave);
    process.off('exit', this.#leave);
  }

  draw(lines: readonly ScreenLine[]): void {
    if (!this.#isEntered) return;
    const styles = this.#options.hasColor ? STYLES : PLAIN_STYLES;
    const painted = lines.map(({ text, style }) => {
      const shown = style === undefined ? text : `${ESCAPE}${styles[style]}m${text}${ESCAPE}0m`;
      return `${shown}${ESCAPE}K`;
    });
    // Without a line break behind the last line the screen does not scroll.
    this.#write(`${ESCAPE}H${painted.join('\r\n')}${ESCAPE}J`);
  }

  /** At once, as the process may be about to end. A terminal that is gone, or takes nothing, is not waited for. */
  #write(text: string): void {
    try {
      writeSync(this.#options.output.fd, text);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EAGAIN' && code !== 'EIO' && code !== 'EBADF') throw error;
    }
  }
}
