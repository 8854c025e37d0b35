/**
 * The metrics server of a live probe, which a reload may move: it listens on the new address before the former one is
 * given up, so that a move can be taken back and no request fails. Only where the two cannot be held at the same
 * time (one port on overlapping addresses) the former one goes first.
 */
import type { FlowtapConfig } from '../../config/config.ts';
import type { WebServer } from '../../web/server.ts';

export interface Move {
  /** Gives the former address up. */
  commit(): Promise<void>;
  /** Goes back to it. @throws ListenError where another program has taken it meanwhile */
  undo(): Promise<void>;
}

type Listen = (config: FlowtapConfig) => Promise<WebServer | undefined>;

function isInUse(error: unknown): boolean {
  return ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE';
}

export class MovableServer {
  readonly #listen: Listen;
  #server: WebServer | undefined;

  /** @param listen starts a server as a configuration says; undefined where it wants none. May throw ListenError */
  constructor(listen: Listen) {
    this.#listen = listen;
  }

  get url(): string | undefined {
    return this.#server?.url;
  }

  /** @throws ListenError */
  async open(config: FlowtapConfig): Promise<void> {
    this.#server = await this.#listen(config);
  }

  /**
   * Listens where a new configuration says.
   * @throws ListenError: then it listens as before
   */
  async move(from: FlowtapConfig, to: FlowtapConfig): Promise<Move> {
    const former = this.#server;
    try {
      this.#server = await this.#listen(to);
    } catch (error) {
      if (former === undefined || !isInUse(error)) throw error;
      await former.close();
      return this.#moveAfter(from, to);
    }
    const server = this.#server;
    return {
      commit: async () => former?.close(),
      undo: async () => {
        this.#server = former;
        await server?.close();
      },
    };
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  /** Moves once the former address was given up. */
  async #moveAfter(from: FlowtapConfig, to: FlowtapConfig): Promise<Move> {
    this.#server = undefined;
    try {
      await this.open(to);
    } catch (error) {
      await this.open(from);
      throw error;
    }
    return {
      commit: async () => {},
      undo: async () => {
        await this.close();
        this.#server = undefined;
        await this.open(from);
      },
    };
  }
}
