/**
 * The EtherTypes and link types behind the reasons otherEtherType and unsupportedLinkType, the most frequent ones first.
 * For readers of the counters; nothing here runs for a packet.
 */
import type { DecodeCounters } from './counters.ts';
import { nameOfEtherType } from './ether-type-names.ts';
import { nameOfLinkType } from './link-type-names.ts';
import { OTHER_ETHER_TYPE, UNSUPPORTED_LINK_TYPE } from './reasons.ts';

/** Packets that were refused for one number. */
export interface RefusedNumber {
  /** EtherType, or LINKTYPE_. */
  readonly number: number;
  /** The number as people write it, and its name if it has one: `0x8902 (CFM)`, `link type 227 (CAN_SOCKETCAN)`. */
  readonly name: string;
  readonly packets: number;
}

interface Numbers {
  counts(counters: DecodeCounters): Float64Array;
  nameOf(number: number): string;
}

/** By reason code. */
const NUMBERS: ReadonlyMap<number, Numbers> = new Map([
  [OTHER_ETHER_TYPE, { counts: (of) => of.packetsByEtherType, nameOf: nameOfEtherType }],
  [UNSUPPORTED_LINK_TYPE, { counts: (of) => of.packetsByLinkType, nameOf: nameOfLinkType }],
]);

/** Numbers that are told of a reason. */
export const NUMBERS_TOLD = 10;

/**
 * The numbers of a reason, the most frequent one first.
 * @param counters of several decoders, which are added up
 * @param most  numbers at most
 */
export function refusedNumbers(
  reason: number,
  counters: readonly DecodeCounters[],
  most = NUMBERS_TOLD,
): RefusedNumber[] {
  const numbers = NUMBERS.get(reason);
  const counted = counters.filter(({ packetsByReason }) => packetsByReason[reason]! > 0);
  if (numbers === undefined || counted.length === 0) return [];
  const counts = counted.map((one) => numbers.counts(one));
  const rows: { number: number; packets: number }[] = [];
  for (let number = 0; number < counts[0]!.length; number++) {
    let packets = 0;
    for (const one of counts) packets += one[number]!;
    if (packets > 0) rows.push({ number, packets });
  }
  rows.sort((a, b) => b.packets - a.packets);
  return rows.slice(0, most).map((row) => ({ ...row, name: numbers.nameOf(row.number) }));
}
