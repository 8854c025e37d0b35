/** Named paths with their delay and loss over the day, each direction apart, where the daemon has some. */
import { ask } from './api.mjs';
import { byId, fill, make, table } from './dom.mjs';
import { count, figure, milliseconds, octets, share } from './format.mjs';

const SVG = 'http://www.w3.org/2000/svg';
const [WIDTH, HEIGHT] = [160, 28];
const DAY_MINUTES = 1440;
const [HOUR_MS, DAY_MS] = [3600e3, 86_400e3];

/**
 * A line of values over the day up to now, or since there are some; what is not known leaves a gap.
 * @param values `[Unix ms, value or null]`, the oldest first
 */
function spark(values, show, words) {
  const most = Math.max(0, ...values.map(([, value]) => value ?? 0));
  const label = `${words} over the day, at most ${show(most)}`;
  const svg = document.createElementNS(SVG, 'svg');
  for (const [name, value] of Object.entries({
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    class: 'spark',
    role: 'img',
    'aria-label': label,
  }))
    svg.setAttribute(name, value);
  const now = Date.now();
  const spanMs = Math.min(DAY_MS, Math.max(HOUR_MS, now - (values[0]?.[0] ?? now)));
  let isDrawing = false;
  const steps = values.map(([ms, value]) => {
    if (value === null) {
      isDrawing = false;
      return '';
    }
    const [x, y] = [
      WIDTH * (1 - (now - ms) / spanMs),
      HEIGHT - 2 - (most === 0 ? 0 : (value / most) * (HEIGHT - 4)),
    ];
    const step = `${isDrawing ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
    isDrawing = true;
    // A point by itself is seen as well.
    return `${step}h0.6`;
  });
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', steps.join(''));
  svg.append(path);
  return svg;
}

const lossOf = ({ lostSegments, segments }) => (segments > 0 ? lostSegments / segments : null);

function rowOf({ name, from, to, total, minutes }, direction) {
  const all = total.find((one) => one.direction === direction);
  const own = minutes.filter((one) => one.direction === direction);
  const over = (read) => own.map((one) => [new Date(one.startTime).getTime(), read(one)]);
  const [source, destination] = direction === 'forward' ? [from, to] : [to, from];
  return [
    make(
      'span',
      {},
      make('b', {}, name),
      make('span', { class: 'note' }, `${source.join(', ')} → ${destination.join(', ')}`),
    ),
    count(all.deltaFlowCount),
    octets(all.octetDeltaCount),
    milliseconds(all.roundTripMedianMilliseconds),
    milliseconds(all.roundTripP95Milliseconds),
    spark(
      over((one) => one.roundTripMedianMilliseconds),
      milliseconds,
      'Median round trip',
    ),
    share(lossOf(all)),
    spark(over(lossOf), share, 'Loss'),
    figure(all.transferMeanBitsPerSecond, 'bit/s'),
  ];
}

const COLUMNS = [
  ['Path'],
  ['Flows', true],
  ['Octets', true],
  ['Median round trip', true],
  ['95 %', true],
  ['Over the day'],
  ['Lost', true],
  ['Over the day'],
  ['Transfers', true],
].map(([title, isNumber = false]) => ({ title, isNumber }));

/** Asks for them and shows them; without any in the configuration, there is no such part of the page. */
export async function showPaths({ configuration }) {
  if (!(configuration.paths?.length > 0)) return;
  const { paths } = await ask('paths', { minutes: DAY_MINUTES });
  byId('paths-card').hidden = paths.length === 0;
  const rows = paths.flatMap((path) => ['forward', 'reverse'].map((direction) => rowOf(path, direction)));
  fill(byId('paths'), table('Named paths', COLUMNS, rows));
}
