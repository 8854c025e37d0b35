/**
 * Exports flow records to one collector: chooses lanes, encodes, announces templates and options, and counts. Nothing
 * is lost here: `recordsOffered = dataRecords + recordsFailed + Σ notExportable + recordsPending` at any moment.
 */
import { ENCAPSULATION_WORDS } from '../../records/decoded-batch.ts';
import { ENCAPSULATION_WORD, type FlowRecordBatch } from '../../records/flow-layout.ts';
import { hasHealth } from '../../records/read-health.ts';
import type { AnonymizationConfig } from '../anonymization/anonymizer.ts';
import { ExportClock } from '../export-clock.ts';
import type { FlowVolume } from '../lost-flows.ts';
import type { MeteringStatistics, SamplingDescription, SamplingForm } from '../metering-statistics.ts';
import { Announcer, type OptionsDataMode } from '../options-data/announcer.ts';
import type { InterfaceDescription } from '../options-data/options-data.ts';
import type { FlowKeyParts } from '../options-data/options-templates.ts';
import type { CollectorStatistics } from '../record-sink.ts';
import { LANES, RowSelection, SIDES } from '../row-selection.ts';
import type { Transport } from '../transport/transport.ts';
import { type ColumnRun, encodeColumns } from './columns.ts';
import { addMessageVolumes } from './columns-volume.ts';
import { ipfixFormat } from './ipfix.ts';
import { exporterLanes, type Lanes } from './lanes.ts';
import type { MessageArena } from './message-arena.ts';
import { MessageBuilder, type MessageFormat } from './message-builder.ts';
import { netflow5Format, splitLargeFlows } from './netflow-v5.ts';
import { netflow9Format } from './netflow-v9.ts';

export type ExportProtocol = 'netflow5' | 'netflow9' | 'ipfix';

/** What an exporter is to do; see config/flowtap.yaml for the meaning of each. */
export interface CollectorExporterOptions {
  readonly url: string;
  readonly protocol: ExportProtocol;
  readonly template: { readonly ipv4: readonly string[]; readonly ipv6: readonly string[] };
  readonly isBiflow: boolean;
  readonly timestamps: 'capture' | 'now';
  /** The clock of an exporter that this one goes on from, so that times stay in line. */
  readonly clock?: ExportClock;
  readonly privateEnterpriseNumber: number;
  readonly observationDomainId: number;
  readonly ingressInterface: number | 'auto';
  readonly egressInterface: number;
  /** Messages arrive, and in order (TCP): templates are sent once, before their first use. */
  readonly isReliable: boolean;
  readonly templateRefreshMs: number;
  readonly templateRefreshMessages: number;
  /** When options data is sent. */
  readonly optionsData: OptionsDataMode;
  /** How packets were selected; every one where missing. */
  readonly sampling?: SamplingDescription;
  /** Forms that sampling is announced in; missing: those that most collectors read. */
  readonly samplingForms?: readonly SamplingForm[];
  /** Announced as the exporter's address, where it is known. */
  readonly exporterAddress?: string;
  readonly flowKey?: FlowKeyParts;
  readonly anonymization?: AnonymizationConfig;
  /** For faults of the templates. */
  readonly origin: string;
}

export class CollectorExporter {
  readonly url: string;
  /** Whether templates read the encapsulation part of records. */
  readonly needsEncapsulation: boolean;
  /** Whether templates read path health. */
  readonly needsHealth: boolean;
  readonly #options: CollectorExporterOptions;
  readonly #arena: MessageArena;
  readonly #transport: Transport;
  readonly #builder: MessageBuilder;
  readonly #lanes: Lanes;
  /** Undefined for NetFlow v5, which has nothing to announce. */
  readonly #announcer: Announcer | undefined;
  readonly #clock: ExportClock;
  readonly #selection = new RowSelection();
  readonly #usesExportTime: boolean;
  #positions = new Int32Array(0);
  #exportSeconds = 0;
  #recordNumber = 0;
  #recordsOffered = 0;
  #ipv6NotExportable = 0;

  /** @throws ConfigError for faults in the templates */
  constructor(arena: MessageArena, transport: Transport, options: CollectorExporterOptions) {
    this.url = options.url;
    this.#options = options;
    this.#arena = arena;
    this.#transport = transport;
    this.#clock = options.clock ?? new ExportClock(options.timestamps);
    const isV5 = options.protocol === 'netflow5';
    const { lanes, ids } = exporterLanes(options);
    this.#lanes = lanes;
    const { templates } = this.#lanes;
    this.needsEncapsulation = templates.some((template) => template.needsEncapsulation);
    this.needsHealth = templates.some((template) => template.needsHealth);
    this.#usesExportTime = templates.some((template) =>
      template.fields.some(
        ({ element: { source } }) => source.kind === 'time' && source.since === 'exportTime',
      ),
    );
    this.#builder = new MessageBuilder(arena, this.#format());
    this.#announcer = isV5
      ? undefined
      : new Announcer(
          {
            builder: this.#builder,
            arena,
            lanes: this.#lanes,
            ids,
            clock: this.#clock,
            statistics: transport.statistics,
          },
          { ...options, isIpfix: options.protocol === 'ipfix' },
        );
  }

  /** Names of interfaces, announced from the next refresh on. */
  setInterfaces(interfaces: readonly InterfaceDescription[]): void {
    this.#announcer?.setInterfaces(interfaces);
  }

  /** Where statistics come from that are not the exporter's own; see Announcer. */
  setStatistics(metering: (() => MeteringStatistics) | undefined, dropped: () => FlowVolume): void {
    this.#announcer?.setStatistics(metering, dropped);
  }

  /**
   * Exports a batch.
   * @returns undefined when the batch's memory may be reused at once, or a promise of that moment. Do not call again
   *   before it.
   */
  exportBatch(batch: FlowRecordBatch): Promise<void> | undefined {
    if (this.needsEncapsulation && batch.stride < ENCAPSULATION_WORD + ENCAPSULATION_WORDS) {
      throw new Error(
        'a template asks for the encapsulation, which the metering process was not told to keep',
      );
    }
    if (this.needsHealth && !hasHealth(batch)) {
      throw new Error('a template asks for path health, which the metering process was not told to measure');
    }
    const records = this.#options.protocol === 'netflow5' ? splitLargeFlows(batch) : batch;
    const selection = this.#selection;
    selection.select(records, this.#options.isBiflow && this.#options.protocol === 'ipfix');
    if (selection.isEmpty) return undefined;
    for (const count of selection.counts) this.#recordsOffered += count;
    if (this.#clock.update(records, selection.firstNs, selection.lastNs)) {
      this.#builder.closeMessage();
      this.#clock.moveStart(selection.firstNs);
    }
    const { nowMs } = this.#clock;
    const exportSeconds = Math.ceil(nowMs / 1000);
    if (this.#usesExportTime && exportSeconds !== this.#exportSeconds) this.#builder.closeMessage();
    this.#exportSeconds = exportSeconds;
    this.#builder.setExportTime(nowMs);
    return this.#exportLanes(records, 0, 0);
  }

  /** Messages, counted from the arena's first, that hold all records exported so far. */
  get messagesBegun(): number {
    return this.#arena.closed + (this.#builder.isOpen ? 1 : 0);
  }

  /** Announces templates and options now, as far as there is room; for a collector of which nobody knows if it is there. */
  announce(): void {
    this.#announcer?.repeat();
    this.#announcer?.announceIfDue();
    this.flush();
  }

  /**
   * Announces the templates of flow records ahead of the first of them.
   * @returns false for a protocol that has none
   */
  announceTemplates(): boolean {
    if (this.#announcer === undefined) return false;
    this.#announcer.announceTemplates();
    this.flush();
    return true;
  }

  /** Sends what waits for more records. Called every second: where none comes, what is to be announced does not wait. */
  flush(): void {
    this.#announcer?.announceIfDue(true);
    this.#builder.closeMessage();
    this.#transport.pump();
  }

  /** Sends the rest. Resolves when everything has been sent or has failed. */
  async end(): Promise<void> {
    this.flush();
    await this.#transport.drain();
    this.endStream();
    await this.#transport.drain();
  }

  /** Sends the rest, with statistics behind it. */
  endStream(): void {
    this.flush();
    this.#announcer?.announceEnd();
    this.#transport.pump();
  }

  /** Frees the transport. */
  async close(): Promise<void> {
    await this.#transport.close();
  }

  /** What was in messages that could not be sent. */
  get notSent(): FlowVolume {
    const { failedFlowRecords, failedFlowPackets, failedFlowOctets } = this.#transport.statistics;
    return { records: failedFlowRecords, packets: failedFlowPackets, octets: failedFlowOctets };
  }

  statistics(): CollectorStatistics {
    const { messages, octets, flowRecords, failedFlowRecords, errors } = this.#transport.statistics;
    const { templateRecords, optionsRecords } = this.#builder.totals;
    const notExportable = { ipv6: this.#ipv6NotExportable };
    return {
      url: this.url,
      messages,
      octets,
      recordsOffered: this.#recordsOffered,
      dataRecords: flowRecords,
      recordsFailed: failedFlowRecords,
      recordsPending: this.#recordsOffered - flowRecords - failedFlowRecords - this.#ipv6NotExportable,
      notExportable,
      templateRecords,
      optionsRecords,
      errors: { ...errors },
      collectorDrops: this.#transport.collectorDrops(),
    };
  }

  #format(): MessageFormat {
    const { protocol, observationDomainId } = this.#options;
    if (protocol === 'netflow5')
      return netflow5Format(observationDomainId, this.#clock, this.#options.sampling);
    return protocol === 'netflow9'
      ? netflow9Format(observationDomainId, this.#clock)
      : ipfixFormat(observationDomainId);
  }

  /** Exports the rows of `lane` from `row` on, and those of later lanes; goes on by itself when the arena is full. */
  #exportLanes(batch: FlowRecordBatch, lane: number, row: number): Promise<void> | undefined {
    const { counts } = this.#selection;
    for (let l = lane, from = row; l < LANES; l++, from = 0) {
      const count = counts[l]!;
      if (count === 0) continue;
      if (this.#lanes.lanes[l] === undefined) {
        this.#ipv6NotExportable += count;
        continue;
      }
      while (from < count) {
        if (this.#announcer?.announceIfDue() === false) {
          this.#transport.pump();
          return this.#later(batch, l, from);
        }
        const placed = this.#encodeRows(batch, l, from, count);
        this.#transport.pump();
        from += placed;
        if (from < count && this.#arena.free <= 0) {
          return this.#later(batch, l, from);
        }
      }
    }
    return undefined;
  }

  async #later(batch: FlowRecordBatch, lane: number, row: number): Promise<void> {
    await this.#transport.room();
    await this.#exportLanes(batch, lane, row);
  }

  /** @returns how many of the rows from `from` to `to` of lane `number` found room */
  #encodeRows(batch: FlowRecordBatch, number: number, from: number, to: number): number {
    const lane = this.#lanes.lanes[number]!;
    const rows = this.#selection.rows[number]!;
    const side = number % SIDES;
    if (this.#positions.length < rows.length) this.#positions = new Int32Array(rows.length);
    const positions = this.#positions;
    const placed = this.#builder.placeFlowRecords(lane.setId, lane.recordOctets, to - from, positions, from);
    const run: ColumnRun = {
      words: batch.words,
      doubles: batch.doubles,
      rows,
      positions,
      from,
      to: from + placed,
      view: this.#arena.view,
      epochSeconds: this.#clock.epochSeconds,
      systemInitMs: this.#clock.systemInitMs,
      exportSeconds: this.#exportSeconds,
      recordNumber: this.#recordNumber,
    };
    encodeColumns(lane.columns, run);
    addMessageVolumes(run, side, this.#arena);
    this.#recordNumber += placed;
    return placed;
  }
}
