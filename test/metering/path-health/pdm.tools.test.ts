/** PDM (RFC 8250): packets made with scapy whose truth is known, and dissected by tshark to the same values. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlowHealth } from '../../../src/records/path-health-figures.ts';
import { warnSkipped } from '../../support/skipped.ts';
import { hasTool } from '../../support/tools.ts';
import { readFields } from '../../support/tshark.ts';
import { flowsOf } from './support.ts';

/** The Python that Debian's scapy belongs to may not be the first one in the path. */
const PYTHON = ['python3', '/usr/bin/python3'].find(
  (name) => spawnSync(name, ['-c', 'import scapy.all'], { stdio: 'ignore' }).status === 0,
);
const canRun = PYTHON !== undefined && hasTool('tshark');
if (!canRun) warnSkipped('PDM', 'python3 with scapy, or tshark');

describe.skipIf(!canRun)('PDM', () => {
  const folder = mkdtempSync(join(tmpdir(), 'flowtap-pdm-'));
  const file = join(folder, 'pdm.pcap');
  let truth: Record<string, number> = {};
  let health: FlowHealth;

  beforeAll(async () => {
    const script = join(import.meta.dirname, '../../support/pdm.py');
    truth = JSON.parse(execFileSync(PYTHON!, [script, file], { encoding: 'utf8', stdio: 'pipe' }));
    const flows = await flowsOf(readFileSync(file));
    expect(flows).toHaveLength(1);
    health = flows[0]!.health!;
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  it('gives the network’s round trip, without what the hosts took', () => {
    const { forward, reverse } = health;
    for (const { pdmRoundTrip } of [forward, reverse]) {
      expect(pdmRoundTrip.samples).toBe(truth.roundTrips);
      expect(pdmRoundTrip.minMs).toBeCloseTo(truth.roundTripMs!, 1);
      expect(pdmRoundTrip.maxMs).toBeCloseTo(truth.roundTripMs!, 1);
    }
  });

  it('gives the answer times, and the round trip from the probe to the answering host', () => {
    const { pdmServerDelay, pdmProbeRoundTrip } = health.reverse;
    expect(pdmServerDelay.samples).toBe(truth.asks);
    expect(pdmServerDelay.minMs).toBeCloseTo(truth.delayMinMs!, 1);
    expect(pdmServerDelay.meanMs).toBeCloseTo(truth.delayMeanMs!, 1);
    expect(pdmServerDelay.maxMs).toBeCloseTo(truth.delayMaxMs!, 1);
    expect(pdmProbeRoundTrip.samples).toBe(truth.asks);
    expect(pdmProbeRoundTrip.meanMs).toBeCloseTo(truth.probeRoundTripMs!, 1);
  });

  it('counts losses, disorder and copies over the wrap of its numbers; fragments of a packet once', () => {
    expect(health.forward).toMatchObject({
      pdmPackets: truth.packetsA,
      pdmLostPackets: truth.lostA,
      pdmReorderedPackets: truth.reorderedA,
      pdmDuplicatedPackets: truth.duplicatedA,
    });
    expect(health.reverse).toMatchObject({
      pdmPackets: truth.packetsB,
      pdmLostPackets: 0,
      pdmReorderedPackets: 0,
      pdmDuplicatedPackets: 0,
    });
  });

  it('is what tshark dissects', () => {
    const rows = readFields(file, [
      'ipv6.src',
      'ipv6.opt.pdm.psn_this_pkt',
      'ipv6.opt.pdm.scale_dtlr',
      'ipv6.opt.pdm.delta_last_recv',
    ]);
    const answers = new Map<string, number>();
    for (const row of rows) {
      if (row['ipv6.src']![0] !== 'fd00::b') continue;
      const scale = Number(row['ipv6.opt.pdm.scale_dtlr']![0]);
      const delta = Number(row['ipv6.opt.pdm.delta_last_recv']![0]);
      answers.set(row['ipv6.opt.pdm.psn_this_pkt']![0]!, delta * 2 ** scale * 1e-15);
    }
    expect(answers.size).toBe(health.reverse.pdmPackets);
    const times = [...answers.values()];
    const { pdmServerDelay } = health.reverse;
    expect(pdmServerDelay.minMs).toBeCloseTo(Math.min(...times), 3);
    expect(pdmServerDelay.maxMs).toBeCloseTo(Math.max(...times), 3);
    expect(pdmServerDelay.meanMs).toBeCloseTo(times.reduce((sum, ms) => sum + ms, 0) / times.length, 3);
  });
});
