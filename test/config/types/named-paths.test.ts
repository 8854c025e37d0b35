/** The option `paths`: its forms, and every fault with what is allowed. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/base/errors.ts';
import { buildConfig } from '../../../src/config/config.ts';
import { crossFaults } from '../../../src/config/cross-faults.ts';
import { parseConfigFile } from '../../../src/config/load.ts';
import { renderYaml } from '../../../src/config/render.ts';
import { namedPaths } from '../../../src/config/types/named-paths.ts';

function configOf(text: string) {
  const { values, exporters } = parseConfigFile('f.yaml', text);
  return buildConfig(values, exporters);
}

function faultsOf(text: string): string[] {
  return crossFaults(configOf(text), (path) => path).map(
    ({ path, found, allowed }) => `${path}: ${found}: ${allowed}`,
  );
}

const RIGHT = `
paths:
  - { name: ihep-in2p3, from: [202.122.32.0/24], to: [193.48.0.0/16, "2001:660::/32"] }
  - host=192.0.2.1..2001:db8::1+198.51.100.0/24
`;

describe('paths', () => {
  it('are objects or words, and stay what they are when they are printed', () => {
    const config = configOf(RIGHT);
    expect(namedPaths(config.paths)).toEqual([
      { name: 'ihep-in2p3', from: ['202.122.32.0/24'], to: ['193.48.0.0/16', '2001:660::/32'] },
      { name: 'host', from: ['192.0.2.1'], to: ['2001:db8::1', '198.51.100.0/24'] },
    ]);
    expect(faultsOf(RIGHT)).toEqual([]);
    expect(configOf(renderYaml(config, false)).paths).toEqual(config.paths);
  });

  it.each([
    ['a name with a space', '{ name: "a b", from: [10.0.0.0/8], to: [192.0.2.0/24] }'],
    ['no name', '{ from: [10.0.0.0/8], to: [192.0.2.0/24] }'],
    ['another key', '{ name: a, from: [10.0.0.0/8], to: [192.0.2.0/24], via: x }'],
    ['a number', '7'],
    ['two prefixes in a text', '{ name: a, from: "10.0.0.0/8, 11.0.0.0/8", to: [192.0.2.0/24] }'],
  ])('are refused with %s', (_, item) => {
    expect(() => parseConfigFile('f.yaml', `paths:\n  - ${item}\n`)).toThrow(ConfigError);
    expect(() => parseConfigFile('f.yaml', `paths:\n  - ${item}\n`)).toThrow(
      /:2: paths: found .*; allowed: up to 100 paths/,
    );
  });

  it('have each fault named with its place', () => {
    const faults = faultsOf(`
metering: { pathHealth: "off" }
paths:
  - { name: a, from: [10.0.0.0/33], to: [192.0.2.1/24] }
  - { name: a, from: [], to: [lyon] }
  - { name: _x, from: [10.0.0.0/8], to: [10.0.0.0/8] }
  - { name: b, from: [10.0.0.0/8], to: [192.0.2.0/24] }
  - { name: c, from: [192.0.2.0/24], to: [10.0.0.0/8, 11.0.0.0/8] }
`);
    const prefixes = 'prefixes as 192.0.2.0/24 or 2001:db8::/32, without bits behind the prefix';
    expect(faults).toEqual([
      `paths[0].from: "10.0.0.0/33": ${prefixes}`,
      `paths[0].to: "192.0.2.1/24": ${prefixes}`,
      'paths[1].name: "a" twice: each name once',
      'paths[1].from: 0 prefixes: 1 to 64',
      `paths[1].to: "lyon": ${prefixes}`,
      'paths[2].name: "_x": a name of letters, digits, dots, dashes and underscores, at most 63',
      'paths[2]: a prefix on both sides: from and to that differ',
      'paths[4]: prefixes that b has, too: each pair in one path',
      'metering.pathHealth: off, and there are paths: auto or on',
    ]);
  });

  it('have to be there for what asks for them', () => {
    const faults = faultsOf(`
replay: { paths: true }
exporters: ["json:paths.json?records=paths"]
`);
    expect(faults).toHaveLength(2);
    for (const fault of faults)
      expect(fault).toMatch(/^(replay\.paths|json:paths\.json): .*without any path: paths in /);
  });
});
