/**
 * Tunnels over UDP, told by their ports: VXLAN (RFC 7348), GENEVE (RFC 8926), GTP-U (3GPP TS 29.281), L2TPv2 (RFC 2661)
 * and Teredo (RFC 4380). L2TPv3 over UDP is not decoded: nothing in it says how long its cookie is.
 */

import { PORTS } from '../records/decoded-batch.ts';
import {
  TUNNEL_GENEVE,
  TUNNEL_GTPU,
  TUNNEL_L2TP,
  TUNNEL_TEREDO,
  TUNNEL_VXLAN,
} from '../records/tunnel-kinds.ts';
import {
  type DecodeState,
  LAYER_ETHER_TYPE,
  LAYER_ETHERNET,
  LAYER_IPV6,
  LAYER_PPP,
  missingHeader,
  narrowLayer,
} from './decode-state.ts';
import { enterTunnel } from './enter-tunnel.ts';
import { GUESS_TRUNCATED, guessLayer } from './guess.ts';
import { ACCEPTED, TUNNEL_CONTROL, TUNNEL_MALFORMED, TUNNEL_TRUNCATED, TUNNEL_VARIANT } from './reasons.ts';
import { UDP_HEADER_OCTETS, UDP_LENGTH } from './transport.ts';

/**
 * The tunnel kind that a datagram's ports tell, or 0.
 * @param ports  source << 16 | destination
 */
export function udpTunnelKind(udpTunnels: Uint8Array, ports: number): number {
  const destination = udpTunnels[ports & 0xffff]!;
  const source = udpTunnels[ports >>> 16]!;
  return (destination & 0xf) | (destination >>> 4) || source >>> 4;
}

/** Goes into the datagram at `state.offset` (its UDP header) if its ports tell of a tunnel. */
export function udpTunnelLayer(state: DecodeState): number {
  const kind = udpTunnelKind(state.udpTunnels, state.record[PORTS]!);
  if (kind === 0) return ACCEPTED;
  const offset = state.offset;
  if (offset + UDP_HEADER_OCTETS > state.capturedEnd) {
    return missingHeader(state, UDP_HEADER_OCTETS, TUNNEL_MALFORMED, TUNNEL_TRUNCATED);
  }
  const length = state.view.getUint16(offset + UDP_LENGTH);
  // 0 is what super-packets have; a length between is the transport's own fault and already noted.
  if (length >= UDP_HEADER_OCTETS) narrowLayer(state, offset, length);
  state.offset = offset + UDP_HEADER_OCTETS;
  switch (kind) {
    case TUNNEL_VXLAN:
      return vxlanLayer(state);
    case TUNNEL_GENEVE:
      return geneveLayer(state);
    case TUNNEL_GTPU:
      return gtpuLayer(state);
    case TUNNEL_L2TP:
      return l2tpLayer(state);
    case TUNNEL_TEREDO:
      return teredoLayer(state);
    default:
      return ACCEPTED;
  }
}

const VXLAN_OCTETS = 8; // RFC 7348 §5: flags (u8), reserved (24 bits), VNI (24), reserved (8)
const VXLAN_VNI_WORD = 4;
const VXLAN_VNI_VALID = 0x08;

function vxlanLayer(state: DecodeState): number {
  const offset = state.offset;
  if (offset + VXLAN_OCTETS > state.capturedEnd) {
    return missingHeader(state, VXLAN_OCTETS, TUNNEL_MALFORMED, TUNNEL_TRUNCATED);
  }
  if ((state.view.getUint8(offset) & VXLAN_VNI_VALID) === 0) return TUNNEL_MALFORMED;
  const vni = state.view.getInt32(offset + VXLAN_VNI_WORD) >>> 8;
  state.offset = offset + VXLAN_OCTETS;
  return enterTunnel(state, TUNNEL_VXLAN, vni) ? LAYER_ETHERNET : ACCEPTED;
}

const GENEVE_OCTETS = 8; // RFC 8926 §3.4: version (2 bits), options (6, in 4 octets), flags (u8), protocol (u16), VNI
const GENEVE_CONTROL = 0x80;
const GENEVE_BRIDGED_ETHERNET = 0x6558;

function geneveLayer(state: DecodeState): number {
  const offset = state.offset;
  const view = state.view;
  if (offset + GENEVE_OCTETS > state.capturedEnd) {
    return missingHeader(state, GENEVE_OCTETS, TUNNEL_MALFORMED, TUNNEL_TRUNCATED);
  }
  const first = view.getUint8(offset);
  if (first >>> 6 !== 0) return TUNNEL_VARIANT;
  const octets = GENEVE_OCTETS + ((first & 0x3f) << 2);
  if (offset + octets > state.capturedEnd) {
    return missingHeader(state, octets, TUNNEL_MALFORMED, TUNNEL_TRUNCATED);
  }
  if ((view.getUint8(offset + 1) & GENEVE_CONTROL) !== 0) return TUNNEL_CONTROL;
  const protocol = view.getUint16(offset + 2);
  state.offset = offset + octets;
  if (!enterTunnel(state, TUNNEL_GENEVE, view.getInt32(offset + 4) >>> 8)) return ACCEPTED;
  if (protocol === GENEVE_BRIDGED_ETHERNET) return LAYER_ETHERNET;
  if (protocol < 0x600) return TUNNEL_VARIANT;
  state.etherType = protocol;
  return LAYER_ETHER_TYPE;
}

const GTPU_OCTETS = 8; // TS 29.281 §5.1: flags (u8), message type (u8), length (u16), TEID (u32)
const GTPU_VERSION_TYPE_MASK = 0xf0;
const GTPU_VERSION_1 = 0x30; // version 1, protocol type GTP
const GTPU_OPTIONAL_MASK = 0x07; // E, S, PN: any of them brings all three fields
const GTPU_EXTENSION_FLAG = 0x04;
const GTPU_G_PDU = 255;
const GTPU_EXTENSIONS_MAX = 8;

function gtpuLayer(state: DecodeState): number {
  const offset = state.offset;
  const view = state.view;
  if (offset + GTPU_OCTETS > state.capturedEnd) {
    return missingHeader(state, GTPU_OCTETS, TUNNEL_MALFORMED, TUNNEL_TRUNCATED);
  }
  const flags = view.getUint8(offset);
  if ((flags & GTPU_VERSION_TYPE_MASK) !== GTPU_VERSION_1) return TUNNEL_VARIANT;
  if (view.getUint8(offset + 1) !== GTPU_G_PDU) return TUNNEL_CONTROL;
  narrowLayer(state, offset, GTPU_OCTETS + view.getUint16(offset + 2));
  let octets = GTPU_OCTETS;
  if ((flags & GTPU_OPTIONAL_MASK) !== 0) {
    octets += 4; // sequence number (u16), N-PDU number (u8), type of the next extension header (u8)
    let more = (flags & GTPU_EXTENSION_FLAG) !== 0;
    for (let count = 0; ; count++) {
      if (offset + octets > state.capturedEnd) {
        return missingHeader(state, octets, TUNNEL_MALFORMED, TUNNEL_TRUNCATED);
      }
      // Each header ends with the type of the next one, as the optional fields do (§5.2.1).
      if (!more || view.getUint8(offset + octets - 1) === 0) break;
      more = true;
      if (count === GTPU_EXTENSIONS_MAX) return TUNNEL_MALFORMED;
      if (offset + octets + 1 > state.capturedEnd) {
        return missingHeader(state, octets + 1, TUNNEL_MALFORMED, TUNNEL_TRUNCATED);
      }
      const length = view.getUint8(offset + octets) << 2;
      if (length === 0) return TUNNEL_MALFORMED;
      octets += length;
    }
  }
  return gtpuPayload(state, view.getInt32(offset + 4), offset + octets);
}

/** A user packet: IP mostly, Ethernet in 5G; PPP bearers carry other things. No field of the packet tells which. */
function gtpuPayload(state: DecodeState, tunnelId: number, offset: number): number {
  state.offset = offset;
  if (offset + 1 > state.capturedEnd) return missingHeader(state, 1, TUNNEL_MALFORMED, TUNNEL_TRUNCATED);
  const guess = guessLayer(state, false);
  if (guess >= 0) return guess === GUESS_TRUNCATED ? TUNNEL_TRUNCATED : TUNNEL_VARIANT;
  return enterTunnel(state, TUNNEL_GTPU, tunnelId) ? guess : ACCEPTED;
}

// RFC 2661 §3.1
const L2TP_CONTROL = 0x8000;
const L2TP_LENGTH = 0x4000;
const L2TP_SEQUENCE = 0x0800;
const L2TP_OFFSET = 0x0200;
const L2TP_VERSION_MASK = 0x000f;

function l2tpLayer(state: DecodeState): number {
  const offset = state.offset;
  const view = state.view;
  if (offset + 2 > state.capturedEnd) return missingHeader(state, 2, TUNNEL_MALFORMED, TUNNEL_TRUNCATED);
  const flags = view.getUint16(offset);
  if ((flags & L2TP_VERSION_MASK) !== 2) return TUNNEL_VARIANT;
  if ((flags & L2TP_CONTROL) !== 0) return TUNNEL_CONTROL;
  const idOffset = offset + 2 + ((flags & L2TP_LENGTH) !== 0 ? 2 : 0);
  const sizeOffset = idOffset + 4 + ((flags & L2TP_SEQUENCE) !== 0 ? 4 : 0);
  const octets = sizeOffset + ((flags & L2TP_OFFSET) !== 0 ? 2 : 0) - offset;
  if (offset + octets > state.capturedEnd) {
    return missingHeader(state, octets, TUNNEL_MALFORMED, TUNNEL_TRUNCATED);
  }
  if ((flags & L2TP_LENGTH) !== 0) {
    const length = view.getUint16(offset + 2);
    if (length < octets) return TUNNEL_MALFORMED;
    narrowLayer(state, offset, length);
  }
  // The pad that the offset size announces is checked by whoever reads behind it.
  const pad = (flags & L2TP_OFFSET) !== 0 ? view.getUint16(sizeOffset) : 0;
  state.offset = offset + octets + pad;
  return enterTunnel(state, TUNNEL_L2TP, view.getInt32(idOffset)) ? LAYER_PPP : ACCEPTED;
}

const TEREDO_AUTHENTICATION = 0x0001; // RFC 4380 §5.1.1
const TEREDO_AUTHENTICATION_OCTETS = 13; // indicator (u16), two lengths (u8), nonce (8), confirmation (u8)
const TEREDO_ORIGIN = 0x0000;
const TEREDO_ORIGIN_OCTETS = 8; // indicator (u16), port (u16), address (u32)

function teredoLayer(state: DecodeState): number {
  const view = state.view;
  if (state.offset + 4 > state.capturedEnd)
    return missingHeader(state, 4, TUNNEL_MALFORMED, TUNNEL_TRUNCATED);
  if (view.getUint16(state.offset) === TEREDO_AUTHENTICATION) {
    const clientOctets = view.getUint8(state.offset + 2);
    const authenticationOctets = view.getUint8(state.offset + 3);
    state.offset += TEREDO_AUTHENTICATION_OCTETS + clientOctets + authenticationOctets;
  }
  if (state.offset + 2 > state.capturedEnd)
    return missingHeader(state, 2, TUNNEL_MALFORMED, TUNNEL_TRUNCATED);
  if (view.getUint16(state.offset) === TEREDO_ORIGIN) state.offset += TEREDO_ORIGIN_OCTETS;
  return enterTunnel(state, TUNNEL_TEREDO, 0) ? LAYER_IPV6 : ACCEPTED;
}
