/**
 * What options data says about templates and elements: which fields are flow keys (RFC 7011 §4.4), what was done to
 * addresses (RFC 6235), and what flowtap's own elements are (RFC 5610).
 */
import { ABSTRACT_TYPES, SEMANTICS, UNITS } from '../../ie/abstract-types.ts';
import type { InformationElement } from '../../ie/element.ts';
import type { Template, TemplateField } from '../../ie/templates.ts';
import { nameOf } from '../../ie/text-columns.ts';
import type { AnonymizationConfig } from '../anonymization/anonymizer.ts';
import type { FlowKeyParts } from '../contract/options-content.ts';
import { type OptionsContent, VARIABLE_LENGTH } from './options-records.ts';

export interface AnnouncedTemplate {
  readonly id: number;
  readonly template: Pick<Template, 'fields'>;
}

const TEMPLATE_ID = { id: 145, octets: 2 };
const FLOW_KEY_INDICATOR = { id: 173, octets: 8 };
const ENTERPRISE_NUMBER = { id: 346, octets: 4 };
const INFORMATION_ELEMENT_ID = { id: 303, octets: 2 };
const ANONYMIZATION_FLAGS = { id: 285, octets: 2 };
const ANONYMIZATION_TECHNIQUE = { id: 286, octets: 2 };

/** Fields of a template that the indicator has bits for. */
const INDICATED_FIELDS = 64;

function isFlowKey(
  { element, isReverse }: TemplateField,
  parts: FlowKeyParts,
  isInterfaceKey: boolean,
): boolean {
  const part = element.isFlowKeyOf;
  if (isReverse || part === undefined) return false;
  if (part === 'ingress') return isInterfaceKey && parts.interface;
  return part === 'always' || parts[part];
}

/** @param isInterfaceKey whether ingressInterface is the observation point */
export function flowKeyOptions(
  templates: readonly AnnouncedTemplate[],
  parts: FlowKeyParts,
  isInterfaceKey: boolean,
): OptionsContent {
  const rows = templates.map(({ id, template }) => {
    let bits = 0n;
    template.fields.slice(0, INDICATED_FIELDS).forEach((field, i) => {
      if (isFlowKey(field, parts, isInterfaceKey)) bits |= 1n << BigInt(i);
    });
    return [id, bits];
  });
  return { scope: [TEMPLATE_ID], fields: [FLOW_KEY_INDICATOR], rows };
}

// RFC 6235 §6.2: stability class 3, stable; low-order bits unchanged is bit 3. §6.3: techniques.
const STABLE = 3;
const PRECISION_DEGRADATION = 2;
const STRUCTURED_PERMUTATION = 6;

/** The technique that an element's values went through; undefined where they are what was seen. */
function techniqueOf({ type }: InformationElement, config: AnonymizationConfig): number | undefined {
  if (type === 'macAddress') return config.macAddresses === 'keep' ? undefined : PRECISION_DEGRADATION;
  if (type !== 'ipv4Address' && type !== 'ipv6Address') return undefined;
  if (config.method === 'none') return undefined;
  return config.method === 'cryptopan' ? STRUCTURED_PERMUTATION : PRECISION_DEGRADATION;
}

/** One content for IANA's elements, and one for our own, whose scope has the enterprise number. */
export function anonymizationOptions(
  templates: readonly AnnouncedTemplate[],
  config: AnonymizationConfig,
  enterpriseNumber: number,
): OptionsContent[] {
  const fields = [ANONYMIZATION_FLAGS, ANONYMIZATION_TECHNIQUE];
  const rowsOf = (isOwn: boolean) =>
    templates.flatMap(({ id, template }) =>
      template.fields.flatMap(({ element, isReverse }) => {
        const technique = techniqueOf(element, config);
        const isWanted = !isReverse && (element.isEnterprise === true) === isOwn;
        // A constant was never an address on the wire.
        if (technique === undefined || !isWanted || element.source.kind === 'constant') return [];
        return [[id, ...(isOwn ? [enterpriseNumber] : []), element.id, STABLE, technique]];
      }),
    );
  const contents: OptionsContent[] = [
    { scope: [TEMPLATE_ID, INFORMATION_ELEMENT_ID], fields, rows: rowsOf(false) },
    { scope: [TEMPLATE_ID, ENTERPRISE_NUMBER, INFORMATION_ELEMENT_ID], fields, rows: rowsOf(true) },
  ];
  return contents.filter(({ rows }) => rows.length > 0);
}

/** Type information of flowtap's own elements, so that any collector can decode them (RFC 5610 §3.9). */
export function typeInformation(
  ownElements: readonly InformationElement[],
  enterpriseNumber: number,
): OptionsContent {
  return {
    scope: [ENTERPRISE_NUMBER, INFORMATION_ELEMENT_ID],
    fields: [
      { id: 339, octets: 1 },
      { id: 344, octets: 1 },
      { id: 345, octets: 2 },
      { id: 341, octets: VARIABLE_LENGTH },
      { id: 340, octets: VARIABLE_LENGTH },
    ],
    rows: ownElements.map((element) => [
      enterpriseNumber,
      element.id,
      ABSTRACT_TYPES[element.type].code,
      SEMANTICS[element.semantics],
      UNITS[element.unit],
      element.name,
      element.description,
    ]),
  };
}

/** Whether records of a template have times since the system start. */
export function readsUpTime({ fields }: Pick<Template, 'fields'>): boolean {
  return fields.some(({ element: { source } }) => source.kind === 'time' && source.since === 'systemInit');
}

/** The elements of our own among fields, each once; one in reverse under its number and name there. */
export function ownElementsOf(fields: readonly TemplateField[]): InformationElement[] {
  const own = fields.filter(({ element }) => element.isEnterprise);
  const byId = new Map(
    own.map((field) => [field.id, { ...field.element, id: field.id, name: nameOf(field) }]),
  );
  return [...byId.values()];
}
