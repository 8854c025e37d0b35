/**
 * The table of information elements: one row for each that flowtap can fill from what it measured. Templates, template
 * and data records, JSON and CSV keys, `flowtap elements` and docs/elements.md are all derived from these rows.
 *
 * Ids, names and types are those of IANA's registry (RFC 7012); elements with `isEnterprise` are flowtap's own.
 */

import { nearest } from '../base/nearest.ts';
import { ABSTRACT_TYPES } from './abstract-types.ts';
import type { InformationElement } from './element.ts';
import { APPLICATION_VENDOR_ELEMENTS } from './elements-application-vendor.ts';
import { APPLICATION_ELEMENTS, OWN_APPLICATION_ELEMENTS } from './elements-applications.ts';
import { FLOW_ELEMENTS } from './elements-flow.ts';
import { LINK_ELEMENTS, OWN_ELEMENTS, TIME_ELEMENTS } from './elements-link.ts';
import { NETWORK_ELEMENTS, NTOP_NETWORK_ELEMENTS } from './elements-networks.ts';
import { HEALTH_ELEMENTS, OWN_HEALTH_ELEMENTS } from './elements-path-health.ts';
import { VENDOR_ELEMENTS } from './elements-vendor.ts';

/** Number of flowtap's own elements unless configured: the one reserved for documentation (RFC 5612). */
export const PRIVATE_ENTERPRISE_NUMBER_DEFAULT = 32473;
/** Reverse information elements (RFC 5103 §6.1). */
export const REVERSE_ENTERPRISE_NUMBER = 29305;
/**
 * RFC 5103 has no reverse of enterprise elements. Ours have one under our own number with this bit, as CERT's have under
 * theirs.
 */
export const OWN_REVERSE_BIT = 0x4000;

/** Every element, in the order of the documentation. */
export const INFORMATION_ELEMENTS: readonly InformationElement[] = [
  ...FLOW_ELEMENTS,
  ...TIME_ELEMENTS,
  ...LINK_ELEMENTS,
  ...HEALTH_ELEMENTS,
  ...APPLICATION_ELEMENTS,
  ...OWN_ELEMENTS,
  ...OWN_HEALTH_ELEMENTS,
  ...OWN_APPLICATION_ELEMENTS,
  ...NETWORK_ELEMENTS,
  ...VENDOR_ELEMENTS,
  ...NTOP_NETWORK_ELEMENTS,
  ...APPLICATION_VENDOR_ELEMENTS,
];

const BY_NAME = new Map(INFORMATION_ELEMENTS.map((element) => [element.name, element]));

/** The element with this name, or undefined. */
export function findElement(name: string): InformationElement | undefined {
  return BY_NAME.get(name);
}

/** The element whose name is nearest to an unknown one, or undefined where none is near. */
export function suggestElement(name: string): string | undefined {
  return nearest(name, [...BY_NAME.keys()]);
}

/** Octets of an element in its natural size; 0 for paddingOctets, which has none. */
export function naturalOctets(element: InformationElement): number {
  return element.octets ?? ABSTRACT_TYPES[element.type].octets;
}
