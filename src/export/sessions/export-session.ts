/**
 * One transport session (RFC 7011 §10.3.4, §10.4.4) with a collector: templates and sequence numbers of its own, and for
 * each batch that went into it, whether the collector's system has acknowledged all of it. stream-session.ts
 * and udp-session.ts know what it goes over.
 */
import type { RecordSections } from '../../records/record-sections.ts';
import type { StreamProgress } from '../../sys/socket-options.ts';
import type { CollectorExporter } from '../collector/collector-exporter.ts';
import type { CollectorStatistics } from '../contract/record-sink.ts';
import type { Spool } from '../spool/spool.ts';
import type { MessageArena } from '../transport/message-arena.ts';
import type { BacklogEntry } from './backlog.ts';

/** How far a batch has come. */
interface Mark {
  /** Messages, from the session's first, that hold all of it. */
  readonly messages: number;
  /** Octets of the stream that hold all of it; NaN until they are with the system. */
  octets: number;
  /** When they were acknowledged; NaN before. */
  confirmedMs: number;
}

/** What a session goes over. */
export interface SessionLink {
  readonly address: string;
  readonly arena: MessageArena;
  readonly exporter: CollectorExporter;
  /**
   * Asks how far the other system has acknowledged; missing where it does not, and what this system has taken must do.
   */
  readonly progress?: () => StreamProgress | undefined;
  /** Ends it: everything has been sent. Resolves when it is over, or after a time. */
  finish(waitMs: number): Promise<void>;
  /** Breaks it off. @param error why; undefined: nobody needs to know */
  destroy(error?: Error): void;
}

/** Opens a session; one attempt. @throws what stands in the way, as the system says it */
export type OpenSession = (handlers: {
  /** Tells the exporter, before anything is sent, what it is to announce. */
  readonly prepare: (exporter: CollectorExporter) => void;
  /** Messages are with the system. */
  readonly onProgress: () => void;
  /** The session is over; called once. */
  readonly onEnd: (session: ExportSession) => void;
}) => Promise<ExportSession>;

/** What differs between transports. */
export interface SessionSinkParts {
  readonly open: OpenSession;
  readonly spool: Spool | undefined;
  /** What the collector's templates want of flow records. */
  readonly needs: RecordSections;
  /** How long a session lasts before records that nobody acknowledged but the system count as wanted. */
  readonly verdictMs: number;
  /**
   * When a session breaks, what was acknowledged within this time is sent again: the collector may not have read it, or
   * not have kept it.
   */
  readonly unreadMs: number;
}

/** A collector that acknowledges nothing for this long, with records on their way to it, does not read. */
const STALLED_MS = 500;

export class ExportSession {
  readonly #link: SessionLink;
  readonly #onEnd: (session: ExportSession) => void;
  /** Why it ended; undefined while it lives. */
  ending: { readonly error: Error | undefined; readonly isOrderly: boolean } | undefined;
  /** Why it is ended on purpose: another one is to follow, or none. */
  purpose: 'renewal' | 'last' | undefined;
  readonly #startedMs = performance.now();
  #marks: Mark[] = [];
  /** When acknowledgements last came, or none were missing; and when they last failed to come. */
  #progressMs = this.#startedMs;
  #stalledMs = Number.NEGATIVE_INFINITY;

  /** @param onEnd called once, when the session is over */
  constructor(link: SessionLink, onEnd: (session: ExportSession) => void) {
    this.#link = link;
    this.#onEnd = onEnd;
  }

  get exporter(): CollectorExporter {
    return this.#link.exporter;
  }

  /** Whether records are on their way, and acknowledgements have not come for some time. */
  isStalled(nowMs: number): boolean {
    return nowMs - this.#progressMs >= STALLED_MS;
  }

  get address(): string {
    return this.#link.address;
  }

  /** Whether it has lasted so long. */
  isOlderThan(ms: number): boolean {
    return performance.now() - this.#startedMs >= ms;
  }

  /** Its counters; errors that end sessions are counted by whoever keeps them. */
  statistics(): CollectorStatistics {
    const statistics = this.exporter.statistics();
    const { emsgsize } = statistics.errors;
    return { ...statistics, errors: emsgsize ? { emsgsize } : {} };
  }

  /**
   * Exports a batch. A fault of ours ends the session: how much of the batch has gone out is not known then, and all of
   * it goes out again in the next one.
   * @returns a promise where the session takes no more for now; it never rejects
   */
  send(entry: BacklogEntry): Promise<void> | undefined {
    const fail = (error: unknown) => this.abort(error instanceof Error ? error : new Error(String(error)));
    try {
      const pending = this.exporter.exportBatch(entry.batch);
      if (pending === undefined) this.#mark();
      return pending?.then(() => this.#mark()).catch(fail);
    } catch (error) {
      fail(error);
      return undefined;
    }
  }

  /**
   * Asks how far the batches have come.
   * @param nowMs a monotonic clock
   * @returns how many of the earliest have been acknowledged
   */
  acknowledged(nowMs: number): number {
    const marks = this.#marks;
    if (marks.length === 0) {
      this.#progressMs = nowMs;
      return 0;
    }
    const { progress: ask, arena } = this.#link;
    // What this system has taken must do where nobody can be asked. A socket that is gone tells no more than it has.
    const canAsk = ask !== undefined && this.ending === undefined;
    const progress = canAsk ? ask() : ask === undefined ? { written: 0, acknowledged: 0 } : undefined;
    let count = 0;
    for (const mark of marks) {
      if (Number.isNaN(mark.confirmedMs)) {
        if (progress === undefined || mark.messages > arena.done) break;
        if (Number.isNaN(mark.octets)) mark.octets = progress.written;
        if (progress.acknowledged < mark.octets) break;
        mark.confirmedMs = this.#progressMs = nowMs;
      }
      count++;
    }
    if (count === marks.length) this.#progressMs = nowMs;
    if (this.isStalled(nowMs)) this.#stalledMs = nowMs;
    return count;
  }

  /**
   * How many of the earliest batches the collector itself must have read: acknowledged so long ago, and it has kept
   * reading since. What its system holds for one that has stopped is lost with it.
   */
  readBefore(nowMs: number, unreadMs: number): number {
    return nowMs - this.#stalledMs < unreadMs ? 0 : this.acknowledgedBefore(nowMs - unreadMs);
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

  /** Ends it: everything has been sent. Resolves when it is over, or after a time. */
  async finish(waitMs: number): Promise<void> {
    if (this.ending === undefined) await this.#link.finish(waitMs);
  }

  /** Breaks it off. */
  abort(error?: Error): void {
    this.#link.destroy(error);
  }

  /** For the link: it is over. Only the first call counts. */
  ended(error?: Error): void {
    if (this.ending !== undefined) return;
    // Only the end that we asked for says that everything was read: a collector that is killed ends in order, too.
    this.ending = { error, isOrderly: error === undefined && this.purpose !== undefined };
    this.#onEnd(this);
  }

  #mark(): void {
    this.#marks.push({ messages: this.exporter.messagesBegun, octets: Number.NaN, confirmedMs: Number.NaN });
  }
}
