/**
 * Fields of flow messages that are lists. What JSON makes of them was taken from GoFlow2 2.2: an array under one name,
 * `[]` where there is nothing.
 */
import { describe, expect, it } from 'vitest';
import { TCP } from '../../support/two-flows.ts';
import { CONFIG } from '../exporter-support.ts';
import { recordBatch } from '../records.ts';
import { decodeMessage, encodeAll } from './support.ts';

const ELEMENTS = [
  'sourceIPv4Address',
  'mplsTopLabelTTL',
  ...['mplsTopLabelStackSection', 'mplsLabelStackSection2', 'mplsLabelStackSection3'],
  'octetDeltaCount',
];
const CONFIG_MPLS = { ...CONFIG, template: { ipv4: ELEMENTS, ipv6: ELEMENTS } };
const MPLS_STACK = 11;

/** A flow with these entries of a label stack: label << 12 | traffic class << 9 | bottom of stack << 8 | TTL. */
function batchWith(...stack: number[]) {
  const encapsulation = new Array<number>(22).fill(0);
  stack.forEach((entry, i) => {
    encapsulation[MPLS_STACK + i] = entry;
  });
  encapsulation[MPLS_STACK - 1] = stack.length;
  return recordBatch([{ ...TCP, encapsulation }], {
    timeBaseSeconds: 1_700_000_000,
    withEncapsulation: true,
  });
}

const LABELS = batchWith((16 << 12) | 255, (0 << 12) | (1 << 9) | 254, (1_048_575 << 12) | (1 << 8) | 253);

describe('lists in flow messages', () => {
  it('are one array of JSON under one name', () => {
    const [entry] = encodeAll([LABELS], { format: 'json' }, CONFIG_MPLS);
    const text = entry!.value.toString('latin1');
    expect(text).toContain('"mpls_ttl":[255],"mpls_label":[16,0,1048575]');
    expect(text.match(/"mpls_label"/g)).toHaveLength(1);
    expect(JSON.parse(text)).toMatchObject({ mpls_label: [16, 0, 1_048_575], bytes: 2 ** 40 + 1 });
  });

  it('are empty arrays of JSON where there is nothing', () => {
    const [entry] = encodeAll([batchWith()], { format: 'json' }, CONFIG_MPLS);
    expect(entry!.value.toString('latin1')).toContain('"mpls_ttl":[],"mpls_label":[]');
    expect(JSON.parse(entry!.value.toString('latin1'))).toMatchObject({ mpls_label: [] });
  });

  it('are packed in protobuf, as proto3 says, and absent where there is nothing', () => {
    const [labels] = encodeAll([LABELS], {}, CONFIG_MPLS);
    expect(decodeMessage(labels!.value)).toMatchObject({ mpls_ttl: [255], mpls_label: [16, 0, 1_048_575] });
    // Field 81, wire type 2: 81 << 3 | 2 is 650, then the octets of 16, 0 and 1,048,575 (protobuf, "Packed Repeated Fields").
    expect(labels!.value.toString('hex')).toContain('8a05051000ffff3f');
    const [none] = encodeAll([batchWith()], {}, CONFIG_MPLS);
    expect(decodeMessage(none!.value)).not.toHaveProperty('mpls_label');
  });
});
