/**
 * IPv6 extension headers (RFC 8200 §4): their protocol numbers, and the bits under which those of a packet are noted in
 * its work record. Numbers only; the chain is walked by ipv6-chain.ts.
 */

export const HEADER_HOP_BY_HOP = 0;
export const HEADER_ROUTING = 43;
export const HEADER_FRAGMENT = 44;
export const HEADER_ESP = 50;
export const HEADER_AUTHENTICATION = 51;
export const HEADER_NONE = 59;
export const HEADER_DESTINATION = 60;
export const HEADER_PAYLOAD_COMPRESSION = 108;
export const HEADER_MOBILITY = 135;
export const HEADER_HIP = 139;
export const HEADER_SHIM6 = 140;
/** For experiments and testing (RFC 4727 §3.5). */
export const HEADER_EXPERIMENT_1 = 253;
export const HEADER_EXPERIMENT_2 = 254;

// Bits of ipv6ExtensionHeaders (IE 64) as in IANA's registry, bit 0 being the least significant one.
export const EXTENSION_DESTINATION = 1 << 0;
export const EXTENSION_HOP_BY_HOP = 1 << 1;
/** The upper layer is not known: encrypted, compressed, or behind a chain that could not be followed. */
export const EXTENSION_UNKNOWN = 1 << 3;
export const EXTENSION_FRAGMENT_FIRST = 1 << 4;
export const EXTENSION_ROUTING = 1 << 5;
export const EXTENSION_FRAGMENT_LATER = 1 << 6;
export const EXTENSION_MOBILITY = 1 << 12;
export const EXTENSION_ESP = 1 << 13;
export const EXTENSION_AUTHENTICATION = 1 << 14;
export const EXTENSION_PAYLOAD_COMPRESSION = 1 << 15;
/** The bits that IE 64 has. */
export const EXTENSIONS_OF_IE64 = 0xffff;

// What only ipv6ExtensionHeadersFull (IE 515, RFC 9740) tells.
export const EXTENSION_NONE = 1 << 16;
export const EXTENSION_HIP = 1 << 17;
export const EXTENSION_SHIM6 = 1 << 18;
export const EXTENSION_EXPERIMENT_1 = 1 << 19;
export const EXTENSION_EXPERIMENT_2 = 1 << 20;
/** A chain that was cut by the capture, by damage or by our limits: there may have been more (IE 517 is false). */
export const EXTENSION_INCOMPLETE = 1 << 21;
