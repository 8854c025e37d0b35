/** Messages made from flow records, and read back with protobufjs by the shipped flow.proto; nothing of ours decodes. */
import { join } from 'node:path';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import type { ExportingConfig } from '../../../src/export/contract/record-sink.ts';
import { createBlock, ENTRY_HEAD_OCTETS } from '../../../src/export/flow-messages/message-block.ts';
import { MessageEncoder } from '../../../src/export/flow-messages/message-encoder.ts';
import { kafkaSinkOptions } from '../../../src/export/kafka/create-sink.ts';
import { FlowText } from '../../../src/ie/flow-text.ts';
import type { FlowRecordBatch } from '../../../src/records/flow-layout.ts';
import { CONFIG } from '../exporter-support.ts';
import type { TestDirection, TestFlow } from '../records.ts';

export const FLOW_PROTO_FOLDER = join(import.meta.dirname, '../../../config');

const root = new protobuf.Root();
root.resolvePath = (_, target) => target;
root.loadSync(join(FLOW_PROTO_FOLDER, 'flow.proto'), { keepCase: true });
export const FLOW_MESSAGE = root.lookupType('flowpb.FlowMessage');

/** A flow message as protobufjs reads it: numbers of 64 bits as text, octets as hexadecimal. */
export type DecodedMessage = Readonly<Record<string, string | number | readonly (string | number)[]>>;

const plain = (value: unknown): string | number =>
  value instanceof Uint8Array ? Buffer.from(value).toString('hex') : (value as string | number);

/** Decodes one message behind its length. @throws Error for octets behind it, or fields that flow.proto does not have */
export function decodeMessage(octets: Uint8Array): DecodedMessage {
  const reader = protobuf.Reader.create(octets);
  const message = FLOW_MESSAGE.decodeDelimited(reader);
  if (reader.pos !== octets.length)
    throw new Error(`${octets.length - reader.pos} octets behind the message`);
  FLOW_MESSAGE.verify(message);
  const unknown = (message as { $unknowns?: readonly Uint8Array[] }).$unknowns;
  if (unknown !== undefined && unknown.length > 0) throw new Error('a field that flow.proto does not have');
  const object = FLOW_MESSAGE.toObject(message, { longs: String, enums: String });
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(plain) : plain(value),
    ]),
  );
}

export interface Entry {
  readonly key: number;
  readonly value: Buffer;
}

/** Takes a block apart by the layout that message-block.ts documents. */
export function entriesOf(octets: Uint8Array): Entry[] {
  const buffer = Buffer.from(octets);
  const entries: Entry[] = [];
  for (let at = 0; at < buffer.length; ) {
    const end = at + ENTRY_HEAD_OCTETS + buffer.readUInt32BE(at + 4);
    entries.push({ key: buffer.readUInt32BE(at), value: buffer.subarray(at + ENTRY_HEAD_OCTETS, end) });
    at = end;
  }
  return entries;
}

/** Encodes batches to blocks of `octets`, full of something else before, and takes those apart. */
export function encodeAll(
  batches: readonly FlowRecordBatch[],
  options: Readonly<Record<string, unknown>> = {},
  config: ExportingConfig = CONFIG,
  octets = 60_000,
): Entry[] {
  const encoder = new MessageEncoder(
    kafkaSinkOptions(config, {
      protocol: 'kafka',
      host: '192.0.2.2',
      port: 9092,
      path: 'flows',
      url: 'kafka://192.0.2.2:9092/flows',
      options: { samplerAddress: '2001:db8::7', ...options },
    }),
  );
  const entries: Entry[] = [];
  for (const batch of batches) {
    encoder.begin(batch);
    for (let isDone = false; !isDone; ) {
      const block = createBlock(octets);
      block.octets.fill(0xa5);
      isDone = encoder.encode(block);
      const found = entriesOf(block.octets.subarray(0, block.used));
      if (found.length !== block.messages) throw new Error('the block counts other messages than it has');
      if (!isDone && found.length === 0) throw new Error('a message does not fit an empty block');
      entries.push(...found);
    }
  }
  return entries;
}

/** What `-o json` prints of batches, one object for each message. */
export function jsonLines(
  batches: readonly FlowRecordBatch[],
  config: ExportingConfig = CONFIG,
): Record<string, string | number>[] {
  const { domainId, ingressInterface, egressInterface } = config.observation;
  const text = new FlowText({
    form: 'json',
    template: config.template,
    biflow: config.biflow,
    values: { observationDomainId: domainId, ingressInterface, egressInterface },
  });
  return batches.flatMap((batch) =>
    text
      .batch(batch)
      .toString('latin1')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, string | number>),
  );
}

/** Any flow, with any values that its words can hold. */
export function anyFlow(): fc.Arbitrary<TestFlow> {
  const word = fc.integer();
  const timeNs = fc.double({ min: 0, max: 1e15, noNaN: true }).map(Math.floor);
  const direction: fc.Arbitrary<TestDirection> = fc.record({
    packets: fc.oneof(fc.constant(0), fc.nat(2 ** 31 - 1), fc.maxSafeNat()),
    octets: fc.oneof(fc.nat(300), fc.maxSafeNat()),
    layer2Octets: fc.oneof(fc.nat(300), fc.maxSafeNat()),
    firstNs: timeNs,
    lastNs: timeNs,
    tcpFlags: fc.nat(0xfff),
    tos: fc.nat(255),
    ttl: fc.tuple(fc.nat(255), fc.nat(255)),
    lengths: fc.tuple(fc.nat(0x7fffffff), fc.nat(0x7fffffff)),
    fragments: fc.nat(0xffff),
    flowLabel: fc.nat(0xfffff),
    customerVlan: fc.nat(0xfff),
    extensionHeaders: fc.integer(),
  });
  const octets = fc.array(fc.nat(255), { minLength: 6, maxLength: 6 });
  return fc.record({
    source: fc.array(word, { minLength: 4, maxLength: 4 }),
    destination: fc.array(word, { minLength: 4, maxLength: 4 }),
    ipVersion: fc.constantFrom(4 as const, 6 as const),
    protocol: fc.constantFrom(0, 1, 2, 6, 17, 58, 255),
    ports: fc.tuple(fc.nat(0xffff), fc.nat(0xffff)),
    vlan: fc.nat(0xfff),
    observationPoint: fc.nat(0xffff),
    macs: fc.tuple(octets, octets),
    priority: fc.nat(7),
    forward: direction,
    reverse: direction,
  });
}
