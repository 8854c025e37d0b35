/**
 * nfacctd and GoFlow2 against what `-o json` says, field by field; profiles; sampling; biflows; restarts of either side.
 * What a collector gets wrong is a case of its own here, and stands in docs/collectors.md.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ExporterConfig, ExportingConfig } from '../../src/export/contract/record-sink.ts';
import { createExportingProcess } from '../../src/export/exporting-process.ts';
import { CONFIG } from '../export/exporter-support.ts';
import { flowsAt, uniflows } from '../export/files/sink-support.ts';
import { PCAPS_FOLDER } from '../support/captures.ts';
import { addToFlows, differencesOf, type FlowTotals, flowsOfJson } from '../support/flow-totals.ts';
import { flowsOfGoflow2, goflow2Program, type RunningCollector, startGoflow2 } from '../support/goflow2.ts';
import { flowsOfNfacctd, startNfacctd } from '../support/nfacctd.ts';
import { startNfcapd } from '../support/nfcapd.ts';
import { runFlowtap } from '../support/run-flowtap.ts';
import { warnSkipped } from '../support/skipped.ts';
import { hasTool } from '../support/tools.ts';
import { waitFor } from '../support/wait.ts';

type Flows = ReadonlyMap<string, FlowTotals>;

/** Replays a capture to collectors of both kinds. */
async function replayTo(
  port: number,
  scheme: string,
  name: string,
  args: readonly string[] = [],
): Promise<Flows> {
  const url = `${scheme}://127.0.0.1:${port}`;
  const run = await runFlowtap(['replay', join(PCAPS_FOLDER, name), '-q', '-o', 'json', '-e', url, ...args]);
  expect(run.exitCode, run.stderr).toBe(0);
  return flowsOfJson(run.stdout);
}

/** Changes every flow; those that are equal afterwards are added up. */
function changed(
  flows: Flows,
  change: (flow: FlowTotals) => FlowTotals | undefined,
): Map<string, FlowTotals> {
  const result = new Map<string, FlowTotals>();
  for (const flow of flows.values()) {
    const part = change(flow);
    if (part !== undefined) addToFlows(result, part);
  }
  return result;
}

const onlyIPv4 = (flow: FlowTotals) => (flow.source.includes(':') ? undefined : flow);

async function exportTo(
  port: number,
  protocol: ExporterConfig['protocol'],
  config: Partial<ExportingConfig>,
  options: ExporterConfig['options'] = {},
  settle?: () => Promise<void>,
): Promise<void> {
  const url = `${protocol}://127.0.0.1:${port}`;
  const to = { protocol, host: '127.0.0.1', port, url, options };
  const exporting = await createExportingProcess({ ...CONFIG, ...config }, [to]);
  await settle?.();
  await exporting.exportBatch(flowsAt(1, 100));
  const [counters] = await exporting.close();
  expect(counters).toMatchObject({ recordsFailed: 0, recordsPending: 0 });
}

/** A collector that is started again on its port sees the flows that come after the next refresh of templates. */
async function restartCollector<R>(start: (port?: number) => Promise<RunningCollector<R>>): Promise<void> {
  const first = await start();
  const url = `ipfix://127.0.0.1:${first.port}`;
  const options = { templateRefreshMs: 1000 };
  const to = { protocol: 'ipfix' as const, host: '127.0.0.1', port: first.port, url, options };
  const exporting = await createExportingProcess(CONFIG, [to]);
  try {
    await exporting.exportBatch(flowsAt(1, 20));
    exporting.flush();
    expect((await first.stop()).records).toHaveLength(uniflows(20));
    const second = await start(first.port);
    await delay(1100);
    await exporting.exportBatch(flowsAt(2, 20));
    exporting.flush();
    await exporting.exportBatch(flowsAt(3, 20));
    exporting.flush();
    // Records wait until the collector has read the templates, which takes one that has just started a while.
    await waitFor('the records are sent', () =>
      exporting.statistics().every(({ recordsPending }) => recordsPending === 0),
    );
    expect((await second.stop()).records).toHaveLength(2 * uniflows(20));
  } finally {
    await exporting.close();
  }
}

/** Another run with the same configuration has the same template ids, and the collector notices nothing. */
async function restartExporter<R>(start: () => Promise<RunningCollector<R>>): Promise<number> {
  const collector = await start();
  await exportTo(collector.port, 'ipfix', {});
  await exportTo(collector.port, 'ipfix', {});
  // And one with another template, which must not be decoded by the ids of the former ones.
  await exportTo(collector.port, 'ipfix', { template: { ipv4: ['minimal'], ipv6: ['minimal'] } });
  return (await collector.stop()).records.length;
}

const CAPTURES = ['demo.pcapng', 'icmp.pcap', 'transports.pcap', 'fragments.pcap', 'vlan.pcap'];
const PROFILES = ['max-compat', 'minimal', 'full', 'akvorado', 'nfdump', 'ntopng', 'elastiflow'];

const hasNfacctd = hasTool('nfacctd');
if (!hasNfacctd) warnSkipped('nfacctd', 'nfacctd');

describe.skipIf(!hasNfacctd)('nfacctd', { concurrent: true }, () => {
  it.each(CAPTURES)('reads IPFIX of %s', async (name) => {
    const collector = await startNfacctd();
    const expected = await replayTo(collector.port, 'ipfix', name);
    const { records } = await collector.stop();
    expect(differencesOf(flowsOfNfacctd(records), expected)).toEqual([]);
  });

  it.each(CAPTURES)('reads NetFlow v9 of %s, with ages cut to whole seconds', async (name) => {
    const collector = await startNfacctd();
    const expected = await replayTo(collector.port, 'netflow9', name);
    const { records } = await collector.stop();
    expect(differencesOf(flowsOfNfacctd(records), expected, { times: false })).toEqual([]);
  });

  it('reads NetFlow v9 to the millisecond with the profile of nfdump', async () => {
    const collector = await startNfacctd();
    const expected = await replayTo(collector.port, 'netflow9', 'demo.pcapng', ['--template', 'nfdump']);
    const { records } = await collector.stop();
    // JSON has the elements of the same profile.
    expect(differencesOf(flowsOfNfacctd(records), expected)).toEqual([]);
  });

  it('reads NetFlow v5, but ports of TCP and UDP alone', async () => {
    const collector = await startNfacctd();
    const all = await replayTo(collector.port, 'netflow5', 'transports.pcap');
    const { records } = await collector.stop();
    const expected = changed(all, (flow) => {
      const hasPorts = flow.protocol === 6 || flow.protocol === 17;
      return onlyIPv4(hasPorts ? flow : { ...flow, sourcePort: 0, destinationPort: 0 });
    });
    expect(differencesOf(flowsOfNfacctd(records), expected, { times: false })).toEqual([]);
  });

  it.each(PROFILES)('reads the profile %s', async (profile) => {
    const collector = await startNfacctd();
    const expected = await replayTo(collector.port, 'ipfix', 'demo.pcapng', ['--template', profile]);
    const { records } = await collector.stop();
    const found = flowsOfNfacctd(records);
    // Of tcpControlBits in two octets it takes the first, where no flag of today stands; only this profile has two.
    const isFull = profile === 'full';
    if (isFull) expect([...found.values()].every(({ tcpFlags }) => tcpFlags === 0)).toBe(true);
    expect(differencesOf(found, expected, { tcpFlags: !isFull })).toEqual([]);
  });

  const AKVORADO = { ipv4: ['akvorado'], ipv6: ['akvorado'] };
  it.each([
    ['ipfix', {}, {}, 100],
    ['ipfix', {}, { samplingForms: ['sampler'] as const }, 100],
    ['ipfix', {}, { samplingForms: ['selector'] as const }, 1],
    ['ipfix', { template: AKVORADO }, {}, 100],
    ['netflow9', {}, { samplingForms: ['algorithm'] as const }, 100],
    ['netflow9', {}, { samplingForms: ['interval'] as const }, 100],
    ['netflow9', {}, {}, 100],
    ['netflow9', { template: AKVORADO }, {}, 100],
  ] as const)(
    'multiplies by the sampling interval: %s, %j, %j: × %i',
    async (protocol, config, options, factor) => {
      const collector = await startNfacctd(['nfacctd_renormalize: true']);
      const sampling = { method: 'random' as const, interval: 100 };
      await exportTo(collector.port, protocol, { ...config, sampling }, options);
      const { records } = await collector.stop();
      expect(records.reduce((sum, record) => sum + Number(record.bytes), 0)).toBe(factor * octetsOf(100));
    },
  );

  it('reads the forward direction of biflows alone', async () => {
    const collector = await startNfacctd();
    await exportTo(collector.port, 'ipfix', { biflow: true });
    const { records } = await collector.stop();
    expect(records).toHaveLength(100);
    expect(records.reduce((sum, record) => sum + Number(record.bytes), 0)).toBe(octetsOf(100, false));
  });

  // By itself: it prints once a second, and is taken for quiet when it has not for a while.
  it('goes on after it was started again', { concurrent: false }, () =>
    restartCollector((port) => startNfacctd([], port)),
  );

  it('goes on after the exporter was started again, with other templates too', async () => {
    expect(await restartExporter(() => startNfacctd())).toBeGreaterThanOrEqual(uniflows(100));
  });
});

/** Octets of the flows of flowsAt, both directions or forward alone. */
function octetsOf(count: number, withReverse = true): number {
  let octets = 0;
  for (let i = 0; i < count; i++) {
    octets += 100 + i * 1000;
    if (withReverse && i % 2 === 0) octets += 100 + (i + 1) * 1000;
  }
  return octets;
}

const goflow2 = goflow2Program();

describe.skipIf(goflow2 === undefined)('GoFlow2', { concurrent: true }, () => {
  const start = (port?: number) => startGoflow2(goflow2!, port);

  it.each(['ipfix', 'netflow9'].flatMap((scheme) => CAPTURES.map((name) => [scheme, name] as const)))(
    'reads %s of %s',
    async (scheme, name) => {
      const collector = await start();
      const all = await replayTo(collector.port, scheme, name);
      const { records } = await collector.stop();
      // It calls protocols by names of its own, and those it has none for by nothing.
      const numbered = (flows: Flows) =>
        changed(flows, (flow) =>
          [6, 17, 1, 58].includes(flow.protocol) ? flow : { ...flow, protocol: 255 },
        );
      const found = flowsOfGoflow2(records);
      expect(differencesOf(numbered(found), numbered(all))).toEqual([]);
    },
  );

  it('reads NetFlow v5', async () => {
    const collector = await start();
    const all = await replayTo(collector.port, 'netflow5', 'demo.pcapng');
    const { records } = await collector.stop();
    expect(differencesOf(flowsOfGoflow2(records), changed(all, onlyIPv4))).toEqual([]);
  });

  it.each(PROFILES)('reads the profile %s', async (profile) => {
    const collector = await start();
    const expected = await replayTo(collector.port, 'ipfix', 'demo.pcapng', ['--template', profile]);
    const { records } = await collector.stop();
    expect(differencesOf(flowsOfGoflow2(records), expected)).toEqual([]);
  });

  it.each([
    [['interval'], 100],
    [['algorithm'], 100],
    [['sampler'], 100],
    // It takes samplingPacketInterval for the rate: 1 of one packet in a row.
    [['spacing'], 1],
  ] as const)('takes the sampling rate from %j: %i', async (samplingForms, rate) => {
    const collector = await start();
    const sampling = { method: 'systematic' as const, interval: 100 };
    await exportTo(collector.port, 'ipfix', { sampling }, { samplingForms });
    const { records } = await collector.stop();
    expect(new Set(records.map((record) => record.sampling_rate))).toEqual(new Set([rate]));
  });

  it.each(['random', 'systematic', 'hash'] as const)(
    'gets the rate from the default forms: %s',
    async (method) => {
      const collector = await start();
      await exportTo(collector.port, 'ipfix', { sampling: { method, interval: 64 } });
      const { records } = await collector.stop();
      expect(new Set(records.map((record) => record.sampling_rate))).toEqual(new Set([64]));
    },
  );

  it('skips the reverse direction of biflows', async () => {
    const collector = await start();
    await exportTo(collector.port, 'ipfix', { biflow: true });
    const { records } = await collector.stop();
    expect(records).toHaveLength(100);
    expect(records.reduce((sum, record) => sum + Number(record.bytes), 0)).toBe(octetsOf(100, false));
  });

  it('goes on after it was started again', () => restartCollector(start));

  // By itself: a worker that has the templates may stand still while the other one decodes records, so it is waited for here: that
  // templates go ahead of all records is what lets it.
  it('reads everything with the two workers that it has by default', { concurrent: false }, async () => {
    const collector = await startGoflow2(goflow2!, undefined, '');
    const sampling = { method: 'random' as const, interval: 64 };
    await exportTo(collector.port, 'ipfix', { sampling }, {}, collector.settle);
    const { records } = await collector.stop();
    expect(records).toHaveLength(uniflows(100));
    expect(new Set(records.map((record) => record.sampling_rate))).toEqual(new Set([64]));
  });

  it('goes on after the exporter was started again, with other templates too', async () => {
    expect(await restartExporter(start)).toBe(3 * uniflows(100));
  });
});

const hasNfcapd = hasTool('nfcapd');
if (!hasNfcapd) warnSkipped('nfcapd', 'nfcapd');

describe.skipIf(!hasNfcapd)('nfcapd', { concurrent: true }, () => {
  it.each(PROFILES)('reads the profile %s', async (profile) => {
    const collector = await startNfcapd();
    const expected = await replayTo(collector.port, 'ipfix', 'demo.pcapng', ['--template', profile]);
    const result = await collector.stop();
    expect(differencesOf(result.flows, expected)).toEqual([]);
    expect(result.sequenceErrors, result.log).toBe(0);
  });

  it('multiplies by the sampling interval', async () => {
    const collector = await startNfcapd();
    await exportTo(collector.port, 'ipfix', { sampling: { method: 'systematic', interval: 10 } });
    const { records } = await collector.stop();
    const flows = records.filter((record) => record.type === 'FLOW');
    expect(flows.reduce((sum, record) => sum + Number(record.in_bytes), 0)).toBe(10 * octetsOf(100));
  });

  it('stores the reverse direction of biflows as outgoing counters', async () => {
    const collector = await startNfcapd();
    await exportTo(collector.port, 'ipfix', { biflow: true });
    const { records } = await collector.stop();
    const flows = records.filter((record) => record.type === 'FLOW');
    const sum = (field: string) => flows.reduce((total, record) => total + Number(record[field] ?? 0), 0);
    expect(flows).toHaveLength(100);
    expect(sum('in_bytes') + sum('out_bytes')).toBe(octetsOf(100));
  });
});
