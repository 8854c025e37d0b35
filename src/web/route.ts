/** The routes of the probe's web server, one row each: path and answer. Shapes, and the answers that all of them share. */
import type { Readable } from 'node:stream';

/** The values of a request's query, by name; a name that stands there several times has the last one. */
export type Query = Readonly<Record<string, string>>;

export interface Answer {
  /** Default: 200. */
  readonly status?: number;
  readonly contentType: string;
  /** A stream goes on until either side ends it. */
  readonly body: string | Buffer | Readable;
  /** Beside those that every answer has. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Route {
  /** Without a query: `/metrics`. */
  readonly path: string;
  /** POST changes something, and is served on a Unix socket alone. Default: GET, and HEAD with it. */
  readonly method?: 'GET' | 'POST';
  /** The answer is a stream, of which there are no headers alone: HEAD is refused. */
  readonly isStream?: boolean;
  /**
   * What it tells is not for every page of the web: on a loopback address, a request has to name an address or localhost
   * (Host). A page elsewhere whose own name is made to lead here (DNS rebinding) names itself.
   */
  readonly isGuarded?: boolean;
  /** A file that the page asks for: who looks for a path is not told of it. */
  readonly isPartOfPage?: boolean;
  answer(query: Query, path: string): Answer | Promise<Answer>;
}

const PLAIN = 'text/plain; charset=utf-8';

/** A text of a line. @param status HTTP's */
export function plainAnswer(status: number, line: string): Answer {
  return { status, contentType: PLAIN, body: `${line}\n` };
}

/** An object as JSON. */
export function jsonAnswer(value: unknown, status = 200): Answer {
  return { status, contentType: 'application/json; charset=utf-8', body: `${JSON.stringify(value)}\n` };
}
