/**
 * Super-packets that the general path has decoded: what GRO, LRO or TSO made of several segments of one connection. The
 * engine marks their records (engine/assembly/segments.ts), also those of common frames; here is what only an uncommon
 * frame needs to have looked up.
 */

import type { Engine } from '../../engine/engine.ts';
import type { DecodedBatch } from '../../records/decoded-batch.ts';
import * as decoded from '../../records/decoded-batch.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../records/protocol-numbers.ts';
import type { LivePacketBatch } from '../live-batch.ts';

const IPV6_HEADER_OCTETS = 40;
/** Next header TCP, no length beyond 8 octets, option 194 (RFC 2675) of 4 octets. */
const JUMBO_HEADER_START = 0x0600c204;
const JUMBO_HEADER_OCTETS = 8;
const JUMBO_ABOVE_OCTETS = 65_536;

/**
 * Marks a decoded super-packet with its segments.
 * @param batch in the engine's memory, of which it was frame `i`
 * @param out with offsets; it is record `record` there
 * @returns how many packets it stands for
 */
export function markSuperPacket(
  engine: Engine,
  batch: LivePacketBatch,
  i: number,
  out: DecodedBatch,
  record: number,
): number {
  const { words } = out;
  const at = record * decoded.DECODED_WORDS;
  if ((words[at + decoded.DETAIL]! & decoded.DETAIL_FRAGMENT) !== 0) return 1;
  const transport = transportHeader(batch, i, out, record);
  if (transport === 0) return 1;
  const base = batch.view.byteOffset;
  return engine.markSegments(
    words.byteOffset + at * 4,
    base + batch.frameOffset[i]!,
    batch.capturedLength[i]!,
    batch.wireLength[i]!,
    base + transport,
    batch.isUdp[i]!,
    batch.segmentOctets[i]!,
    jumboHeaderOctets(batch, i, transport),
  );
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
function transportHeader(batch: LivePacketBatch, i: number, out: DecodedBatch, record: number): number {
  const known = batch.transportOffset[i]!;
  if (known !== 0) return batch.frameOffset[i]! + known;
  const protocol = out.words[record * decoded.DECODED_WORDS + decoded.KEY_PROTOCOL]! & 0xff;
  if (protocol !== (batch.isUdp[i] !== 0 ? PROTOCOL_UDP : PROTOCOL_TCP)) return 0;
  return out.offsets![record * decoded.OFFSET_WORDS + decoded.TRANSPORT_OFFSET]!;
}
