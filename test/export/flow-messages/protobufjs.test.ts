/**
 * Flow messages of any records and templates are, octet for octet, what protobufjs' own encoder makes of the same values
 * by config/flow.proto, and that file has a field for every element.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { sourcesOf } from '../../../src/export/flow-messages/goflow-fields.ts';
import { INFORMATION_ELEMENTS } from '../../../src/ie/elements.ts';
import { cases } from '../../support/cases.ts';
import { PING6, TCP } from '../../support/two-flows.ts';
import { CONFIG } from '../exporter-support.ts';
import { recordBatch } from '../records.ts';
import { anyFlow, encodeAll, FLOW_MESSAGE, FLOW_PROTO_FOLDER } from './support.ts';

const ELEMENTS = INFORMATION_ELEMENTS.filter(({ source }) => source.kind !== 'padding');
const NAMES = ELEMENTS.map(({ name }) => name);

/** The message as protobufjs reads it and writes it again. */
function again(value: Uint8Array): Buffer {
  return Buffer.from(FLOW_MESSAGE.encodeDelimited(FLOW_MESSAGE.decodeDelimited(value)).finish());
}

describe('flow messages', () => {
  it.each([false, true])('are the octets that protobufjs writes (biflow: %s)', (biflow) => {
    const template = fc.oneof(
      fc.constant(['default']),
      fc.constant(['full']),
      fc
        .subarray(NAMES, { minLength: 1 })
        .map((names) => ['octetDeltaCount', ...names.filter((name) => name !== 'octetDeltaCount')]),
    );
    const property = fc.property(fc.array(anyFlow(), { maxLength: 5 }), template, (flows, names) => {
      const batch = recordBatch(flows, {
        timeBaseSeconds: 1_700_000_000,
        clockNs: 1e15,
        withEncapsulation: true,
        withHealth: true,
        withApplications: true,
        withNetworks: true,
      });
      const config = { ...CONFIG, biflow, template: { ipv4: names, ipv6: names } };
      for (const { value } of encodeAll([batch], {}, config)) {
        expect(value.toString('hex')).toBe(again(value).toString('hex'));
      }
    });
    fc.assert(property, { numRuns: cases(40) });
  });

  it('have a field of flow.proto for every element, by the rule of its number', () => {
    const missing: string[] = [];
    for (const element of ELEMENTS) {
      for (const isReverse of element.isReversible ? [false, true] : [false]) {
        for (const { name } of sourcesOf(element, isReverse)) {
          const field = FLOW_MESSAGE.fields[name];
          const reverse = element.isEnterprise ? 500 : 1000;
          const number = (element.isEnterprise ? 1000 : 2000) + (isReverse ? reverse : 0) + element.id;
          const isRight = field !== undefined && (field.id < 1000 || field.id === number);
          if (!isRight) missing.push(`${name} = ${number}; // ${element.name}`);
        }
      }
    }
    expect(missing).toEqual([]);
  });

  it('have every field of flow.proto from 1000 up filled by an element', () => {
    const filled = new Set(
      ELEMENTS.flatMap((element) =>
        [false, true].flatMap((isReverse) => sourcesOf(element, isReverse).map(({ name }) => name)),
      ),
    );
    const idle = FLOW_MESSAGE.fieldsArray.filter(({ id, name }) => id >= 1000 && !filled.has(name));
    expect(idle.map(({ name }) => name)).toEqual([]);
  });

  it('take their numbers from flow.proto alone: other numbers there are other numbers here', async () => {
    const text = readFileSync(join(FLOW_PROTO_FOLDER, 'flow.proto'), 'utf8');
    const moved = text.replace('uint64 bytes = 9;', 'uint64 bytes = 5;');
    const { root } = protobuf.parse(moved, { keepCase: true });
    const { mkdtempSync, rmSync, writeFileSync } = await import('node:fs');
    const folder = mkdtempSync('/tmp/flowtap-schema-');
    try {
      writeFileSync(join(folder, 'moved.proto'), moved);
      const batch = recordBatch([TCP, PING6], { timeBaseSeconds: 1_700_000_000 });
      const [entry] = encodeAll([batch], { schema: join(folder, 'moved.proto') });
      const message = root.lookupType('flowpb.FlowMessage').decodeDelimited(entry!.value);
      expect(String((message as unknown as { bytes: number }).bytes)).toBe(String(2 ** 40 + 1));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
