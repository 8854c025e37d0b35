/**
 * The sink of `kafka://` exporters: flow records wait in a backlog (in memory, and on disk where there is a spool) until
 * the brokers have them; message-feed.ts makes messages of them, kafka-sender.ts sends those.
 *
 * Nothing is lost here: `recordsOffered = dataRecords + recordsFailed + recordsPending + Σ recordsDropped` at any moment.
 */

import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import { lackingSection, type RecordSections } from '../../records/record-sections.ts';
import { countDataRecords } from '../contract/batch-buffer.ts';
import type { CollectorStatistics, RecordSink, SinkContext } from '../contract/record-sink.ts';
import type { MessageEncoder } from '../flow-messages/message-encoder.ts';
import { Backlog } from '../sessions/backlog.ts';
import type { Spool } from '../spool/spool.ts';
import { KafkaCluster } from './kafka-cluster.ts';
import type { KafkaSinkOptions } from './kafka-options.ts';
import { KafkaSender } from './kafka-sender.ts';
import { MessageFeed } from './message-feed.ts';

/** A live capture that ends waits no longer than this for brokers that take records, but slowly. */
const LIVE_END_MS = 5000;

/** Records that are safe in a spool wait this long for brokers that are away: a fault may pass. */
const SAFE_END_MS = 2000;

type DropReason = 'unreachable' | 'spoolFull' | 'spoolFailed' | 'spoolDamaged' | 'stopped';

export class KafkaSink implements RecordSink {
  readonly url: string;
  readonly needs: RecordSections;
  readonly #options: KafkaSinkOptions;
  readonly #context: SinkContext;
  readonly #backlog: Backlog;
  readonly #feed: MessageFeed;
  #cluster: KafkaCluster;
  #sender: KafkaSender;
  #linger: NodeJS.Timeout | undefined;
  #change: Promise<void> | undefined;
  #isEnding = false;
  #isClosed = false;
  #offered = 0;
  /** Of the batch that waits for room. */
  #held = 0;
  /** Given to another member of the failover group, and how many of those may be here as well. */
  #reclaimed = 0;
  #repeatedElsewhere = 0;
  readonly #dropped: Record<DropReason, number> = {
    unreachable: 0,
    spoolFull: 0,
    spoolFailed: 0,
    spoolDamaged: 0,
    stopped: 0,
  };

  /** @param spool where records wait on disk; missing: in memory alone */
  constructor(options: KafkaSinkOptions, encoder: MessageEncoder, context: SinkContext, spool?: Spool) {
    this.url = options.url;
    this.#options = options;
    this.#context = context;
    this.needs = encoder.needs;
    this.#backlog = new Backlog(spool);
    this.#feed = new MessageFeed(this.#backlog, encoder, options.lingerMs);
    this.#cluster = new KafkaCluster(options.cluster);
    this.#sender = new KafkaSender(this.#cluster, this.#feed, options.compression);
    if (!this.#backlog.isEmpty) this.#sender.wake();
  }

  get isAway(): boolean {
    return this.#sender.isAway;
  }

  /** Messages name interfaces by number alone. */
  setInterfaces(): void {}

  exportBatch(batch: FlowRecordBatch): Promise<void> | undefined {
    const lacking = lackingSection(batch, this.needs);
    if (lacking !== undefined) throw new Error(`a template asks for ${lacking}, which records do not carry`);
    const dataRecords = countDataRecords(batch, this.#options.isBiflow, 0, batch.count);
    if (dataRecords === 0) return undefined;
    this.#offered += dataRecords;
    const refusal = this.#backlog.offer(batch, dataRecords);
    // Live, a queue stands before this sink, which would only say that it is full.
    if (refusal !== undefined && refusal !== 'full' && this.#context.whenFull === 'drop') {
      this.#dropped[refusal] += dataRecords;
      return undefined;
    }
    if (refusal !== undefined) return this.#offerLater(batch, dataRecords);
    this.#wakeSender(dataRecords);
    return undefined;
  }

  /** Called every second: what was confirmed is written down, what waits is made safe. */
  flush(): void {
    if (!this.#isClosed) this.#backlog.save(this.isAway);
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    this.#feed.flush();
    this.#sender.wake();
    const startedMs = performance.now();
    while (!this.#backlog.isEmpty && !this.#mayLeave(performance.now() - startedMs)) await this.#changed();
    await this.#leave(this.isAway ? 'unreachable' : 'stopped');
  }

  async close(): Promise<void> {
    await this.#leave('stopped');
  }

  /** What may have arrived all the same counts as repeated. */
  async reclaim(take: (batch: FlowRecordBatch) => Promise<void> | undefined): Promise<void> {
    if (this.#isClosed) return;
    await this.#stopSending();
    this.#backlog.rewind();
    for (let entry = this.#backlog.next(); entry !== undefined; entry = this.#backlog.next()) {
      await take(entry.batch);
      if (entry.attempts > 1) this.#repeatedElsewhere += entry.dataRecords;
      this.#backlog.confirm();
    }
    // Of a batch of which a part was delivered, only the rest is no longer ours.
    this.#reclaimed += this.statistics().recordsPending - this.#backlog.pendingRecords - this.#held;
    this.#feed.reset();
    this.#cluster = new KafkaCluster(this.#options.cluster);
    this.#sender = new KafkaSender(this.#cluster, this.#feed, this.#options.compression, this.#sender);
  }

  statistics(): CollectorStatistics {
    const sent = this.#sender.statistics;
    const spoolDamaged = this.#backlog.damagedRecords + this.#feed.unreadable;
    const recordsDropped = { ...this.#dropped, spoolDamaged };
    const dropped = Object.values(recordsDropped).reduce((sum, count) => sum + count, 0);
    const recordsOffered = this.#offered + this.#backlog.recoveredRecords - this.#reclaimed;
    const recordsPending = recordsOffered - sent.delivered - sent.failed - dropped;
    const recordsSpooled = Math.min(recordsPending, this.#backlog.spooledRecords);
    return {
      url: this.url,
      messages: sent.batches,
      octets: sent.octets,
      recordsOffered,
      dataRecords: sent.delivered,
      recordsFailed: sent.failed,
      recordsPending,
      notExportable: { ipv6: 0, time: 0 },
      templateRecords: 0,
      optionsRecords: 0,
      errors: sent.faults,
      ...(sent.lastFault === undefined ? {} : { lastError: sent.lastFault }),
      collectorDrops: null,
      recordsDropped,
      recordsQueued: recordsPending - recordsSpooled,
      recordsSpooled,
      spoolDamagedOctets: this.#backlog.damagedOctets,
      recordsRecovered: this.#backlog.recoveredRecords,
      recordsRepeated: sent.repeated + sent.perhapsTwice + this.#repeatedElsewhere,
      sessions: sent.sessions,
      isUp: !this.isAway && sent.sessions > 0,
    };
  }

  /** Whether the end need not wait for what is still there: it is safe, or nobody takes it. */
  #mayLeave(elapsedMs: number): boolean {
    const isSafe = this.#backlog.pendingRecords === this.#backlog.spooledRecords;
    if (isSafe && this.isAway && this.#sender.stalledMs >= SAFE_END_MS) return true;
    if (this.#context.whenFull === 'drop' && elapsedMs >= LIVE_END_MS) return true;
    return this.#sender.stalledMs >= this.#options.giveUpAfterMs;
  }

  /** Stops sending, and counts what is lost with the memory. */
  async #leave(reason: DropReason): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isEnding = true;
    clearTimeout(this.#linger);
    await this.#stopSending();
    this.#dropped[reason] += this.#backlog.forgetUnspooled().records;
    const left = this.#backlog.pendingRecords;
    if (left > 0) {
      const message = `${this.url}: ${left} flow records wait in the spool for the next run`;
      this.#context.log('warning', `${this.url} spool`, message);
    }
    this.#backlog.close();
  }

  async #stopSending(): Promise<void> {
    const stopped = this.#sender.stop();
    // A request that is on its way would be waited for otherwise.
    await this.#cluster.close();
    await stopped;
  }

  /** Waits for room. A live capture's own queue drops what comes in the meantime; a replay gives up after a while. */
  async #offerLater(batch: FlowRecordBatch, dataRecords: number): Promise<void> {
    this.#held = dataRecords;
    for (;;) {
      await this.#changed();
      const refusal = this.#isClosed ? 'full' : this.#backlog.offer(batch, dataRecords);
      if (refusal === undefined) break;
      const isHopeless =
        this.#context.whenFull === 'wait' && this.#sender.stalledMs >= this.#options.giveUpAfterMs;
      if (isHopeless || this.#isEnding) {
        this.#dropped[refusal !== 'full' ? refusal : this.#isEnding ? 'stopped' : 'unreachable'] +=
          dataRecords;
        this.#held = 0;
        return;
      }
    }
    this.#held = 0;
    this.#wakeSender(dataRecords);
  }

  #wakeSender(dataRecords: number): void {
    const inMs = this.#feed.offered(dataRecords);
    if (inMs === 0) this.#sender.wake();
    else {
      this.#linger ??= setTimeout(() => {
        this.#linger = undefined;
        this.#sender.wake();
      }, inMs).unref();
    }
  }

  /** Resolves when records have arrived, or after a moment. */
  async #changed(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const moment = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, 100);
    });
    // One for all that wait: a new one each time would pile up while the brokers are away.
    this.#change ??= this.#backlog.changed().then(() => {
      this.#change = undefined;
    });
    await Promise.race([this.#change, moment]);
    clearTimeout(timer);
  }
}
