/**
 * Exports flow records to one collector: chooses record classes, encodes, announces templates and options, and counts.
 * Nothing is lost here: `recordsOffered = dataRecords + recordsFailed + Σ notExportable + recordsPending` at any
 * moment.
 */

import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import { joinSections, lackingSection, type RecordSections } from '../../records/record-sections.ts';
import { ExportClock } from '../contract/export-clock.ts';
import type { FlowVolume } from '../contract/lost-flows.ts';
import type { MeteringStatistics } from '../contract/metering-statistics.ts';
import type { InterfaceDescription } from '../contract/options-content.ts';
import type { CollectorStatistics } from '../contract/record-sink.ts';
import { DIRECTIONS, RowSelection } from '../contract/row-selection.ts';
import { type ColumnRun, encodeColumns } from '../messages/columns.ts';
import { encodeTexts, measureRecords } from '../messages/columns-text.ts';
import { addMessageVolumes } from '../messages/columns-volume.ts';
import type { CollectorExporterOptions } from '../messages/exporter-options.ts';
import { ipfixFormat } from '../messages/ipfix.ts';
import { MessageBuilder, type MessageFormat } from '../messages/message-builder.ts';
import { messageSpanMaxMs, partsWithin } from '../messages/message-spans.ts';
import { netflow5Format, splitLargeFlows } from '../messages/netflow-v5.ts';
import { netflow9Format } from '../messages/netflow-v9.ts';
import { exporterClasses, type RecordClasses } from '../messages/record-classes.ts';
import { Announcer } from '../options-data/announcer.ts';
import type { MessageArena } from '../transport/message-arena.ts';
import type { Transport } from '../transport/transport.ts';

export class CollectorExporter {
  readonly url: string;
  /** The optional sections of records that templates read. */
  readonly needs: RecordSections;
  readonly #options: CollectorExporterOptions;
  readonly #arena: MessageArena;
  readonly #transport: Transport;
  readonly #builder: MessageBuilder;
  readonly #classes: RecordClasses;
  /** Undefined for NetFlow v5, which has nothing to announce. */
  readonly #announcer: Announcer | undefined;
  readonly #clock: ExportClock;
  readonly #selection: RowSelection;
  readonly #usesExportTime: boolean;
  /** Most time from the earliest packet of a message to its export that the records can say. */
  readonly #spanMaxMs: number;
  #positions = new Int32Array(0);
  /** Octets of records of variable length. */
  #sizes = new Int32Array(0);
  #exportSeconds = 0;
  #recordNumber = 0;
  #recordsOffered = 0;
  #notExportable = { ipv6: 0, time: 0 };

  /** @throws ConfigError for faults in the templates */
  constructor(arena: MessageArena, transport: Transport, options: CollectorExporterOptions) {
    this.url = options.url;
    this.#options = options;
    this.#arena = arena;
    this.#transport = transport;
    this.#clock = options.clock ?? new ExportClock(options.timestamps);
    const { statistics } = transport;
    const { recordClasses, ids } = exporterClasses(options);
    this.#classes = recordClasses;
    this.#selection = new RowSelection(recordClasses.isByApplication);
    const { templates } = recordClasses;
    this.needs = joinSections(templates.map(({ needs }) => needs));
    this.#usesExportTime = templates.some((template) =>
      template.fields.some(
        ({ element: { source } }) => source.kind === 'time' && source.since === 'exportTime',
      ),
    );
    this.#spanMaxMs = messageSpanMaxMs(options.protocol, templates);
    this.#builder = new MessageBuilder(arena, this.#format());
    this.#announcer =
      options.protocol === 'netflow5'
        ? undefined
        : new Announcer(
            { builder: this.#builder, arena, recordClasses, ids, clock: this.#clock, statistics },
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
    const lacking = lackingSection(batch, this.needs);
    if (lacking !== undefined) throw new Error(`a template asks for ${lacking}, which records do not carry`);
    const records = this.#options.protocol === 'netflow5' ? splitLargeFlows(batch) : batch;
    const selection = this.#selection;
    selection.select(records, this.#isBiflow);
    if (selection.isEmpty) return undefined;
    for (const count of selection.counts) this.#recordsOffered += count;
    const isMoved = this.#clock.update(records, selection.firstNs, selection.lastNs);
    if (this.#clock.spanMs(selection.firstNs) > this.#spanMaxMs) return this.#exportParts(records);
    return this.#exportSelected(records, isMoved);
  }

  /** Exports flows of times so far apart that no message can say them all: each message has those that it can say. */
  async #exportParts(batch: FlowRecordBatch): Promise<void> {
    const clock = this.#clock;
    const selection = this.#selection;
    for (const part of partsWithin(batch, this.#spanMaxMs)) {
      selection.select(part, this.#isBiflow);
      const { firstNs, lastNs } = selection;
      let isMoved = clock.update(part, firstNs, lastNs);
      // Too long ago to be exported now: the message is dated as it would have been when its last packet was seen.
      if (clock.spanMs(firstNs) > this.#spanMaxMs) {
        isMoved = clock.update({ ...part, clockNs: lastNs }, firstNs, lastNs);
      }
      if (clock.spanMs(firstNs) > this.#spanMaxMs) {
        for (const count of selection.counts) this.#notExportable.time += count;
      } else await this.#exportSelected(part, isMoved);
    }
  }

  #exportSelected(batch: FlowRecordBatch, isMoved: boolean): Promise<void> | undefined {
    if (isMoved) {
      this.#builder.closeMessage();
      this.#clock.moveStart(this.#selection.firstNs);
      this.#announcer?.moveStart();
    }
    const { nowMs } = this.#clock;
    const exportSeconds = Math.ceil(nowMs / 1000);
    if (this.#usesExportTime && exportSeconds !== this.#exportSeconds) this.#builder.closeMessage();
    this.#exportSeconds = exportSeconds;
    this.#builder.setExportTime(nowMs);
    return this.#exportClasses(batch, 0, 0);
  }

  /** Messages, counted from the arena's first, that hold all records exported so far. */
  get messagesBegun(): number {
    return this.#arena.closed + (this.#builder.isOpen ? 1 : 0);
  }

  /** Announces templates and options now, as far as there is room, for a collector that may have been started again. */
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

  /** Records in messages that could not be sent. */
  get notSent(): FlowVolume {
    const { failedFlowRecords, failedFlowPackets, failedFlowOctets } = this.#transport.statistics;
    return { records: failedFlowRecords, packets: failedFlowPackets, octets: failedFlowOctets };
  }

  statistics(): CollectorStatistics {
    const { messages, octets, flowRecords, failedFlowRecords, errors } = this.#transport.statistics;
    const { templateRecords, optionsRecords } = this.#builder.totals;
    const notExportable = { ...this.#notExportable };
    return {
      url: this.url,
      messages,
      octets,
      recordsOffered: this.#recordsOffered,
      dataRecords: flowRecords,
      recordsFailed: failedFlowRecords,
      recordsPending:
        this.#recordsOffered - flowRecords - failedFlowRecords - notExportable.ipv6 - notExportable.time,
      notExportable,
      templateRecords,
      optionsRecords,
      errors: { ...errors },
      collectorDrops: this.#transport.collectorDrops(),
    };
  }

  get #isBiflow(): boolean {
    return this.#options.isBiflow && this.#options.protocol === 'ipfix';
  }

  #format(): MessageFormat {
    const { protocol, observationDomainId } = this.#options;
    if (protocol === 'netflow5')
      return netflow5Format(observationDomainId, this.#clock, this.#options.sampling);
    return protocol === 'netflow9'
      ? netflow9Format(observationDomainId, this.#clock)
      : ipfixFormat(observationDomainId);
  }

  /** Exports rows from `row` of `recordClass` on, and those of later classes; goes on when the arena has room again. */
  #exportClasses(batch: FlowRecordBatch, recordClass: number, row: number): Promise<void> | undefined {
    const { counts } = this.#selection;
    for (let l = recordClass, from = row; l < counts.length; l++, from = 0) {
      const count = counts[l]!;
      if (count === 0) continue;
      if (this.#classes.recordClasses[l] === undefined) {
        this.#notExportable.ipv6 += count;
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
        if (from < count && this.#arena.free <= 0) return this.#later(batch, l, from);
      }
    }
    return undefined;
  }

  async #later(batch: FlowRecordBatch, recordClass: number, row: number): Promise<void> {
    await this.#transport.room();
    await this.#exportClasses(batch, recordClass, row);
  }

  /** @returns how many of the rows from `from` to `to` of record class `number` found room */
  #encodeRows(batch: FlowRecordBatch, number: number, from: number, to: number): number {
    const recordClass = this.#classes.recordClasses[number]!;
    const rows = this.#selection.rows[number]!;
    const side = number % DIRECTIONS;
    if (this.#positions.length < rows.length) this.#positions = new Int32Array(rows.length);
    const positions = this.#positions;
    const { setId, recordOctets, texts } = recordClass;
    const fixedOctets = recordOctets - texts.length;
    const builder = this.#builder;
    let placed: number;
    if (texts.length === 0)
      placed = builder.placeFlowRecords(setId, recordOctets, to - from, positions, from);
    else {
      if (this.#sizes.length < rows.length) this.#sizes = new Int32Array(rows.length);
      const sizes = this.#sizes;
      measureRecords(texts, batch.words, rows, from, to, fixedOctets, builder.recordOctetsMax, sizes);
      placed = builder.placeSizedRecords(setId, sizes, from, to, positions);
    }
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
    encodeColumns(recordClass.columns, run);
    if (texts.length > 0) encodeTexts(texts, run, fixedOctets, builder.recordOctetsMax);
    addMessageVolumes(run, side, this.#arena);
    this.#recordNumber += placed;
    return placed;
  }
}
