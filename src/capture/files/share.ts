/**
 * Divides the frames of a capture among workers that each read all of it, so that both directions of a flow, and all
 * fragments of a packet, come to the same one: by the two IP addresses alone, in an order that makes no difference.
 * What PACKET_FANOUT_HASH does for a live ring, for files.
 *
 * Nothing is decoded here: a frame whose addresses are not found at once goes to the first worker, whatever it holds.
 */
import type { PacketBatch } from '../../records/packet-batch.ts';

const LINKTYPE_ETHERNET = 1;
const ETHERNET_TYPE = 12;
const ETHERNET_HEADER_OCTETS = 14;
const ETHER_TYPE_IPV4 = 0x0800;
const ETHER_TYPE_IPV6 = 0x86dd;
const ETHER_TYPE_MPLS = 0x8847;
const ETHER_TYPE_PPPOE = 0x8864;
/** 802.1Q, 802.1ad and the two older types of double tags: 4 octets, the next type at their end. */
const TAG_TYPES = [0x8100, 0x88a8, 0x9100, 0x9200];
const TAGS_MAX = 4;
const LABELS_MAX = 16;

const IPV4_SOURCE = 12;
const IPV4_HEADER_OCTETS = 20;
const IPV6_SOURCE = 8;
const IPV6_HEADER_OCTETS = 40;

/**
 * Keeps the frames of worker `worker` (0 … workers - 1) in the batch and drops the others, in place and in order.
 * @param linkTypes LINKTYPE_ by interface index
 */
export function keepShare(batch: PacketBatch, linkTypes: Int32Array, worker: number, workers: number): void {
  const { view, frameOffset, capturedLength, wireLength, timeNs, interfaceIndex, count } = batch;
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const at = frameOffset[i]!;
    const captured = capturedLength[i]!;
    let mixed = 0;
    if (linkTypes[interfaceIndex[i]!] === LINKTYPE_ETHERNET && captured >= 34) {
      const isPlainIPv4 = view.getUint16(at + ETHERNET_TYPE) === ETHER_TYPE_IPV4;
      mixed = isPlainIPv4
        ? view.getInt32(at + 26) ^ view.getInt32(at + 30)
        : mixOther(view, at, at + captured);
    }
    const share = ((Math.imul(mixed, 0x9e3779b1) >>> 16) * workers) >>> 16;
    if (share !== worker) continue;
    frameOffset[kept] = at;
    capturedLength[kept] = captured;
    wireLength[kept] = wireLength[i]!;
    timeNs[kept] = timeNs[i]!;
    interfaceIndex[kept] = interfaceIndex[i]!;
    kept++;
  }
  batch.count = kept;
}

/** The addresses of an Ethernet frame behind tags, labels or PPPoE, or of IPv6, mixed; 0 where there are none. */
function mixOther(view: DataView, frame: number, end: number): number {
  let type = view.getUint16(frame + ETHERNET_TYPE);
  let at = frame + ETHERNET_HEADER_OCTETS;
  for (let tags = 0; tags < TAGS_MAX && TAG_TYPES.includes(type) && at + 4 <= end; tags++) {
    type = view.getUint16(at + 2);
    at += 4;
  }
  if (type === ETHER_TYPE_PPPOE) at += 8;
  else if (type === ETHER_TYPE_MPLS || type === ETHER_TYPE_MPLS + 1) {
    for (let labels = 0; labels < LABELS_MAX && at + 4 <= end; labels++) {
      const isBottom = (view.getUint8(at + 2) & 1) === 1;
      at += 4;
      if (isBottom) break;
    }
  } else if (type !== ETHER_TYPE_IPV4 && type !== ETHER_TYPE_IPV6) return 0;
  return at < end ? mixAddresses(view, at, end) : 0;
}

function mixAddresses(view: DataView, at: number, end: number): number {
  const version = view.getUint8(at) >>> 4;
  if (version === 4 && at + IPV4_HEADER_OCTETS <= end) {
    return view.getInt32(at + IPV4_SOURCE) ^ view.getInt32(at + IPV4_SOURCE + 4);
  }
  if (version !== 6 || at + IPV6_HEADER_OCTETS > end) return 0;
  let mixed = 0;
  for (let w = 0; w < 8; w++) mixed ^= view.getInt32(at + IPV6_SOURCE + 4 * w);
  return mixed;
}
