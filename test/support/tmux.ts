/** A terminal of its own, by tmux: what is on its screen, keys, another size, and how a program leaves it behind. */
import { spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

const LIMIT_MS = 120_000;
const LOOK_MS = 50;
/** A server that was told to end may still have its socket: the next one has another. */
let terminals = 0;

export class TmuxTerminal {
  readonly #server: string;

  /** @param name of the test: letters and digits. @param script of bash; its end is the terminal's */
  constructor(name: string, script: string, columns = 120, rows = 24) {
    this.#server = `flowtap-${name}-${process.pid}-${++terminals}`;
    const size = ['-x', String(columns), '-y', String(rows)];
    this.#run('new-session', '-d', ...size, 'bash', '--norc', '-c', script);
  }

  #run(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync('tmux', ['-L', this.#server, '-f', '/dev/null', ...args], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`tmux ${args[0]}: ${stderr}`);
    return stdout;
  }

  /** The lines of the screen, as wide as they are. */
  lines(): string[] {
    return this.#run('capture-pane', '-p').split('\n').slice(0, -1);
  }

  /** `#{cursor_flag}` and the like. */
  format(text: string): string {
    return this.#run('display-message', '-p', text).trimEnd();
  }

  /** Presses keys, as tmux calls them: `q`, `Enter`, `Down`. */
  press(...keys: string[]): void {
    this.#run('send-keys', ...keys);
  }

  type(text: string): void {
    this.#run('send-keys', '-l', text);
  }

  resize(columns: number, rows: number): void {
    this.#run('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** Resolves with the screen once it is as wanted. @throws Error with the screen when it is not within the limit */
  async until(isWanted: (lines: readonly string[], text: string) => boolean): Promise<string[]> {
    const deadline = performance.now() + LIMIT_MS;
    for (;;) {
      const lines = this.lines();
      if (isWanted(lines, lines.join('\n'))) return lines;
      if (performance.now() > deadline) throw new Error(`not on the screen:\n${lines.join('\n')}`);
      await delay(LOOK_MS);
    }
  }

  close(): void {
    spawnSync('tmux', ['-L', this.#server, 'kill-server']);
  }
}
