/**
 * Super-packets: what GRO, LRO or TSO made of several segments of one connection, handed over by the kernel as one
 * packet with one header (PACKET_VNET_HDR tells). On the wire each segment has the headers again, and so they are
 * counted: this tells the metering process how many packets a decoded one stands for, and how long each is.
 *
 * Which frame a decoded packet came from is not in its work record, for refused frames leave none. So while a batch has
 * super-packets, their interface index is their number in the batch, far above any interface, and put right afterwards.
 */
import type { DecodedBatch } from '../../records/decoded-batch.ts';
import * as decoded from '../../records/decoded-batch.ts';
import type { LivePacketBatch } from './live-batch.ts';

// Imported constants are loaded from memory at each use, a module's own are folded into the code (docs/decisions/0004).
const { DECODED_WORDS, DETAIL, DETAIL_FRAGMENT, DETAIL_SUPER_PACKET, EXTENSION_HEADERS } = decoded;
const { FRAGMENT_ID, FRAME_OCTETS, IP_OCTETS, KEY_OBSERVATION_POINT } = decoded;

/** Interface indexes from here on stand for frame 0, 1, … of the batch. */
export const SUPER_PACKET_INDEX = 65_000;

const LINKTYPE_ETHERNET = 1;
const ETHERNET_HEADER_OCTETS = 14;
const ETHER_TYPE_IPV4 = 0x0800;
const ETHER_TYPE_IPV6 = 0x86dd;
const TAG_TYPES_FIRST = 0x8100;
const TAG_TYPES_SERVICE = 0x88a8;
const TAG_OCTETS = 4;
const TAGS_MAX = 4;
const IPV6_HEADER_OCTETS = 40;
const IPV6_EXTENSIONS_MAX = 8;
const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;
const UDP_HEADER_OCTETS = 8;
const TCP_HEADER_OCTETS = 20;
const TCP_DATA_OFFSET = 12;
const SEGMENTS_MAX = 0xffff;
/** Next header TCP, no length beyond 8 octets, option 194 (RFC 2675) of 4 octets. */
const JUMBO_HEADER_START = 0x0600c204;
const JUMBO_HEADER_OCTETS = 8;
const JUMBO_ABOVE_OCTETS = 65_536;

/** Numbers the super-packets of a batch, before it is decoded. */
export function numberSuperPackets(batch: LivePacketBatch): void {
  const { count, segmentOctets, interfaceIndex } = batch;
  for (let i = 0; i < count; i++) if (segmentOctets[i] !== 0) interfaceIndex[i] = SUPER_PACKET_INDEX + i;
}

/**
 * Marks the decoded super-packets of a numbered batch with their segments, and puts their observation point right.
 * @param linkType of the batch's interface
 * @param counts [super-packets, packets they stand for], added to
 */
export function splitSuperPackets(
  batch: LivePacketBatch,
  out: DecodedBatch,
  interfaceIndex: number,
  linkType: number,
  counts: Float64Array,
): void {
  const { words } = out;
  const end = out.count * DECODED_WORDS;
  for (let at = 0; at < end; at += DECODED_WORDS) {
    const point = words[at + KEY_OBSERVATION_POINT]!;
    const frame = (point & 0xffff) - 1 - SUPER_PACKET_INDEX;
    if (frame < 0) continue;
    words[at + KEY_OBSERVATION_POINT] = (point & ~0xffff) | (interfaceIndex + 1);
    counts[0] = counts[0]! + 1;
    counts[1] = counts[1]! + markSegments(batch, frame, linkType, words, at);
  }
}

/** @returns how many packets the one at `at`, which came as frame `i`, stands for */
function markSegments(
  batch: LivePacketBatch,
  i: number,
  linkType: number,
  words: Int32Array,
  at: number,
): number {
  if ((words[at + DETAIL]! & DETAIL_FRAGMENT) !== 0) return 1;
  const segment = batch.segmentOctets[i]!;
  const headers = headerOctets(batch, i, linkType);
  const payload = batch.wireLength[i]! - headers;
  if (headers === 0 || payload <= segment) return 1;
  const segments = Math.ceil(payload / segment);
  // What every packet but the first carries is not in the first one's lengths.
  const jumbo = jumboHeaderOctets(batch, i, linkType);
  const rest = payload - segment + jumbo;
  const octets = (words[at + IP_OCTETS]! >>> 0) - rest;
  if (octets <= segment || segments > SEGMENTS_MAX) return 1;
  words[at + IP_OCTETS] = octets;
  words[at + FRAME_OCTETS] = (words[at + FRAME_OCTETS]! >>> 0) - rest;
  words[at + FRAGMENT_ID] = (segments << 16) | (segments * segment - payload);
  words[at + DETAIL] = words[at + DETAIL]! | DETAIL_SUPER_PACKET;
  if (jumbo !== 0) words[at + EXTENSION_HEADERS] = 0;
  return segments;
}

/**
 * Octets of the hop-by-hop header that BIG TCP (Linux 5.19) puts into IPv6 super-packets of more than 64 KB, whose length
 * its jumbo payload option says; no segment has it on the wire. 0 for others.
 */
function jumboHeaderOctets(batch: LivePacketBatch, i: number, linkType: number): number {
  if (batch.wireLength[i]! <= JUMBO_ABOVE_OCTETS || batch.isUdp[i] !== 0) return 0;
  const { view } = batch;
  const start = batch.frameOffset[i]!;
  const captured = batch.capturedLength[i]!;
  const known = batch.transportOffset[i]!;
  const transport = known !== 0 ? known : transportOffset(view, start, captured, linkType, false);
  const hop = transport - JUMBO_HEADER_OCTETS;
  const ip = hop - IPV6_HEADER_OCTETS;
  if (ip < 0 || transport > captured) return 0;
  const isEmpty = view.getUint16(start + ip + 4) === 0 && view.getUint8(start + ip + 6) === 0;
  return isEmpty && view.getUint32(start + hop) === JUMBO_HEADER_START ? JUMBO_HEADER_OCTETS : 0;
}

/** Octets of the headers of frame `i` that each segment repeats; 0 where that is not known. */
function headerOctets(batch: LivePacketBatch, i: number, linkType: number): number {
  const { view } = batch;
  const start = batch.frameOffset[i]!;
  const captured = batch.capturedLength[i]!;
  const known = batch.transportOffset[i]!;
  const isUdp = batch.isUdp[i] !== 0;
  const offset = known !== 0 ? known : transportOffset(view, start, captured, linkType, isUdp);
  if (offset === 0) return 0;
  if (isUdp) return offset + UDP_HEADER_OCTETS;
  if (offset + TCP_HEADER_OCTETS > captured) return 0;
  const octets = (view.getUint8(start + offset + TCP_DATA_OFFSET) >>> 4) << 2;
  return octets < TCP_HEADER_OCTETS ? 0 : offset + octets;
}

/** Where the TCP or UDP header starts, from the start of the frame; 0 where it is not found without more ado. */
function transportOffset(
  view: DataView,
  start: number,
  captured: number,
  linkType: number,
  isUdp: boolean,
): number {
  let ip = 0;
  if (linkType === LINKTYPE_ETHERNET) {
    let type = 0;
    ip = ETHERNET_HEADER_OCTETS - TAG_OCTETS;
    for (let tags = 0; tags <= TAGS_MAX; tags++) {
      ip += TAG_OCTETS;
      if (ip > captured) return 0;
      type = view.getUint16(start + ip - 2);
      if (type !== TAG_TYPES_FIRST && type !== TAG_TYPES_SERVICE) break;
    }
    if (type !== ETHER_TYPE_IPV4 && type !== ETHER_TYPE_IPV6) return 0;
  }
  const protocol = isUdp ? PROTOCOL_UDP : PROTOCOL_TCP;
  if (ip + IPV6_HEADER_OCTETS > captured) return 0;
  if (view.getUint8(start + ip) >>> 4 === 4) {
    const octets = (view.getUint8(start + ip) & 0xf) << 2;
    return view.getUint8(start + ip + 9) === protocol && octets >= 20 ? ip + octets : 0;
  }
  let next = view.getUint8(start + ip + 6);
  let at = ip + IPV6_HEADER_OCTETS;
  for (let headers = 0; headers < IPV6_EXTENSIONS_MAX && next !== protocol; headers++) {
    // Hop-by-hop, routing and destination options: what a segment may have before its transport header.
    if ((next !== 0 && next !== 43 && next !== 60) || at + 8 > captured) return 0;
    next = view.getUint8(start + at);
    at += (view.getUint8(start + at + 1) + 1) << 3;
  }
  return next === protocol ? at : 0;
}
