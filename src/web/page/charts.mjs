/**
 * The charts: packets, bits, losses, flows and export over time, live from the stream for the last minutes, from the
 * history for longer. All share one cursor. uPlot draws them (its own file, a global of the page).
 */
import { ask } from './api.mjs';
import { choice, fill, make, setText } from './dom.mjs';
import { figure } from './format.mjs';

const { uPlot } = globalThis;

const LIVE_SECONDS = 300;
/** Value of the choice, its label, seconds, and the step of the history. */
const RANGES = [
  ['live', '5 min', LIVE_SECONDS, 10],
  ['hour', '1 h', 3600, 10],
  ['day', '24 h', 86_400, 60],
  ['week', '7 d', 604_800, 60],
];
const HISTORY_EVERY_MS = 10_000;
const HEIGHT = 160;
/** Metrics of each chart with their names; those `isOfAll` have no share of an interface. */
const CHARTS = [
  {
    title: 'Packets',
    unit: 'packets/s',
    lines: [
      { metric: 'offeredPackets', name: 'offered', colour: '--line-1' },
      { metric: 'meteredPackets', name: 'metered', colour: '--line-2' },
    ],
  },
  {
    title: 'Traffic',
    unit: 'bit/s',
    lines: [{ metric: 'offeredBits', name: 'on the wire', colour: '--line-1' }],
  },
  {
    title: 'Losses',
    unit: '/s',
    lines: [
      { metric: 'lostPackets', name: 'packets', colour: '--bad' },
      { metric: 'lostRecords', name: 'records', colour: '--warning', isOfAll: true },
    ],
  },
  { title: 'Flows', unit: 'flows', lines: [{ metric: 'activeFlows', name: 'active', colour: '--line-1' }] },
  {
    title: 'Export',
    unit: 'records/s',
    lines: [{ metric: 'exportedRecords', name: 'sent', colour: '--line-2', isOfAll: true }],
  },
];
const LINES = CHARTS.flatMap(({ lines }) => lines);

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function optionsOf({ lines, unit }, width, tell) {
  const axis = {
    stroke: colour('--muted'),
    grid: { stroke: colour('--rule'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { sync: { key: 'flowtap' }, drag: { x: false, y: false }, points: { size: 7 } },
    padding: [8, 26, 0, 0],
    scales: { y: { range: (_, _least, most) => [0, Math.max(1, (most ?? 0) * 1.1)] } },
    axes: [
      { ...axis, size: 26, space: 64, values: timesOf },
      { ...axis, size: 62, space: 32, values: (_, ticks) => ticks.map((tick) => figure(tick)) },
    ],
    series: [
      {},
      ...lines.map((line, i) => ({
        stroke: colour(line.colour),
        width: 1.75,
        fill: i === 0 && lines.length === 1 ? `${colour(line.colour)}1f` : undefined,
        points: { show: false },
      })),
    ],
    hooks: { setCursor: [(plot) => tell(plot.cursor.idx)] },
    unit,
  };
}

/** Times of day, and the day where another one begins. */
function timesOf(_plot, ticks, _axis, _space, step) {
  return ticks.map((tick, i) => {
    const date = new Date(tick * 1000);
    const isNewDay = i > 0 && new Date(ticks[i - 1] * 1000).getDate() !== date.getDate();
    if (step >= 86_400 || (isNewDay && step >= 3600))
      return date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
    const time = { hour: '2-digit', minute: '2-digit', ...(step < 60 ? { second: '2-digit' } : {}) };
    return date.toLocaleTimeString('en-GB', time);
  });
}

class Chart {
  #definition;
  #frame;
  #now;
  #plot;
  #data;

  constructor(definition) {
    this.#definition = definition;
    this.#frame = make('div', { class: 'plot', role: 'img' });
    this.#now = make('p', { class: 'legend' });
    const { title, unit } = definition;
    const heading = make('h3', {}, title, ' ', make('span', { class: 'quiet' }, unit));
    this.element = make(
      'div',
      { class: 'card chart' },
      make('div', { class: 'bar' }, heading, this.#now),
      this.#frame,
    );
    this.#data = [[], ...definition.lines.map(() => [])];
  }

  /** Draws anew: another width, or other colours. */
  draw() {
    const width = this.#frame.clientWidth;
    this.#plot?.destroy();
    this.#plot = new uPlot(
      optionsOf(this.#definition, width, (i) => this.#tell(i)),
      this.#data,
      this.#frame,
    );
  }

  /** @param data times, then the values of each line */
  show(data) {
    this.#data = data;
    if (this.#plot === undefined) this.draw();
    this.#plot.setData(data);
    this.#tell(this.#plot.cursor.idx);
  }

  /** The figures of a moment: that under the cursor, or the last. */
  #tell(at) {
    const { lines, title, unit } = this.#definition;
    const i = at ?? this.#data[0].length - 1;
    const figures = lines.map(({ name }, line) => [name, figure(this.#data[line + 1][i] ?? null)]);
    const items = figures.map(([name, value], line) => {
      const swatch = make('span', { class: `swatch ${lines[line].colour.slice(2)}` });
      return make('span', {}, swatch, `${name} `, make('b', {}, value));
    });
    fill(this.#now, items);
    const words = figures.map(([name, value]) => `${name} ${value}`).join(', ');
    this.#frame.setAttribute('aria-label', `${title}, ${unit}: ${words}`);
  }
}

export class Charts {
  #charts = CHARTS.map((definition) => new Chart(definition));
  #note = make('p', { class: 'quiet', 'aria-live': 'polite' });
  /** Events of the stream, the oldest first. */
  #events = [];
  #range = RANGES[0];
  /** An interface; '' is all of them. */
  #scope = '';
  /** The history behind what is shown, times and values of each line. */
  #past = [[], ...LINES.map(() => [])];
  #timer;

  constructor(place, ranges) {
    fill(
      place,
      this.#charts.map(({ element }) => element),
      this.#note,
    );
    choice(
      ranges,
      RANGES.map(([value, label]) => [value, label]),
      this.#range[0],
      (value) => {
        this.#range = RANGES.find(([name]) => name === value);
        void this.#load();
      },
    );
    const redraw = () => {
      for (const chart of this.#charts) chart.draw();
    };
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
    let width = place.clientWidth;
    new ResizeObserver(() => {
      if (place.clientWidth === width) return;
      width = place.clientWidth;
      redraw();
    }).observe(place);
    void this.#load();
  }

  /** @param scope an interface, or '' for all */
  setScope(scope) {
    this.#scope = scope;
    void this.#load();
  }

  /** Takes an event of the stream. */
  add(event) {
    this.#events.push({ seconds: Date.parse(event.time) / 1000, event });
    if (this.#events.length > LIVE_SECONDS) this.#events.shift();
    if (this.#range[0] === 'live') this.#show();
  }

  async #load() {
    clearTimeout(this.#timer);
    const [range, scope] = [this.#range, this.#scope];
    const [name, , last, step] = range;
    try {
      const answers = await Promise.all(
        LINES.map(({ metric, isOfAll }) =>
          ask('history', { metric, last, step, interface: isOfAll ? '' : scope }),
        ),
      );
      if (range !== this.#range || scope !== this.#scope) return;
      const { startSeconds, stepSeconds, values } = answers[0];
      // Of each step its end, where what it tells is known.
      this.#past = [
        values.map((_, i) => startSeconds + (i + 1) * stepSeconds),
        ...answers.map((answer) => values.map((_, i) => answer.values[i] ?? null)),
      ];
      this.#show();
    } catch {
      setText(this.#note, 'The past cannot be had now.');
    }
    if (name !== 'live' || this.#past[0].length === 0)
      this.#timer = setTimeout(() => void this.#load(), HISTORY_EVERY_MS);
  }

  #show() {
    const data = this.#range[0] === 'live' ? this.#live() : this.#past;
    const isEmpty = data[0].length < 2;
    setText(this.#note, isEmpty ? 'The first points are on their way: the past begins with the daemon.' : '');
    let line = 1;
    for (const [i, { lines }] of CHARTS.entries()) {
      this.#charts[i].show([data[0], ...lines.map(() => data[line++])]);
    }
  }

  /** The stream's seconds, and before the first of them the history. */
  #live() {
    const first = this.#events[0]?.seconds ?? Number.POSITIVE_INFINITY;
    const since = (this.#events.at(-1)?.seconds ?? Date.now() / 1000) - LIVE_SECONDS;
    const before = this.#past[0].map((at, i) => [at, i]).filter(([at]) => at < first && at >= since);
    const metricsOf = ({ metrics, interfaces }, isOfAll) =>
      this.#scope === '' || isOfAll ? metrics : interfaces.find(({ name }) => name === this.#scope)?.metrics;
    const events = this.#events.filter(({ seconds }) => seconds >= since);
    return [
      [...before.map(([at]) => at), ...events.map(({ seconds }) => seconds)],
      ...LINES.map(({ metric, isOfAll }, line) => [
        ...before.map(([, i]) => this.#past[line + 1][i]),
        ...events.map(({ event }) => metricsOf(event, isOfAll)?.[metric] ?? null),
      ]),
    ];
  }
}
