/**
 * Announces templates and options to a collector: before their first use, again soon after, and then by time and number
 * of messages (RFC 7011 §8.4, RFC 3954 §9), since a datagram may be lost and a collector restarted.
 */
import type { ExportClock } from '../contract/export-clock.ts';
import { type FlowVolume, NOTHING_LOST } from '../contract/lost-flows.ts';
import type { MeteringStatistics } from '../contract/metering-statistics.ts';
import type { InterfaceDescription } from '../contract/options-content.ts';
import { OPTIONS_TEMPLATE_SET, TEMPLATE_SET } from '../messages/ipfix.ts';
import type { MessageBuilder } from '../messages/message-builder.ts';
import { OPTIONS_TEMPLATE_SET_V9, TEMPLATE_SET_V9 } from '../messages/netflow-v9.ts';
import type { RecordClasses, TemplateIds } from '../messages/record-classes.ts';
import type { MessageArena } from '../transport/message-arena.ts';
import type { TransportStatistics } from '../transport/transport.ts';
import type { AnnouncerOptions } from './announcer-options.ts';
import { ControlRecords } from './control-records.ts';
import { ipfixOptionsData, netflow9OptionsData } from './options-data.ts';
import type { OptionsSet } from './options-records.ts';
import { EVERY_PACKET } from './options-sampling.ts';
import { ownElementsOf, readsUpTime } from './options-templates.ts';

/** Interfaces that are announced at most. */
const INTERFACES_MAX = 400;
/** The second announcement comes early: the first one may have been lost, or the collector not yet there. */
const SECOND_REFRESH_MESSAGES = 20;
/** Least time between announcements to a collector that refuses messages. */
const REFUSED_REFRESH_MS = 1000;

/** What an announcer works with; all of it is the exporter's. */
interface Parts {
  readonly builder: MessageBuilder;
  readonly arena: MessageArena;
  readonly recordClasses: RecordClasses;
  readonly ids: TemplateIds;
  readonly clock: ExportClock;
  readonly statistics: TransportStatistics;
}

export class Announcer {
  readonly #parts: Parts;
  readonly #options: AnnouncerOptions;
  readonly #optionsTemplateSet: number;
  readonly #optionsIds = new Map<string, number>();
  /** Options template records with their ids, as they were announced last; undefined where they may have changed. */
  #optionsTemplates: readonly Uint8Array[] | undefined;
  #interfaces: readonly InterfaceDescription[] = [];
  #hasNewInterfaces = false;
  #hasNewStart = false;
  #readMetering: (() => MeteringStatistics) | undefined;
  #readDropped: () => FlowVolume = () => NOTHING_LOST;
  #refreshedAtMs = Number.NEGATIVE_INFINITY;
  #refreshedAtMessage = 0;
  #refreshes = 0;
  #refusedAtRefresh = 0;
  #statisticsAtMs = 0;
  #notSent = { records: 0, firstMs: Number.NaN, lastMs: Number.NaN };
  readonly #records: ControlRecords;
  /** Templates that a session has been told already. */
  readonly #announced = new Set<Uint8Array | string>();

  constructor(parts: Parts, options: AnnouncerOptions) {
    this.#parts = parts;
    this.#records = new ControlRecords(parts.builder);
    this.#options = options;
    this.#optionsTemplateSet = options.isIpfix ? OPTIONS_TEMPLATE_SET : OPTIONS_TEMPLATE_SET_V9;
  }

  /** Names of interfaces, announced the next time. */
  setInterfaces(interfaces: readonly InterfaceDescription[]): void {
    this.#interfaces = interfaces.slice(0, INTERFACES_MAX);
    this.#hasNewInterfaces = this.#refreshes > 0;
    this.#refreshedAtMs = Number.NEGATIVE_INFINITY;
  }

  /** The system start that up times count from has moved: those who read them have to know. */
  moveStart(): void {
    if (!this.#options.isIpfix || this.#refreshes === 0) return;
    this.#hasNewStart = this.#parts.recordClasses.templates.some(readsUpTime);
    if (this.#hasNewStart) this.#refreshedAtMs = Number.NEGATIVE_INFINITY;
  }

  /**
   * Where statistics come from that are not the exporter's own.
   * @param dropped what was given up before it reached the exporter
   */
  setStatistics(metering: (() => MeteringStatistics) | undefined, dropped: () => FlowVolume): void {
    this.#readMetering = metering;
    this.#readDropped = dropped;
    this.#optionsTemplates = undefined;
  }

  /** Makes the next announcement due at once. */
  repeat(): void {
    this.#refreshedAtMs = Number.NEGATIVE_INFINITY;
  }

  /**
   * Announces the templates of flow records, and how packets were selected, before there is anything to export. They
   * come again, with all options, before the first record.
   */
  announceTemplates(): void {
    const { builder, clock } = this.#parts;
    builder.closeMessage();
    builder.setExportTime(clock.nowMs > 0 ? clock.nowMs : Date.now());
    this.#addTemplates();
    const hasOptions = this.#options.optionsData !== 'none';
    if (hasOptions) this.#addOptions(({ kind }) => kind === 'sampling', true);
    this.#place();
    builder.setExportTime(clock.nowMs);
  }

  /**
   * Announces templates and options where it is time to, in as many messages as that takes.
   * @param isQuiet no record comes: only what time alone has made due, and nothing before the first record
   * @returns false where the arena has no room for all of it: send first, then call again before the next flow record
   */
  announceIfDue(isQuiet = false): boolean {
    return this.#place() && ((isQuiet && this.#refreshes === 0) || this.#startIfDue(isQuiet));
  }

  /** @returns false where there is no room, as `announceIfDue` does */
  #startIfDue(isQuiet: boolean): boolean {
    const { isReliable, templateRefreshMs, templateRefreshMessages, optionsData } = this.#options;
    const { builder, arena, statistics } = this.#parts;
    const nowMs = performance.now();
    const since = builder.totals.messages - this.#refreshedAtMessage;
    const { econnrefused } = statistics.errors;
    const sinceMs = nowMs - this.#refreshedAtMs;
    const wasRefused = econnrefused !== this.#refusedAtRefresh && sinceMs >= REFUSED_REFRESH_MS;
    const isSecond = this.#refreshes === 1 && since >= SECOND_REFRESH_MESSAGES;
    const wasAsked = sinceMs === Number.POSITIVE_INFINITY;
    const hasStatistics = optionsData === 'statistics' || optionsData === 'periodic';
    const areStatisticsDue =
      hasStatistics && this.#refreshes > 0 && nowMs - this.#statisticsAtMs >= templateRefreshMs;
    const isOften = !(isReliable || isQuiet) && (isSecond || wasRefused || since >= templateRefreshMessages);
    const isLate = !isReliable && sinceMs >= templateRefreshMs;
    if (!wasAsked && !isOften && !isLate && !areStatisticsDue) return true;
    if (arena.free <= 0) return false;
    builder.closeMessage();
    this.#addTemplates();
    const isWhole = this.#refreshes === 0 || wasRefused || optionsData === 'periodic';
    const hasNewInterfaces = this.#hasNewInterfaces;
    const hasNewStart = this.#hasNewStart;
    const hasData = isWhole || areStatisticsDue || hasNewInterfaces || hasNewStart;
    const repeated = hasData ? undefined : this.#optionsTemplates;
    if (repeated !== undefined) this.#repeatOptionsTemplates(repeated);
    else if (optionsData !== 'none') {
      this.#addOptions(({ kind }) => {
        if (kind === 'statistics') return areStatisticsDue || optionsData === 'periodic';
        if (kind === 'start' && hasNewStart) return true;
        return isWhole || (kind === 'interfaces' && hasNewInterfaces);
      });
    }
    if (this.#refreshes === 0 || areStatisticsDue) this.#statisticsAtMs = nowMs;
    this.#hasNewInterfaces = this.#hasNewStart = false;
    this.#refreshes++;
    this.#refreshedAtMs = nowMs;
    this.#refusedAtRefresh = econnrefused;
    return this.#place();
  }

  /** Adds statistics to the end, where there are any and there is room. They come last, so that they are complete. */
  announceEnd(): void {
    const { optionsData } = this.#options;
    const hasStatistics = optionsData === 'statistics' || optionsData === 'periodic';
    if (!hasStatistics || this.#refreshes === 0) return;
    this.#parts.builder.closeMessage();
    this.#addOptions(({ kind }) => kind === 'statistics', true);
    this.#place();
  }

  /** @returns false where there is no room for all that is to be announced */
  #place(): boolean {
    if (this.#records.isEmpty) return true;
    const isComplete = this.#records.place();
    // Counted from its end: an announcement may itself be longer than the messages from one to the next.
    this.#refreshedAtMessage = this.#parts.builder.totals.messages;
    return isComplete;
  }

  #addTemplates(): void {
    const setId = this.#options.isIpfix ? TEMPLATE_SET : TEMPLATE_SET_V9;
    for (const record of this.#parts.recordClasses.templateRecords) {
      if (this.#isNew(record)) this.#records.add(setId, record, 'templateRecords');
    }
  }

  /** Whether a template has to be sent; over a reliable session, only the first time. */
  #isNew(template: Uint8Array | string): boolean {
    if (!this.#options.isReliable) return true;
    const isNew = !this.#announced.has(template);
    this.#announced.add(template);
    return isNew;
  }

  /**
   * @param hasData whose data is sent as well
   * @param isAlone leave out the templates of other sets
   */
  #addOptions(hasData: (set: OptionsSet) => boolean, isAlone = false): void {
    const { ids } = this.#parts;
    const all = this.#optionsSets();
    const sets = isAlone ? all.filter(hasData) : all;
    const templates = sets.map((set) => {
      const record = new Uint8Array([0, 0, ...set.template]);
      const key = record.join();
      const id = this.#optionsIds.get(key) ?? ids.take(record);
      this.#optionsIds.set(key, id);
      new DataView(record.buffer).setUint16(0, id);
      if (this.#isNew(key)) this.#addOptionsTemplate(record);
      if (hasData(set)) for (const one of set.records) this.#records.add(id, one, 'optionsRecords');
      return record;
    });
    if (!isAlone) this.#optionsTemplates = templates;
  }

  /** In a set of its own: nfcapd 1.7.1 reads the first one of a set alone, and nfacctd 1.7.7 gives up the message at the second. */
  #addOptionsTemplate(record: Uint8Array): void {
    this.#records.add(this.#optionsTemplateSet, record, 'templateRecords', true);
  }

  /** Most announcements have nothing new: a busy exporter makes hundreds of them a second. */
  #repeatOptionsTemplates(templates: readonly Uint8Array[]): void {
    if (this.#options.isReliable) return;
    for (const record of templates) this.#addOptionsTemplate(record);
  }

  #optionsSets(): OptionsSet[] {
    const { observationDomainId, privateEnterpriseNumber, isIpfix } = this.#options;
    const { sampling = EVERY_PACKET, samplingForms, exporterAddress, flowKey, anonymization } = this.#options;
    const { recordClasses, clock } = this.#parts;
    const fields = recordClasses.templates.flatMap((template) => template.fields);
    const contents = {
      observationDomainId,
      sampling,
      samplingForms,
      // Not known before the first flow, and not sent before it.
      systemInitMs: Number.isNaN(clock.systemInitMs) ? 0 : clock.systemInitMs,
      interfaces: this.#interfaces,
      exporterAddress,
      templates: recordClasses.templateRecords.map((record, i) => ({
        id: record[0]! * 256 + record[1]!,
        template: recordClasses.templates[i]!,
      })),
      flowKey,
      isInterfaceKey: this.#options.ingressInterface === 'auto',
      anonymization,
      ownElements: ownElementsOf(fields),
      privateEnterpriseNumber,
      hasApplications: fields.some(({ element }) => element.source.kind === 'applicationId'),
      exported: this.#exported(),
      metering: this.#readMetering?.(),
    };
    return isIpfix ? ipfixOptionsData(contents) : netflow9OptionsData(contents);
  }

  #exported() {
    const { messages, octets, flowRecords, ...failed } = this.#parts.statistics;
    const dropped = this.#readDropped();
    const records = failed.failedFlowRecords + dropped.records;
    const { nowMs } = this.#parts.clock;
    const { firstMs } = this.#notSent;
    if (records > this.#notSent.records) {
      this.#notSent = { records, firstMs: Number.isNaN(firstMs) ? nowMs : firstMs, lastMs: nowMs };
    }
    return {
      messages,
      octets,
      flowRecords,
      notSent: {
        records,
        packets: failed.failedFlowPackets + dropped.packets,
        octets: failed.failedFlowOctets + dropped.octets,
      },
      firstNotSentMs: this.#notSent.firstMs,
      lastNotSentMs: this.#notSent.lastMs,
    };
  }
}
