/**
 * A collector over UDP: finds its address and keeps it up to date, and counts across the sockets that follow each
 * other. A new address is a new transport session (RFC 7011 §10.3): templates first, sequence numbers from 0.
 */

import { ExportError } from '../../base/errors.ts';
import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import type { RecordSections } from '../../records/record-sections.ts';
import type { CollectorExporter } from '../collector/collector-exporter.ts';
import { sectionsOfTemplates } from '../collector/collector-options.ts';
import { countDataRecords } from '../contract/batch-buffer.ts';
import type { SendErrorReason } from '../contract/fault-reasons.ts';
import { addVolumes, LostFlows, NOTHING_LOST, volumeOf } from '../contract/lost-flows.ts';
import type { InterfaceDescription } from '../contract/options-content.ts';
import type {
  CollectorStatistics,
  ExporterConfig,
  ExportingConfig,
  RecordSink,
  SinkContext,
} from '../contract/record-sink.ts';
import { addStatistics, emptyStatistics } from '../contract/statistics.ts';
import { isHostName, type ResolvedAddress, resolveCollector } from '../transport/collector-address.ts';
import { sendErrorReason } from '../transport/transport.ts';
import type { UdpTransport } from '../transport/udp-transport.ts';
import { openUdpExporter } from './udp-exporter.ts';
import { hearRefusal, leadOfTemplates } from './udp-waits.ts';

const RESOLVE_MS = 60_000;
/** After errors the name is looked up again this soon. */
const RESOLVE_AFTER_ERROR_MS = 5000;
/** Looks, a second apart, without a refusal until a collector that refused counts as back. */
const QUIET_LOOKS = 2;

interface Session {
  readonly exporter: CollectorExporter;
  readonly address: ResolvedAddress;
  readonly transport: UdpTransport;
  /** Resolves when records may follow the templates; undefined: they need not wait. */
  lead: Promise<void> | undefined;
  /** Its socket is closed, or about to be. */
  isOver: boolean;
}

/** The first failure of a collector that is not ready, with the reason for its counter. */
function openFailure(error: unknown): SendErrorReason {
  return sendErrorReason(error instanceof ExportError ? (error.cause ?? error) : error);
}

export class UdpSink implements RecordSink {
  readonly url: string;
  readonly needs: RecordSections;
  readonly #config: ExportingConfig;
  readonly #to: ExporterConfig;
  #session: Session | undefined;
  #interfaces: readonly InterfaceDescription[] | undefined;
  #statisticsFrom: Parameters<NonNullable<RecordSink['setStatistics']>> | undefined;
  /** What sockets before the present one sent. */
  #past: CollectorStatistics;
  #sessions = 0;
  /** Data records that wait for a socket, or for templates to arrive before them; and that waited in vain. */
  #held = 0;
  #stopped = 0;
  /** What those waited in vain, and what sockets before the present one could not send. */
  readonly #lost = new LostFlows();
  #lastError: CollectorStatistics['lastError'];
  /** The export that waits, if one does. */
  #pending: Promise<void> | undefined;
  #whenOpen: (() => void)[] = [];
  #isClosed = false;
  #opening: Promise<void> | undefined;
  #resolvedAtMs = Number.NEGATIVE_INFINITY;
  #errorsSeen = 0;
  #refusedSeen = 0;
  #quietLooks = QUIET_LOOKS;

  /** @throws ConfigError for faults in the templates */
  constructor(config: ExportingConfig, to: ExporterConfig) {
    this.url = to.url;
    this.#config = config;
    this.#to = to;
    this.needs = sectionsOfTemplates(config, to);
    this.#past = { ...emptyStatistics(to.url), recordsRefused: 0 };
  }

  get isAway(): boolean {
    return this.#session === undefined || this.#quietLooks < QUIET_LOOKS;
  }

  /** Looks the name up, and opens a socket unless the present one still leads there. @throws ExportError */
  async open(): Promise<void> {
    const { host, url, options } = this.#to;
    this.#resolvedAtMs = performance.now();
    const sourceAddress = options.sourceAddress as string | undefined;
    const addresses = await resolveCollector(host, url, sourceAddress);
    const present = this.#session?.address.address;
    if (this.#isClosed || addresses.some(({ address }) => address === present)) return;
    const address = addresses[0]!;
    // One source port cannot be had twice: the old socket goes first.
    if (options.sourcePort !== undefined) await this.#retire();
    const { exporter, transport } = await openUdpExporter(this.#config, this.#to, address);
    transport.onRefused = (reason) => void (this.#lastError = { reason });
    this.#tellStatistics(exporter);
    if (this.#interfaces !== undefined) exporter.setInterfaces(this.#interfaces);
    const retired = this.#retire();
    const session: Session = { exporter, transport, address, lead: undefined, isOver: false };
    if (exporter.announceTemplates())
      session.lead = leadOfTemplates(session).then(() => void (session.lead = undefined));
    this.#session = session;
    this.#sessions++;
    this.#errorsSeen = 0;
    this.#refusedSeen = 0;
    this.#quietLooks = QUIET_LOOKS;
    for (const resolve of this.#whenOpen.splice(0)) resolve();
    await retired;
  }

  exportBatch(batch: FlowRecordBatch): Promise<void> | undefined {
    const session = this.#session;
    if (session === undefined) return this.#exportLater(batch);
    if (session.lead !== undefined) {
      this.#held = this.#dataRecords(batch);
      const waiting = session.lead.then(() => {
        this.#held = 0;
        return this.exportBatch(batch);
      });
      this.#pending = waiting;
      return waiting;
    }
    const pending = session.exporter.exportBatch(batch);
    this.#pending = pending;
    return pending;
  }

  announce(): readonly string[] {
    // NetFlow v5 has no templates.
    if (this.#session === undefined || this.#to.protocol === 'netflow5') return [];
    this.#session.exporter.announce();
    return [this.url];
  }

  setInterfaces(interfaces: readonly InterfaceDescription[]): void {
    this.#interfaces = interfaces;
    this.#session?.exporter.setInterfaces(interfaces);
  }

  setStatistics(...from: Parameters<NonNullable<RecordSink['setStatistics']>>): void {
    this.#statisticsFrom = from;
    if (this.#session !== undefined) this.#tellStatistics(this.#session.exporter);
  }

  /** What sockets before this one could not send was not sent either. */
  #tellStatistics(exporter: CollectorExporter): void {
    const [metering, dropped] = this.#statisticsFrom ?? [];
    exporter.setStatistics(metering, () => addVolumes(dropped?.() ?? NOTHING_LOST, this.#lost.total));
  }

  flush(): void {
    this.#session?.exporter.flush();
    this.#look();
  }

  async end(): Promise<void> {
    this.#isClosed = true;
    for (const resolve of this.#whenOpen.splice(0)) resolve();
    // What a batch that waits still adds to messages goes out with them.
    await this.#pending;
    if (this.#session === undefined) return;
    await this.#session.exporter.end();
    await hearRefusal(this.#session.transport);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const resolve of this.#whenOpen.splice(0)) resolve();
    await this.#opening;
    if (this.#session === undefined) return;
    this.#session.isOver = true;
    await this.#session.exporter.close();
  }

  statistics(): CollectorStatistics {
    const sum = this.#session === undefined ? this.#past : this.#withPast(this.#session);
    return {
      ...sum,
      recordsOffered: sum.recordsOffered + this.#held + this.#stopped,
      recordsPending: sum.recordsPending + this.#held,
      recordsDropped: { stopped: this.#stopped },
      sessions: this.#sessions,
      isUp: !this.isAway,
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
    };
  }

  #withPast({ exporter, transport }: Session): CollectorStatistics {
    const recordsRefused = transport.statistics.refusedFlowRecords;
    return addStatistics(this.#past, { ...exporter.statistics(), recordsRefused });
  }

  async #exportLater(batch: FlowRecordBatch): Promise<void> {
    const dataRecords = this.#dataRecords(batch);
    this.#held = dataRecords;
    await new Promise<void>((resolve) => this.#whenOpen.push(resolve));
    this.#held = 0;
    if (this.#session !== undefined) return this.exportBatch(batch);
    this.#stopped += dataRecords;
    this.#lost.add(volumeOf(batch, 0, batch.count, dataRecords));
  }

  #dataRecords(batch: FlowRecordBatch): number {
    const { biflow = this.#config.biflow } = this.#to.options;
    const isBiflow = biflow && this.#to.protocol === 'ipfix';
    return countDataRecords(batch, isBiflow, 0, batch.count);
  }

  /** Every second: errors, whether they have stopped, and whether the name is to be looked up again. */
  #look(): void {
    const exporter = this.#session?.exporter;
    const { errors = {} } = exporter?.statistics() ?? {};
    const { econnrefused: refused = 0 } = errors;
    const all = Object.values(errors).reduce((sum, count) => sum + count, 0);
    this.#quietLooks = refused > this.#refusedSeen ? 0 : this.#quietLooks + 1;
    const hasErrors = all > this.#errorsSeen || exporter === undefined;
    this.#refusedSeen = refused;
    this.#errorsSeen = all;
    // Somebody else has its records meanwhile: without a message of its own nobody would learn that it is back.
    if (this.isAway && this.#to.options.failover !== undefined) exporter?.announce();
    const everyMs = (this.#to.options.resolveIntervalMs as number | undefined) ?? RESOLVE_MS;
    const sinceMs = performance.now() - this.#resolvedAtMs;
    const isDue = sinceMs >= (hasErrors ? Math.min(RESOLVE_AFTER_ERROR_MS, everyMs) : everyMs);
    if (!isDue || this.#opening !== undefined || (exporter !== undefined && !isHostName(this.#to.host)))
      return;
    this.#opening = this.open()
      .catch((error: unknown) => this.countFailure(error))
      .finally(() => {
        this.#opening = undefined;
      });
  }

  /** Counts an attempt to open that failed. */
  countFailure(error: unknown): void {
    const reason = openFailure(error);
    this.#lastError = { reason, message: (error as Error).message };
    const { errors } = this.#past;
    this.#past = { ...this.#past, errors: { ...errors, [reason]: (errors[reason] ?? 0) + 1 } };
  }

  /** Lets the present socket send what it has, then keeps its counters alone. */
  async #retire(): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    this.#session = undefined;
    await this.#pending;
    await session.exporter.end();
    await hearRefusal(session.transport);
    session.isOver = true;
    this.#past = this.#withPast(session);
    this.#lost.add(session.exporter.notSent);
    await session.exporter.close();
  }
}

/**
 * A collector over UDP.
 * @throws ConfigError for faults in the templates; in a replay ExportError where the name is unknown or the socket does
 *   not open. A live capture goes on trying instead.
 */
export async function createUdpSink(
  config: ExportingConfig,
  to: ExporterConfig,
  context: SinkContext,
): Promise<RecordSink> {
  const sink = new UdpSink(config, to);
  try {
    await sink.open();
  } catch (error) {
    if (context.whenFull === 'wait' || !(error instanceof ExportError)) throw error;
    sink.countFailure(error);
    context.log(
      'warning',
      `${to.url} does not open`,
      `${error.message}; ${error.remedy ?? ''}; trying again`,
    );
  }
  return sink;
}
