/**
 * Tunnels directly over IP: GRE (RFC 2784, RFC 2890), PPTP's GRE (RFC 2637), ERSPAN (draft-foschiano-erspan), IP in IP
 * (RFC 2003, RFC 2473) and 6in4 (RFC 4213). Tunnels over UDP are in udp-tunnel.ts.
 *
 * Each starts behind the outer packet's IP header, that packet's record being written out already: whatever turns out
 * to be unreadable from here on leaves the outer packet metered. A later fragment is never looked into.
 * L2TPv3 over IP (115) is not decoded: nothing in it says how long its cookie is.
 */

import { DETAIL, DETAIL_LATER_FRAGMENT, KEY_PROTOCOL } from '../records/decoded-batch.ts';
import { PROTOCOL_GRE, PROTOCOL_UDP } from '../records/protocol-numbers.ts';
import { TUNNEL_6IN4, TUNNEL_ERSPAN, TUNNEL_GRE, TUNNEL_IPIP } from '../records/tunnel-kinds.ts';
import {
  type DecodeState,
  LAYER_ETHER_TYPE,
  LAYER_ETHERNET,
  LAYER_IP,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_PPP,
  missingHeader,
} from './decode-state.ts';
import { enterTunnel, isChosen } from './enter-tunnel.ts';
import { ACCEPTED, TUNNEL_CONTROL, TUNNEL_MALFORMED, TUNNEL_TRUNCATED, TUNNEL_VARIANT } from './reasons.ts';
import { udpTunnelLayer } from './udp-tunnel.ts';

const PROTOCOL_IPV4 = 4;
const PROTOCOL_IPV6 = 41;

/** Kinds of tunnels directly over IP, by the protocol that announces them. */
const TUNNELS_BY_PROTOCOL: readonly { readonly protocol: number; readonly kinds: readonly number[] }[] = [
  { protocol: PROTOCOL_IPV4, kinds: [TUNNEL_IPIP] },
  { protocol: PROTOCOL_IPV6, kinds: [TUNNEL_IPIP, TUNNEL_6IN4] },
  { protocol: PROTOCOL_GRE, kinds: [TUNNEL_GRE, TUNNEL_ERSPAN] },
];

/** Protocols of packets that may hold a tunnel that is to be looked into; that of tunnels over UDP is not among them. */
export function createTunnelProtocols(state: DecodeState): number[] {
  const chosen = TUNNELS_BY_PROTOCOL.filter(({ kinds }) => kinds.some((kind) => isChosen(state, kind)));
  return chosen.map(({ protocol }) => protocol);
}

/**
 * Goes into the tunnel at `state.offset`, if there is one that is to be looked into.
 * @param protocol  of the packet just written out
 * @returns ACCEPTED where there is none; else the layer inside, or why it cannot be read
 */
export function tunnelLayer(state: DecodeState, protocol: number): number {
  if ((state.record[DETAIL]! & DETAIL_LATER_FRAGMENT) !== 0) return ACCEPTED;
  switch (protocol) {
    case PROTOCOL_IPV4:
      return enterTunnel(state, TUNNEL_IPIP, 0) ? LAYER_IPV4 : ACCEPTED;
    case PROTOCOL_IPV6: {
      const outerVersion = (state.record[KEY_PROTOCOL]! >>> 8) & 0xff;
      return enterTunnel(state, outerVersion === 4 ? TUNNEL_6IN4 : TUNNEL_IPIP, 0) ? LAYER_IPV6 : ACCEPTED;
    }
    case PROTOCOL_GRE:
      return greLayer(state);
    case PROTOCOL_UDP:
      return udpTunnelLayer(state);
    default:
      return ACCEPTED;
  }
}

const GRE_OCTETS = 4; // RFC 2784 §2: flags and version (u16), protocol type (u16)
const GRE_CHECKSUM = 0x8000;
const GRE_ROUTING = 0x4000; // RFC 1701, deprecated
const GRE_KEY = 0x2000; // RFC 2890 §2
const GRE_SEQUENCE = 0x1000;
const GRE_ACKNOWLEDGEMENT = 0x0080; // RFC 2637 §4.1
const GRE_VERSION_MASK = 0x0007;
const GRE_BRIDGED_ETHERNET = 0x6558;
const GRE_ERSPAN_I_II = 0x88be;
const GRE_ERSPAN_III = 0x22eb;
const GRE_PPP = 0x880b;

function greLayer(state: DecodeState): number {
  const offset = state.offset;
  const view = state.view;
  if (!isChosen(state, TUNNEL_GRE) && !isChosen(state, TUNNEL_ERSPAN)) return ACCEPTED;
  if (offset + GRE_OCTETS > state.capturedEnd) {
    return missingHeader(state, GRE_OCTETS, TUNNEL_MALFORMED, TUNNEL_TRUNCATED);
  }
  const flags = view.getUint16(offset);
  const protocol = view.getUint16(offset + 2);
  const isErspan = protocol === GRE_ERSPAN_I_II || protocol === GRE_ERSPAN_III;
  if (!isChosen(state, isErspan ? TUNNEL_ERSPAN : TUNNEL_GRE)) return ACCEPTED;
  if ((flags & GRE_VERSION_MASK) === 1) return pptpLayer(state, flags, protocol);
  if ((flags & (GRE_VERSION_MASK | GRE_ROUTING)) !== 0) return TUNNEL_VARIANT;
  const keyOffset = offset + GRE_OCTETS + ((flags & GRE_CHECKSUM) !== 0 ? 4 : 0);
  const sequenceOffset = keyOffset + ((flags & GRE_KEY) !== 0 ? 4 : 0);
  const payload = sequenceOffset + ((flags & GRE_SEQUENCE) !== 0 ? 4 : 0);
  if (payload > state.capturedEnd) {
    return missingHeader(state, payload - offset, TUNNEL_MALFORMED, TUNNEL_TRUNCATED);
  }
  state.offset = payload;
  if (isErspan) return erspanLayer(state, protocol, (flags & GRE_SEQUENCE) !== 0);
  const key = (flags & GRE_KEY) !== 0 ? view.getInt32(keyOffset) : 0;
  if (!enterTunnel(state, TUNNEL_GRE, key)) return ACCEPTED;
  if (protocol === GRE_BRIDGED_ETHERNET) return LAYER_ETHERNET;
  // A keepalive has protocol 0, and no LLC is carried directly.
  if (protocol === 0) return TUNNEL_CONTROL;
  if (protocol < 0x600) return TUNNEL_VARIANT;
  state.etherType = protocol;
  return LAYER_ETHER_TYPE;
}

const PPTP_PAYLOAD_LENGTH = 4; // u16, RFC 2637 §4.1
const PPTP_CALL_ID = 6; // u16

function pptpLayer(state: DecodeState, flags: number, protocol: number): number {
  const offset = state.offset;
  if (protocol !== GRE_PPP || (flags & GRE_KEY) === 0) return TUNNEL_VARIANT;
  const sequence = (flags & GRE_SEQUENCE) !== 0;
  const octets = 8 + (sequence ? 4 : 0) + ((flags & GRE_ACKNOWLEDGEMENT) !== 0 ? 4 : 0);
  if (offset + octets > state.capturedEnd) {
    return missingHeader(state, octets, TUNNEL_MALFORMED, TUNNEL_TRUNCATED);
  }
  // Without a sequence number it is an acknowledgement alone.
  if (!sequence || state.view.getUint16(offset + PPTP_PAYLOAD_LENGTH) === 0) return TUNNEL_CONTROL;
  state.offset = offset + octets;
  return enterTunnel(state, TUNNEL_GRE, state.view.getUint16(offset + PPTP_CALL_ID)) ? LAYER_PPP : ACCEPTED;
}

const ERSPAN_II_OCTETS = 8; // draft-foschiano-erspan-03 §4.2
const ERSPAN_III_OCTETS = 12; // §4.3
const ERSPAN_SESSION_MASK = 0x3ff; // low bits of the first word
const ERSPAN_III_FRAME = 10; // u16: … frame type (5 bits), hardware (6), D, granularity (2), optional subheader (1)
const ERSPAN_III_SUBHEADER = 0x0001;
const ERSPAN_III_SUBHEADER_OCTETS = 8;
const ERSPAN_III_FRAME_TYPE_SHIFT = 10;
const ERSPAN_III_FRAME_ETHERNET = 0;
const ERSPAN_III_FRAME_IP = 2;

function erspanLayer(state: DecodeState, protocol: number, hasSequence: boolean): number {
  const offset = state.offset;
  const view = state.view;
  // Type I has no header of its own, and is told by GRE's missing sequence number.
  if (protocol === GRE_ERSPAN_I_II && !hasSequence) {
    return enterTunnel(state, TUNNEL_ERSPAN, 0) ? LAYER_ETHERNET : ACCEPTED;
  }
  let octets = protocol === GRE_ERSPAN_I_II ? ERSPAN_II_OCTETS : ERSPAN_III_OCTETS;
  if (offset + octets > state.capturedEnd) {
    return missingHeader(state, octets, TUNNEL_MALFORMED, TUNNEL_TRUNCATED);
  }
  const first = view.getInt32(offset);
  let inside = LAYER_ETHERNET;
  if (protocol === GRE_ERSPAN_III) {
    const frame = view.getUint16(offset + ERSPAN_III_FRAME);
    if ((frame & ERSPAN_III_SUBHEADER) !== 0) octets += ERSPAN_III_SUBHEADER_OCTETS;
    const frameType = (frame >>> ERSPAN_III_FRAME_TYPE_SHIFT) & 0x1f;
    if (frameType === ERSPAN_III_FRAME_IP) inside = LAYER_IP;
    else if (frameType !== ERSPAN_III_FRAME_ETHERNET) return TUNNEL_VARIANT;
  }
  if (first >>> 28 !== (protocol === GRE_ERSPAN_III ? 2 : 1)) return TUNNEL_VARIANT;
  state.offset = offset + octets;
  return enterTunnel(state, TUNNEL_ERSPAN, first & ERSPAN_SESSION_MASK) ? inside : ACCEPTED;
}
