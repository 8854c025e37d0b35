/** A chart of one direction's throughput by interval, with the bounds of loss and window, as inline SVG. */

import { rateText, timeText } from '../output/words.ts';
import type { Measures } from './measures.ts';

const WIDTH = 900;
const HEIGHT = 130;
const LEFT = 80;
const TOP = 8;
const PLOT_WIDTH = WIDTH - LEFT - 8;
const PLOT_HEIGHT = HEIGHT - TOP - 22;
/** A bound further than this above the highest bar would flatten the bars: it is named, not drawn. */
const BOUND_ROOM = 3;

/** Text for HTML and its attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** The next of 1, 2, 5, 10, 20 … */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((factor) => factor * power >= value) ?? 10) * power;
}

/** A dashed line with its name at one end, so that two near each other can both be read. */
function boundLine(name: 'loss' | 'window', bitsPerSecond: number, top: number): string {
  if (!(bitsPerSecond <= top)) return '';
  const y = (TOP + PLOT_HEIGHT * (1 - bitsPerSecond / top)).toFixed(1);
  const [x, anchor] = name === 'loss' ? [LEFT + PLOT_WIDTH - 4, 'end'] : [LEFT + PLOT_WIDTH / 2, 'middle'];
  return `<line class="bound ${name}" x1="${LEFT}" x2="${LEFT + PLOT_WIDTH}" y1="${y}" y2="${y}"/><text class="bound-text" x="${x}" y="${Number(y) - 3}" text-anchor="${anchor}">${name} allows ${rateText(bitsPerSecond)}</text>`;
}

/** The chart, or nothing where no interval was measured. */
export function throughputChart({ intervalRates: rates, flow, lossBound, receiverBound }: Measures): string {
  const most = rates.reduce((greatest, rate) => Math.max(greatest, rate), 0);
  if (most === 0) return '';
  const bounds = [lossBound, receiverBound].filter((bound) => bound <= BOUND_ROOM * most);
  const top = roundUp(Math.max(most, ...bounds));
  const step = PLOT_WIDTH / rates.length;
  const bars = rates.map((rate, i) => {
    const height = (rate / top) * PLOT_HEIGHT;
    const from = timeText(i * flow.intervalMs);
    const x = (LEFT + i * step).toFixed(1);
    const width = Math.max(0.5, step - 1).toFixed(1);
    if (rate === 0)
      return `<rect class="silent" x="${x}" y="${TOP + PLOT_HEIGHT - 3}" width="${width}" height="3"><title>from ${from}: silent</title></rect>`;
    return `<rect class="rate" x="${x}" y="${(TOP + PLOT_HEIGHT - height).toFixed(1)}" width="${width}" height="${height.toFixed(1)}"><title>from ${from}: ${rateText(rate)}</title></rect>`;
  });
  const axis = [0, 0.5, 1].map((part) => {
    const y = TOP + PLOT_HEIGHT * (1 - part);
    return `<line class="grid" x1="${LEFT}" x2="${LEFT + PLOT_WIDTH}" y1="${y}" y2="${y}"/><text x="${LEFT - 6}" y="${y + 4}" text-anchor="end">${rateText(top * part)}</text>`;
  });
  const end = timeText(rates.length * flow.intervalMs);
  const times = `<text x="${LEFT}" y="${HEIGHT - 6}">0 s</text><text x="${LEFT + PLOT_WIDTH}" y="${HEIGHT - 6}" text-anchor="end">${end}</text>`;
  return `<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Throughput by interval">${axis.join('')}${bars.join('')}${boundLine('loss', lossBound, top)}${boundLine('window', receiverBound, top)}${times}</svg>`;
}
