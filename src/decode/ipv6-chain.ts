/**
 * The IPv6 extension header chain (RFC 8200 §4): followed in any order to the upper-layer protocol, within limits on
 * headers and octets, each header checked against the packet and the capture. Only the contents of the fragment header are read.
 *
 * The upper layer's protocol is reported. ESP (50) hides it and is reported itself. A Mobility, HIP or Shim6
 * header with nothing behind it (59) is the message itself, and is reported.
 */

import {
  DETAIL,
  DETAIL_FRAGMENT,
  DETAIL_LATER_FRAGMENT,
  EXTENSION_HEADERS,
  FRAGMENT_ID,
} from '../records/decoded-batch.ts';
import {
  EXTENSION_AUTHENTICATION,
  EXTENSION_DESTINATION,
  EXTENSION_ESP,
  EXTENSION_EXPERIMENT_1,
  EXTENSION_EXPERIMENT_2,
  EXTENSION_FRAGMENT_FIRST,
  EXTENSION_FRAGMENT_LATER,
  EXTENSION_HIP,
  EXTENSION_HOP_BY_HOP,
  EXTENSION_INCOMPLETE,
  EXTENSION_MOBILITY,
  EXTENSION_NONE,
  EXTENSION_PAYLOAD_COMPRESSION,
  EXTENSION_ROUTING,
  EXTENSION_SHIM6,
  EXTENSION_UNKNOWN,
  HEADER_AUTHENTICATION,
  HEADER_DESTINATION,
  HEADER_ESP,
  HEADER_EXPERIMENT_1,
  HEADER_EXPERIMENT_2,
  HEADER_FRAGMENT,
  HEADER_HIP,
  HEADER_HOP_BY_HOP,
  HEADER_MOBILITY,
  HEADER_NONE,
  HEADER_PAYLOAD_COMPRESSION,
  HEADER_ROUTING,
  HEADER_SHIM6,
} from '../records/extension-headers.ts';
import type { DecodeState } from './decode-state.ts';
import {
  NOTICE_CHAIN_LIMIT,
  NOTICE_CHAIN_MALFORMED,
  NOTICE_CHAIN_TRUNCATED,
  NOTICE_FIRST_FRAGMENT_INCOMPLETE,
  NOTICE_FRAGMENT_FIRST,
  NOTICE_FRAGMENT_LATER,
  NOTICE_HOP_BY_HOP_MISPLACED,
} from './notices.ts';
import { transportHeaderOctets } from './transport.ts';

const HEADERS_MAX = 10;
const CHAIN_OCTETS_MAX = 512;

const NEXT_HEADER = 0; // u8, RFC 8200 §4
const HEADER_LENGTH = 1; // u8, in 8 octets without the first 8; of AH in 4 octets without the first 8
const FRAGMENT_OFFSET = 2; // u16: offset (13 bits), reserved (2), more fragments (1), RFC 8200 §4.5
const FRAGMENT_IDENTIFICATION = 4; // u32
const FRAGMENT_OCTETS = 8;

/**
 * Follows the chain from `state.offset` on and leaves `offset` at the upper-layer header.
 * @param nextHeader  the fixed header's
 * @returns the upper-layer protocol, or the one's complement of the header number at which the chain broke off
 */
export function walkHeaderChain(state: DecodeState, nextHeader: number): number {
  const view = state.view;
  const chainStart = state.offset;
  let header = nextHeader;
  for (let count = 0; ; count++) {
    const bit = extensionBit(header);
    state.record[EXTENSION_HEADERS] = state.record[EXTENSION_HEADERS]! | bit;
    if (isUpperLayer(header)) break;
    if (header === HEADER_HOP_BY_HOP && count > 0)
      return breakOff(state, header, NOTICE_HOP_BY_HOP_MISPLACED);
    if (count === HEADERS_MAX) return breakOff(state, header, NOTICE_CHAIN_LIMIT);
    const offset = state.offset;
    // No header is shorter than 8 octets, so its first 8 are there or something cut it.
    const octets =
      offset + FRAGMENT_OCTETS <= state.capturedEnd ? headerOctets(view, offset, header) : FRAGMENT_OCTETS;
    const end = offset + octets;
    if (end > state.wireEnd) return breakOff(state, header, NOTICE_CHAIN_MALFORMED);
    if (end > state.capturedEnd) return breakOff(state, header, NOTICE_CHAIN_TRUNCATED);
    if (end - chainStart > CHAIN_OCTETS_MAX) return breakOff(state, header, NOTICE_CHAIN_LIMIT);
    const next = view.getUint8(offset + NEXT_HEADER);
    state.offset = end;
    if (header === HEADER_FRAGMENT && fragmentHeader(state, offset)) {
      // What follows is the middle of something: `next` is the first fragment's header, not one that stands here.
      return isUpperLayer(next) ? next : ~next;
    }
    if (next === HEADER_NONE && header >= HEADER_MOBILITY) {
      state.record[EXTENSION_HEADERS] = state.record[EXTENSION_HEADERS]! | EXTENSION_NONE;
      return ~header;
    }
    header = next;
  }
  if (isFirstFragment(state) && state.offset + transportHeaderOctets(header) > state.wireEnd) {
    state.notices |= 1 << NOTICE_FIRST_FRAGMENT_INCOMPLETE;
  }
  return header;
}

function breakOff(state: DecodeState, header: number, notice: number): number {
  // A chain that leaves its first fragment is sound, only cut in a forbidden place (RFC 7112).
  const cutByFragment = notice === NOTICE_CHAIN_MALFORMED && isFirstFragment(state);
  state.notices |= 1 << (cutByFragment ? NOTICE_FIRST_FRAGMENT_INCOMPLETE : notice);
  state.record[EXTENSION_HEADERS] =
    state.record[EXTENSION_HEADERS]! | EXTENSION_UNKNOWN | EXTENSION_INCOMPLETE;
  return ~header;
}

function isFirstFragment(state: DecodeState): boolean {
  return (state.record[DETAIL]! & (DETAIL_FRAGMENT | DETAIL_LATER_FRAGMENT)) === DETAIL_FRAGMENT;
}

/** Reads the fragment header at `offset`. Returns whether this is a later fragment. */
function fragmentHeader(state: DecodeState, offset: number): boolean {
  const record = state.record;
  const field = state.view.getUint16(offset + FRAGMENT_OFFSET);
  // Offset 0 and no more to come: a whole packet in one "atomic fragment" (RFC 6946).
  if ((field & 0xfff9) === 0) return false;
  record[FRAGMENT_ID] = state.view.getInt32(offset + FRAGMENT_IDENTIFICATION);
  if (field >>> 3 === 0) {
    record[DETAIL] = record[DETAIL]! | DETAIL_FRAGMENT;
    state.notices |= 1 << NOTICE_FRAGMENT_FIRST;
    return false;
  }
  record[DETAIL] = record[DETAIL]! | DETAIL_FRAGMENT | DETAIL_LATER_FRAGMENT;
  record[EXTENSION_HEADERS] =
    (record[EXTENSION_HEADERS]! & ~EXTENSION_FRAGMENT_FIRST) | EXTENSION_FRAGMENT_LATER;
  state.notices |= 1 << NOTICE_FRAGMENT_LATER;
  return true;
}

function headerOctets(view: DataView, offset: number, header: number): number {
  if (header === HEADER_FRAGMENT) return FRAGMENT_OCTETS; // its second octet is reserved
  const length = view.getUint8(offset + HEADER_LENGTH);
  return header === HEADER_AUTHENTICATION ? (length + 2) << 2 : (length + 1) << 3;
}

function isUpperLayer(header: number): boolean {
  switch (header) {
    case HEADER_HOP_BY_HOP:
    case HEADER_ROUTING:
    case HEADER_FRAGMENT:
    case HEADER_AUTHENTICATION:
    case HEADER_DESTINATION:
    case HEADER_MOBILITY:
    case HEADER_HIP:
    case HEADER_SHIM6:
      return false;
    default:
      return true;
  }
}

/** The bits of a header number, 0 where it has none. */
function extensionBit(header: number): number {
  switch (header) {
    case HEADER_HOP_BY_HOP:
      return EXTENSION_HOP_BY_HOP;
    case HEADER_ROUTING:
      return EXTENSION_ROUTING;
    case HEADER_FRAGMENT:
      return EXTENSION_FRAGMENT_FIRST;
    case HEADER_ESP:
      return EXTENSION_ESP | EXTENSION_UNKNOWN;
    case HEADER_AUTHENTICATION:
      return EXTENSION_AUTHENTICATION;
    case HEADER_DESTINATION:
      return EXTENSION_DESTINATION;
    case HEADER_PAYLOAD_COMPRESSION:
      return EXTENSION_PAYLOAD_COMPRESSION | EXTENSION_UNKNOWN;
    case HEADER_MOBILITY:
      return EXTENSION_MOBILITY;
    case HEADER_HIP:
      return EXTENSION_HIP;
    case HEADER_SHIM6:
      return EXTENSION_SHIM6;
    case HEADER_NONE:
      return EXTENSION_NONE;
    case HEADER_EXPERIMENT_1:
      return EXTENSION_EXPERIMENT_1;
    case HEADER_EXPERIMENT_2:
      return EXTENSION_EXPERIMENT_2;
    default:
      return 0;
  }
}
