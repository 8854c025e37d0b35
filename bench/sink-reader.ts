/**
 * The thread of the benchmarks' collector that receives: datagrams on a free port of loopback, 64 at a time, in a system
 * call that waits for them. It counts messages and records and adds up their packets and octets, in shared memory.
 */
import { workerData } from 'node:worker_threads';
import {
  END_ASKED,
  LAST_AT_MS,
  LOST_RECORDS,
  MESSAGES,
  OCTETS,
  PACKETS,
  PORT,
  RECORDS,
  RESET_ASKED,
  type SinkReaderData,
} from './sink-layout.ts';
import { openReceiver } from './udp-receiver.ts';

const { totals, words } = workerData as SinkReaderData;

interface TemplateShape {
  readonly octets: number;
  readonly isOptions: boolean;
  readonly packetsAt: number;
  readonly packetsOctets: number;
  readonly octetsAt: number;
  readonly octetsOctets: number;
}

const VARIABLE_LENGTH = 0xffff;

const templates = new Map<number, TemplateShape>();
const expectedSequence = new Map<number, number>();

/** Reads the template records of a set that lies in `view` from `at` to `end`. */
function readTemplates(view: DataView, start: number, end: number, domain: number, setId: number): void {
  const isIpfix = setId === 2 || setId === 3;
  const isOptions = setId === 1 || setId === 3;
  let at = start;
  while (at + 4 <= end) {
    const templateId = view.getUint16(at);
    let fields = view.getUint16(at + 2);
    at += isOptions ? 6 : 4;
    if (isOptions && !isIpfix) fields = (view.getUint16(at - 4) + view.getUint16(at - 2)) / 4;
    if (templateId < 256) return;
    let length = 0;
    const where = { packetsAt: -1, packetsOctets: 0, octetsAt: -1, octetsOctets: 0 };
    for (let field = 0; field < fields && at + 4 <= end; field++) {
      const element = view.getUint16(at);
      const fieldOctets = view.getUint16(at + 2);
      at += isIpfix && element >= 0x8000 ? 8 : 4;
      if (element === 2) {
        where.packetsAt = length;
        where.packetsOctets = fieldOctets;
      }
      if (element === 1) {
        where.octetsAt = length;
        where.octetsOctets = fieldOctets;
      }
      length = fieldOctets === VARIABLE_LENGTH ? Number.NaN : length + fieldOctets;
    }
    templates.set(domain * 65536 + templateId, { octets: length, isOptions, ...where });
  }
}

/** An unsigned integer of 4 or 8 octets; others count as 0. */
function readCounter(view: DataView, at: number, length: number): number {
  if (length === 8) return view.getUint32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
  return length === 4 ? view.getUint32(at) : 0;
}

/** Counts the records of a data set; returns how many there are, options included. */
function readData(view: DataView, start: number, end: number, template: TemplateShape): number {
  if (!(template.octets > 0)) return 0;
  const count = Math.floor((end - start) / template.octets);
  if (template.isOptions) return count;
  totals[RECORDS]! += count;
  for (let i = 0, at = start; i < count; i++, at += template.octets) {
    if (template.packetsAt >= 0)
      totals[PACKETS]! += readCounter(view, at + template.packetsAt, template.packetsOctets);
    if (template.octetsAt >= 0)
      totals[OCTETS]! += readCounter(view, at + template.octetsAt, template.octetsOctets);
  }
  return count;
}

/** NetFlow v5: a header of 24 octets and records of 48. */
function readNetflow5(view: DataView): void {
  for (let at = 24; at + 48 <= view.byteLength; at += 48) {
    totals[RECORDS]!++;
    totals[PACKETS]! += view.getUint32(at + 16);
    totals[OCTETS]! += view.getUint32(at + 20);
  }
}

function readMessage(message: Buffer): void {
  totals[MESSAGES]!++;
  totals[LAST_AT_MS] = Date.now();
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  if (message.length < 20) return;
  const isIpfix = view.getUint16(0) === 10;
  if (view.getUint16(0) === 5) readNetflow5(view);
  if (!isIpfix && view.getUint16(0) !== 9) return;
  const sequence = view.getUint32(isIpfix ? 8 : 12);
  const domain = view.getUint32(isIpfix ? 12 : 16);
  let at = isIpfix ? 16 : 20;
  let dataRecords = 0;
  while (at + 4 <= message.length) {
    const setId = view.getUint16(at);
    const end = at + view.getUint16(at + 2);
    if (end < at + 4 || end > message.length) return;
    if (setId < 4) readTemplates(view, at + 4, end, domain, setId);
    const template = setId >= 256 ? templates.get(domain * 65536 + setId) : undefined;
    if (template !== undefined) dataRecords += readData(view, at + 4, end, template);
    at = end;
  }
  if (!isIpfix) return;
  const gap = (sequence - (expectedSequence.get(domain) ?? sequence)) | 0;
  if (gap > 0) totals[LOST_RECORDS]! += gap;
  expectedSequence.set(domain, (sequence + dataRecords) >>> 0);
}

const receiver = openReceiver();
Atomics.store(words, PORT, receiver.port);
while (Atomics.load(words, END_ASKED) === 0) {
  if (Atomics.load(words, RESET_ASKED) === 1) {
    totals.fill(0);
    templates.clear();
    expectedSequence.clear();
    Atomics.store(words, RESET_ASKED, 0);
  }
  receiver.receive(readMessage);
}
