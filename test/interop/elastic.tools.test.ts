/**
 * The decoder of Elastic's Filebeat against what `-o json` says: every profile, and of the one for ElastiFlow each number
 * that both name, in both protocols.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROFILES } from '../../src/ie/profiles.ts';
import { PCAPS_FOLDER } from '../support/captures.ts';
import { ELASTIC_OPTIONS, elasticReader, startElasticReader } from '../support/elastic-reader.ts';
import { differencesOf, flowsOfJson } from '../support/flow-totals.ts';
import { runFlowtap } from '../support/run-flowtap.ts';

const program = elasticReader();

async function read(scheme: string, profile: string) {
  const collector = await startElasticReader(program!);
  const url = `${scheme}://127.0.0.1:${collector.port}`;
  const args = ['replay', join(PCAPS_FOLDER, 'demo.pcapng'), '-q', '-o', 'json', '--template', profile];
  const run = await runFlowtap([...args, '-e', url]);
  expect(run.exitCode, run.stderr).toBe(0);
  const { records, log } = await collector.stop();
  expect(log).not.toContain('cannot be read');
  return {
    flows: records.filter(({ type }) => type !== ELASTIC_OPTIONS).map(({ fields }) => fields),
    options: records.filter(({ type }) => type === ELASTIC_OPTIONS),
    json: run.stdout,
  };
}

describe.skipIf(program === undefined)('the NetFlow decoder of Filebeat', { concurrent: true }, () => {
  it.each(Object.keys(PROFILES))('reads the profile %s', async (profile) => {
    const { flows, json, options } = await read('ipfix', profile);
    const found = flowsOfJson(flows.map((fields) => JSON.stringify(fields)).join('\n'));
    expect(differencesOf(found, flowsOfJson(json))).toEqual([]);
    expect(options.some(({ fields }) => JSON.stringify(fields).includes('"samplingInterval":1'))).toBe(true);
  });

  it.each(['ipfix', 'netflow9'])('reads every number of the profile elastiflow: %s', async (scheme) => {
    const { flows, json } = await read(scheme, 'elastiflow');
    // Records come in the order in which they are printed, but by kind of flow.
    const numbers = (record: Readonly<Record<string, unknown>>) =>
      Object.entries(record)
        .filter(([name, value]) => typeof value === 'number' && !/^(flow(Start|End)|icmpType)/.test(name))
        .filter(([name]) => !/TransportPort$/.test(name));
    const totals = (records: readonly Readonly<Record<string, unknown>>[], names: ReadonlySet<string>) => {
      const sums = new Map<string, number>();
      for (const [name, value] of records.flatMap(numbers))
        if (names.has(name)) sums.set(name, (sums.get(name) ?? 0) + (value as number));
      return sums;
    };
    const printed = json
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    const names = new Set(printed.flatMap(numbers).map(([name]) => name));
    expect(flows).toHaveLength(printed.length);
    for (const name of ['samplingInterval', 'ingressInterface', 'octetDeltaCount'])
      expect(names).toContain(name);
    expect(totals(flows, names)).toEqual(totals(printed, names));
  });
});
