/** The generated files are current, and the JSON Schema agrees with the loader: a validator that is not ours says so. */
import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configurationJsonSchema } from '../../src/config/json-schema.ts';
import { parseConfigFile } from '../../src/config/load.ts';
import { GENERATED } from '../../src/docs/generate.ts';

function readProjectFile(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

describe('generated files', () => {
  it.each(Object.keys(GENERATED))('%s is current (npm run docs)', (path) => {
    expect(readProjectFile(path)).toBe(GENERATED[path]!());
  });
});

describe('the JSON Schema', () => {
  const validate = new Ajv2020.default().compile(JSON.parse(configurationJsonSchema()));
  const isLoaded = (text: string) => {
    try {
      parseConfigFile('f.yaml', text);
      return true;
    } catch {
      return false;
    }
  };

  it('takes the sample file', () => {
    expect(validate(parse(readProjectFile('config/flowtap.yaml')))).toBe(true);
  });

  it.each([
    ['metering: { idleTimeout: 15 }', true],
    ['metering: { idleTimeout: 15s, flowTableEntries: 4096 }', true],
    ['decode: { decapsulate: all }', true],
    ['decode: { decapsulate: [gre] }', true],
    ['decode: { udpPorts: { vxlan: [4789, 8472], gtpu: 2153 } }', true],
    ['decode: { udpPorts: { vxlan: [0] } }', false],
    ['decode: { udpPorts: { vxlan: [] } }', false],
    ['template: { ipv4: [sourceIPv4Address, octetDeltaCount] }', true],
    ['exporters: ["ipfix://h", { protocol: netflow9, host: h, rate: max }]', true],
    ['replay: { speed: 0.5 }', true],
    ['metering: { idleTimeOut: 15 }', false],
    ['metering: { idleTimeout: soon }', false],
    ['metering: { flowTableEntries: 1.5 }', false],
    ['decode: { decapsulate: [ipsec] }', false],
    ['template: { ipv4: [] }', false],
    ['exporters: ["http://h"]', false],
    ['exporters: [{ protocol: netflow9 }]', false],
    ['exporters: [{ url: "ipfix://h", port: 1 }]', false],
    ['replay: { output: xml }', false],
  ])('and the loader agree on %s: %s', (text, isRight) => {
    expect(validate(parse(text))).toBe(isRight);
    expect(isLoaded(text)).toBe(isRight);
  });
});
