/**
 * Announces templates and options to a collector: before their first use, again soon after, and then by time and number
 * of messages (RFC 7011 §8.4, RFC 3954 §9), since a datagram may be lost and a collector restarted.
 */
import type { InformationElement } from '../ie/element.ts';
import type { TemplateField } from '../ie/templates.ts';
import { nameOf } from '../ie/text-columns.ts';
import type { ExportClock } from './export-clock.ts';
import { OPTIONS_TEMPLATE_SET, TEMPLATE_SET } from './ipfix.ts';
import type { Lanes, TemplateIds } from './lanes.ts';
import type { MessageArena } from './message-arena.ts';
import type { MessageBuilder } from './message-builder.ts';
import { OPTIONS_TEMPLATE_SET_V9, TEMPLATE_SET_V9 } from './netflow-v9.ts';
import {
  type InterfaceDescription,
  ipfixOptionsData,
  netflow9OptionsData,
  type OptionsSet,
  SAMPLING_INTERVAL,
} from './options-data.ts';
import type { TransportStatistics } from './transport.ts';

/**
 * When options data is sent: with every announcement of templates; with the first one and after a collector refused
 * messages, so has probably been restarted; or not at all. In IPFIX it counts in the sequence number (RFC 7011 §3.1),
 * which nfcapd up to now forgets: it reports a false failure for options data behind its first flow record. So `once`
 * is IPFIX's default, `periodic` that of NetFlow v9, which counts messages.
 */
export type OptionsDataMode = 'periodic' | 'once' | 'none';

/** Free slots that templates and options need at most. */
const REFRESH_SLOTS = 64;
/** Interfaces that are announced at most. */
const INTERFACES_MAX = 400;
/** The second announcement comes early: the first one may have been lost, or the collector not yet there. */
const SECOND_REFRESH_MESSAGES = 20;
/** Least time between announcements to a collector that refuses messages. */
const REFUSED_REFRESH_MS = 1000;

export interface AnnouncerOptions {
  readonly isIpfix: boolean;
  readonly observationDomainId: number;
  readonly privateEnterpriseNumber: number;
  /** Nothing is lost on the way: each template is sent once (RFC 7011 §8.2), options data again when it changes. */
  readonly isReliable: boolean;
  readonly templateRefreshMs: number;
  readonly templateRefreshMessages: number;
  readonly optionsData: OptionsDataMode;
}

/** What an announcer works with; all of it is the exporter's. */
interface Parts {
  readonly builder: MessageBuilder;
  readonly arena: MessageArena;
  readonly lanes: Lanes;
  readonly ids: TemplateIds;
  readonly clock: ExportClock;
  readonly errors: TransportStatistics['errors'];
}

export class Announcer {
  readonly #parts: Parts;
  readonly #options: AnnouncerOptions;
  readonly #optionsIds = new Map<string, number>();
  #interfaces: readonly InterfaceDescription[] = [];
  #refreshedAtMs = Number.NEGATIVE_INFINITY;
  #refreshedAtMessage = 0;
  #refreshes = 0;
  #refusedAtRefresh = 0;
  /** Templates that a session has been told already. */
  readonly #announced = new Set<Uint8Array | string>();

  constructor(parts: Parts, options: AnnouncerOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** Names of interfaces, announced the next time. */
  setInterfaces(interfaces: readonly InterfaceDescription[]): void {
    this.#interfaces = interfaces.slice(0, INTERFACES_MAX);
    this.#refreshedAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Makes the next announcement due at once. */
  repeat(): void {
    this.#refreshedAtMs = Number.NEGATIVE_INFINITY;
  }

  /**
   * Announces templates and options where it is time to.
   * @returns false where the arena has too little room for that: send first
   */
  announceIfDue(): boolean {
    const { isIpfix, templateRefreshMs, templateRefreshMessages, optionsData } = this.#options;
    const { builder, arena, lanes, errors } = this.#parts;
    const nowMs = performance.now();
    const { messages } = builder.totals;
    const since = messages - this.#refreshedAtMessage;
    const { econnrefused } = errors;
    const sinceMs = nowMs - this.#refreshedAtMs;
    const wasRefused = econnrefused !== this.#refusedAtRefresh && sinceMs >= REFUSED_REFRESH_MS;
    const isSecond = this.#refreshes === 1 && since >= SECOND_REFRESH_MESSAGES;
    const wasAsked = sinceMs === Number.POSITIVE_INFINITY;
    if (this.#options.isReliable && !wasAsked) return true;
    if (!isSecond && !wasRefused && sinceMs < templateRefreshMs && since < templateRefreshMessages)
      return true;
    if (arena.free < REFRESH_SLOTS) return false;
    builder.closeMessage();
    const setId = isIpfix ? TEMPLATE_SET : TEMPLATE_SET_V9;
    for (const record of lanes.templateRecords) {
      if (!this.#isNew(record)) continue;
      builder.addControlRecord(setId, record, 'templateRecords');
    }
    const isOnce = this.#refreshes === 0 || wasRefused || this.#options.isReliable;
    if (optionsData !== 'none') this.#addOptions(optionsData === 'periodic' || isOnce);
    builder.closeMessage();
    this.#refreshes++;
    this.#refreshedAtMs = nowMs;
    this.#refreshedAtMessage = builder.totals.messages;
    this.#refusedAtRefresh = econnrefused;
    return true;
  }

  /** Whether a template has to be sent; over a reliable session, only the first time. */
  #isNew(template: Uint8Array | string): boolean {
    if (!this.#options.isReliable) return true;
    const isNew = !this.#announced.has(template);
    this.#announced.add(template);
    return isNew;
  }

  #addOptions(withData: boolean): void {
    const { builder, ids } = this.#parts;
    const { isIpfix } = this.#options;
    const sets = this.#optionsSets();
    const setIds = sets.map(({ template }) => {
      const record = new Uint8Array([0, 0, ...template]);
      const key = record.join();
      const id = this.#optionsIds.get(key) ?? ids.take(record);
      this.#optionsIds.set(key, id);
      new DataView(record.buffer).setUint16(0, id);
      const setId = isIpfix ? OPTIONS_TEMPLATE_SET : OPTIONS_TEMPLATE_SET_V9;
      if (this.#isNew(key)) builder.addControlRecord(setId, record, 'templateRecords');
      return id;
    });
    if (!withData) return;
    sets.forEach(({ records }, i) => {
      for (const record of records) builder.addControlRecord(setIds[i]!, record, 'optionsRecords');
    });
  }

  #optionsSets(): OptionsSet[] {
    const { observationDomainId, privateEnterpriseNumber, isIpfix } = this.#options;
    const { lanes, clock } = this.#parts;
    const fields = lanes.templates.flatMap((template) => template.fields);
    const contents = {
      observationDomainId,
      samplingInterval: SAMPLING_INTERVAL,
      systemInitMs: clock.systemInitMs,
      interfaces: this.#interfaces,
      ownElements: ownElementsOf(fields),
      privateEnterpriseNumber,
    };
    return isIpfix ? ipfixOptionsData(contents) : netflow9OptionsData(contents);
  }
}

/** The elements of our own among fields, each once; one in reverse under its number and name there. */
function ownElementsOf(fields: readonly TemplateField[]): InformationElement[] {
  const own = fields.filter(({ element }) => element.isEnterprise);
  const byId = new Map(
    own.map((field) => [field.id, { ...field.element, id: field.id, name: nameOf(field) }]),
  );
  return [...byId.values()];
}
