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
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../records/protocol-numbers.ts';
import type { LivePacketBatch } from '../live-batch.ts';

/** Interface indexes from here on stand for frame 0, 1, … of the batch. */
export const SUPER_PACKET_INDEX = 65_000;

const IPV6_HEADER_OCTETS = 40;
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
 * @param out with offsets
 * @param counts [super-packets, packets they stand for], added to
 */
export function splitSuperPackets(
  batch: LivePacketBatch,
  out: DecodedBatch,
  interfaceIndex: number,
  counts: Float64Array,
): void {
  const { words } = out;
  const end = out.count * decoded.DECODED_WORDS;
  for (let at = 0; at < end; at += decoded.DECODED_WORDS) {
    const point = words[at + decoded.KEY_OBSERVATION_POINT]!;
    const frame = (point & 0xffff) - 1 - SUPER_PACKET_INDEX;
    if (frame < 0) continue;
    words[at + decoded.KEY_OBSERVATION_POINT] = (point & ~0xffff) | (interfaceIndex + 1);
    counts[0] = counts[0]! + 1;
    counts[1] = counts[1]! + markSegments(batch, frame, out, at);
  }
}

/** @returns how many packets the one at `at`, which came as frame `i`, stands for */
function markSegments(batch: LivePacketBatch, i: number, out: DecodedBatch, at: number): number {
  const { words } = out;
  if ((words[at + decoded.DETAIL]! & decoded.DETAIL_FRAGMENT) !== 0) return 1;
  const segment = batch.segmentOctets[i]!;
  const transport = transportHeader(batch, i, out, at);
  const headers = headerOctets(batch, i, transport);
  const payload = batch.wireLength[i]! - headers;
  if (headers === 0 || payload <= segment) return 1;
  const segments = Math.ceil(payload / segment);
  // What every packet but the first carries is not in the first one's lengths.
  const jumbo = jumboHeaderOctets(batch, i, transport);
  const rest = payload - segment + jumbo;
  const octets = (words[at + decoded.IP_OCTETS]! >>> 0) - rest;
  if (octets <= segment || segments > SEGMENTS_MAX) return 1;
  words[at + decoded.IP_OCTETS] = octets;
  words[at + decoded.FRAME_OCTETS] = (words[at + decoded.FRAME_OCTETS]! >>> 0) - rest;
  words[at + decoded.FRAGMENT_ID] = (segments << 16) | (segments * segment - payload);
  words[at + decoded.DETAIL] = words[at + decoded.DETAIL]! | decoded.DETAIL_SUPER_PACKET;
  if (jumbo !== 0) words[at + decoded.EXTENSION_HEADERS] = 0;
  return segments;
}

/**
 * Octets of the hop-by-hop header that BIG TCP (Linux 5.19) puts into IPv6 super-packets of more than 64 KB, whose length
 * its jumbo payload option says; no segment has it on the wire. 0 for others.
 */
function jumboHeaderOctets(batch: LivePacketBatch, i: number, transport: number): number {
  if (batch.wireLength[i]! <= JUMBO_ABOVE_OCTETS || batch.isUdp[i] !== 0) return 0;
  const { view } = batch;
  const start = batch.frameOffset[i]!;
  const hop = transport - JUMBO_HEADER_OCTETS;
  const ip = hop - IPV6_HEADER_OCTETS;
  if (ip < start || transport > start + batch.capturedLength[i]!) return 0;
  const isEmpty = view.getUint16(ip + 4) === 0 && view.getUint8(ip + 6) === 0;
  return isEmpty && view.getUint32(hop) === JUMBO_HEADER_START ? JUMBO_HEADER_OCTETS : 0;
}

/**
 * Where the header of frame `i` starts that each segment repeats last: as the kernel tells, else as the decoder found it,
 * if it is of the same protocol. 0 where neither is known.
 */
function transportHeader(batch: LivePacketBatch, i: number, out: DecodedBatch, at: number): number {
  const known = batch.transportOffset[i]!;
  if (known !== 0) return batch.frameOffset[i]! + known;
  const protocol = out.words[at + decoded.KEY_PROTOCOL]! & 0xff;
  if (protocol !== (batch.isUdp[i] !== 0 ? PROTOCOL_UDP : PROTOCOL_TCP)) return 0;
  return out.offsets![(at / decoded.DECODED_WORDS) * decoded.OFFSET_WORDS + decoded.TRANSPORT_OFFSET]!;
}

/** Octets of the headers of frame `i` that each segment repeats; 0 where that is not known. */
function headerOctets(batch: LivePacketBatch, i: number, transport: number): number {
  if (transport === 0) return 0;
  const offset = transport - batch.frameOffset[i]!;
  if (batch.isUdp[i] !== 0) return offset + UDP_HEADER_OCTETS;
  if (offset + TCP_HEADER_OCTETS > batch.capturedLength[i]!) return 0;
  const octets = (batch.view.getUint8(transport + TCP_DATA_OFFSET) >>> 4) << 2;
  return octets < TCP_HEADER_OCTETS ? 0 : offset + octets;
}
