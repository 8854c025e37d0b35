/**
 * The general path: any frame of any link type, one header after the other, to the innermost IP packet that is to be
 * metered. The engine gives the same answers for the frames that it takes (engine/assembly/decode.ts).
 */
import {
  type DecodeState,
  LAYER_ETHER_TYPE,
  LAYER_ETHERNET,
  LAYER_IP,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_LLC,
  LAYER_MPLS,
  LAYER_PPP,
  LAYER_PPPOE,
  missingHeader,
} from './decode-state.ts';
import { ethernetLayer, etherTypeLayer, llcLayer } from './ethernet.ts';
import { ipv4Layer } from './ipv4.ts';
import { ipv6Layer } from './ipv6.ts';
import { linkLayer } from './link.ts';
import { mplsLayer, pppLayer, pppoeLayer } from './mpls-ppp.ts';
import { NOTICE_TUNNEL_NOT_IP, NOTICE_TUNNEL_UNDECODABLE } from './notices.ts';
import { ACCEPTED, IP_VERSION, IPV4_TOO_SHORT, IPV4_TRUNCATED, LINK_MALFORMED, REASONS } from './reasons.ts';

/** 1 for reasons that mean a damaged packet, 0 for those that mean another kind of packet. */
const IS_DAMAGE = Uint8Array.from(REASONS, (reason) =>
  reason.kind === 'malformed' || reason.kind === 'truncated' ? 1 : 0,
);

/**
 * Layers of one frame. Tags, labels and tunnels have limits of their own; this one ends what they do not, such as
 * Ethernet in pseudo-wires in Ethernet. Each layer but the IP ones takes at least one octet of the frame as well.
 */
const LAYERS_MAX = 128;

/**
 * Decodes the frame that `startFrame` has set.
 * @returns ACCEPTED with the work record written out, or the reason why there is none
 */
export function decodeFrame(state: DecodeState, linkType: number): number {
  let layer = linkLayer(state, linkType);
  for (let count = 0; layer < 0; count++) {
    layer = count < LAYERS_MAX ? nextLayer(state, layer) : LINK_MALFORMED;
  }
  if (layer !== ACCEPTED && state.committed !== 0) {
    state.notices |= 1 << (IS_DAMAGE[layer] === 1 ? NOTICE_TUNNEL_UNDECODABLE : NOTICE_TUNNEL_NOT_IP);
    return ACCEPTED;
  }
  return layer;
}

function nextLayer(state: DecodeState, layer: number): number {
  switch (layer) {
    case LAYER_ETHERNET:
      return ethernetLayer(state);
    case LAYER_ETHER_TYPE:
      return etherTypeLayer(state);
    case LAYER_LLC:
      return llcLayer(state);
    case LAYER_MPLS:
      return mplsLayer(state);
    case LAYER_PPPOE:
      return pppoeLayer(state);
    case LAYER_PPP:
      return pppLayer(state);
    case LAYER_IPV4:
      return ipv4Layer(state);
    case LAYER_IPV6:
      return ipv6Layer(state);
    case LAYER_IP:
      return ipLayer(state);
    default:
      return LINK_MALFORMED;
  }
}

/** IP of the version that the packet itself says. */
function ipLayer(state: DecodeState): number {
  if (state.offset + 1 > state.capturedEnd) return missingHeader(state, 1, IPV4_TOO_SHORT, IPV4_TRUNCATED);
  const version = state.view.getUint8(state.offset) >>> 4;
  if (version === 4) return LAYER_IPV4;
  return version === 6 ? LAYER_IPV6 : IP_VERSION;
}
