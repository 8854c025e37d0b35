/**
 * Codes of the oddities of packets that are metered; decode/notices.ts is their table. Nothing but numbers stands here, so
 * that the engine (engine/assembly) is compiled from the same ones.
 */

export const NOTICE_TRANSPORT_TRUNCATED = 0;
export const NOTICE_TRANSPORT_MALFORMED = 1;
export const NOTICE_LENGTH_BEYOND_FRAME = 2;
export const NOTICE_LENGTH_ZERO = 3;
export const NOTICE_FRAGMENT_FIRST = 4;
export const NOTICE_FRAGMENT_LATER = 5;
export const NOTICE_FIRST_FRAGMENT_INCOMPLETE = 6;
export const NOTICE_CHAIN_TRUNCATED = 7;
export const NOTICE_CHAIN_MALFORMED = 8;
export const NOTICE_CHAIN_LIMIT = 9;
export const NOTICE_OPTION_LIMIT = 10;
export const NOTICE_HOP_BY_HOP_MISPLACED = 11;
export const NOTICE_TUNNEL_NOT_IP = 12;
export const NOTICE_TUNNEL_UNDECODABLE = 13;
export const NOTICE_TUNNEL_NESTING_LIMIT = 14;
export const NOTICE_MPLS_STACK_CUT = 15;
