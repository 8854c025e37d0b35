/**
 * Turns batches of flow records into messages: the columns of their record class, and the framing of goflow2 (protobuf:
 * the length in front as a varint; JSON: none), with the flow's key beside it where the sink asks for that. Messages go
 * to blocks, which a sink sends or writes.
 */
import type { ValueRecords } from '../../ie/read-value.ts';
import * as layout from '../../records/flow-layout.ts';
import type { MessageBlock } from './message-block.ts';
import * as blocks from './message-block.ts';
import type { MessageColumn } from './message-column.ts';
import { putJson } from './put-json.ts';
import { putProtobuf } from './put-protobuf.ts';

const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
/** A length of 128 to 16,383 octets as a varint. */
const LENGTH_OCTETS = 2;

/** One run of records with the same columns. */
export interface MessageRun extends ValueRecords {
  readonly columns: readonly MessageColumn[];
  /** First word of each record. */
  readonly rows: Int32Array;
  /** Messages before it. */
  recordNumber: number;
  readonly isJson: boolean;
  /** protobuf: the length stands in front. */
  readonly isDelimited: boolean;
  /** Key and size of each message stand in front of it. */
  readonly hasEntryHeads: boolean;
  /** More octets than any of these messages has, entry head included. */
  readonly messageOctetsMax: number;
}

function mix(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x5bd1e995);
  return product ^ (product >>> 15);
}

/** Hash of an address and a port. */
function endpointHash(words: Int32Array, address: number, port: number): number {
  let hash = mix(0x2c1b3c6d, port);
  for (let w = 0; w < 4; w++) hash = mix(hash, words[address + w]!);
  return hash;
}

/**
 * The key of a flow: 32 bits of address pair, port pair and protocol, the same in both directions, in every run and on
 * every machine.
 * @param row first word of the record
 */
export function flowKey(words: Int32Array, row: number): number {
  const ports = words[row + layout.FLOW_PORTS]!;
  const a = endpointHash(words, row + layout.ADDRESS_A, ports >>> 16);
  const b = endpointHash(words, row + layout.ADDRESS_B, ports & 0xffff);
  return mix(mix(a + b, a ^ b), words[row + layout.FLOW_PROTOCOL]! & 0xff) >>> 0;
}

function putUint32(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}

/** The message of one record behind `at`. @returns the octet behind it */
function putMessage(run: MessageRun, row: number, recordNumber: number, out: Uint8Array, at: number): number {
  const { columns, isJson } = run;
  let end = at;
  if (isJson) {
    if (columns.length === 0) out[end++] = OPENING_BRACE;
    for (let c = 0; c < columns.length; c++) {
      end = putJson(columns[c]!, run, row, recordNumber, out, end);
    }
    out[end] = CLOSING_BRACE;
    return end + 1;
  }
  for (let c = 0; c < columns.length; c++) {
    end = putProtobuf(columns[c]!, run, row, recordNumber, out, end);
  }
  return end;
}

/**
 * Appends the messages of rows `from` to `to` to a block, as far as there is room.
 * @returns the first row that found none
 */
export function encodeMessages(run: MessageRun, from: number, to: number, block: MessageBlock): number {
  const { words, rows, isDelimited, hasEntryHeads } = run;
  const out = block.octets;
  const last = out.length - run.messageOctetsMax;
  let at = block.used;
  let row = from;
  for (; row < to && at <= last; row++) {
    const value = hasEntryHeads ? at + blocks.ENTRY_HEAD_OCTETS : at;
    const number = ++run.recordNumber;
    let end: number;
    if (!isDelimited) {
      end = putMessage(run, rows[row]!, number, out, value);
    } else {
      const start = value + LENGTH_OCTETS;
      end = putMessage(run, rows[row]!, number, out, start);
      const octets = end - start;
      if (octets >= 128) {
        out[value] = (octets & 0x7f) | 0x80;
        out[value + 1] = octets >>> 7;
      } else {
        out[value] = octets;
        out.copyWithin(value + 1, start, end);
        end--;
      }
    }
    if (hasEntryHeads) {
      putUint32(out, at, flowKey(words, rows[row]!));
      putUint32(out, at + 4, end - value);
    }
    at = end;
    block.messages++;
  }
  block.used = at;
  return row;
}
