/**
 * A collector with sessions: over TCP or TLS (RFC 7011 §10.4, §11), or over UDP with a spool. Sends every batch at least
 * once. A batch is done when the collector's system has acknowledged it (over UDP, when it was not refused); what a
 * broken session leaves open goes out again in the next one, and may be a repetition.
 */

import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import { collectorOptions } from '../collector/collector-options.ts';
import { countDataRecords } from '../contract/batch-buffer.ts';
import { addVolumes, type FlowVolume, LostFlows, volumeOf } from '../contract/lost-flows.ts';
import type { InterfaceDescription } from '../contract/options-content.ts';
import type {
  CollectorStatistics,
  ExporterConfig,
  ExportingConfig,
  RecordSink,
  SinkContext,
} from '../contract/record-sink.ts';
import { Backlog } from './backlog.ts';
import type { ExportSession, SessionSinkParts } from './export-session.ts';
import { SessionConnector } from './session-connector.ts';

const LOOK_MS = 100;
/** Where only acknowledgements are missing: nobody tells when they come. */
const LOOK_SOON_MS = 2;
/** Where memory is short, at least so many batches that were acknowledged last are kept. */
const UNREAD_BATCHES = 32;
/** A session whose collector acknowledges nothing for this long is broken off. */
const STUCK_MS = 30_000;
const GIVE_UP_MS = 30_000;
/** At the end of a live capture: how long records may still take. */
const END_MS = 1500;
const END_LOOK_MS = 10;
const FINISH_MS = 500;

export class SessionSink implements RecordSink {
  readonly url: string;
  readonly needs: RecordSink['needs'];
  readonly #context: SinkContext;
  readonly #giveUpAfterMs: number;
  readonly #isBiflow: boolean;
  readonly #parts: SessionSinkParts;
  readonly #backlog: Backlog;
  readonly #connector: SessionConnector;
  readonly #timer: NodeJS.Timeout;
  #soon: NodeJS.Timeout | undefined;
  #isSending = false;
  #isClosed = false;
  /** Data records. `held`: of the batch that waits for room. */
  #offered = 0;
  #confirmed = 0;
  #repeated = 0;
  #reclaimed = 0;
  #held = 0;
  #dropped: Record<string, number> = {};
  readonly #lostFlows = new LostFlows();
  /** When the last batch was confirmed; and that, or when the first was sent after a pause. */
  #progressMs = performance.now();
  #sentMs = performance.now();

  constructor(config: ExportingConfig, to: ExporterConfig, context: SinkContext, parts: SessionSinkParts) {
    this.url = to.url;
    this.#context = context;
    this.#giveUpAfterMs = (to.options.giveUpAfterMs as number | undefined) ?? GIVE_UP_MS;
    this.needs = parts.needs;
    this.#isBiflow = collectorOptions(config, to, true).isBiflow;
    this.#parts = parts;
    this.#backlog = new Backlog(parts.spool);
    this.#connector = new SessionConnector(parts.open, to, context, {
      onSession: () => this.#send(),
      onProgress: () => {
        this.#confirm();
        this.#send();
      },
      onEnd: (session) => this.#ended(session),
    });
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
    void this.#connector.connect();
  }

  get isAway(): boolean {
    return this.#connector.session === undefined;
  }

  exportBatch(batch: FlowRecordBatch): Promise<void> | undefined {
    const dataRecords = countDataRecords(batch, this.#isBiflow, 0, batch.count);
    this.#offered += dataRecords;
    if (this.#backlog.isEmpty) this.#progressMs = performance.now();
    const refusal = this.#backlog.offer(batch, dataRecords);
    if (refusal === undefined) {
      this.#send();
      return undefined;
    }
    // Live, a queue stands before this sink, which would only say that it is full.
    if (this.#context.whenFull === 'drop' && refusal !== 'full') {
      this.#drop(refusal, volumeOf(batch, 0, batch.count, dataRecords));
      return undefined;
    }
    return this.#offerLater(batch, dataRecords);
  }

  setInterfaces(interfaces: readonly InterfaceDescription[]): void {
    this.#connector.setInterfaces(interfaces);
  }

  readonly setStatistics: NonNullable<RecordSink['setStatistics']> = (metering, dropped) =>
    this.#connector.setStatistics(metering, () => addVolumes(dropped(), this.#lost()));

  flush(): void {
    this.#connector.session?.exporter.flush();
    this.#backlog.save(this.isAway);
    void this.#connector.checkName();
  }

  async end(): Promise<void> {
    const startMs = performance.now();
    while (!this.#backlog.isEmpty && !this.#mayStop(startMs)) {
      const { session } = this.#connector;
      session?.exporter.flush();
      this.#confirm();
      const { hasNext, inFlight } = this.#backlog;
      if (
        session !== undefined &&
        !hasNext &&
        session.isOlderThan(this.#parts.verdictMs) &&
        session.isAcknowledged(inFlight)
      ) {
        // Everything has arrived: whether it was read shows in how the collector answers the end of the session.
        session.purpose = 'last';
        await session.finish(FINISH_MS);
      } else await new Promise((resolve) => setTimeout(resolve, END_LOOK_MS));
    }
    const session = this.#connector.session;
    this.#stop(this.#context.whenFull === 'wait' ? 'unreachable' : 'stopped');
    await session?.finish(FINISH_MS);
  }

  async close(): Promise<void> {
    this.#stop('stopped');
    this.#connector.session?.abort();
    const left = this.#backlog.pendingRecords;
    if (left > 0) {
      const message = `${this.url}: ${left} flow records wait in the spool for the next run`;
      this.#context.log('warning', `${this.url} spool`, message);
    }
    this.#backlog.close();
  }

  async reclaim(take: (batch: FlowRecordBatch) => Promise<void> | undefined): Promise<void> {
    this.#backlog.rewind();
    for (let entry = this.#backlog.next(); entry !== undefined; entry = this.#backlog.next()) {
      await take(entry.batch);
      // It may have arrived all the same.
      if (entry.attempts > 1) this.#repeated += entry.dataRecords;
      this.#reclaimed += entry.dataRecords;
      this.#backlog.confirm();
    }
  }

  statistics(): CollectorStatistics {
    const { pendingRecords, spooledRecords, damagedRecords, damagedOctets } = this.#backlog;
    const sent = this.#connector.statistics();
    // Of messages that no path carries; the others come again.
    const recordsFailed =
      sent.errors.emsgsize === undefined ? 0 : Math.min(sent.recordsFailed, this.#confirmed);
    return {
      ...sent,
      recordsOffered: this.#offered + this.#backlog.recoveredRecords - this.#reclaimed,
      dataRecords: this.#confirmed - recordsFailed,
      recordsFailed,
      recordsPending: pendingRecords + this.#held,
      recordsSpooled: spooledRecords,
      recordsDropped: { ...this.#dropped, ...(damagedRecords > 0 ? { spoolDamaged: damagedRecords } : {}) },
      spoolDamagedOctets: damagedOctets,
      recordsRecovered: this.#backlog.recoveredRecords,
      recordsRepeated: this.#repeated,
    };
  }

  /** Sends what there is, until the session takes no more. */
  #send(): void {
    const { session } = this.#connector;
    if (session === undefined || this.#isSending) return;
    while (session.ending === undefined) {
      if (!this.#backlog.hasNext) this.#confirm();
      if (this.#backlog.inFlight === 0) this.#sentMs = performance.now();
      const entry = this.#backlog.next();
      if (entry === undefined) {
        this.#lookSoon(session);
        return;
      }
      if (entry.attempts > 1) this.#repeated += entry.dataRecords;
      const pending = session.send(entry);
      if (pending === undefined) continue;
      this.#isSending = true;
      void pending.then(() => {
        this.#isSending = false;
        this.#send();
      });
      return;
    }
  }

  #confirm(): void {
    const { session } = this.#connector;
    if (session === undefined || this.#backlog.inFlight === 0) return;
    const nowMs = performance.now();
    const acknowledged = session.acknowledged(nowMs);
    this.#backlog.acknowledge(acknowledged);
    let count = session.readBefore(nowMs, this.#parts.unreadMs);
    if (this.#backlog.isPressed(acknowledged) && session.isOlderThan(this.#parts.verdictMs))
      count = Math.max(count, acknowledged - UNREAD_BATCHES);
    this.#release(session, count);
  }

  #release(session: ExportSession, count: number): void {
    if (count === 0) return;
    for (let i = 0; i < count; i++) this.#confirmed += this.#backlog.confirm();
    session.release(count);
    this.#progressMs = this.#sentMs = performance.now();
    this.#connector.succeeded();
  }

  #ended(session: ExportSession): void {
    if (session.ending!.isOrderly) this.#release(session, session.acknowledgedBefore(performance.now()));
    this.#backlog.rewind();
  }

  #lookSoon(session: ExportSession): void {
    if (this.#isClosed || this.#soon !== undefined) return;
    if (!this.#backlog.isWaiting || session.isStalled(performance.now())) return;
    this.#soon = setTimeout(() => {
      this.#soon = undefined;
      this.#send();
    }, LOOK_SOON_MS);
    this.#soon.unref();
  }

  #look(): void {
    this.#confirm();
    this.#send();
    const isStuck = this.#backlog.inFlight > 0 && performance.now() - this.#sentMs > STUCK_MS;
    if (!isStuck) return;
    const error = new Error(`nothing acknowledged for ${STUCK_MS / 1000} s`);
    this.#connector.session?.abort(Object.assign(error, { code: 'ETIMEDOUT' }));
  }

  /** Whether what is left may stay, or has to: a short replay is over before its first connection is made. */
  #mayStop(startMs: number): boolean {
    if (this.#context.whenFull === 'drop') return performance.now() - startMs >= END_MS;
    const isUnreachable = this.isAway && !this.#connector.isConnecting;
    return (isUnreachable && this.#parts.spool !== undefined) || this.#isGivenUp();
  }

  /** @param reason for what is in memory alone, and lost now */
  #stop(reason: string): void {
    this.#isClosed = true;
    this.#connector.stop();
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
    this.#drop(reason, this.#backlog.forgetUnspooled());
  }

  /** Waits for room; a replay for no longer than it may. */
  async #offerLater(batch: FlowRecordBatch, dataRecords: number): Promise<void> {
    this.#held = dataRecords;
    let refusal = this.#backlog.offer(batch, dataRecords);
    while (refusal !== undefined) {
      const volume = volumeOf(batch, 0, batch.count, dataRecords);
      if (this.#isClosed) this.#drop('stopped', volume);
      else if (this.#isGivenUp()) this.#drop(refusal === 'full' ? 'unreachable' : refusal, volume);
      else {
        await Promise.race([this.#backlog.changed(), new Promise((resolve) => setTimeout(resolve, LOOK_MS))]);
        refusal = this.#backlog.offer(batch, dataRecords);
        continue;
      }
      break;
    }
    this.#held = 0;
    this.#send();
  }

  /** Whether a replay has waited long enough. */
  #isGivenUp(): boolean {
    if (this.#context.whenFull === 'drop') return false;
    return performance.now() - this.#progressMs >= this.#giveUpAfterMs;
  }

  #drop(reason: string, volume: FlowVolume): void {
    if (volume.records === 0) return;
    this.#dropped[reason] = (this.#dropped[reason] ?? 0) + volume.records;
    this.#lostFlows.add(volume);
  }

  /** All that will never be sent. */
  #lost(): FlowVolume {
    return addVolumes(this.#lostFlows.total, this.#backlog.damaged);
  }
}
