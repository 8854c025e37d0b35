/**
 * Kernels that lack what flowtap uses of newer ones: each feature is refused (test/lab/old-kernel.c), what is metered and
 * exported is the same as ever, and one line of the log says what is done without, however many threads miss it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { KERNEL_FEATURES, type KernelFeatureName } from '../../src/sys/kernel-features.ts';
import { describeInLab, Lab, type Namespace } from '../lab/lab.ts';
import { createOldKernel } from '../lab/old-kernel.ts';
import { daemonCommand, LAUNCHER, scrapeUntil, total } from '../probe/live/daemon-support.ts';
import { PCAPS_FOLDER } from '../support/captures.ts';
import { differencesOf, type FlowTotals, flowsOfJson } from '../support/flow-totals.ts';
import { startNfcapd } from '../support/nfcapd.ts';
import { runFlowtap } from '../support/run-flowtap.ts';
import { describeWithTools } from '../support/tools.ts';
import { witnessFlows } from '../support/tshark.ts';

const CAPTURE = join(PCAPS_FOLDER, 'transports.pcap');
const PACKETS = 2000;
const SAMPLING_INTERVAL = 8;

let folder: string;
let without: ReturnType<typeof createOldKernel>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-old-kernel-'));
  without = createOldKernel(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Expects a line for each of the features, and for no other. */
function expectLines(stderr: string, names: readonly KernelFeatureName[]): void {
  const told = [...stderr.matchAll(/ feature=(\w+)/g)].map(([, name]) => name);
  expect(told.sort(), stderr).toEqual([...names].sort());
  for (const name of names) {
    const { does, needs, without: instead, level } = KERNEL_FEATURES[name];
    const line = stderr.split('\n').find((text) => text.includes(`feature=${name}`))!;
    expect(line).toContain(
      `flowtap: ${level}: the kernel refuses ${name} (${does}), which needs ${needs}: ${instead}`,
    );
    expect(line).toMatch(/ errno=E[A-Z]+$/);
  }
}

describeWithTools(['gcc', 'nfcapd', 'nfdump', 'tshark'], 'a replay on a kernel without', () => {
  let expected: ReadonlyMap<string, FlowTotals>;
  beforeAll(() => {
    expected = witnessFlows(CAPTURE);
    expect(expected.size).toBeGreaterThan(0);
  });

  it.each<[string, KernelFeatureName[]]>([
    ['UDP_SEGMENT', ['UDP_SEGMENT']],
    ['SOCK_DIAG_BY_FAMILY', ['SOCK_DIAG_BY_FAMILY']],
    ['both', ['UDP_SEGMENT', 'SOCK_DIAG_BY_FAMILY']],
  ])('%s exports all of it to two collectors', async (_, missing) => {
    const collectors = [await startNfcapd(), await startNfcapd()];
    const exporters = collectors.flatMap(({ port }) => ['-e', `ipfix://127.0.0.1:${port}`]);
    const run = await runFlowtap(['replay', CAPTURE, '-q', ...exporters], undefined, without(...missing));
    for (const collector of collectors) {
      const { flows, sequenceErrors, log } = await collector.stop();
      expect(differencesOf(flows, expected)).toEqual([]);
      expect(sequenceErrors, log).toBe(0);
    }
    expect(run.exitCode, run.stderr).toBe(0);
    expectLines(run.stderr, missing);
  });

  it.each<KernelFeatureName>(['MADV_POPULATE_WRITE', 'MADV_HUGEPAGE'])(
    '%s meters all of it, with two meters',
    async (name) => {
      // Larger than the default, so that its pages are cared for from the start.
      const args = [
        'replay',
        CAPTURE,
        '-q',
        '-o',
        'json',
        '--workers',
        '2',
        '--flow-table-entries',
        '524288',
      ];
      const run = await runFlowtap(args, undefined, without(name));
      expect(differencesOf(flowsOfJson(run.stdout), expected)).toEqual([]);
      expect(run.exitCode, run.stderr).toBe(0);
      expectLines(run.stderr, [name]);
    },
  );

  it('nothing says nothing', async () => {
    const run = await runFlowtap(['replay', CAPTURE, '-q', '-o', 'json'], undefined, without());
    expect(differencesOf(flowsOfJson(run.stdout), expected)).toEqual([]);
    expectLines(run.stderr, []);
  });
});

describeInLab(['gcc', 'curl'], 'a live capture on a kernel without', () => {
  let lab: Lab;
  let sender: Namespace;
  let probe: Namespace;
  /** Ends of two cables: the sender's and the probe's. */
  let ends: readonly (readonly [string, string])[];
  beforeEach(() => {
    lab = new Lab('old');
    [sender, probe] = [lab.namespace('sender'), lab.namespace('probe')];
    ends = [1, 2].map(() => lab.connect(sender, probe, { quiet: true }));
  });
  afterEach(() => lab.close());

  const generate = (name: string) => [
    ...[process.execPath, LAUNCHER, 'generate', '-i', name],
    ...['--count', String(PACKETS), '--flows', '100', '--rate', '20000'],
  ];

  // With two workers the kernel asks their group, not the ring.
  it.each<[string, number, KernelFeatureName[]]>([
    ['PACKET_IGNORE_OUTGOING', 1, ['PACKET_IGNORE_OUTGOING']],
    ['PACKET_FANOUT_FLAG_IGNORE_OUTGOING', 2, ['PACKET_FANOUT_FLAG_IGNORE_OUTGOING']],
    [
      ...(['all of it', 2] as const),
      ['PACKET_IGNORE_OUTGOING', 'PACKET_FANOUT_FLAG_IGNORE_OUTGOING', 'MADV_HUGEPAGE', 'BPF_FETCH'],
    ],
  ])('%s meters what comes in on two interfaces, with workers for each: %i', async (_, workers, missing) => {
    const samples = missing.includes('BPF_FETCH');
    const sampling = ['--sampling', String(SAMPLING_INTERVAL), '--sampling-method', 'systematic'];
    const interfaces = ends.flatMap(([, inside]) => ['-i', inside]);
    const options = ['--workers', String(workers), ...(samples ? sampling : [])];
    const daemon = probe.start(daemonCommand(...interfaces, ...options), { env: without(...missing) });
    await daemon.waitForOutput(/metering .* by /);
    // Frames that go past the queueing discipline are seen by no capture of the sending host.
    const outgoing = await probe.run(generate(ends[0]![1]), { env: without('PACKET_QDISC_BYPASS') });
    expectLines(outgoing.stderr, ['PACKET_QDISC_BYPASS']);
    expect(outgoing.code, outgoing.stderr).toBe(0);
    expect(sender.counters(ends[0]![0]).rxPackets).toBe(PACKETS);
    for (const [outside] of ends) expect(await sender.run(generate(outside))).toMatchObject({ code: 0 });

    const wanted = 2 * PACKETS;
    await scrapeUntil(probe, (now) => total(now, 'flowtap_capture_packets_total') >= wanted);
    const { stdout, stderr, code } = await daemon.stop('SIGTERM');
    expect(code, stderr).toBe(0);
    const account = /Packets: ([\d,]+) offered = ([\d,]+) in flow records(?: \+ ([\d,]+) not selected)?$/m;
    const [offered, inRecords, unselected] = account
      .exec(stdout + stderr)!
      .slice(1)
      .map((digits) => Number((digits ?? '0').replaceAll(',', '')));
    expect(offered).toBe(wanted);
    expect(inRecords! + unselected!).toBe(wanted);
    // Each worker begins somewhere within an interval.
    const selected = samples ? wanted / SAMPLING_INTERVAL : wanted;
    expect(Math.abs(inRecords! - selected)).toBeLessThanOrEqual(samples ? 4 : 0);
    expectLines(stderr, missing);
  });
});
