/**
 * Draws the results of growth.ts: an SVG of each chart, wall time at the left and processor time at the right, medians of all
 * rounds. Vega-Lite lays them out, without a browser; readers with a dark screen get them in dark colours.
 */
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { ChartName, GrowthPoint, GrowthResults } from './growth.ts';
import { machineText, roundsText } from './machine.ts';
import { median } from './report.ts';

/** The horizontal axis of a chart, and how its values are told. */
interface ChartShape {
  readonly title: string;
  readonly subtitle: string;
  readonly axis: string;
  readonly of: (point: GrowthPoint) => number;
  readonly scale: { readonly type: 'linear' | 'log' };
  /** Values that have a tick; missing: as Vega-Lite chooses. */
  readonly ticks?: readonly number[];
  readonly tickText: string;
  readonly seconds: object;
}

const PANEL_WIDTH = 310;
const PANEL_HEIGHT = 230;
/** Of a panel's width. */
const LABEL_WIDTH = 0.09;
const COUNT_TEXT = "format(datum.value, '~s')";
const LOG_SECONDS = { type: 'log', nice: false };
const LINEAR_SECONDS = { zero: true };

const SHAPES: Readonly<Record<ChartName, ChartShape>> = {
  flows: {
    title: 'Time of a replay by flows',
    subtitle: '20 million packets of 64 octets, one collector',
    axis: 'flows in the capture',
    of: ({ flows }) => flows,
    scale: { type: 'log' },
    ticks: [1e3, 1e4, 1e5, 1e6, 1e7],
    tickText: COUNT_TEXT,
    seconds: LOG_SECONDS,
  },
  collectors: {
    title: 'Time of a replay by collectors',
    subtitle: '5 million packets of 64 octets, 100,000 flows; each collector gets all records',
    axis: 'collectors',
    of: ({ collectors }) => collectors,
    scale: { type: 'linear' },
    ticks: [1, 4, 16],
    tickText: 'datum.value',
    seconds: LINEAR_SECONDS,
  },
  size: {
    title: 'Time of a replay by the size of the file',
    subtitle: 'frames of two lengths, stored whole; one worker, one collector',
    axis: 'size of the file in GB',
    of: ({ fileOctets }) => fileOctets / 1e9,
    scale: { type: 'linear' },
    tickText: 'datum.value',
    seconds: LINEAR_SECONDS,
  },
};

const WALL = 'wall time';
const PROCESSOR = 'processor time, all threads';

/** Inks on white, and those in their place on a dark screen. */
const PAPER = { light: '#ffffff', dark: '#0d1117' };
const WORDS = { light: '#24292f', dark: '#e6edf3' };
const LESSER_WORDS = { light: '#57606a', dark: '#9198a1' };
const LINES = { light: '#d8dee4', dark: '#30363d' };
const SERIES = [
  { light: '#0969da', dark: '#4493f8' },
  { light: '#bc4c00', dark: '#f0883e' },
];
const INKS = [PAPER, WORDS, LESSER_WORDS, LINES, ...SERIES];

/** Fonts and inks of all charts. */
const THEME = {
  font: 'Helvetica, Arial, sans-serif',
  view: { stroke: null },
  title: { color: WORDS.light, subtitleColor: LESSER_WORDS.light, fontSize: 15, subtitleFontSize: 11 },
  axis: {
    labelColor: WORDS.light,
    titleColor: WORDS.light,
    gridColor: LINES.light,
    domainColor: LESSER_WORDS.light,
    tickColor: LESSER_WORDS.light,
    labelFontSize: 11,
    titleFontSize: 12,
    titleFontWeight: 'normal',
  },
  legend: { labelColor: WORDS.light, labelFontSize: 12 },
  header: { labelColor: WORDS.light, labelFontSize: 12 },
};

/** A median as a point of the chart. */
interface Row {
  readonly measure: string;
  readonly line: string;
  readonly x: number;
  readonly seconds: number;
}

/** The median of each case, by wall time and by processor time. */
function rowsOf(points: readonly GrowthPoint[], { of }: ChartShape): Row[] {
  return points.flatMap((point) => [
    { measure: WALL, line: point.line, x: of(point), seconds: median(point.wallSeconds) },
    { measure: PROCESSOR, line: point.line, x: of(point), seconds: median(point.cpuSeconds) },
  ]);
}

/** How far along its axis a value lies, from 0 to 1. */
function placeOf(x: number, rows: readonly Row[], { scale }: ChartShape): number {
  const most = Math.max(...rows.map((row) => row.x));
  const least = Math.min(...rows.map((row) => row.x));
  return scale.type === 'log' ? Math.log(x / least) / Math.log(most / least) : x / most;
}

/**
 * Rows with their values as words: above the point where no other line is above it there, else below; none where the next
 * point of the line is so near that the words would meet.
 */
function withLabels(rows: readonly Row[], shape: ChartShape) {
  return rows.map((row, i) => {
    const alike = rows.filter(({ measure }) => measure === row.measure);
    const isBelow = alike.some(({ x, seconds }) => x === row.x && seconds > row.seconds);
    const next = rows.find((other, j) => j > i && other.measure === row.measure && other.line === row.line);
    const place = placeOf(row.x, rows, shape);
    const isClear = next === undefined || placeOf(next.x, rows, shape) - place >= LABEL_WIDTH;
    return { ...row, side: isBelow ? 1 : -1, label: isClear ? secondsText(row.seconds) : '' };
  });
}

function secondsText(seconds: number): string {
  return seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(1);
}

function specOf(name: ChartName, { machine, rounds, points }: GrowthResults): TopLevelSpec {
  const shape = SHAPES[name];
  const own = points.filter(({ chart }) => chart === name);
  const lines = [...new Set(own.map(({ line }) => line))];
  const x = {
    field: 'x',
    type: 'quantitative',
    scale: shape.scale,
    axis: {
      title: shape.axis,
      labelFlush: false,
      labelExpr: shape.tickText,
      ...(shape.ticks && { values: shape.ticks }),
    },
  };
  const y = { field: 'seconds', type: 'quantitative', scale: shape.seconds, axis: { title: 'seconds' } };
  const color = {
    field: 'line',
    type: 'nominal',
    scale: { domain: lines, range: SERIES.map(({ light }) => light) },
    legend: { title: null, orient: 'top', symbolType: 'stroke', symbolStrokeWidth: 3, labelLimit: 300 },
  };
  // Words on a seam of the paper's colour, so that no line goes through them.
  const labels = [-1, 1].flatMap((side) =>
    [{ stroke: PAPER.light, strokeWidth: 4, strokeJoin: 'round' }, {}].map((seam) => ({
      transform: [{ filter: `datum.side === ${side}` }],
      mark: { type: 'text', dy: side * 11, fontSize: 10, ...seam },
      encoding: { x, y, text: { field: 'label' }, ...(!('stroke' in seam) && { color }) },
    })),
  );
  return {
    background: PAPER.light,
    padding: 12,
    title: {
      text: shape.title,
      subtitle: [shape.subtitle, roundsText(rounds), machineText(machine)],
      anchor: 'start',
      offset: 8,
    },
    data: { values: withLabels(rowsOf(own, shape), shape) },
    facet: { column: { field: 'measure', type: 'nominal', sort: [WALL, PROCESSOR], title: null } },
    spec: {
      width: PANEL_WIDTH,
      height: PANEL_HEIGHT,
      layer: [{ mark: { type: 'line', point: true }, encoding: { x, y, color } }, ...labels],
    },
    config: THEME,
  } as TopLevelSpec;
}

/** Colours for dark screens, in place of those that the chart's elements have. */
function darkStyle(): string {
  const rules = INKS.map(
    ({ light, dark }) => `[fill="${light}"]{fill:${dark}}[stroke="${light}"]{stroke:${dark}}`,
  );
  return `<style>@media (prefers-color-scheme:dark){${rules.join('')}}</style>`;
}

/** The chart as an SVG document; the same for the same results. */
export async function drawGrowth(name: ChartName, results: GrowthResults): Promise<string> {
  const view = new View(parse(compile(specOf(name, results)).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return `${svg.replace(/<svg[^>]*>/, `$&<title>${SHAPES[name].title}</title>${darkStyle()}`)}\n`;
}
