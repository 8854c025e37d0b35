/**
 * Messages of a schema that a user brings: every type of field, equal to what protobufjs' own
 * encoder makes; and what is told about a schema, a message or fields that cannot be used.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConfigError } from '../../../src/base/errors.ts';
import { fittingTypes } from '../../../src/export/flow-messages/field-types.ts';
import { isMessageElement } from '../../../src/export/flow-messages/goflow-fields.ts';
import { INFORMATION_ELEMENTS } from '../../../src/ie/elements.ts';
import { PING6, TCP } from '../../support/two-flows.ts';
import { CONFIG } from '../exporter-support.ts';
import { recordBatch } from '../records.ts';
import { FIELDS, writeOwnSchema } from './own-schema.ts';
import { anyFlow, encodeAll } from './support.ts';

const T = 1_700_000_000;
let folder: string;
let own: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-schema-'));
  own = writeOwnSchema(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

const options = (more = {}) => ({ schema: own, message: 'acme.Flow', fields: FIELDS, ...more });

function typeOf(file: string, message: string): protobuf.Type {
  return new protobuf.Root().loadSync(file, { keepCase: true }).lookupType(message);
}

function faultOf(more: Readonly<Record<string, unknown>>, config = CONFIG): string {
  try {
    encodeAll([], more, config);
  } catch (error) {
    return (error as ConfigError).message;
  }
  return 'no fault';
}

describe("messages of a user's schema", () => {
  it('have the same fields in JSON', () => {
    const batch = recordBatch([TCP, PING6], { timeBaseSeconds: T, clockNs: 3e9 });
    const [tcp, , ping] = encodeAll([batch], options({ format: 'json' })).map(({ value }) =>
      JSON.parse(value.toString('latin1')),
    );
    expect(tcp).toEqual({
      source: { v4: '10.0.0.1', port: 40_000, mac: '82:00:00:00:00:01' },
      destination: { port: 443 },
      start: '2023-11-14T22:13:20.001999Z',
      octets: 2 ** 40 + 1,
      packets: 3,
      protocol: 'TCP',
      ports: [40_000, 443],
      tos: 16,
      addresses: ['10.0.0.1', '192.0.2.1'],
      exporter: '2001:db8::7',
      ttl: 63,
      mac: '02:00:00:00:00:ff',
      ttls: [63, 64],
      mac_octets: '82:00:00:00:00:01',
      end: `${T + 2}000`,
    });
    expect(ping).toMatchObject({ source: { v6: '2001:db8::1' }, protocol: 58, addresses: ['2001:db8::1'] });
  });

  it('are the octets that protobufjs writes, whatever fills them', () => {
    const type = typeOf(own, 'acme.Flow');
    const property = fc.property(
      fc.array(anyFlow(), { maxLength: 6 }),
      fc.subarray(FIELDS, { minLength: 1 }),
      (flows, fields) => {
        const batch = recordBatch(flows, { timeBaseSeconds: T, clockNs: 1e15 });
        for (const { value } of encodeAll([batch], options({ fields }))) {
          const again = type.encodeDelimited(type.decodeDelimited(value)).finish();
          expect(value.toString('hex')).toBe(Buffer.from(again).toString('hex'));
        }
      },
    );
    fc.assert(property, { numRuns: 60 });
  });

  it('hold every element in every type that fits it, once, as a list, and told apart from none', () => {
    const rows = INFORMATION_ELEMENTS.filter(isMessageElement).flatMap(({ name, type }) =>
      fittingTypes(type).map((fitting) => ({ name, type: fitting === 'enum' ? 'Any' : fitting })),
    );
    const file = join(folder, 'every.proto');
    const head = 'syntax = "proto3";\nimport "google/protobuf/timestamp.proto";\nenum Any { ZERO = 0; }\n';
    const writeSchema = (chosen: readonly number[]) => {
      const lines = chosen.flatMap((i) => [
        `${rows[i]!.type} plain_${i} = ${3 * i + 1};`,
        `repeated ${rows[i]!.type} list_${i} = ${3 * i + 2};`,
        `optional ${rows[i]!.type} maybe_${i} = ${3 * i + 3};`,
      ]);
      writeFileSync(file, `${head}message Every {\n${lines.join('\n')}\n}\n`);
    };
    const some = fc.uniqueArray(fc.nat(rows.length - 1), { minLength: 1, maxLength: 30 });
    const property = fc.property(
      fc.array(anyFlow(), { minLength: 1, maxLength: 2 }),
      some,
      (flows, chosen) => {
        writeSchema(chosen);
        const schema = typeOf(file, 'Every');
        const fields = chosen.flatMap((i) =>
          ['plain', 'list', 'maybe'].map((kind) => `${kind}_${i}:${rows[i]!.name}`),
        );
        const batch = recordBatch(flows, {
          timeBaseSeconds: T,
          clockNs: 1e15,
          withEncapsulation: true,
          withHealth: true,
          withApplications: true,
          withNetworks: true,
        });
        const entries = encodeAll([batch], { schema: file, message: 'Every', fields });
        const texts = encodeAll([batch], { schema: file, message: 'Every', fields, format: 'json' });
        entries.forEach(({ value }, e) => {
          const message = schema.decodeDelimited(value);
          expect(value.toString('hex')).toBe(
            Buffer.from(schema.encodeDelimited(message).finish()).toString('hex'),
          );
          const object = schema.toObject(message, { arrays: true }) as Record<string, unknown>;
          const json = JSON.parse(texts[e]!.value.toString('latin1')) as Record<string, unknown[]>;
          for (const i of chosen) {
            // A list has one value or none; so has the field that tells 0 from none.
            const list = object[`list_${i}`] as unknown[];
            expect(list.length === 1, rows[i]!.name).toBe(Object.hasOwn(object, `maybe_${i}`));
            if (list.length === 1) expect(list[0]).toEqual(object[`maybe_${i}`]);
            if (json[`list_${i}`] !== undefined) expect(json[`list_${i}`]).toHaveLength(list.length);
          }
        });
      },
    );
    fc.assert(property, { numRuns: 60 });
  });

  it('stand there without their length where the readers want that', () => {
    const [entry] = encodeAll([recordBatch([TCP], { timeBaseSeconds: T })], options({ lengthPrefix: false }));
    const message = typeOf(own, 'acme.Flow').decode(entry!.value) as unknown as { octets: number };
    expect(message.octets).toBe(2 ** 40 + 1);
  });

  it('are filled by the names of their fields where nobody says how', () => {
    const file = join(folder, 'names.proto');
    writeFileSync(
      file,
      'syntax = "proto3"; message M { uint64 bytes = 7; uint32 flow_end_reason = 2; string src_addr = 3; bool other = 4; }',
    );
    const [entry] = encodeAll([recordBatch([TCP], { timeBaseSeconds: T })], { schema: file });
    expect(typeOf(file, 'M').decodeDelimited(entry!.value).toJSON()).toEqual({
      bytes: String(2 ** 40 + 1),
      flow_end_reason: 3,
      src_addr: '10.0.0.1',
    });
  });

  it('of proto2 always have what is required', () => {
    const file = join(folder, 'two.proto');
    writeFileSync(
      file,
      'syntax = "proto2"; message M { required uint64 octets = 1; required fixed32 v4 = 2; required string none = 3; }',
    );
    const fields = ['octets:octetDeltaCount', 'v4:sourceIPv4Address'];
    const entries = encodeAll([recordBatch([PING6], { timeBaseSeconds: T })], { schema: file, fields });
    const message = typeOf(file, 'M').decodeDelimited(entries[0]!.value);
    expect(message.toJSON()).toEqual({ octets: expect.any(String), v4: 0, none: '' });
  });
});

describe('faults of a schema', () => {
  it.each([
    [
      ['source.v44:sourceIPv4Address'],
      'fields.source.v44: found no field v44 in acme.Flow.Endpoint; allowed: v4, v6, port, mac; did you mean v4?',
    ],
    [
      ['source:sourceIPv4Address'],
      'fields.source: found sourceIPv4Address (ipv4Address) for a field of the type Endpoint; allowed: a field of the type bytes, string,',
    ],
    [
      ['ttl:octetDeltaCount'],
      'found octetDeltaCount (unsigned64) for a field of the type float; allowed: a field of the type uint64, int64, fixed64, sfixed64, sint64, double, string for octetDeltaCount, or an element of the type unsigned8, unsigned16 for ttl',
    ],
    [
      ['tos:vlandId'],
      'fields.tos: found vlandId; allowed: a name that `flowtap elements` lists; did you mean vlanId?',
    ],
    [['tos:reverseIpClassOfService'], 'found reverseIpClassOfService without biflow; allowed: biflow: true'],
    [
      ['source.v4:sourceIPv4Address', 'source.v6:destinationIPv4Address'],
      'found v4 and v6 of the oneof ip in the same message; allowed: one of them, or elements of different IP versions',
    ],
  ])('name the field, its type and what would fit: %s', (fields, expected) => {
    expect(faultOf(options({ fields }))).toContain(expected);
  });

  it('are all told at once', () => {
    const fields = ['tos:vlandId', 'none:octetDeltaCount'];
    expect(faultOf(options({ fields })).split('\n')).toHaveLength(2);
  });

  it('name the file, the line and the messages that there are', () => {
    const write = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const missing = join(folder, 'none.proto');
    expect(faultOf({ schema: missing })).toContain(
      `schema: found ${missing} (ENOENT); allowed: a .proto file that can be read`,
    );
    const broken = write('broken.proto', 'syntax = "proto3";\nmessage A {\n  uint32 a = ;\n}\n');
    expect(faultOf({ schema: broken })).toContain(`illegal id ';' (${broken}, line 3)`);
    const importing = write(
      'importing.proto',
      'syntax = "proto3"; import "gone.proto"; message A { uint32 bytes = 1; }',
    );
    expect(faultOf({ schema: importing })).toContain(`gone.proto, which ${importing} imports (ENOENT)`);
    const two = write(
      'many.proto',
      'syntax = "proto3"; package p; message A { uint64 bytes = 1; } message B {}',
    );
    expect(faultOf({ schema: two })).toContain('message: found nothing; allowed: one of p.A, p.B');
    expect(faultOf({ schema: two, message: 'p.AA' })).toContain('found p.AA; allowed: a message of');
    expect(faultOf({ schema: two, message: 'p.AA' })).toContain('p.A, p.B; did you mean p.A?');
    expect(faultOf({ schema: two, message: 'p.B' })).toContain(
      'p.B, of which no field is called after an element',
    );
    expect(faultOf({ schema: two, message: 'p.A' })).toBe('no fault');
  });

  it('come before a template that fields would leave no use for', () => {
    expect(faultOf(options({ templateIpv4: ['octetDeltaCount'] }))).toContain('templateIpv4 and fields');
  });
});
