/**
 * Memory of payload inspection beside the flow table, all of it with a limit: inspections of flows whose first packets are
 * looked into, and what was found out about flows whose inspection has ended. metering/applications fills both.
 *
 *     slots   a word for each slot of the flow table: 0 nothing is known, n the inspection n - 1 is at work,
 *             -n block n - 1 holds what was found
 *     names   a word for each slot as well, where names by DNS are looked for: 0 it was not looked up, NAME_UNKNOWN, or
 *             what `DnsNames.lookUp` found + 1
 *     blocks  APPLICATION_WORDS each, as in a record (records/application-layout.ts), in pieces of PIECE_BLOCKS that are
 *             made when the first block of one is needed
 *
 * Inspections and blocks are handed out in order, then from a list of those that were given back.
 */

import { DnsLearner } from '../../applications/dns-learner.ts';
import { DNS_NAME_COUNTS } from '../../applications/dns-name-counts.ts';
import { type DnsNameScope, DnsNames } from '../../applications/dns-names.ts';
import { FlowInspection } from '../../applications/flow-inspection.ts';
import { createInspectedPacket, type InspectedPacket } from '../../applications/inspected-packet.ts';
import { InspectionContext, type InspectionOptions } from '../../applications/inspection-context.ts';
import { APPLICATION_WORDS } from '../../records/application-layout.ts';
import type { DecodedBatch } from '../../records/decoded-batch.ts';
import { FIRST_LOOK_CONTINUED_BITS } from '../../records/engine-words.ts';
import type { AllocateMemory } from '../../records/memory.ts';
import { DNS_NAMES, METERING_COUNTERS } from './counters.ts';
import { createFirstLook } from './first-look.ts';

export interface ApplicationOptions extends Partial<InspectionOptions> {
  /** Flows whose payload is looked into at a time, and flows of which something is known. */
  readonly flows: number;
  /** Names by DNS; undefined: none. */
  readonly dnsNames?: DnsNameScope | undefined;
  /** Addresses that are remembered with a name. */
  readonly dnsNameEntries?: number;
}

/** Names that clients asked for, by the DNS that comes by. */
export interface NameTable {
  readonly names: DnsNames;
  readonly learner: DnsLearner;
  /** Counts of what is learned from packets that another meter counts: nobody reads them. */
  readonly othersCounts: Float64Array;
  /** Other meters tell names too, and may do so when a flow has begun: it is looked up until its record is written. */
  isShared: boolean;
  /** Packets of others that are yet to be learned from, from `othersNext` on, and the memory of their frames. */
  others: DecodedBatch | undefined;
  othersNext: number;
  othersView: DataView | undefined;
  readonly slots: Int32Array;
  /** The flow's client and server, as they are looked up. */
  readonly client: Int32Array;
  readonly server: Int32Array;
}

/** Of a flow that was looked up in vain. */
export const NAME_UNKNOWN = -1;
export const DNS_NAME_ENTRIES = 262_144;

/** Numbers that are handed out, and given back. */
export interface NumberPool {
  readonly capacity: number;
  readonly freed: Int32Array;
  freedCount: number;
  /** Those below this one have been handed out at least once. */
  touched: number;
}

export interface ApplicationTable {
  readonly context: InspectionContext;
  readonly slots: Int32Array;
  /** Those that are at work or were: made when they are first needed. */
  readonly inspections: FlowInspection[];
  /** At work on no flow yet: looks into first packets. */
  spare: FlowInspection;
  readonly inspectionPool: NumberPool;
  readonly blockPieces: Int32Array[];
  readonly blockPool: NumberPool;
  readonly names: NameTable | undefined;
  /** CONTINUED_WORDS for each of CONTINUED_FLOWS flows, and until when each may go on; see applications/continued.ts. */
  readonly continued: Int32Array;
  readonly continuedUntilNs: Float64Array;
  /** What the engine's first look at payload goes by. */
  readonly firstLook: Uint8Array;
  /** The packet that is handed over. */
  readonly packet: InspectedPacket;
  /** The memory that its octets are those of. */
  view: DataView | undefined;
}

/** Flows that left the table and go on, of which something is kept: a power of two. */
export const CONTINUED_FLOWS = 1 << FIRST_LOOK_CONTINUED_BITS;
export const CONTINUED_WORDS = 16;

/** Blocks of a piece: a power of two. All at once would have the collector of garbage run at the start of each replay. */
const PIECE_SHIFT = 6;
const PIECE_BLOCKS = 1 << PIECE_SHIFT;

function createNames(
  slots: number,
  { dnsNames, dnsNameEntries = DNS_NAME_ENTRIES }: ApplicationOptions,
  context: InspectionContext,
  counters: Float64Array,
): NameTable | undefined {
  if (dnsNames === undefined) return undefined;
  const counts = counters.subarray(DNS_NAMES, DNS_NAMES + DNS_NAME_COUNTS.length);
  const names = new DnsNames(dnsNameEntries, dnsNames, counts);
  return {
    names,
    learner: new DnsLearner(names, context),
    othersCounts: new Float64Array(counts.length),
    isShared: false,
    others: undefined,
    othersNext: 0,
    othersView: undefined,
    slots: new Int32Array(slots),
    client: new Int32Array(4),
    server: new Int32Array(4),
  };
}

function createPool(capacity: number): NumberPool {
  return { capacity, freed: new Int32Array(capacity), freedCount: 0, touched: 0 };
}

/**
 * @param slots of the flow table
 * @param allocate of the engine that fills it
 * @param counters of metering
 */
export function createApplicationTable(
  slots: number,
  options: ApplicationOptions,
  allocate: AllocateMemory,
  counters: Float64Array = new Float64Array(METERING_COUNTERS),
): ApplicationTable {
  const flows = Math.min(slots, options.flows);
  const context = new InspectionContext(options);
  return {
    context,
    slots: new Int32Array(slots),
    inspections: [],
    spare: new FlowInspection(context),
    inspectionPool: createPool(flows),
    blockPieces: [],
    blockPool: createPool(flows),
    names: createNames(slots, options, context, counters),
    continued: new Int32Array(CONTINUED_FLOWS * CONTINUED_WORDS),
    continuedUntilNs: new Float64Array(CONTINUED_FLOWS),
    firstLook: createFirstLook(allocate),
    packet: createInspectedPacket(),
    view: undefined,
  };
}

/** A number that is free, or -1. */
function takeNumber(pool: NumberPool): number {
  if (pool.freedCount > 0) return pool.freed[--pool.freedCount]!;
  return pool.touched === pool.capacity ? -1 : pool.touched++;
}

function giveBackNumber(pool: NumberPool, number: number): void {
  pool.freed[pool.freedCount++] = number;
}

/** The spare inspection is at work on the flow in `slot` from now on. @returns false where all are at work */
export function openInspection(table: ApplicationTable, slot: number): boolean {
  const { inspections, spare } = table;
  const number = takeNumber(table.inspectionPool);
  if (number < 0) return false;
  table.slots[slot] = number + 1;
  table.spare = inspections[number] ?? new FlowInspection(table.context);
  inspections[number] = spare;
  return true;
}

/** The inspection that is at work on the flow in `slot`, or undefined. */
export function inspectionOf(table: ApplicationTable, slot: number): FlowInspection | undefined {
  const place = table.slots[slot]!;
  return place > 0 ? table.inspections[place - 1] : undefined;
}

/** The number of the block of the flow in `slot`, or -1. */
export function blockOf(table: ApplicationTable, slot: number): number {
  const place = table.slots[slot]!;
  return place < 0 ? -place - 1 : -1;
}

/** Gives the flow in `slot`, which has neither inspection nor block, a block. @returns its number, or -1 */
export function takeBlock(table: ApplicationTable, slot: number): number {
  const number = takeNumber(table.blockPool);
  if (number < 0) return -1;
  table.slots[slot] = -number - 1;
  if (number >= table.blockPieces.length * PIECE_BLOCKS) allocatePiece(table);
  return number;
}

function allocatePiece({ blockPieces, blockPool }: ApplicationTable): void {
  const left = blockPool.capacity - blockPieces.length * PIECE_BLOCKS;
  blockPieces.push(new Int32Array(Math.min(left, PIECE_BLOCKS) * APPLICATION_WORDS));
}

/** The words that a block lies in. */
export function wordsOfBlock({ blockPieces }: ApplicationTable, number: number): Int32Array {
  return blockPieces[number >>> PIECE_SHIFT]!;
}

/** Where a block begins within them. */
export function startOfBlock(number: number): number {
  return (number & (PIECE_BLOCKS - 1)) * APPLICATION_WORDS;
}

/** Gives back what the flow in `slot` has. */
export function releaseApplication(table: ApplicationTable, slot: number): void {
  const place = table.slots[slot]!;
  if (place === 0) return;
  table.slots[slot] = 0;
  releasePlace(table, place);
}

/** Gives back an inspection or a block. @param place as a slot has it */
export function releasePlace(table: ApplicationTable, place: number): void {
  if (place === 0) return;
  if (place < 0) {
    giveBackNumber(table.blockPool, -place - 1);
    return;
  }
  table.inspections[place - 1]!.reset();
  giveBackNumber(table.inspectionPool, place - 1);
}
