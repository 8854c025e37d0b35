/**
 * Options: what a collector should know besides flows. Sampling rate (1: every packet was metered) in the form that
 * older collectors read and in that of RFC 5477; the system start; names of interfaces; types of flowtap's own elements
 * (RFC 5610). Each is an options template and its data records, sent together with the templates.
 */
import { ABSTRACT_TYPES, SEMANTICS, UNITS } from '../ie/abstract-types.ts';
import type { InformationElement } from '../ie/element.ts';
import { writeFieldSpecifier } from './ipfix.ts';

/** One packet in so many is metered: every one. */
export const SAMPLING_INTERVAL = 1;

const VARIABLE_LENGTH = 0xffff; // RFC 7011 §7
/** Sizes of names in NetFlow v9, which has no variable lengths. */
const V9_NAME_OCTETS = 32;
const V9_DESCRIPTION_OCTETS = 64;
/** Longest text in an options record; a few of them must fit a message. */
const TEXT_OCTETS_MAX = 200;

/** An interface as collectors are told about it. */
export interface InterfaceDescription {
  /** ingressInterface of its flows. */
  readonly ifIndex: number;
  readonly name: string;
  readonly description: string;
}

export interface OptionsContents {
  readonly observationDomainId: number;
  readonly samplingInterval: number;
  readonly systemInitMs: number;
  readonly interfaces: readonly InterfaceDescription[];
  /** Own elements that the templates use. */
  readonly ownElements: readonly InformationElement[];
  readonly privateEnterpriseNumber: number;
}

/** An options template and its records, encoded. */
export interface OptionsSet {
  /** The template record behind its id, which the exporter chooses and puts in front. */
  readonly template: Uint8Array;
  readonly records: readonly Uint8Array[];
}

/** A field: element or v9 scope, size (VARIABLE_LENGTH for texts), and a number or a text. */
interface Field {
  readonly id: number;
  readonly octets: number;
}

type Value = number | string;

/** UTF-8 of a text, cut to whole characters, without zero octets: they would end it early. */
function encodeText(text: string, octetsMax: number): Uint8Array {
  const out = new Uint8Array(octetsMax);
  const { written } = new TextEncoder().encodeInto(text.toWellFormed().replaceAll('\0', ''), out);
  return out.subarray(0, written);
}

/** A data record: numbers in network order, texts behind their length or padded with zeros. */
function encodeRecord(fields: readonly Field[], values: readonly Value[]): Uint8Array {
  const octets: number[] = [];
  fields.forEach((field, i) => {
    const value = values[i]!;
    if (typeof value === 'number') {
      for (let shift = field.octets - 1; shift >= 0; shift--)
        octets.push(Math.floor(value / 256 ** shift) % 256);
    } else if (field.octets === VARIABLE_LENGTH) {
      const text = encodeText(value, TEXT_OCTETS_MAX);
      octets.push(text.length, ...text);
    } else {
      const text = encodeText(value, field.octets);
      octets.push(...text, ...new Uint8Array(field.octets - text.length));
    }
  });
  return Uint8Array.from(octets);
}

/**
 * An options template without its id, and its records.
 * @param counts the two numbers in front of the field specifiers
 */
function encodeOptions(
  counts: readonly [number, number],
  fields: readonly Field[],
  rows: readonly Value[][],
) {
  const template = new Uint8Array(4 + 4 * fields.length);
  const view = new DataView(template.buffer);
  view.setUint16(0, counts[0]);
  view.setUint16(2, counts[1]);
  let at = 4;
  for (const field of fields) at = writeFieldSpecifier(view, at, field.id, field.octets, undefined);
  return { template, records: rows.map((row) => encodeRecord(fields, row)) };
}

/** RFC 7011 §3.4.2.2: field count, scope field count. */
function ipfixOptions(
  scope: readonly Field[],
  fields: readonly Field[],
  rows: readonly Value[][],
): OptionsSet {
  return encodeOptions([scope.length + fields.length, scope.length], [...scope, ...fields], rows);
}

/** RFC 3954 §6.1: octets of the scope field specifiers, octets of the others. */
function netflow9Options(
  scope: readonly Field[],
  fields: readonly Field[],
  rows: readonly Value[][],
): OptionsSet {
  return encodeOptions([4 * scope.length, 4 * fields.length], [...scope, ...fields], rows);
}

const SCOPE_SYSTEM_V9 = { id: 1, octets: 4 }; // RFC 3954 §6.1
const SCOPE_INTERFACE_V9 = { id: 2, octets: 4 };
const SAMPLING_INTERVAL_FIELD = { id: 34, octets: 4 };
const SAMPLING_ALGORITHM = { id: 35, octets: 1 };
const DETERMINISTIC = 1;
const OBSERVATION_DOMAIN_ID = { id: 149, octets: 4 };

/** All options of NetFlow v9. */
export function netflow9OptionsData(contents: OptionsContents): OptionsSet[] {
  const { observationDomainId, samplingInterval, interfaces } = contents;
  const sets = [
    netflow9Options(
      [SCOPE_SYSTEM_V9],
      [SAMPLING_INTERVAL_FIELD, SAMPLING_ALGORITHM],
      [[observationDomainId, samplingInterval, DETERMINISTIC]],
    ),
  ];
  if (interfaces.length > 0) {
    const name = { id: 82, octets: V9_NAME_OCTETS };
    const description = { id: 83, octets: V9_DESCRIPTION_OCTETS };
    const rows = interfaces.map((port) => [port.ifIndex, port.name, port.description]);
    sets.push(netflow9Options([SCOPE_INTERFACE_V9], [name, description], rows));
  }
  return sets;
}

/** All options of IPFIX. The older form of the sampling rate comes first: some collectors stop at what they know. */
export function ipfixOptionsData(contents: OptionsContents): OptionsSet[] {
  const { observationDomainId, samplingInterval, systemInitMs, interfaces, ownElements } = contents;
  const domain = OBSERVATION_DOMAIN_ID;
  const sets = [
    ipfixOptions(
      [domain],
      [SAMPLING_INTERVAL_FIELD, SAMPLING_ALGORITHM],
      [[observationDomainId, samplingInterval, DETERMINISTIC]],
    ),
    // Selector 1: systematic count-based, one packet taken, the rest of the interval skipped (RFC 5477 §8.2).
    ipfixOptions(
      [{ id: 302, octets: 8 }],
      [
        { id: 304, octets: 2 },
        { id: 305, octets: 4 },
        { id: 306, octets: 4 },
      ],
      [[1, 1, 1, samplingInterval - 1]],
    ),
    ipfixOptions([domain], [{ id: 160, octets: 8 }], [[observationDomainId, systemInitMs]]),
  ];
  if (interfaces.length > 0) {
    const text = { octets: VARIABLE_LENGTH };
    const rows = interfaces.map((port) => [port.ifIndex, port.name, port.description]);
    sets.push(
      ipfixOptions(
        [{ id: 10, octets: 4 }],
        [
          { id: 82, ...text },
          { id: 83, ...text },
        ],
        rows,
      ),
    );
  }
  if (ownElements.length > 0) sets.push(typeInformation(contents));
  return sets;
}

/** Type information of flowtap's own elements, so that any collector can decode them (RFC 5610 §3.9). */
function typeInformation({ ownElements, privateEnterpriseNumber }: OptionsContents): OptionsSet {
  const rows = ownElements.map((element) => [
    privateEnterpriseNumber,
    element.id,
    ABSTRACT_TYPES[element.type].code,
    SEMANTICS[element.semantics],
    UNITS[element.unit],
    element.name,
    element.description,
  ]);
  const scope = [
    { id: 346, octets: 4 },
    { id: 303, octets: 2 },
  ];
  const fields = [
    { id: 339, octets: 1 },
    { id: 344, octets: 1 },
    { id: 345, octets: 2 },
    { id: 341, octets: VARIABLE_LENGTH },
    { id: 340, octets: VARIABLE_LENGTH },
  ];
  return ipfixOptions(scope, fields, rows);
}
