/** Charts and table of docs/benchmarks.md are what the results beside them give, and show each of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MADE_OF_RESULTS, type PeerResults, withTable } from '../../bench/documents.ts';
import { CHART_NAMES, GROWTH_CASES, type GrowthPoint, type GrowthResults } from '../../bench/growth.ts';
import { drawGrowth } from '../../bench/growth-charts.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const growth = JSON.parse(read('docs/benchmarks/growth.json')) as GrowthResults;
const peers = JSON.parse(read('docs/benchmarks/peers.json')) as PeerResults;
const machine = { processors: 2, model: 'A & B', node: 'v24.0.0', date: '2026-01-31', load: 0 };

/** Words of an SVG document, in their order. */
function wordsOf(svg: string): string[] {
  return [...svg.matchAll(/>([^<]+)<\/(?:text|tspan)>/g)].map(([, words]) => words!);
}

/** A point of the chart by flows. */
function point(flows: number, workers: number, seconds: readonly number[]): GrowthPoint {
  const line = workers === 1 ? '1 worker' : '2 workers';
  return {
    ...{ chart: 'flows', line, packets: 10, flows, frameOctets: 64, workers, collectors: 1, fileOctets: 800 },
    ...{ wallSeconds: seconds, cpuSeconds: seconds.map((one) => one * 3) },
  };
}

describe('what is made of the results', () => {
  it.each(Object.entries(MADE_OF_RESULTS))('%s is current: npm run bench -- --draw', async (path, make) => {
    expect(read(path)).toBe(await make());
  });

  it('is shown by the document', () => {
    const document = read('docs/benchmarks.md');
    for (const name of CHART_NAMES) expect(document).toContain(`](benchmarks/growth-${name}.svg)`);
  });
});

describe('the results', () => {
  it('have every case, as often as there were rounds', () => {
    const cases = growth.points.map(({ fileOctets: _, wallSeconds: _w, cpuSeconds: _c, ...one }) => one);
    expect(cases).toEqual(GROWTH_CASES);
    for (const { wallSeconds, cpuSeconds } of growth.points)
      expect([wallSeconds.length, cpuSeconds.length]).toEqual([growth.rounds, growth.rounds]);
  });

  it('have flowtap on every workload that there is a floor for', () => {
    const measured = peers.summaries.filter(({ probe }) => probe === 'flowtap');
    expect(measured.map(({ workload }) => workload)).toEqual(
      expect.arrayContaining(['64B-100k', '64B-1M', '1500B-1k', '1500B-whole', 'real', 'real.pcapng']),
    );
    for (const { runs } of measured) expect(runs).toBe(peers.rounds);
  });
});

describe('a chart', () => {
  const points = [
    point(1000, 1, [1.25, 9, 1]),
    point(1000, 2, [0.5, 0.75, 0.25]),
    point(100_000, 1, [20, 16, 30]),
    point(100_000, 2, [2, 2, 2]),
  ];

  it('tells medians, lines, axes, units, and where it was measured', async () => {
    const words = wordsOf(await drawGrowth('flows', { machine, rounds: 3, points }));
    const expected = ['1.25', '0.50', '20.0', '2.00', '3.75', '1.50', '60.0', '6.00'];
    expect(words).toEqual(
      expect.arrayContaining([...expected, '1 worker', '2 workers', '1k', '10k', '100k']),
    );
    expect(words).toEqual(
      expect.arrayContaining(['seconds', 'flows in the capture', 'wall time', 'processor time, all threads']),
    );
    expect(words).toContain('medians of 3 rounds');
    expect(words).toContain('2 × A &amp; B, Node v24.0.0, 2026-01-31, load 0.0 when it began');
  });

  it('draws a higher time higher', async () => {
    const svg = await drawGrowth('flows', { machine, rounds: 3, points });
    const [first] = [...svg.matchAll(/aria-roledescription="line mark"[^>]*? d="M([\d.,-]+)L([\d.,-]+)"/g)];
    const [start, end] = first!.slice(1).map((place) => place.split(',').map(Number));
    expect(end![0]).toBeGreaterThan(start![0]!);
    expect(end![1]).toBeLessThan(start![1]!);
  });

  it('leaves the words out where those of the next point would meet them', async () => {
    const near = points.flatMap((one) => (one.workers === 1 ? [one] : []));
    const words = wordsOf(
      await drawGrowth('flows', {
        machine,
        rounds: 3,
        points: [near[0]!, point(1100, 1, [7, 7, 7]), near[1]!],
      }),
    );
    expect(words).toContain('7.00');
    expect(words).not.toContain('1.25');
  });

  it('has other colours on a dark screen', async () => {
    const svg = await drawGrowth('flows', { machine, rounds: 3, points });
    const colours = new Set([...svg.matchAll(/ (?:fill|stroke)="(#\w+)"/g)].map(([, colour]) => colour!));
    expect(colours.size).toBeGreaterThan(4);
    const dark = /@media \(prefers-color-scheme:dark\)\{(.*?)\}<\/style>/.exec(svg)![1]!;
    for (const colour of colours) expect(dark).toContain(`[fill="${colour}"]`);
  });
});

describe('the table', () => {
  it('takes the place of the one that stands in the document, and leaves the rest', () => {
    const [before, , after] = read('docs/benchmarks.md').split(
      /(?<=Do not edit\. -->\n)|(?=<!-- End of that)/,
    );
    const old = `${before}old\n${after}`;
    expect(withTable(old, peers)).toBe(withTable(withTable(old, peers), peers));
    expect(withTable(old, peers)).not.toContain('\nold\n');
    expect(withTable(old, peers).endsWith(after!)).toBe(true);
  });

  it('has a place, or that is said', () => {
    expect(() => withTable('# Benchmarks\n', peers)).toThrow('found no place for the table');
  });
});
