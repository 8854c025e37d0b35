/**
 * Ground truth: real TCP stacks in network namespaces, on a wire that counts what it drops and measures how long it holds
 * each frame. The probe, looking at a capture of either end, must say what was done to the connections.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInLab } from '../lab/lab.ts';
import {
  type DiagnosisLine,
  diagnoseFile,
  towardsPort,
  WIRE_TOOLS,
  Wire,
  type WireCounts,
} from '../lab/wire.ts';
import { analyseWithTshark } from '../support/tshark-analysis.ts';

const LIMIT_MS = 300_000;

/** Lost packets as the probe counts them. */
function lostPackets({ lostShare, packets }: DiagnosisLine): number {
  return Math.round(lostShare! * packets);
}

/** Within 10 % of what was counted; one packet where that is less. */
function expectNear(found: number, counted: number): void {
  expect(Math.abs(found - counted)).toBeLessThanOrEqual(Math.max(1, 0.1 * counted));
}

/** Round trips within 5 % or 0.2 ms of the time that the wire held frames. The hosts' own time is part of them. */
function expectRoundTrip({ roundTripTimeMs }: DiagnosisLine, there: WireCounts, back: WireCounts): void {
  const least = (there.holdMin + back.holdMin) / 1e3;
  const mean = (there.holdMean + back.holdMean) / 1e3;
  expect(Math.abs(roundTripTimeMs.min! - least)).toBeLessThanOrEqual(Math.max(0.2, 0.05 * least));
  expect(roundTripTimeMs.mean!).toBeGreaterThan(0.95 * least);
  expect(roundTripTimeMs.mean!).toBeLessThan(1.3 * mean);
  expect(roundTripTimeMs.max!).toBeGreaterThanOrEqual(roundTripTimeMs.mean!);
}

interface LossCase {
  readonly name: string;
  readonly oneIn: number;
  readonly holdMicroseconds: number;
  readonly seconds: number;
  readonly congestion: 'reno' | 'cubic';
}

const LOSS_CASES: readonly LossCase[] = [
  { name: 'loss100', oneIn: 100, holdMicroseconds: 5000, seconds: 6, congestion: 'reno' },
  { name: 'loss1000', oneIn: 1000, holdMicroseconds: 10_000, seconds: 10, congestion: 'cubic' },
  { name: 'loss22000', oneIn: 22_000, holdMicroseconds: 4000, seconds: 14, congestion: 'cubic' },
];

for (const { name, oneIn, holdMicroseconds, seconds, congestion } of LOSS_CASES) {
  describeInLab([...WIRE_TOOLS, 'tshark'], `1 packet in ${oneIn} lost at random, ${congestion}`, () => {
    const wire = new Wire(name);
    let files: { before: string; behind: string };
    let counts: { forward: WireCounts; reverse: WireCounts };
    let captureLost: number[];
    beforeAll(async () => {
      await wire.relay('-d', String(holdMicroseconds), '-n', String(oneIn));
      files = {
        before: await wire.capture(wire.left, 'left.pcap'),
        behind: await wire.capture(wire.right, 'right.pcap'),
      };
      await wire.serve('5001');
      await wire.send(`5001:seconds=${seconds},congestion=${congestion}`);
      captureLost = [...(await wire.stopCaptures()), ...wire.deviceDrops()];
      counts = await wire.stopRelay();
    }, LIMIT_MS);
    afterAll(() => wire.close());

    it('lost what the wire says, and the capture nothing', () => {
      expect(counts.forward.dropped).toBeGreaterThan(3);
      expect([counts.forward.overflow, counts.forward.failed, ...captureLost]).toEqual([0, 0, 0, 0, 0, 0]);
    });

    it.each(['before', 'behind'] as const)('is limited by loss, seen %s the wire', async (place) => {
      const line = towardsPort(await diagnoseFile(files[place]), 5001);
      expect(line.verdict, JSON.stringify(line)).toBe('loss-limited');
      expectNear(lostPackets(line), counts.forward.dropped);
      // More where a sender probes for a lost tail, or its timer is impatient.
      expect(line.retransmittedPackets!).toBeGreaterThanOrEqual(lostPackets(line));
      expectRoundTrip(line, counts.forward, counts.reverse);
      expect(line.throughputBitsPerSecond! / line.lossBoundBitsPerSecond!).toBeGreaterThan(0.3);
    });

    // What comes soon behind a gap is out of order to tshark, even where it is sent again: it does not look at what was
    // seen before. Its sum of both is our retransmissions, since this wire reorders nothing.
    it.each(['before', 'behind'] as const)('tshark agrees, seen %s the wire', async (place) => {
      const line = towardsPort(await diagnoseFile(files[place]), 5001);
      const { retransmissions, outOfOrder } = analyseWithTshark(files[place], 5001);
      expect(retransmissions + outOfOrder).toBe(line.retransmittedPackets);
    });
  });
}

describeInLab(
  [...WIRE_TOOLS, 'nft', 'ethtool', 'taskset'],
  '1 packet in 22,000 dropped and counted by nftables',
  () => {
    const wire = new Wire('nft');
    afterAll(() => wire.close());

    it(
      'is what the probe counts, in 600,000 packets',
      async () => {
        wire.veth();
        const match = 'tcp dport 5001 ip length > 1000 numgen random mod 22000 == 0';
        const chain = 'add chain ip lab drops { type filter hook prerouting priority 0; }';
        wire.right.execute('nft', `add table ip lab; ${chain}; add rule ip lab drops ${match} counter drop`);
        const file = await wire.capture(wire.left, 'left.pcap');
        await wire.serve('5001');
        await wire.send('5001:octets=900000000');
        expect(await wire.stopCaptures()).toEqual([0]);
        const [droppedByDevice] = wire.deviceDrops();
        const rules = wire.right.execute('nft', '-j', 'list', 'chain', 'ip', 'lab', 'drops');
        const dropped = Number(/"counter": \{"packets": (\d+)/.exec(rules)?.[1]);
        expect(dropped).toBeGreaterThan(5);
        const line = towardsPort(await diagnoseFile(file), 5001);
        expectNear(lostPackets(line), dropped + droppedByDevice);
      },
      LIMIT_MS,
    );
  },
);

describeInLab(WIRE_TOOLS, 'nothing lost', () => {
  const wire = new Wire('clean');
  afterAll(() => wire.close());

  it(
    'a transfer that fills a link of 30 Mbit/s is healthy, and nothing is lost',
    async () => {
      await wire.relay('-d', '5000', '-r', '30000');
      const file = await wire.capture(wire.left, 'left.pcap');
      await wire.serve('5001');
      await wire.send('5001:seconds=5');
      const lost = [...(await wire.stopCaptures()), ...wire.deviceDrops()];
      const { forward } = await wire.stopRelay();
      expect([forward.dropped, forward.overflow, ...lost]).toEqual([0, 0, 0, 0, 0]);
      const line = towardsPort(await diagnoseFile(file), 5001);
      expect(line, JSON.stringify(line)).toMatchObject({ verdict: 'healthy', lostShare: 0 });
    },
    LIMIT_MS,
  );
});

describeInLab([...WIRE_TOOLS, 'tshark'], 'connections with other troubles', () => {
  const wire = new Wire('trouble');
  let lines: DiagnosisLine[];
  let file: string;
  let counts: { forward: WireCounts; reverse: WireCounts };
  beforeAll(async () => {
    // 10 ms each way; port 5004 is cut off for 6 s, and nothing ever gets to port 5010.
    await wire.relay('-d', '10000', '-p', '5004', '-b', '2000,8000', '-u', '5010');
    file = await wire.capture(wire.left, 'left.pcap');
    await wire.serve(
      '5001:rcvbuf=32768',
      '5002',
      '5003:after=1000000,pause=5',
      '5004',
      '5005',
      '5006',
      '5007:after=500000,reset=1',
      '5009:answer=300000',
    );
    await wire.send(
      '5001:seconds=8',
      '5002:seconds=8,sndbuf=32768',
      '5003:octets=12000000,sndbuf=200000',
      '5004:seconds=10,sndbuf=65536',
      '5005:octets=4000000,pause=6',
      '5006:seconds=6,every=0.1,piece=20000',
      '5007:octets=3000000,sndbuf=65536',
      '5008:octets=1',
      '5009:requests=4,pause=3,answer=300000',
      '5010:octets=1',
    );
    await wire.stopCaptures();
    counts = await wire.stopRelay();
    lines = await diagnoseFile(file, '--interval', '1s');
  }, LIMIT_MS);
  afterAll(() => wire.close());

  it.each([
    [5001, 'window-limited', /the receiver's window never exceeds/],
    [5002, 'window-limited', /the receiver would take more/],
    [5003, 'stalled', /the receiver kept its window shut for [45]/],
    [5004, 'stalled', /not acknowledged for up to ([6-9]|1[0-4])/],
    [5005, 'stalled', /its sender paused/],
    [5006, 'application-limited', /that it once had on its way/],
    [5007, 'reset', /RST from the responder/],
    [5008, 'refused', /RST and no SYN/],
    [5010, 'unanswered', /none of which acknowledges anything/],
  ])('to port %i: %s', (port, verdict, reason) => {
    const line = towardsPort(lines, port);
    expect(line.verdict, JSON.stringify(line)).toBe(verdict);
    expect(line.reasons.join('\n')).toMatch(reason);
  });

  it('from port 5009, which waits for requests: application-limited', () => {
    const line = lines.find(({ sourceTransportPort }) => sourceTransportPort === 5009)!;
    expect(line.verdict, JSON.stringify(line)).toBe('application-limited');
    expect(line.reasons.join('\n')).toContain('silent between requests');
  });

  it('silent intervals are those of the pauses', () => {
    for (const [port, seconds] of [
      [5004, 6],
      [5005, 6],
    ] as const) {
      const { stalledIntervals, intervalSeconds } = towardsPort(lines, port);
      expect(intervalSeconds).toBe(1);
      expect(stalledIntervals).toBeGreaterThanOrEqual(seconds - 2);
      // The next retransmission may come as late again as the pause was long (RFC 6298 §5.5).
      expect(stalledIntervals).toBeLessThanOrEqual(2 * seconds + 2);
    }
  });

  it.each([5001, 5002])('round trips to port %i', (port) => {
    const { forward, reverse } = counts;
    expectRoundTrip(towardsPort(lines, port), forward, reverse);
  });

  it('the bound of the receiver’s window is the one that was set', () => {
    const { windowBoundBitsPerSecond, throughputBitsPerSecond } = towardsPort(lines, 5001);
    expect(throughputBitsPerSecond! / windowBoundBitsPerSecond!).toBeGreaterThan(0.5);
    expect(throughputBitsPerSecond! / windowBoundBitsPerSecond!).toBeLessThan(1.05);
  });

  it('what was lost to port 5004 is what the wire took while it was cut', () => {
    const line = towardsPort(lines, 5004);
    expect(lostPackets(line)).toBeGreaterThan(0);
    expect(lostPackets(line)).toBeLessThanOrEqual(counts.forward.blackout);
  });
});
