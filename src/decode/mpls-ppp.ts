/**
 * What stands between a link and IP: the MPLS label stack (RFC 3032) with Ethernet pseudo-wires (RFC 4448), PPPoE
 * sessions (RFC 2516) and PPP (RFC 1661, RFC 1662). Labels and session id go to the encapsulation record.
 */

import { MPLS_DEPTH, MPLS_LABELS_MAX, MPLS_STACK, PPPOE_SESSION } from '../records/decoded-batch.ts';
import {
  type DecodeState,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_MPLS,
  LAYER_PPP,
  missingHeader,
  narrowLayer,
} from './decode-state.ts';
import { GUESS_TRUNCATED, guessLayer } from './guess.ts';
import { NOTICE_MPLS_STACK_CUT } from './notices.ts';
import {
  LINK_TOO_SHORT,
  LINK_TRUNCATED,
  MPLS_LABEL_LIMIT,
  MPLS_NOT_IP,
  PPP_COMPRESSED,
  PPP_CONTROL,
  PPP_OTHER,
  PPPOE_DISCOVERY,
  PPPOE_MALFORMED,
} from './reasons.ts';

const LABEL_OCTETS = 4; // RFC 3032 §2.1
const BOTTOM_OF_STACK = 0x100;
/** Labels that are followed; deeper stacks exist only in attacks. */
const LABELS_FOLLOWED_MAX = 32;

/** A label stack. No field says what follows it: guess.ts does. */
export function mplsLayer(state: DecodeState): number {
  const view = state.view;
  const encapsulation = state.encapsulation;
  let offset = state.offset;
  let depth = 0;
  let entry = 0;
  // Also where the stack turns out to be refused: the next frame begins with an empty record then.
  state.encapsulated = 1;
  do {
    if (offset + LABEL_OCTETS > state.capturedEnd) {
      state.offset = offset;
      return missingHeader(state, LABEL_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
    }
    if (depth >= LABELS_FOLLOWED_MAX) return MPLS_LABEL_LIMIT;
    entry = view.getInt32(offset);
    if (depth < MPLS_LABELS_MAX) encapsulation[MPLS_STACK + depth] = entry;
    depth++;
    offset += LABEL_OCTETS;
  } while ((entry & BOTTOM_OF_STACK) === 0);
  if (depth > MPLS_LABELS_MAX) {
    depth = MPLS_LABELS_MAX;
    state.notices |= 1 << NOTICE_MPLS_STACK_CUT;
  }
  encapsulation[MPLS_DEPTH] = depth;
  state.offset = offset;
  return mplsPayload(state);
}

function mplsPayload(state: DecodeState): number {
  const offset = state.offset;
  if (offset + 1 > state.capturedEnd) {
    return missingHeader(state, 1, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  const guess = guessLayer(state, true);
  if (guess < 0) return guess;
  return guess === GUESS_TRUNCATED ? LINK_TRUNCATED : MPLS_NOT_IP;
}

const PPPOE_OCTETS = 6; // RFC 2516 §4
const PPPOE_VERSION_TYPE = 0;
const PPPOE_CODE = 1;
const PPPOE_SESSION_ID = 2; // u16
const PPPOE_LENGTH = 4; // u16, octets behind this header

/** A PPPoE session's frame. */
export function pppoeLayer(state: DecodeState): number {
  const offset = state.offset;
  const view = state.view;
  if (offset + PPPOE_OCTETS > state.capturedEnd) {
    return missingHeader(state, PPPOE_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  if (view.getUint8(offset + PPPOE_VERSION_TYPE) !== 0x11) return PPPOE_MALFORMED;
  if (view.getUint8(offset + PPPOE_CODE) !== 0) return PPPOE_DISCOVERY;
  state.encapsulation[PPPOE_SESSION] = view.getUint16(offset + PPPOE_SESSION_ID) | (1 << 16);
  state.encapsulated = 1;
  narrowLayer(state, offset + PPPOE_OCTETS, view.getUint16(offset + PPPOE_LENGTH));
  state.offset = offset + PPPOE_OCTETS;
  return LAYER_PPP;
}

const PPP_ADDRESS_CONTROL = 0xff03; // RFC 1662 §3.1
const PPP_PROTOCOL_OCTETS = 2; // RFC 1661 §2

/** A PPP frame, with or without address and control octets, and with a protocol of one or two octets (RFC 1661 §6.5). */
export function pppLayer(state: DecodeState): number {
  const view = state.view;
  let offset = state.offset;
  // The shortest frame is a protocol of one octet and one of data.
  if (offset + 2 > state.capturedEnd) return missingHeader(state, 2, LINK_TOO_SHORT, LINK_TRUNCATED);
  if (view.getUint16(offset) === PPP_ADDRESS_CONTROL) {
    offset += 2;
    state.offset = offset;
    if (offset + 1 > state.capturedEnd) return missingHeader(state, 1, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  // The last octet of a protocol number is odd and its first one even: an odd first octet is a compressed number.
  let protocol = view.getUint8(offset);
  if ((protocol & 1) === 0) {
    if (offset + PPP_PROTOCOL_OCTETS > state.capturedEnd) {
      return missingHeader(state, PPP_PROTOCOL_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
    }
    protocol = view.getUint16(offset);
    offset += 1;
  }
  state.offset = offset + 1;
  return pppProtocol(protocol);
}

/** Where a PPP protocol number leads (https://www.iana.org/assignments/ppp-numbers). */
function pppProtocol(protocol: number): number {
  switch (protocol) {
    case 0x0021:
      return LAYER_IPV4;
    case 0x0057:
      return LAYER_IPV6;
    case 0x0281:
    case 0x0283:
      return LAYER_MPLS;
    case 0x002d: // Van Jacobson, compressed
    case 0x002f: // Van Jacobson, uncompressed: the protocol octet holds a connection number
    case 0x003d: // multilink
    case 0x0053: // encryption
    case 0x0055:
    case 0x00fb: // compression of one link
    case 0x00fd: // compression, MPPE
      return PPP_COMPRESSED;
    default:
      return protocol >= 0x8000 ? PPP_CONTROL : PPP_OTHER;
  }
}
