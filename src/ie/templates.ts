/**
 * Templates: lists of element names, compiled to the fields of a record with their sizes and offsets. Names and sizes
 * come from the user, so everything about them is checked here; nothing later has to doubt a compiled template.
 *
 * Elements of the other IP version are dropped from a template, so that one list serves both. NetFlow v9 has neither
 * enterprise elements nor variable lengths; NetFlow v5 has no templates at all.
 */

import { ConfigError, type ConfigFault } from '../base/errors.ts';
import type { ApplicationKind } from '../records/application-kinds.ts';
import { joinSections, type RecordSections } from '../records/record-sections.ts';
import { ABSTRACT_TYPES } from './abstract-types.ts';
import { type InformationElement, isPrivate, sectionsRead } from './element.ts';
import {
  findElement,
  naturalOctets,
  OWN_REVERSE_BIT,
  PRIVATE_ENTERPRISE_NUMBER_DEFAULT,
  REVERSE_ENTERPRISE_NUMBER,
  suggestElement,
} from './elements.ts';
import { PROFILES, type TemplateScope } from './profiles.ts';

/** One field of a record. */
export interface TemplateField {
  readonly element: InformationElement;
  /** Its number in this protocol and direction. */
  readonly id: number;
  /** From the start of the record; of one of variable length, from where the first of those begins. */
  readonly offset: number;
  /** VARIABLE_OCTETS where each value has its own length. */
  readonly octets: number;
  /** Undefined for IANA's elements. */
  readonly enterpriseNumber: number | undefined;
  /** RFC 5103: the value is that of the reverse direction of the record's own. */
  readonly isReverse: boolean;
}

export interface Template {
  /** Those of variable length are the last. */
  readonly fields: readonly TemplateField[];
  /** Octets of a record at least: of a field of variable length, one that says that it is empty. */
  readonly recordOctets: number;
  /** The optional sections of records that fields read, which the metering process fills only on demand. */
  readonly needs: RecordSections;
}

export interface TemplateOptions {
  readonly protocol: TemplateScope['protocol'];
  readonly ipVersion: 4 | 6;
  /** For ICMP flows alone; matters to profiles. */
  readonly isIcmp?: boolean;
  /** For flows of this kind of application alone; matters to profiles that have a template for each. */
  readonly application?: ApplicationKind;
  /** Appends the reverse counterparts (RFC 5103) of the fields that have one. IPFIX only. */
  readonly withReverse?: boolean;
  readonly privateEnterpriseNumber?: number;
  /** Where the list stands, for faults: `template.ipv4`. */
  readonly path?: string;
  /** `command line` or the configuration file's name, for faults. */
  readonly origin?: string;
}

/** Octets of a field whose values have their length in front of them (RFC 7011 §7). */
export const VARIABLE_OCTETS = 0xffff;

/** No message can hold a record that is longer than this (1,232 octets less headers). */
const RECORD_OCTETS_MAX = 1200;
const ENTRY_FORM = /^([^:]+)(?::(\d+))?$/;

interface Entry {
  readonly element: InformationElement;
  readonly octets: number;
}

/** Octets that the element may have in this protocol, as [least, most]; equal where there is no choice. */
function octetsRange(element: InformationElement): readonly [number, number] {
  if (element.source.kind === 'padding') return [1, 255];
  if (element.octetsMax !== undefined) return [1, Math.max(element.octetsMax, element.v9Octets ?? 0)];
  const natural = naturalOctets(element);
  return ABSTRACT_TYPES[element.type].isReducible ? [1, natural] : [natural, natural];
}

function octetsFault(element: InformationElement, octets: number): string | undefined {
  const [least, most] = octetsRange(element);
  if (octets >= least && octets <= most) return undefined;
  if (least === most) return `${most}: ${element.type} has one size only (RFC 7011 §6.2)`;
  return `${least} to ${most} octets`;
}

/** Reads one `name` or `name:octets` of a list. */
function parseEntry(text: string, options: TemplateOptions, faults: ConfigFault[]): Entry | undefined {
  const path = options.path ?? 'template';
  const [, name, size] = ENTRY_FORM.exec(text.trim()) ?? [];
  const element = name === undefined ? undefined : findElement(name);
  if (element === undefined) {
    const nearest = suggestElement(name ?? text);
    const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
    faults.push({ path, found: text, allowed: `a name that \`flowtap elements\` lists${hint}` });
    return undefined;
  }
  const isNetflow9 = options.protocol === 'netflow9';
  if (isNetflow9 && isPrivate(element) && element.v9Id === undefined) {
    const allowed = 'elements with a number of IANA’s: NetFlow v9 has no enterprise elements';
    faults.push({ path, found: text, allowed });
    return undefined;
  }
  if (element.source.kind === 'padding' && size === undefined) {
    faults.push({ path, found: text, allowed: 'paddingOctets with its size, as in paddingOctets:2' });
    return undefined;
  }
  // NetFlow v9 has no variable lengths.
  const natural = element.octetsMax === undefined ? naturalOctets(element) : VARIABLE_OCTETS;
  const usual = (isNetflow9 ? element.v9Octets : undefined) ?? natural;
  if (size === undefined && usual === VARIABLE_OCTETS) return { element, octets: usual };
  const octets = size === undefined ? usual : Number(size);
  const allowed = octetsFault(element, octets);
  if (allowed !== undefined) {
    faults.push({ path, found: text, allowed });
    return undefined;
  }
  return { element, octets };
}

/** The list that `names` stands for: itself, or that of the profile which is its only name. */
function expandProfile(names: readonly string[], options: TemplateOptions): readonly string[] {
  if (!isProfile(names)) return names;
  const { protocol, ipVersion, isIcmp = false, application } = options;
  return PROFILES[names[0]!]!.names({ protocol, ipVersion, isIcmp, application });
}

/** Whether a list of names differs for ICMP flows: profiles do, lists of the user's do not. */
export function isProfile(names: readonly string[]): boolean {
  return names.length === 1 && Object.hasOwn(PROFILES, names[0]!);
}

/**
 * Compiles a list of element names, or the name of a profile.
 * @param names `name`, or `name:octets` for reduced-size encoding (RFC 7011 §6.2)
 * @throws ConfigError with all faults of the list, unknown names with the nearest known one
 */
export function compileTemplate(names: readonly string[], options: TemplateOptions): Template {
  const faults: ConfigFault[] = [];
  const path = options.path ?? 'template';
  const entries: Entry[] = [];
  for (const text of expandProfile(names, options)) {
    const entry = parseEntry(text, options, faults);
    if (entry === undefined) continue;
    const { element } = entry;
    if (element.ipVersion !== undefined && element.ipVersion !== options.ipVersion) continue;
    if (element.source.kind !== 'padding' && entries.some((other) => other.element === element)) {
      faults.push({ path, found: `${text} twice`, allowed: 'each element once' });
    }
    entries.push(entry);
  }
  const template = layOut(entries, options);
  if (faults.length === 0 && entries.every((entry) => entry.element.source.kind === 'padding')) {
    const found = `nothing for IPv${options.ipVersion} flows in: ${names.join(', ')}`;
    faults.push({ path, found, allowed: 'at least one element that flows of this IP version have' });
  }
  if (options.protocol !== 'text' && template.recordOctets > RECORD_OCTETS_MAX) {
    const found = `records of ${template.recordOctets} octets`;
    faults.push({ path, found, allowed: `at most ${RECORD_OCTETS_MAX} octets, so that each fits a message` });
  }
  if (faults.length > 0) throw new ConfigError(options.origin ?? 'template', faults);
  return template;
}

/** The enterprise number that a field's own number is under; undefined for IANA's. */
function enterpriseOf(element: InformationElement, own: number, isReverse: boolean): number | undefined {
  if (element.isEnterprise) return own;
  return element.enterpriseNumber ?? (isReverse ? REVERSE_ENTERPRISE_NUMBER : undefined);
}

function layOut(entries: readonly Entry[], options: TemplateOptions): Template {
  const own = options.privateEnterpriseNumber ?? PRIVATE_ENTERPRISE_NUMBER_DEFAULT;
  const fields: TemplateField[] = [];
  let offset = 0;
  let variable = 0;
  const add = ({ element, octets }: Entry, isReverse: boolean) => {
    const enterpriseNumber = enterpriseOf(element, own, isReverse);
    const usual = options.protocol === 'netflow9' ? (element.v9Id ?? element.id) : element.id;
    const id = isReverse && element.isEnterprise ? usual | OWN_REVERSE_BIT : usual;
    fields.push({ element, id, offset, octets, enterpriseNumber, isReverse });
    if (octets === VARIABLE_OCTETS) variable++;
    else offset += octets;
  };
  const isVariable = ({ octets }: Entry) => octets === VARIABLE_OCTETS;
  for (const entry of entries) if (!isVariable(entry)) add(entry, false);
  if (options.withReverse) for (const entry of entries) if (entry.element.isReversible) add(entry, true);
  for (const entry of entries) if (isVariable(entry)) add(entry, false);
  const needs = joinSections(entries.map(({ element }) => sectionsRead(element.source)));
  return { fields, recordOctets: offset + variable, needs };
}
