/**
 * Keeps a session with a collector: connects, tries again with growing pauses when that fails or the session ends,
 * looks the name up again, and counts. session-sink.ts sends records in a session.
 */
import { ExportError } from '../../base/errors.ts';
import type { CollectorExporter } from '../collector/collector-exporter.ts';
import { Backoff } from '../contract/backoff.ts';
import type { SendErrorReason } from '../contract/fault-reasons.ts';
import type { InterfaceDescription } from '../contract/options-content.ts';
import { EXPORT_PROTOCOLS } from '../contract/protocols.ts';
import type {
  CollectorStatistics,
  ExporterConfig,
  RecordSink,
  SinkContext,
} from '../contract/record-sink.ts';
import { addCounts, addStatistics, emptyStatistics } from '../contract/statistics.ts';
import { isHostName, resolveCollector } from '../transport/collector-address.ts';
import { sendErrorReason } from '../transport/transport.ts';
import type { ExportSession, OpenSession } from './export-session.ts';

const RECONNECT_MAX_MS = 30_000;
const RESOLVE_MS = 60_000;
const FINISH_MS = 2000;

interface ConnectorHandlers {
  /** A session has begun. */
  readonly onSession: () => void;
  /** Messages are with the system. */
  readonly onProgress: () => void;
  /** The session is over; it is no longer the present one. */
  readonly onEnd: (session: ExportSession) => void;
}

export class SessionConnector {
  readonly #open: OpenSession;
  readonly #to: ExporterConfig;
  readonly #context: SinkContext;
  readonly #handlers: ConnectorHandlers;
  readonly #backoff: Backoff;
  #session: ExportSession | undefined;
  #retry: NodeJS.Timeout | undefined;
  #interfaces: readonly InterfaceDescription[] | undefined;
  #statisticsFrom: Parameters<NonNullable<RecordSink['setStatistics']>> | undefined;
  #isStopped = false;
  #isConnecting = false;
  #resolvedMs = 0;
  /** Counters of the sessions before the present one, and of attempts that failed. */
  #past: CollectorStatistics;
  #sessions = 0;
  #lastError: CollectorStatistics['lastError'];

  constructor(open: OpenSession, to: ExporterConfig, context: SinkContext, handlers: ConnectorHandlers) {
    this.#open = open;
    this.#to = to;
    this.#context = context;
    this.#handlers = handlers;
    this.#past = emptyStatistics(to.url);
    this.#backoff = new Backoff((to.options.reconnectMaxMs as number | undefined) ?? RECONNECT_MAX_MS);
  }

  /** The session that there is now. */
  get session(): ExportSession | undefined {
    return this.#session;
  }

  /** Whether an attempt to connect has neither failed nor led to a session yet. */
  get isConnecting(): boolean {
    return this.#isConnecting;
  }

  setStatistics(...from: Parameters<NonNullable<RecordSink['setStatistics']>>): void {
    this.#statisticsFrom = from;
    this.#session?.exporter.setStatistics(...from);
  }

  setInterfaces(interfaces: readonly InterfaceDescription[]): void {
    this.#interfaces = interfaces;
    this.#session?.exporter.setInterfaces(interfaces);
  }

  /** Tries to connect now. */
  async connect(): Promise<void> {
    if (this.#isStopped) return;
    this.#isConnecting = true;
    try {
      const session = await this.#open({
        prepare: (exporter) => this.#prepare(exporter),
        onProgress: this.#handlers.onProgress,
        onEnd: (ended) => this.#ended(ended),
      });
      if (session.ending !== undefined) return;
      if (this.#isStopped) {
        session.abort();
        return;
      }
      this.#session = session;
      this.#sessions++;
      this.#resolvedMs = performance.now();
      const { url, protocol } = this.#to;
      const what = EXPORT_PROTOCOLS[protocol].isConnected ? 'connected' : 'sending';
      this.#context.log('info', `${url} connected`, `${url}: ${what} to ${session.address}`);
      this.#handlers.onSession();
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isConnecting = false;
    }
  }

  /** Records have arrived: the next pause is a short one again. */
  succeeded(): void {
    this.#backoff.reset();
  }

  /** Connects no more; the present session, if there is one, may be finished. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#retry);
  }

  /** Ends the session when the name leads elsewhere by now; called every second. */
  async checkName(): Promise<void> {
    const session = this.#session;
    const { host, url, options } = this.#to;
    const everyMs = (options.resolveIntervalMs as number | undefined) ?? RESOLVE_MS;
    const nowMs = performance.now();
    if (session === undefined || !isHostName(host) || nowMs - this.#resolvedMs < everyMs) return;
    this.#resolvedMs = nowMs;
    try {
      const addresses = await resolveCollector(host, url);
      if (addresses.some(({ address }) => address === session.address)) return;
      session.purpose = 'renewal';
      await session.finish(FINISH_MS);
    } catch {
      // The session works; a name server that does not is no reason to end it.
    }
  }

  /** Counters of messages, connections and errors. */
  statistics(): CollectorStatistics {
    const present = this.#session?.statistics();
    return {
      ...(present === undefined ? this.#past : addStatistics(this.#past, present)),
      sessions: this.#sessions,
      isUp: this.#session !== undefined,
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
    };
  }

  #prepare(exporter: CollectorExporter): void {
    if (this.#interfaces !== undefined) exporter.setInterfaces(this.#interfaces);
    if (this.#statisticsFrom !== undefined) exporter.setStatistics(...this.#statisticsFrom);
  }

  #ended(session: ExportSession): void {
    this.#past = addStatistics(this.#past, session.statistics());
    if (this.#session === session) {
      this.#session = undefined;
      this.#handlers.onEnd(session);
    }
    if (this.#isStopped) return;
    const { error } = session.ending!;
    if (session.purpose === 'last' && error === undefined) return;
    if (session.purpose === 'renewal') void this.connect();
    else this.#failed(error ?? closedError());
  }

  /** Counts, and tries again later. */
  #failed(error: unknown): void {
    const reason = sendErrorReason(error instanceof ExportError ? (error.cause ?? error) : error);
    const { errors } = this.#past;
    this.#past = { ...this.#past, errors: addCounts<SendErrorReason>(errors, { [reason]: 1 }) };
    this.#lastError = { reason, message: (error as Error).message };
    if (this.#isStopped) return;
    this.#retry = setTimeout(() => void this.connect(), this.#backoff.next());
    this.#retry.unref();
  }
}

function closedError(): Error {
  return Object.assign(new Error('it ended the session'), { code: 'CLOSED' });
}
