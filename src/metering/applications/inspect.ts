/**
 * Hands the first packets with payload of each flow over to its inspection (src/applications), while their frames are in
 * place. The engine lists them (engine/assembly/inspection.ts): packets of flows with looks left (STATE_LOOKS_…), which are
 * taken from a flow as soon as nothing more can be learned of it, so that it costs nothing any more.
 *
 * The list is gone through before anything else that the engine stopped for is done, and at the end of a batch: a flow
 * can end then, and its slot be another's.
 */

import type { ApplicationFacts } from '../../applications/facts.ts';
import { CONFIDENCE_PORT } from '../../applications/facts.ts';
import type { FlowInspection } from '../../applications/flow-inspection.ts';
import { COUNT_PACKETS } from '../../applications/inspection-context.ts';
import type { DecodedBatch } from '../../records/decoded-batch.ts';
import * as decoded from '../../records/decoded-batch.ts';
import {
  INSPECTION_COUNT,
  INSPECTION_DISMISSED,
  INSPECTION_HEAD_WORDS,
  INSPECTION_PAIR_WORDS,
} from '../../records/engine-words.ts';
import * as layout from '../../records/flow-layout.ts';
import {
  type ApplicationTable,
  inspectionOf,
  openInspection,
  releaseApplication,
  startOfBlock,
  takeBlock,
  wordsOfBlock,
} from '../table/application-table.ts';
import * as counting from '../table/counters.ts';
import type { FlowTable } from '../table/flow-table.ts';
import { takeContinued } from './continued.ts';
import { allocateOctets, fillPacket } from './fill-packet.ts';
import { isDnsFlow, learnNames, nameFlow } from './flow-names.ts';
import { learnOthersUntil } from './others-names.ts';
import { writeFacts } from './write-facts.ts';

/**
 * Looks into the packets that the engine has listed since the last time.
 * @param batch which has offsets
 * @param view the memory that its frames lie in
 */
export function inspectListed(
  table: FlowTable,
  list: Int32Array,
  batch: DecodedBatch,
  view: DataView,
  counters: Float64Array,
): void {
  const applications = table.applications!;
  const count = list[INSPECTION_COUNT]!;
  list[INSPECTION_COUNT] = 0;
  allocateOctets(applications, view);
  for (let n = 0; n < count; n++) {
    const at = INSPECTION_HEAD_WORDS + n * INSPECTION_PAIR_WORDS;
    const slot = list[at + 1]!;
    const state = table.words[slot * layout.ENTRY_WORDS + layout.FLOW_STATE]!;
    // An earlier packet of the list may have been the last one that its flow needed.
    if ((state & layout.STATE_LOOKS_MASK) !== 0)
      inspectPacket(table, slot, state, batch, list[at]!, view, counters);
  }
}

/** Counts the packets that the engine has looked at and left out. */
export function countDismissed({ context }: ApplicationTable, list: Int32Array): void {
  context.counts[COUNT_PACKETS]! += list[INSPECTION_DISMISSED]!;
  list[INSPECTION_DISMISSED] = 0;
}

/** Hands packet `i` of the batch over to the inspection of its flow. */
function inspectPacket(
  table: FlowTable,
  slot: number,
  state: number,
  batch: DecodedBatch,
  i: number,
  view: DataView,
  counters: Float64Array,
): void {
  const applications = table.applications!;
  const { packet, names } = applications;
  if (names?.others !== undefined) learnOthersUntil(applications, batch.timeNs[i]!);
  if (!fillPacket(packet, batch, i, view, state)) return;
  if (names !== undefined) learnNames(names, packet, batch, i, slot);
  if ((state & layout.STATE_LOOKS_MASK) === layout.STATE_LOOKS_NAMES) return;
  const inspection = inspectionOf(applications, slot);
  if (inspection === undefined)
    beginInspection(table, slot, batch.words[i * decoded.DECODED_WORDS + decoded.HASH]!, counters);
  else if (inspection.take(packet)) settle(table, slot, inspection, counters);
}

/**
 * Looks into the first packet of the flow in `slot`, or the first since one that said nothing known.
 * @param hash of its key
 */
function beginInspection(table: FlowTable, slot: number, hash: number, counters: Float64Array): void {
  const applications = table.applications!;
  const isKnown = takeContinued(table, slot, hash);
  if (applications.names !== undefined) nameFlow(table, applications.names, slot);
  if (isKnown) {
    stopInspecting(table, slot);
    return;
  }
  const { packet, spare } = applications;
  if (spare.take(packet)) {
    settle(table, slot, spare, counters);
    return;
  }
  if (spare.knowsNothing) {
    // Most flows that say nothing known never do: they get no inspection of their own.
    spare.restart();
    const at = slot * layout.ENTRY_WORDS + layout.FLOW_STATE;
    table.words[at] = (table.words[at]! & ~layout.STATE_LOOKS_LISTED) - (1 << layout.STATE_LOOKS_SHIFT);
    if ((table.words[at]! & layout.STATE_LOOKS_MASK) === 0) stopInspecting(table, slot);
    return;
  }
  if (openInspection(applications, slot)) {
    // Another packet of the flow, which said nothing, may have come before it in the list.
    const at = slot * layout.ENTRY_WORDS + layout.FLOW_STATE;
    table.words[at] = table.words[at]! | layout.STATE_LOOKS_LISTED;
    return;
  }
  counters[counting.INSPECTIONS_REFUSED] = counters[counting.INSPECTIONS_REFUSED]! + 1;
  spare.reset();
  stopInspecting(table, slot);
}

/** No further packet of the flow in `slot` is listed, unless names are learned from them. */
function stopInspecting({ words, applications }: FlowTable, slot: number): void {
  const entry = slot * layout.ENTRY_WORDS;
  const at = entry + layout.FLOW_STATE;
  const isLearned = applications!.names !== undefined && isDnsFlow(words[entry + layout.FLOW_PORTS]!);
  words[at] = (words[at]! & ~layout.STATE_LOOKS_MASK) | (isLearned ? layout.STATE_LOOKS_NAMES : 0);
}

/** Whether a record says no more of the flow than its ports do, which it does by itself. */
function isGuess({ applicationName, applicationConfidence }: ApplicationFacts): boolean {
  return applicationName === undefined || applicationConfidence === CONFIDENCE_PORT;
}

/** Nothing more can be learned of the flow in `slot`: keeps what was found, and gives the inspection back. */
function settle(table: FlowTable, slot: number, inspection: FlowInspection, counters: Float64Array): void {
  const applications = table.applications!;
  stopInspecting(table, slot);
  const facts = inspection.finish();
  const looks = inspection.packetCount;
  if (inspection === applications.spare) inspection.reset();
  else releaseApplication(applications, slot);
  if (isGuess(facts)) return;
  const block = takeBlock(applications, slot);
  if (block < 0) counters[counting.FACTS_REFUSED] = counters[counting.FACTS_REFUSED]! + 1;
  else writeFacts(wordsOfBlock(applications, block), startOfBlock(block), facts, looks);
}
