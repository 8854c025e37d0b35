/**
 * A value of a flow record is read in two places: by the wire's columns, and by the reader of text, Parquet and flow
 * messages. For every element, in both directions, of records with any words, both say the same: the wire's octets are
 * taken apart here by RFC 7011 §6.1, protobuf by protobufjs.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { APPLICATIONS } from '../../src/applications/applications.ts';
import type { ApplicationFacts } from '../../src/applications/facts.ts';
import { fittingTypes } from '../../src/export/flow-messages/field-types.ts';
import { isMessageElement } from '../../src/export/flow-messages/goflow-fields.ts';
import { compileColumns, encodeColumns } from '../../src/export/messages/columns.ts';
import type { InformationElement } from '../../src/ie/element.ts';
import { INFORMATION_ELEMENTS } from '../../src/ie/elements.ts';
import { FlowText } from '../../src/ie/flow-text.ts';
import { type FlowValue, flowValue } from '../../src/ie/flow-values.ts';
import { compileTemplate, type TemplateField } from '../../src/ie/templates.ts';
import { isPrintable } from '../../src/ie/text-columns.ts';
import { writeFacts } from '../../src/metering/applications/write-facts.ts';
import { APPLICATION_WORD } from '../../src/records/application-layout.ts';
import { OUTER_KIND, TUNNEL_ID } from '../../src/records/decoded-batch.ts';
import { AS_A, ENCAPSULATION_WORD, type FlowRecordBatch } from '../../src/records/flow-layout.ts';
import { NETWORK_NAMES } from '../../src/records/network-layout.ts';
import * as health from '../../src/records/path-health-layout.ts';
import { TUNNEL_VXLAN } from '../../src/records/tunnel-kinds.ts';
import { CONFIG } from '../export/exporter-support.ts';
import { anyFlow, encodeAll } from '../export/flow-messages/support.ts';
import { recordBatch, type TestFlow } from '../export/records.ts';
import { writeNetworkName } from '../support/network-names.ts';

const T = 1_700_000_000;
const DOMAIN = 7;
const VALUES = { observationDomainId: DOMAIN, ingressInterface: 'auto', egressInterface: 0 } as const;
const WIRE_VALUES = { ...VALUES, ingressInterface: undefined, samplingInterval: 1 };
const NTP_EPOCH_SECONDS = 2_208_988_800;

/** Elements that flows of an IP version have. */
function elementsOf(ipVersion: 4 | 6): InformationElement[] {
  return INFORMATION_ELEMENTS.filter(
    (element) => isPrintable(element) && (element.ipVersion ?? ipVersion) === ipVersion,
  );
}

/** The one field of a template of this element, as long as its type is. */
function fieldOf({ name, octetsMax }: InformationElement, ipVersion: 4 | 6): TemplateField {
  const size = octetsMax === undefined ? name : `${name}:${octetsMax}`;
  return compileTemplate([size], { protocol: 'ipfix', ipVersion }).fields[0]!;
}

/** IPv6 addresses in the one form that the URL parser of Node brings them to. */
const canonical = (address: string) => new URL(`http://[${address}]`).hostname.slice(1, -1);

/** The value that octets of the wire are (RFC 7011 §6.1), as text. */
function wireText({ type, source }: InformationElement, octets: Buffer): string {
  const number = (from: number, to: number) => BigInt(`0x${octets.toString('hex', from, to)}`);
  if (source.kind === 'intervals') {
    const all = Array.from({ length: health.INTERVALS_MAX }, (_, i) => number(8 * i, 8 * i + 8));
    return all.join(';');
  }
  switch (type) {
    case 'octetArray':
      return octets.toString('hex');
    case 'macAddress':
      return octets.toString('hex').replace(/..(?=.)/g, '$&:');
    case 'ipv4Address':
      return [...octets].join('.');
    case 'ipv6Address':
      return canonical(octets.toString('hex').replace(/....(?=.)/g, '$&:'));
    case 'boolean':
      return String(octets[0] === 1);
    case 'string':
      return octets.toString().replace(/\0+$/, '');
    case 'dateTimeMicroseconds':
    case 'dateTimeNanoseconds': {
      const units = type === 'dateTimeMicroseconds' ? 1_000_000n : 1_000_000_000n;
      const seconds = number(0, 4) - BigInt(NTP_EPOCH_SECONDS);
      const since1970 = seconds < 0n ? seconds + 2n ** 32n : seconds;
      return String(since1970 * units + (number(4, 8) * units) / 2n ** 32n);
    }
    default:
      return String(number(0, octets.length));
  }
}

/** What the wire's columns make of a value of one record. */
function onWire(
  field: TemplateField,
  batch: FlowRecordBatch,
  row: number,
  isReverse: boolean,
  line: number,
): string {
  const octets = Buffer.alloc(field.octets, 0xa5);
  encodeColumns(compileColumns({ fields: [field] }, isReverse, WIRE_VALUES), {
    words: batch.words,
    doubles: batch.doubles,
    rows: Int32Array.of(row),
    positions: Int32Array.of(0),
    from: 0,
    to: 1,
    view: new DataView(octets.buffer, octets.byteOffset, octets.length),
    epochSeconds: T,
    systemInitMs: 0,
    exportSeconds: T,
    recordNumber: line - 1,
  });
  return wireText(field.element, octets);
}

/** The most that the element's octets hold, as on the wire (RFC 7011 §6.2), where a number is more. */
function saturated(value: unknown, octets: number): string {
  const text = String(value);
  if (!/^\d+$/.test(text)) return text;
  const most = 2n ** BigInt(8 * octets) - 1n;
  return String(BigInt(text) > most ? most : BigInt(text));
}

/** A value of text, which is exact, as `wireText` has it: saturated where the wire is, all intervals there. */
function asOnWire({ element: { type, source }, octets }: TemplateField, value: unknown): string {
  if (source.kind === 'intervals') {
    const there = Array.isArray(value) ? value : String(value).split(';');
    const all = Array.from({ length: health.INTERVALS_MAX }, (_, i) => there[i] || 0);
    return all.join(';');
  }
  if (type === 'ipv6Address') return canonical(String(value));
  if (type === 'string') return Array.isArray(value) ? value.join(';') : String(value ?? '');
  return type === 'octetArray' || type === 'dateTimeMicroseconds' || type === 'dateTimeNanoseconds'
    ? String(value)
    : saturated(value, octets);
}

/** A value that Parquet takes, as `wireText` has it. A duration is never more than its type holds. */
function parquetText(field: TemplateField, value: FlowValue | undefined): string {
  const { element } = field;
  if (element.source.kind === 'intervals') {
    return wireText(element, Buffer.from((value as Uint8Array) ?? Buffer.alloc(8 * health.INTERVALS_MAX)));
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return element.source.kind === 'duration' ? String(value) : asOnWire(field, value);
}

/** Lines of text of one batch, one value in each. */
function textLines(element: InformationElement, form: 'json' | 'csv', batch: FlowRecordBatch): unknown[] {
  const namesFor = (ipVersion: 4 | 6) =>
    (element.ipVersion ?? ipVersion) === ipVersion ? [element.name] : ['octetDeltaCount'];
  const template = { ipv4: namesFor(4), ipv6: namesFor(6) };
  const text = new FlowText({ form, template, biflow: false, values: VALUES });
  const lines = text.batch(batch).toString().split('\n').slice(0, -1);
  // Of elements that one IP version has, octetDeltaCount is a column of the other.
  if (form === 'csv')
    return lines.map((line) => {
      const field = element.type === 'string' ? line : line.replace(/^,|,$/, '');
      return field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field;
    });
  // Numbers of nanoseconds exceed 2^53, so JavaScript's JSON would change them.
  return lines.map((line) => {
    const [, value] = /^\{"\w+":(.*)\}$/.exec(line)!;
    if (element.type === 'string') return JSON.parse(value ?? '""');
    return value!.startsWith('[') ? (JSON.parse(value!) as number[]) : value!.replaceAll('"', '');
  });
}

/** Records of both directions with any words in every part, whose counts and numbers are ones that can be. */
function anyBatch(ipVersion: 4 | 6): fc.Arbitrary<FlowRecordBatch> {
  const flows = fc.array(anyFlow(), { minLength: 1, maxLength: 3 });
  const words = fc.array(fc.oneof(fc.integer(), fc.constant(0), fc.constant(-1)), {
    minLength: health.HEALTH_WORD + health.HEALTH_WORDS - ENCAPSULATION_WORD,
    maxLength: health.HEALTH_WORD + health.HEALTH_WORDS - ENCAPSULATION_WORD,
  });
  const counter = fc.oneof(fc.nat(300), fc.maxSafeNat());
  return fc
    .tuple(flows, words, counter, fc.nat(health.INTERVALS_MAX), fc.nat(20), anyFacts(), anyNetworks())
    .map(([some, extra, count, intervals, shift, facts, networks]) => {
      const both = some.map((flow) => withBoth({ ...flow, ipVersion }));
      const batch = recordBatch(both, {
        timeBaseSeconds: T,
        clockNs: 2e15,
        withEncapsulation: true,
        withHealth: true,
        withApplications: true,
        withNetworks: true,
      });
      for (let row = 0; row < batch.count * batch.stride; row += batch.stride) {
        batch.words.set(extra, row + ENCAPSULATION_WORD);
        writeFacts(batch.words, row + APPLICATION_WORD, facts, 3);
        batch.words.set(networks.numbers, row + AS_A);
        for (const [place, name] of networks.names.entries()) writeNetworkName(batch.words, row, place, name);
        for (const { source } of INFORMATION_ELEMENTS) {
          if (source.kind !== 'double' || source.forward < health.HEALTH_WORD / 2) continue;
          for (const at of [source.forward, source.reverse]) batch.doubles[(row >>> 1) + at] = count;
        }
        batch.words[row + health.HEALTH_WORD + health.INTERVALS] = intervals;
        for (const block of [health.FORWARD_HEALTH, health.REVERSE_HEALTH]) {
          batch.words[row + health.HEALTH_WORD + block + health.INTERVAL_SHIFT] = shift;
        }
      }
      return batch;
    });
}

/** Networks of both ends: any numbers, letters of countries or none, names that need escapes. */
function anyNetworks(): fc.Arbitrary<{ numbers: number[]; names: string[] }> {
  const letter = fc.integer({ min: 0x41, max: 0x5a });
  const country = fc.oneof(
    fc.constant(0),
    fc.tuple(letter, letter).map(([first, second]) => first | (second << 8)),
  );
  const numbers = fc
    .tuple(fc.integer(), fc.integer(), country, country, fc.nat(0xffff))
    .map(([a, b, ofA, ofB, lengths]) => [a, b, ofA | (ofB << 16), lengths]);
  const name = fc.string({ unit: fc.constantFrom('a', '"', '\\', ',', 'é', '字', '😀', ' '), maxLength: 16 });
  return fc.record({
    numbers,
    names: fc.array(name, { minLength: NETWORK_NAMES, maxLength: NETWORK_NAMES }),
  });
}

/** Facts of any kind, with texts that need escapes, and of more than one octet a character. */
function anyFacts(): fc.Arbitrary<ApplicationFacts> {
  const text = fc.string({ unit: fc.constantFrom('a', '"', '\\', ',', 'é', '字', '😀', ' '), maxLength: 90 });
  const number = fc.nat(0xff);
  return fc.record(
    {
      applicationName: fc.constantFrom(...APPLICATIONS.map(({ name }) => name)),
      applicationConfidence: fc.integer({ min: 1, max: 4 }),
      ...{ serverName: text, serverNameSource: number, dnsQueryName: text, dnsQueryType: number },
      dnsAnswers: fc.array(fc.record({ type: number, text, timeToLive: number }), {
        minLength: 1,
        maxLength: 3,
      }),
      ...{ dnsResponseTimeMicroseconds: fc.nat(), tlsServerName: text, tlsAlpn: text, tlsJa4: text },
      ...{ tlsVersion: number, quicVersion: fc.nat(), httpRequestHost: text, httpUserAgent: text },
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<ApplicationFacts>;
}

/** Both directions have packets, and begin before they end. */
function withBoth(flow: TestFlow): TestFlow {
  const ordered = (line: TestFlow['forward']) => {
    const { firstNs = 0, lastNs = 0 } = line ?? {};
    const [packets, octets] = [line?.packets || 1, line?.octets ?? 40];
    return {
      ...line,
      packets,
      octets,
      firstNs: Math.min(firstNs, lastNs),
      lastNs: Math.max(firstNs, lastNs),
    };
  };
  return { ...flow, forward: ordered(flow.forward), reverse: ordered(flow.reverse) };
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-values-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A schema with a field for each element, of the type that fits best; times are numbers. */
function writeSchema(elements: readonly InformationElement[]): string {
  const fields = elements.map(({ name, type }, i) => {
    const fitting = fittingTypes(type).find((one) => one !== 'google.protobuf.Timestamp');
    return `  ${fitting} ${name} = ${i + 1};`;
  });
  const file = join(folder, 'all.proto');
  writeFileSync(file, `syntax = "proto3";\nmessage All {\n${fields.join('\n')}\n}\n`);
  return file;
}

/** A value as protobufjs reads it, as `wireText` has it; one that was left out is 0. */
function protobufText(field: TemplateField, value: unknown): string {
  const { element, octets } = field;
  if (!(value instanceof Uint8Array)) {
    return element.source.kind === 'duration' ? String(value) : asOnWire(field, value);
  }
  const filled = value.length === 0 ? Buffer.alloc(octets) : Buffer.from(value);
  return wireText(element, filled);
}

it('the segment of VXLAN is known where its number is 0: the high octet tells the kind (IANA, IE 351)', () => {
  const [batch] = fc.sample(anyBatch(4), 1);
  batch!.words[ENCAPSULATION_WORD + OUTER_KIND] = TUNNEL_VXLAN << 8;
  batch!.words[ENCAPSULATION_WORD + TUNNEL_ID] = 0;
  const field = fieldOf(elementsOf(4).find(({ name }) => name === 'layer2SegmentId')!, 4);
  for (const isOptional of [false, true]) {
    const read = flowValue(field, { isReverse: false, isOptional, values: VALUES })!;
    expect(String(read(batch!, 0, 1))).toBe(String(0x01n << 56n));
  }
});

describe.each([4, 6] as const)('values of IPv%s flows', (ipVersion) => {
  const fields = elementsOf(ipVersion).map((element) => fieldOf(element, ipVersion));

  it('are the same on the wire, in JSON, in CSV and in Parquet, for every element and direction', () => {
    expect(fields.length).toBeGreaterThan(100);
    const property = fc.property(anyBatch(ipVersion), (batch) => {
      for (const field of fields) {
        const { element } = field;
        const json = textLines(element, 'json', batch);
        const csv = textLines(element, 'csv', batch);
        expect(json.length).toBe(2 * batch.count);
        for (let line = 1; line <= json.length; line++) {
          const isReverse = line % 2 === 0;
          const row = ((line - 1) >> 1) * batch.stride;
          const options = { isReverse, isOptional: false, values: VALUES };
          const parquet = flowValue(field, options)?.(batch, row, line);
          const wire = onWire(field, batch, row, isReverse, line);
          const found = [
            asOnWire(field, json[line - 1]),
            asOnWire(field, csv[line - 1]),
            parquetText(field, parquet),
          ];
          expect([element.name, isReverse, ...found]).toEqual([element.name, isReverse, wire, wire, wire]);
        }
      }
    });
    fc.assert(property, { numRuns: 15 });
  });

  it('are the same on the wire and in flow messages, protobuf and JSON', () => {
    const sent = fields.filter(({ element }) => isMessageElement(element));
    expect(sent.length).toBeGreaterThan(100);
    const elements = sent.map(({ element }) => element);
    const schema = writeSchema(elements);
    const type = protobuf.loadSync(schema).lookupType('All');
    const options = { schema, message: 'All', fields: elements.map(({ name }) => `${name}:${name}`) };
    const config = { ...CONFIG, biflow: false, observation: { ...CONFIG.observation, domainId: DOMAIN } };
    const property = fc.property(anyBatch(ipVersion), (batch) => {
      // Messages go by direction, so that one record alone has its own in order.
      const single = { ...batch, count: 1 };
      const messages = encodeAll([single], options, config).map(({ value }) =>
        type.toObject(type.decodeDelimited(value), { longs: String, defaults: true }),
      );
      const json = encodeAll([single], { ...options, format: 'json' }, config);
      expect([messages.length, json.length]).toEqual([2, 2]);
      for (const field of sent) {
        const { element, octets } = field;
        for (const line of [1, 2]) {
          const wire = onWire(field, batch, 0, line === 2, line);
          const object = json[line - 1]!.value.toString();
          const text = new RegExp(`"${element.name}":"?([^",}]*)`).exec(object);
          // JSON has no field for a value that is not known of a direction. Of numbers it would change those above 2^53.
          const there = element.type === 'string' ? JSON.parse(object)[element.name] : text?.[1];
          const shown = asOnWire(field, there ?? zeroText(element, octets));
          const read = protobufText(field, messages[line - 1]![element.name]);
          expect([element.name, line, read, shown]).toEqual([element.name, line, wire, wire]);
        }
      }
    });
    fc.assert(property, { numRuns: 15 });
  });
});

it('are the most that 32 bits hold for a duration of 72 minutes in microseconds, and exact as text', () => {
  const element = INFORMATION_ELEMENTS.find(({ name }) => name === 'flowDurationMicroseconds')!;
  const field = fieldOf(element, 4);
  const forward = { packets: 1, octets: 40, firstNs: 1500, lastNs: 1500 + 4_320_000_000_000 };
  const flow = { ipVersion: 4, protocol: 6, ports: [1, 2], forward } as const;
  const batch = recordBatch([{ ...flow, source: [1, 0, 0, 0], destination: [2, 0, 0, 0] }], {
    timeBaseSeconds: T,
  });
  expect(textLines(element, 'json', batch)).toEqual(['4320000000']);
  expect(textLines(element, 'csv', batch)).toEqual(['4320000000']);
  expect(onWire(field, batch, 0, false, 1)).toBe('4294967295');
  const options = { isReverse: false, isOptional: false, values: VALUES };
  expect(flowValue(field, options)!(batch, 0, 1)).toBe(4_294_967_295);
});

const zeroText = (element: InformationElement, octets: number) => wireText(element, Buffer.alloc(octets));
