/**
 * Flows that the active timeout took out of the table while they went on: what is known of them waits for their next packet
 * with payload, so that later records have the same names. A table of fixed size by the hash of the flow key, in which a
 * later flow takes the place of an earlier one.
 */
import { FIRST_LOOK_CONTINUED_BITS } from '../../records/engine-words.ts';
import * as layout from '../../records/flow-layout.ts';
import {
  type ApplicationTable,
  CONTINUED_WORDS,
  releaseApplication,
  releasePlace,
} from '../table/application-table.ts';
import { isNoted, noteContinued } from '../table/first-look.ts';
import { hashOfEntry } from '../table/flow-key.ts';
import type { FlowTable } from '../table/flow-table.ts';
import { releaseFound, releaseName } from './flow-names.ts';

/** Words of an entry that are its key, but for its session. */
const KEY_WORDS = 11;
/** Where the session of the key and the place of what is known stand behind them. */
const SESSION = KEY_WORDS;
const PLACE = KEY_WORDS + 1;
/** Its name by DNS, as a slot has it. */
const NAME = KEY_WORDS + 2;

function sessionOf(words: Int32Array, entry: number): number {
  return words[entry + layout.FLOW_STATE]! >>> layout.STATE_PPPOE_SHIFT;
}

/** Number of the flow's place. */
function numberOf({ words, seeds }: FlowTable, entry: number): number {
  return hashOfEntry(words, entry, seeds) >>> (32 - FIRST_LOOK_CONTINUED_BITS);
}

/** The flow in `slot` leaves the table: what is known of it is kept where it goes on, else given back. */
export function leaveTable(table: FlowTable, slot: number, reason: number, idleNs: number): void {
  if (table.applications === undefined) return;
  if (reason === layout.FLOW_END_REASON.activeTimeout) keepContinued(table, slot, idleNs);
  releaseApplication(table.applications, slot);
  releaseName(table.applications, slot);
}

/** Keeps what is known of the flow in `slot`, which goes on; it is no longer the slot's. */
function keepContinued(table: FlowTable, slot: number, idleNs: number): void {
  const applications = table.applications!;
  // Key extensions are not compared here.
  const { names } = applications;
  const found = names === undefined ? 0 : names.slots[slot]!;
  if ((applications.slots[slot]! >= 0 && found <= 0) || table.keyExtension !== undefined) return;
  const { words } = table;
  const { continued, continuedUntilNs } = applications;
  const entry = slot * layout.ENTRY_WORDS;
  const number = numberOf(table, entry);
  const at = number * CONTINUED_WORDS;
  releasePlace(applications, continued[at + PLACE]!);
  for (let w = 0; w < KEY_WORDS; w++) continued[at + w] = words[entry + w]!;
  continued[at + SESSION] = sessionOf(words, entry);
  const isFound = applications.slots[slot]! < 0;
  continued[at + PLACE] = isFound ? applications.slots[slot]! : 0;
  if (isFound) applications.slots[slot] = 0;
  if (names !== undefined) {
    releaseFound(names, continued[at + NAME]!);
    continued[at + NAME] = found > 0 ? found : 0;
    names.slots[slot] = 0;
  }
  noteContinued(applications.firstLook, number, continued[at + PLACE] !== 0 || continued[at + NAME] !== 0);
  const last = table.doubles[slot * layout.ENTRY_DOUBLES + layout.FLOW_LAST_NS]!;
  continuedUntilNs[number] = last + idleNs;
}

/**
 * Gives the flow in `slot` what is known of the one that it continues.
 * @param hash of its key
 * @returns false where nothing was found out about it
 */
export function takeContinued(table: FlowTable, slot: number, hash: number): boolean {
  const applications: ApplicationTable = table.applications!;
  const number = hash >>> (32 - FIRST_LOOK_CONTINUED_BITS);
  if (!isNoted(applications.firstLook, number)) return false;
  const { words, doubles } = table;
  const { continued, continuedUntilNs } = applications;
  const entry = slot * layout.ENTRY_WORDS;
  const at = number * CONTINUED_WORDS;
  const place = continued[at + PLACE]!;
  const name = continued[at + NAME]!;
  if ((place === 0 && name === 0) || continued[at + SESSION] !== sessionOf(words, entry)) return false;
  for (let w = 0; w < KEY_WORDS; w++) if (continued[at + w] !== words[entry + w]) return false;
  continued[at + PLACE] = 0;
  continued[at + NAME] = 0;
  noteContinued(applications.firstLook, number, false);
  const { names } = applications;
  if (doubles[slot * layout.ENTRY_DOUBLES + layout.FLOW_FIRST_NS]! > continuedUntilNs[number]!) {
    releasePlace(applications, place);
    if (names !== undefined) releaseFound(names, name);
    return false;
  }
  if (names !== undefined) names.slots[slot] = name;
  applications.slots[slot] = place;
  return place !== 0;
}
