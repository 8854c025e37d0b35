/**
 * Ground truth of named paths: real TCP stacks on two wires at once, each with a delay and a loss of its own that it counts
 * itself. One run over both captures must tell the paths apart, and say of each what its wire did.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInLab } from '../lab/lab.ts';
import { WIRE_TOOLS, Wire, type WireCounts } from '../lab/wire.ts';
import { runFlowtap } from '../support/run-flowtap.ts';
import { meanRoundTripsMs } from '../support/tshark-analysis.ts';

const LIMIT_MS = 300_000;
const CONGESTION = 'cubic';

interface TestPath {
  readonly name: string;
  readonly oneIn: number;
  readonly holdMicroseconds: number;
  readonly seconds: number;
  readonly addresses: readonly [string, string];
}

const TEST_PATHS: readonly TestPath[] = [
  {
    name: 'far',
    oneIn: 22_000,
    holdMicroseconds: 4000,
    seconds: 14,
    addresses: ['192.0.2.1', '192.0.2.2'],
  },
  {
    name: 'near',
    oneIn: 1000,
    holdMicroseconds: 1500,
    seconds: 6,
    addresses: ['198.51.100.1', '198.51.100.2'],
  },
];
const TRANSFER_PORT = 5001;
/** Small flows, whose round trips no queue makes longer: a few segments at a time, acknowledged at once. */
const SMALL_PORTS = Array.from({ length: 8 }, (_, n) => 5100 + n);
const SMALL_FLOW = 'seconds=1,every=0.1,piece=2896';

type Row = Readonly<Record<string, unknown>>;

describeInLab([...WIRE_TOOLS, 'tshark'], 'two named paths at once', () => {
  const wires = TEST_PATHS.map(({ name, addresses }) => new Wire(`path${name}`, addresses));
  let captures: string[];
  let counts: { forward: WireCounts; reverse: WireCounts }[];
  let rows: Row[];
  let captureLost: number[];

  beforeAll(async () => {
    captures = await Promise.all(
      TEST_PATHS.map(async ({ holdMicroseconds, oneIn, seconds }, i) => {
        const wire = wires[i]!;
        await wire.relay('-d', String(holdMicroseconds), '-n', String(oneIn));
        const file = await wire.capture(wire.left, 'left.pcap');
        await wire.serve(String(TRANSFER_PORT), ...SMALL_PORTS.map(String));
        await wire.send(...SMALL_PORTS.map((port) => `${port}:${SMALL_FLOW}`));
        await wire.send(`${TRANSFER_PORT}:seconds=${seconds},congestion=${CONGESTION}`);
        return file;
      }),
    );
    captureLost = (await Promise.all(wires.map((wire) => wire.stopCaptures()))).flat();
    captureLost.push(...wires.flatMap((wire) => wire.deviceDrops()));
    counts = await Promise.all(wires.map((wire) => wire.stopRelay()));
    const config = join(wires[0]!.folder, 'flowtap.yaml');
    const paths = TEST_PATHS.map(({ name, addresses: [from, to] }) => ({ name, from: [from], to: [to] }));
    writeFileSync(config, JSON.stringify({ paths }));
    const command = ['replay', ...captures, '--merge', '-c', config, '--paths', '-o', 'json', '-q'];
    const { exitCode, stdout, stderr } = await runFlowtap(command);
    expect([exitCode, stderr]).toEqual([0, '']);
    rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Row);
  }, LIMIT_MS);
  afterAll(async () => {
    for (const wire of wires) await wire.close();
  });

  const rowsOf = (name: string, direction: string) =>
    rows.filter((row) => row.path === name && row.direction === direction);
  const sumOf = (some: readonly Row[], name: string) => some.reduce((sum, row) => sum + Number(row[name]), 0);

  it('lost what the wires say, and the captures nothing', () => {
    for (const { forward } of counts) expect(forward.dropped).toBeGreaterThan(3);
    expect(captureLost.every((lost) => lost === 0)).toBe(true);
  });

  it.each(TEST_PATHS.map(({ name }, i) => [name, i] as const))(
    '%s has its own losses, within 10 %',
    (name, i) => {
      const { forward, reverse } = counts[i]!;
      for (const [direction, wire] of [
        ['forward', forward],
        ['reverse', reverse],
      ] as const) {
        const some = rowsOf(name, direction);
        const lost = sumOf(some, 'lostSegments');
        expect(Math.abs(lost - wire.dropped)).toBeLessThanOrEqual(Math.max(1, 0.1 * wire.dropped));
        expect(sumOf(some, 'captureLostSegments')).toBe(0);
      }
    },
  );

  it.each(TEST_PATHS.map(({ name }, i) => [name, i] as const))(
    '%s has its own delay, within 5 %',
    (name, i) => {
      const { forward, reverse } = counts[i]!;
      const leastMs = (forward.holdMin + reverse.holdMin) / 1e3;
      const some = rowsOf(name, 'forward');
      const least = Math.min(...some.map((row) => Number(row.roundTripMinMilliseconds)));
      expect(Math.abs(least - leastMs)).toBeLessThanOrEqual(Math.max(0.2, 0.05 * leastMs));
    },
  );

  it.each(TEST_PATHS.map(({ name }, i) => [name, i] as const))(
    '%s has the median round trip that tshark sees, within 5 %',
    (name, i) => {
      const most = rowsOf(name, 'forward').sort(
        (a, b) => Number(b.deltaFlowCount) - Number(a.deltaFlowCount),
      )[0]!;
      const small = meanRoundTripsMs(captures[i]!, SMALL_PORTS).sort((a, b) => a - b);
      expect(small).toHaveLength(SMALL_PORTS.length);
      // The lower one of the middle; with the transfer's record in the same minute it may be the next one. Where a minute
      // ended among the flows, the one with the most may have any of the small ones, the transfer's among them.
      const middle = (small.length >> 1) - 1;
      const medians = Number(most.deltaFlowCount) <= small.length ? small : small.slice(middle, middle + 2);
      expect(Number(most.roundTripMedianMilliseconds)).toBeGreaterThan(0.95 * medians[0]!);
      expect(Number(most.roundTripMedianMilliseconds)).toBeLessThan(1.05 * medians.at(-1)!);
    },
  );

  it('tell rates of transfers, and more loss is slower', () => {
    const rateOf = (name: string) =>
      Math.max(...rowsOf(name, 'forward').map((row) => Number(row.transferMeanBitsPerSecond)));
    expect(sumOf(rowsOf('far', 'forward'), 'transfers')).toBeGreaterThan(0);
    expect(rateOf('far')).toBeGreaterThan(1e6);
    expect(rateOf('near')).toBeGreaterThan(1e6);
    expect(sumOf(rowsOf('near', 'forward'), 'flowsLossLimited')).toBeGreaterThan(0);
  });
});
