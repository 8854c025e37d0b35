/** How the probe is: the tiles at the top, losses in words, the account of all packets, collectors and interfaces. */
import { byId, fill, make, mark, setText, table } from './dom.mjs';
import { count, figure, octets, parts, rate, share, span } from './format.mjs';

/** A tile: what it is about, a figure with its unit, a line below. */
function tile(title, [digits, unit], note, tone = '') {
  return make(
    'div',
    { class: `tile ${tone}` },
    make('dt', {}, title),
    make(
      'dd',
      {},
      make('span', { class: 'digits' }, digits),
      ' ',
      make('span', { class: 'unit' }, unit),
      make('span', { class: 'note' }, note),
    ),
  );
}

function collectorsInWords(collectors) {
  if (collectors.length === 0) return 'no collector';
  const down = collectors.filter(({ isUp }) => isUp === false).length;
  const all = collectors.length === 1 ? 'one collector' : `${collectors.length} collectors`;
  return down === 0 ? `to ${all}` : `${down} of ${all} down`;
}

/** The figures of this second. @param status undefined before its first answer */
export function showTiles({ metrics }, status) {
  const account = status?.account;
  const metered = (status?.interfaces ?? []).reduce((sum, one) => sum + one.meteredPackets, 0);
  const lost = account?.lostPackets ?? 0;
  const collectors = status?.collectors ?? [];
  const isDown = collectors.some(({ isUp }) => isUp === false);
  const losses =
    status === undefined ? '' : lost === 0 ? 'none since the start' : `${count(lost)} since the start`;
  const isLosing = metrics.lostPackets > 0;
  fill(
    byId('tiles'),
    tile('Offered', rate(metrics.offeredPackets, 'packets'), parts(metrics.offeredBits, 'bit/s').join(' ')),
    tile(
      'Metered',
      rate(metrics.meteredPackets, 'packets'),
      status === undefined ? '' : `${figure(metered)} since the start`,
    ),
    tile('Lost', rate(metrics.lostPackets, 'packets'), losses, isLosing ? 'bad' : lost > 0 ? 'warning' : ''),
    tile('Flows', parts(metrics.activeFlows, ''), `${rate(metrics.createdFlows, 'new').join(' ')}`),
    tile(
      'Export',
      rate(metrics.exportedRecords, 'records'),
      collectorsInWords(collectors),
      isDown || metrics.lostRecords > 0 ? 'bad' : '',
    ),
  );
}

/** One word for all of it, and its tone. */
function conditionOf(event, status) {
  if (event === undefined) return ['neutral', 'Connecting…'];
  if (event.isStopping) return ['warning', 'Ending'];
  if (event.isPaused) return ['warning', 'Paused: packets are left out'];
  if (!event.isReady) return ['bad', 'Not capturing'];
  if (event.metrics.lostPackets > 0 || event.metrics.lostRecords > 0) return ['bad', 'Losing'];
  if (status?.collectors.some(({ isUp }) => isUp === false)) return ['bad', 'A collector is down'];
  if (event.losses.some(({ level }) => level === 'error' || level === 'warning'))
    return ['warning', 'Well now, with losses before'];
  return ['good', 'Well: nothing lost'];
}

/** @param isConnected false while the daemon does not answer */
export function showCondition(event, status, isConnected) {
  const [tone, word] = isConnected ? conditionOf(event, status) : ['bad', 'No connection to the daemon'];
  const place = byId('condition');
  place.className = `condition ${tone}`;
  setText(place.lastElementChild, word);
  document.title = `${word} – flowtap`;
}

export function showAbout({ version, uptimeSeconds, interfaces }) {
  const names = interfaces.map(({ name }) => name).join(', ');
  setText(byId('about'), `${location.hostname}, ${names} – up ${span(uptimeSeconds)}, version ${version}`);
}

const TONES = { error: 'bad', warning: 'warning', info: 'neutral', debug: 'neutral' };

/** Every loss, with what can be done about it; those that hurt come first. */
export function showLosses(losses) {
  const order = Object.keys(TONES);
  const sorted = losses.toSorted(
    (a, b) => order.indexOf(a.level) - order.indexOf(b.level) || b.count - a.count,
  );
  const items = sorted.map(({ subject, count: number, what, remedy, level }) =>
    make(
      'li',
      { class: TONES[level] },
      make(
        'p',
        {},
        make('b', {}, count(number)),
        ` ${what}`,
        make('span', { class: 'quiet' }, ` – ${subject}`),
      ),
      remedy === '' ? undefined : make('p', { class: 'remedy' }, remedy),
    ),
  );
  const place = byId('losses');
  const key = JSON.stringify(sorted);
  if (place.dataset.shown === key) return;
  place.dataset.shown = key;
  const nothing = make(
    'p',
    { class: 'empty good' },
    'Nothing was lost: every packet that was offered is accounted for below.',
  );
  fill(place, items.length === 0 ? nothing : make('ul', {}, items));
}

const ACCOUNT = [
  ['packetsInRecords', 'in flow records', 'in-records'],
  ['packetsInTables', 'in flow tables', 'in-tables'],
  ['refusedPackets', 'not metered', 'refused'],
  ['notSelectedPackets', 'not selected', 'not-selected'],
  ['pausedPackets', 'left out while paused', 'paused'],
  ['lostPackets', 'lost', 'lost'],
];
const BAR_WIDTH = 1000;

/** What became of every packet: a bar, and the same in figures. */
export function showAccount(account) {
  const { offeredPackets } = account;
  const parted = ACCOUNT.filter(([name], i) => i < 2 || account[name] > 0 || name === 'lostPackets');
  let x = 0;
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', `0 0 ${BAR_WIDTH} 10`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('aria-hidden', 'true');
  for (const [name, , shade] of parted) {
    const width = (Math.max(0, account[name]) / Math.max(1, offeredPackets)) * BAR_WIDTH;
    const rect = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
    // What there is can be seen, however small its share.
    const shown = width > 0 ? Math.max(3, width) : 0;
    for (const [key, value] of Object.entries({ x, y: 0, width: shown, height: 10, class: shade }))
      rect.setAttribute(key, value);
    svg.append(rect);
    x += shown;
  }
  const items = parted.map(([name, words, shade]) =>
    make(
      'div',
      {},
      make('dt', {}, make('span', { class: `swatch ${shade}` }), words),
      make(
        'dd',
        {},
        count(account[name]),
        ' ',
        make('span', { class: 'quiet' }, offeredPackets > 0 ? share(account[name] / offeredPackets) : ''),
      ),
    ),
  );
  fill(
    byId('account'),
    make('p', { class: 'quiet' }, `${count(offeredPackets)} packets were offered since the start:`),
    svg,
    make('dl', { class: 'facts' }, items),
  );
}

export function showCollectors(collectors) {
  if (collectors.length === 0) {
    const sentence =
      'No collector: flows are metered and shown here, and exported nowhere. Name one in exporters (-e URL).';
    fill(byId('collectors'), make('p', { class: 'empty' }, sentence));
    return;
  }
  const state = (isUp) =>
    isUp === null ? mark('neutral', 'unknown') : isUp ? mark('good', 'up') : mark('bad', 'down');
  const lostOf = (one) =>
    one.recordsFailed + one.recordsRefused + Object.values(one.recordsDropped).reduce((sum, n) => sum + n, 0);
  const rows = collectors.map((one) => [
    make(
      'span',
      {},
      one.url,
      one.lastError === null
        ? undefined
        : make('span', { class: 'note' }, one.lastError.message ?? one.lastError.reason),
    ),
    state(one.isUp),
    count(one.exportedFlowRecordTotalCount),
    count(one.recordsPending),
    count(lostOf(one)),
  ]);
  const columns = ['Collector', 'State', 'Records sent', 'Waiting', 'Lost'].map((title, i) => ({
    title,
    isNumber: i > 1,
  }));
  fill(byId('collectors'), table('Collectors', columns, rows));
}

export function showInterfaces({ interfaces, workers }) {
  const rows = interfaces.map((one) => {
    const rings = workers.filter(({ interface: name }) => name === one.name);
    const used = rings.reduce((sum, { ringBlocksUsed }) => sum + (ringBlocksUsed ?? 0), 0);
    const blocks = rings.reduce((sum, { ringBlocks }) => sum + (ringBlocks ?? 0), 0);
    const [active, capacity] = ['activeFlows', 'capacity'].map((name) =>
      rings.reduce((sum, { flowTable }) => sum + flowTable[name], 0),
    );
    return [
      one.name,
      one.isUp ? mark('good', 'up') : mark('bad', 'down'),
      count(one.meteredPackets),
      octets(one.meteredOctets),
      count(one.droppedPackets),
      blocks === 0 ? '–' : share(used / blocks),
      share(active / capacity),
    ];
  });
  const titles = ['Interface', 'State', 'Metered', 'Octets', 'Lost', 'Ring full', 'Table full'];
  fill(
    byId('interfaces'),
    table(
      'Interfaces',
      titles.map((title, i) => ({ title, isNumber: i > 1 })),
      rows,
    ),
  );
}
