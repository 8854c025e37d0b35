/**
 * The collector of the benchmarks: a process of its own that binds a UDP port on loopback, counts messages of IPFIX and
 * NetFlow v9 and v5 and their data records, and adds up their packets and octets. The same for every probe, and not built
 * from flowtap's encoder. Keeps no flow, answers nothing; templates with fields of variable length are counted by message.
 *
 * Spoken to over the IPC channel of `fork`: 'reset' empties the counters, 'report' sends them.
 */
import { createSocket } from 'node:dgram';

/** What has arrived since the last reset. */
export interface SinkReport {
  readonly port: number;
  readonly messages: number;
  readonly records: number;
  readonly packets: number;
  readonly octets: number;
  /** Data records that IPFIX sequence numbers say were sent and did not arrive; 0 where a probe numbers otherwise. */
  readonly lostRecords: number;
  /** Milliseconds since the last message; QUIET_MS_MAX where none came. */
  readonly quietMs: number;
}

interface TemplateShape {
  readonly octets: number;
  readonly isOptions: boolean;
  readonly packetsAt: number;
  readonly packetsOctets: number;
  readonly octetsAt: number;
  readonly octetsOctets: number;
}

const VARIABLE_LENGTH = 0xffff;
const QUIET_MS_MAX = 1e9;
const RECEIVE_BUFFER_OCTETS = 16 << 20;

let messages = 0;
let records = 0;
let packets = 0;
let octets = 0;
let lostRecords = 0;
let lastMessageAt = -Infinity;
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
  records += count;
  for (let i = 0, at = start; i < count; i++, at += template.octets) {
    if (template.packetsAt >= 0)
      packets += readCounter(view, at + template.packetsAt, template.packetsOctets);
    if (template.octetsAt >= 0) octets += readCounter(view, at + template.octetsAt, template.octetsOctets);
  }
  return count;
}

/** NetFlow v5: a header of 24 octets and records of 48. */
function readNetflow5(view: DataView): void {
  for (let at = 24; at + 48 <= view.byteLength; at += 48) {
    records++;
    packets += view.getUint32(at + 16);
    octets += view.getUint32(at + 20);
  }
}

function readMessage(message: Buffer): void {
  messages++;
  lastMessageAt = performance.now();
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
  if (gap > 0) lostRecords += gap;
  expectedSequence.set(domain, (sequence + dataRecords) >>> 0);
}

function reset(): void {
  messages = 0;
  records = 0;
  packets = 0;
  octets = 0;
  lostRecords = 0;
  lastMessageAt = -Infinity;
  templates.clear();
  expectedSequence.clear();
}

const socket = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER_OCTETS });
socket.on('message', readMessage);
socket.bind(0, '127.0.0.1', () => process.send?.('ready'));
process.on('disconnect', () => process.exit(0));
process.on('message', (command) => {
  if (command === 'reset') reset();
  const port = socket.address().port;
  // Infinity does not pass the channel, which speaks JSON.
  const quietMs = Math.min(performance.now() - lastMessageAt, QUIET_MS_MAX);
  process.send?.({ port, messages, records, packets, octets, lostRecords, quietMs } satisfies SinkReport);
});
