/** The application section of a flow record: what the flow's inspection has found, or what its ports suggest. */
import { guessByPort } from '../../applications/applications.ts';
import { APPLICATION, APPLICATION_WORD, TEXT_OCTETS, TEXTS } from '../../records/application-layout.ts';
import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import * as layout from '../../records/flow-layout.ts';
import {
  type ApplicationTable,
  blockOf,
  inspectionOf,
  startOfBlock,
  wordsOfBlock,
} from '../table/application-table.ts';
import type { FlowTable } from '../table/flow-table.ts';
import { writeName } from './flow-names.ts';
import { writeFacts, writeGuess, writeNothing } from './write-facts.ts';

/**
 * Writes it to the record that begins at word `to`, whose entry is written. It changes nothing that was found out.
 * @param slot of the flow
 */
export function writeApplication(
  { words }: FlowRecordBatch,
  to: number,
  table: FlowTable,
  slot: number,
): void {
  const at = to + APPLICATION_WORD;
  writeFound(words, to, at, table.applications!, slot);
  writeName(words, at, table, slot);
}

function writeFound(
  words: Int32Array,
  to: number,
  at: number,
  applications: ApplicationTable,
  slot: number,
): void {
  const block = blockOf(applications, slot);
  if (block >= 0) {
    const from = wordsOfBlock(applications, block);
    const start = startOfBlock(block);
    const used = TEXTS + ((from[start + TEXT_OCTETS]! + 3) >>> 2);
    for (let w = 0; w < used; w++) words[at + w] = from[start + w]!;
    return;
  }
  const inspection = inspectionOf(applications, slot);
  if (inspection === undefined) writeNothing(words, at);
  else writeFacts(words, at, inspection.facts, inspection.packetCount);
  if (words[at + APPLICATION] === 0 && applications.context.options.portGuess) writeGuessOf(words, to, at);
}

/** The application that the ports of the record suggest, if they do. */
function writeGuessOf(words: Int32Array, to: number, at: number): void {
  const ports = words[to + layout.FLOW_PORTS]!;
  const protocol = words[to + layout.FLOW_PROTOCOL]! & 0xff;
  const responder = ports & 0xffff;
  const initiator = ports >>> 16;
  const byResponder = guessByPort(protocol, responder);
  const number = byResponder || guessByPort(protocol, initiator);
  if (number !== 0) writeGuess(words, at, number, byResponder === 0 ? initiator : responder);
}
