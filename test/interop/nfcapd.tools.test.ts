/**
 * The whole way: `flowtap replay` exports captures to nfcapd on loopback, and what nfdump reads back must be what
 * `-o json` says, flow by flow, with no sequence error. nfdump keeps milliseconds.
 */
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { PCAPS_FOLDER } from '../support/captures.ts';
import { differencesOf, type FlowTotals, flowsOfJson } from '../support/flow-totals.ts';
import { startNfcapd, withoutIcmpV6Types } from '../support/nfcapd.ts';
import { runFlowtap } from '../support/run-flowtap.ts';
import { describeWithTools } from '../support/tools.ts';

const CAPTURES = [
  'demo.pcapng',
  'tcp-ends.pcap',
  'timeouts.pcap',
  'fragments.pcap',
  'icmp.pcap',
  'transports.pcap',
];

/** IPv4 flows alone: all that NetFlow v5 can say. */
function onlyIPv4(flows: ReadonlyMap<string, FlowTotals>): Map<string, FlowTotals> {
  return new Map([...flows].filter(([, flow]) => !flow.source.includes(':')));
}

const WHAT_ARRIVES: Readonly<
  Record<string, (flows: ReadonlyMap<string, FlowTotals>) => ReadonlyMap<string, FlowTotals>>
> = {
  netflow5: onlyIPv4,
  netflow9: withoutIcmpV6Types,
  ipfix: (flows) => flows,
};

describeWithTools(['nfcapd', 'nfdump'], 'nfcapd reads', () => {
  const cases = CAPTURES.flatMap((name) =>
    Object.keys(WHAT_ARRIVES).map((scheme) => [scheme, name] as const),
  );
  it.each(cases)('%s of %s as flows equal to the JSON output', async (scheme, name) => {
    const file = join(PCAPS_FOLDER, name);
    const collector = await startNfcapd();
    const run = await runFlowtap([
      'replay',
      file,
      '-q',
      '-o',
      'json',
      '-e',
      `${scheme}://127.0.0.1:${collector.port}`,
    ]);
    const result = await collector.stop();
    expect(run.exitCode, run.stderr).toBe(0);
    const all = flowsOfJson(run.stdout);
    const expected = WHAT_ARRIVES[scheme]!(all);
    expect(expected.size, basename(file)).toBeGreaterThan(0);
    expect(differencesOf(result.flows, expected)).toEqual([]);
    expect(result.sequenceErrors, result.log).toBe(0);
    expect(result.badPackets, result.log).toBe(0);
  });
});
