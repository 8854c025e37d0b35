/**
 * IPv6 extension headers as ipv6ExtensionHeadersFull (IE 515, RFC 9740 §3.1) numbers them, from the bits under which the
 * decoder notes them (records/extension-headers.ts).
 */
import * as extension from '../records/extension-headers.ts';

/** RFC 7011 §6.1.5. */
const TRUE = 1;
const FALSE = 2;

/** Bit of IE 515 by position, bit 0 being the least significant one, for each bit of ours. */
const BITS: readonly (readonly [ours: number, position: number])[] = [
  [extension.EXTENSION_DESTINATION, 0],
  [extension.EXTENSION_HOP_BY_HOP, 1],
  [extension.EXTENSION_NONE, 2],
  [extension.EXTENSION_UNKNOWN, 3],
  [extension.EXTENSION_FRAGMENT_FIRST, 4],
  [extension.EXTENSION_ROUTING, 5],
  [extension.EXTENSION_FRAGMENT_LATER, 6],
  [extension.EXTENSION_MOBILITY, 7],
  [extension.EXTENSION_ESP, 8],
  [extension.EXTENSION_AUTHENTICATION, 9],
  [extension.EXTENSION_HIP, 10],
  [extension.EXTENSION_SHIM6, 11],
  [extension.EXTENSION_EXPERIMENT_1, 12],
  [extension.EXTENSION_EXPERIMENT_2, 13],
];

/** ipv6ExtensionHeadersFull of the headers seen. */
export function extensionHeadersFull(seen: number): number {
  let full = 0;
  for (const [ours, position] of BITS) if ((seen & ours) !== 0) full |= 1 << position;
  return full;
}

/** ipv6ExtensionHeadersLimit: true if all headers were seen, and 0, which is neither, where there were none. */
export function extensionHeadersComplete(seen: number): number {
  if (seen === 0) return 0;
  return (seen & extension.EXTENSION_INCOMPLETE) === 0 ? TRUE : FALSE;
}
