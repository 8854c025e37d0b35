/**
 * One transport session (RFC 7011 §10.4.4) with a collector: templates and sequence numbers of its own, and for each
 * batch that went into it, whether the collector's system has acknowledged all of it.
 */

import type { BacklogEntry } from './backlog.ts';
import type { CollectorExporter } from './collector-exporter.ts';
import { createCollectorExporter } from './collector-options.ts';
import { MessageArena } from './message-arena.ts';
import type { ExporterConfig, ExportingConfig } from './record-sink.ts';
import type { CollectorConnection } from './stream-connection.ts';
import { StreamTransport } from './stream-transport.ts';

/** A stream has no path MTU to fit: fewer headers, and still little to build at a time. */
const MESSAGE_OCTETS = 4096;

/** How far a batch has come. */
interface Mark {
  /** Messages, from the session's first, that hold all of it. */
  readonly messages: number;
  /** Octets of the stream that hold all of it; NaN until they are with the system. */
  octets: number;
  /** When they were acknowledged; NaN before. */
  confirmedMs: number;
}

export class ExportSession {
  readonly exporter: CollectorExporter;
  readonly connection: CollectorConnection;
  /** Why it ended; undefined while it lives. */
  ending: { readonly error: Error | undefined; readonly isOrderly: boolean } | undefined;
  /** Why it is ended on purpose: another one is to follow, or none. */
  purpose: 'renewal' | 'last' | undefined;
  readonly startedMs = performance.now();
  readonly #arena: MessageArena;
  readonly #canAsk: boolean;
  readonly #transport: StreamTransport;
  #marks: Mark[] = [];

  /**
   * @param onProgress called when messages are with the system
   * @param onEnd called once, when the session is over
   */
  constructor(
    config: ExportingConfig,
    to: ExporterConfig,
    connection: CollectorConnection,
    handlers: { onProgress: () => void; onEnd: (session: ExportSession) => void },
  ) {
    this.connection = connection;
    this.#canAsk = connection.progress() !== undefined;
    this.#arena = new MessageArena(to.options.messageOctetsMax ?? MESSAGE_OCTETS);
    this.#transport = new StreamTransport(this.#arena, connection.stream, handlers.onProgress);
    this.exporter = createCollectorExporter(this.#arena, this.#transport, config, to, true);
    const end = (error?: Error) => {
      if (this.ending !== undefined) return;
      // Only the end that we asked for says that everything was read: a collector that is killed ends in order, too.
      this.ending = { error, isOrderly: error === undefined && this.purpose !== undefined };
      this.#transport.abandon();
      connection.stream.destroy();
      handlers.onEnd(this);
    };
    connection.stream.on('error', end);
    connection.stream.on('close', () => end());
    connection.stream.on('end', () => end());
    if (connection.stream.destroyed) end();
  }

  /** Exports a batch. @returns a promise where the session takes no more for now */
  send(entry: BacklogEntry): Promise<void> | undefined {
    const pending = this.exporter.exportBatch(entry.batch);
    if (pending === undefined) this.#mark();
    return pending?.then(() => this.#mark());
  }

  /**
   * Asks how far the batches have come.
   * @param nowMs a monotonic clock
   * @returns how many of the earliest have been acknowledged
   */
  acknowledged(nowMs: number): number {
    const marks = this.#marks;
    if (marks.length === 0) return 0;
    // Where the system cannot be asked, what it has taken must do. A socket that is gone tells no more than it has.
    const unknown = this.#canAsk ? undefined : { written: 0, acknowledged: 0 };
    const progress = this.ending === undefined ? (this.connection.progress() ?? unknown) : unknown;
    const { done } = this.#arena;
    let count = 0;
    for (const mark of marks) {
      if (Number.isNaN(mark.confirmedMs)) {
        if (progress === undefined || mark.messages > done) break;
        if (Number.isNaN(mark.octets)) mark.octets = progress.written;
        if (progress.acknowledged < mark.octets) break;
        mark.confirmedMs = nowMs;
      }
      count++;
    }
    return count;
  }

  /** How many of the earliest were acknowledged before a time. */
  acknowledgedBefore(timeMs: number): number {
    const later = this.#marks.findIndex(({ confirmedMs }) => !(confirmedMs <= timeMs));
    return later < 0 ? this.#marks.length : later;
  }

  /** Whether so many batches were sent, and all of them acknowledged. */
  isAcknowledged(batches: number): boolean {
    return this.#marks.length === batches && this.#marks.every((mark) => !Number.isNaN(mark.confirmedMs));
  }

  /** Forgets the earliest batches. */
  release(count: number): void {
    this.#marks.splice(0, count);
  }

  /** Ends it: everything has been sent. Resolves when the other side has closed too, or after a time. */
  async finish(waitMs: number): Promise<void> {
    const { stream } = this.connection;
    if (this.ending !== undefined) return;
    const closed = new Promise((resolve) => stream.once('close', resolve));
    stream.end();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, waitMs);
    });
    await Promise.race([closed, late]);
    clearTimeout(timer);
    stream.destroy();
  }

  /** Breaks it off. */
  abort(error: Error): void {
    this.connection.stream.destroy(error);
  }

  #mark(): void {
    this.#marks.push({ messages: this.exporter.messagesBegun, octets: Number.NaN, confirmedMs: Number.NaN });
  }
}
