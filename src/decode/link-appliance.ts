/**
 * Link types that capture cards and routers write: ERF of Endace's cards, and the header that Juniper's routers put
 * before Ethernet, PPP, frame relay and Cisco HDLC (https://www.tcpdump.org/linktypes.html). link.ts reads the layers
 * behind the header.
 */
import {
  type DecodeState,
  LAYER_ETHERNET,
  LAYER_IP,
  LAYER_IPV4,
  LAYER_IPV6,
  leaveOut,
  missingHeader,
} from './decode-state.ts';
import { LINK_MALFORMED, LINK_TOO_SHORT, LINK_TRUNCATED, OTHER_LINK_PROTOCOL } from './reasons.ts';

/** Neither a layer nor a reason: the serial line, frame relay or Ethernet of the link type follows. */
export const HEADER_PASSED = 1000;

const ERF_OCTETS = 16; // timestamp (8), type (u8), flags (u8), record length (u16), lost (u16), wire length (u16)
const ERF_TYPE = 8;
const ERF_TYPE_MASK = 0x7f;
const ERF_EXTENDED = 0x80;
const ERF_EXTENSION_OCTETS = 8;
const ERF_EXTENSIONS_MAX = 16;
/** Two octets of padding before an Ethernet frame. */
const ERF_ETHERNET_PAD = 2;
/** Channel and flags before a frame of a channelised line. */
const ERF_CHANNEL_OCTETS = 4;

/** An ERF record: a layer, a reason, or HEADER_PASSED before a serial line. */
export function erfLayer(state: DecodeState): number {
  const view = state.view;
  let offset = state.offset + ERF_OCTETS;
  if (offset > state.capturedEnd) return missingHeader(state, ERF_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  const type = view.getUint8(state.offset + ERF_TYPE);
  let more = type & ERF_EXTENDED;
  for (let count = 0; more !== 0; count++) {
    if (count === ERF_EXTENSIONS_MAX) return LINK_MALFORMED;
    if (offset + ERF_EXTENSION_OCTETS > state.capturedEnd) {
      const octets = offset - state.offset + ERF_EXTENSION_OCTETS;
      return missingHeader(state, octets, LINK_TOO_SHORT, LINK_TRUNCATED);
    }
    more = view.getUint8(offset) & ERF_EXTENDED;
    offset += ERF_EXTENSION_OCTETS;
  }
  const start = state.offset;
  state.offset = offset;
  const layer = erfPayload(state, type & ERF_TYPE_MASK);
  leaveOut(state, state.offset - start);
  return layer;
}

function erfPayload(state: DecodeState, type: number): number {
  switch (type) {
    case 1: // HDLC_POS
    case 10: // COLOR_HDLC_POS
    case 15: // DSM_COLOR_HDLC_POS
    case 19: // COLOR_HASH_POS
      return HEADER_PASSED;
    case 5: // MC_HDLC
    case 17: // COLOR_MC_HDLC_POS
      state.offset += ERF_CHANNEL_OCTETS;
      return HEADER_PASSED;
    case 2: // ETH
    case 11: // COLOR_ETH
    case 16: // DSM_COLOR_ETH
    case 20: // COLOR_HASH_ETH
      state.offset += ERF_ETHERNET_PAD;
      return LAYER_ETHERNET;
    case 22:
      return LAYER_IPV4;
    case 23:
      return LAYER_IPV6;
    default:
      return OTHER_LINK_PROTOCOL;
  }
}

const JUNIPER_OCTETS = 4; // magic (24 bits), flags (u8)
const JUNIPER_MAGIC = 0x4d4743;
const JUNIPER_EXTENDED = 0x80;
const JUNIPER_NO_LINK_LAYER = 0x02;
const JUNIPER_LENGTH_OCTETS = 2; // u16, octets of extensions
const JUNIPER_PROTOCOL_OCTETS = 4; // u32, little endian
const JUNIPER_IPV4 = 2;
const JUNIPER_MPLS_IP = 3;

/** Juniper's header: a layer, a reason, or HEADER_PASSED before the link type's own. */
export function juniperLayer(state: DecodeState): number {
  const view = state.view;
  const start = state.offset;
  if (start + JUNIPER_OCTETS > state.capturedEnd) {
    return missingHeader(state, JUNIPER_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  const word = view.getUint32(start);
  if (word >>> 8 !== JUNIPER_MAGIC) return LINK_MALFORMED;
  let octets = JUNIPER_OCTETS;
  if ((word & JUNIPER_EXTENDED) !== 0) {
    octets += JUNIPER_LENGTH_OCTETS;
    if (start + octets > state.capturedEnd) {
      return missingHeader(state, octets, LINK_TOO_SHORT, LINK_TRUNCATED);
    }
    octets += view.getUint16(start + JUNIPER_OCTETS);
  }
  state.offset = start + octets;
  leaveOut(state, octets);
  if ((word & JUNIPER_NO_LINK_LAYER) === 0) return HEADER_PASSED;
  if (state.offset + JUNIPER_PROTOCOL_OCTETS > state.capturedEnd) {
    return missingHeader(state, JUNIPER_PROTOCOL_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  const protocol = view.getUint32(state.offset, true);
  state.offset += JUNIPER_PROTOCOL_OCTETS;
  leaveOut(state, JUNIPER_PROTOCOL_OCTETS);
  return protocol === JUNIPER_IPV4 || protocol === JUNIPER_MPLS_IP ? LAYER_IP : OTHER_LINK_PROTOCOL;
}
