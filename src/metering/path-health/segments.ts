/**
 * How many segments a packet with TCP stands for, and how long they are: a super-packet is many of them (RFC 9293
 * §3.7.1).
 */
import * as decoded from '../../records/decoded-batch.ts';
import type { HealthTable } from '../table/path-health-table.ts';
import * as side from '../table/path-health-table.ts';
import { mssOf, segmentOctets, segmentsIn, superPayload } from './loss.ts';

/** Word of `HealthTable.segment`: payload of each segment of a super-packet, where the source told; else 0. */
const SEGMENT_PAYLOAD = 13;

/**
 * The payload of a packet; the source says how many segments a super-packet stands for, in a capture file only their size
 * tells. Notes the size of each segment where the source told.
 */
export function payloadOf(
  segment: Int32Array,
  packets: Int32Array,
  at: number,
  segmentPayload: number,
): number {
  const isSuper = (packets[at + decoded.DETAIL]! & decoded.DETAIL_SUPER_PACKET) !== 0;
  segment[SEGMENT_PAYLOAD] = isSuper ? segmentPayload : 0;
  return isSuper ? superPayload(segmentPayload, packets[at + decoded.FRAGMENT_ID]!) : segmentPayload;
}

/** Counts the segments that a packet stands for, and notes the largest. @returns octets of a full one's payload */
export function countSegments(
  health: HealthTable,
  line: number,
  block: number,
  other: number,
  payload: number,
  headerOctets: number,
): number {
  const { hot } = health;
  let full = health.segment[SEGMENT_PAYLOAD]!;
  if (full === 0 && payload <= side.SINGLE_OCTETS) full = payload;
  else if (full === 0) {
    full = segmentOctets(mssOf(health, line ^ 1, other), headerOctets, payload);
  }
  hot[block + side.SEGMENTS] = hot[block + side.SEGMENTS]! + (payload > 0 ? segmentsIn(payload, full) : 0);
  const largest = payload < full ? payload : full;
  if (largest > hot[block + side.ID_SEGMENT]! >>> 16)
    hot[block + side.ID_SEGMENT] = (hot[block + side.ID_SEGMENT]! & 0xffff) | (largest << 16);
  return full;
}
