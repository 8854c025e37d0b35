/**
 * Collectors and the elements of applications: each reads what it knows of them, passes over the rest, and has the totals
 * of flows that `-o json` says. docs/collectors.md says which one reads what.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PCAPS_FOLDER } from '../support/captures.ts';
import { differencesOf, flowsOfJson } from '../support/flow-totals.ts';
import { flowsOfGoflow2, goflow2Program, startGoflow2 } from '../support/goflow2.ts';
import { flowsOfNfacctd, startNfacctd } from '../support/nfacctd.ts';
import { startNfcapd, withoutIcmpV6Types } from '../support/nfcapd.ts';
import { runFlowtap } from '../support/run-flowtap.ts';
import { describeWithTools } from '../support/tools.ts';

const CAPTURES = ['demo.pcapng', 'ipfixprobe/ipfixprobe-dns.pcap'];
const SCHEMES = ['netflow9', 'ipfix'] as const;
const CASES = CAPTURES.flatMap((name) => SCHEMES.map((scheme) => [scheme, name] as const));

/** Replays a capture with what payload inspection knows; what `-o json` says of it. */
async function replayTo(scheme: string, port: number, name: string): Promise<string> {
  const url = `${scheme}://127.0.0.1:${port}`;
  const file = join(PCAPS_FOLDER, name);
  const run = await runFlowtap(['replay', file, '-q', '-o', 'json', '-e', url, '--template', 'applications']);
  expect(run.exitCode, run.stderr).toBe(0);
  return run.stdout;
}

/** Applications that JSON has for IPv4 flows, which both directions' records have, sorted. */
function applicationsOf(json: string): string[] {
  const flows = json
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, string | undefined>);
  return [...new Set(flows.flatMap(({ applicationName }) => applicationName ?? []))].sort();
}

describeWithTools(['nfcapd', 'nfdump'], 'nfcapd', () => {
  it.each(CASES)('has exact totals of %s with applications, of %s', async (scheme, name) => {
    let names = '';
    const collector = await startNfcapd((folder) => {
      const args = ['-R', folder, '-q', '-o', 'fmt:%nbnam'];
      names = execFileSync('nfdump', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    });
    const json = await replayTo(scheme, collector.port, name);
    const result = await collector.stop();
    const all = flowsOfJson(json);
    const expected = scheme === 'netflow9' ? withoutIcmpV6Types(all) : all;
    expect(differencesOf(result.flows, expected)).toEqual([]);
    expect(result.sequenceErrors, result.log).toBe(0);
    expect(result.badPackets, result.log).toBe(0);
    // nfcapd 1.7.1 turns applicationId of IPFIX around, and then finds no name.
    if (scheme === 'ipfix') return;
    const named = new Set(names.split('\n').map((line) => line.trim().split('/')[0]!));
    named.delete('');
    named.delete('<no info>');
    expect([...named].sort()).toEqual(applicationsOf(json));
  });
});

describeWithTools(['nfacctd'], 'nfacctd', () => {
  it.each(CASES)('has exact totals of %s with applications, of %s, and their names', async (scheme, name) => {
    const collector = await startNfacctd(['debug: true']);
    const json = await replayTo(scheme, collector.port, name);
    const { records, log } = await collector.stop();
    expect(log.match(/.*(?:malformed|unable to read|unknown template).*/gi) ?? []).toEqual([]);
    // Names, sampling in two forms or three, statistics.
    expect(log.match(/template type : options/g)?.length).toBeGreaterThan(3);
    const isV9 = scheme === 'netflow9';
    expect(differencesOf(flowsOfNfacctd(records), flowsOfJson(json), { times: !isV9 })).toEqual([]);
    const classes = new Set(records.map((record) => String(record.class).split('/')[0]!));
    classes.delete('unknown');
    expect([...classes].sort()).toEqual(applicationsOf(json));
  });
});

const goflow2 = goflow2Program();
describe.skipIf(goflow2 === undefined)('GoFlow2', () => {
  it.each(CASES)('has exact totals of %s with applications, of %s', async (scheme, name) => {
    const collector = await startGoflow2(goflow2!);
    const json = await replayTo(scheme, collector.port, name);
    const { records } = await collector.stop();
    expect(differencesOf(flowsOfGoflow2(records), flowsOfJson(json), { times: scheme === 'ipfix' })).toEqual(
      [],
    );
  });
});
