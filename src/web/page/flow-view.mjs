/** One flow by itself: what it carried when, its round trips, its losses, and what kept it from being faster. */
import { ask, repeat } from './api.mjs';
import { byId, fill, make } from './dom.mjs';
import { keyOf } from './flows.mjs';
import { address, count, end, figure, milliseconds, octets, port, share, span } from './format.mjs';
import { verdictMark, verdictMeaning } from './verdicts.mjs';

const EVERY_MS = 2000;
const SVG = 'http://www.w3.org/2000/svg';
const [CHART_WIDTH, CHART_HEIGHT] = [600, 120];
const BITS_PER_OCTET = 8;

function svg(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** A bar for each interval, and in words what they show. */
function intervalsOf({ intervalSeconds, intervalOctets }) {
  if (!(intervalOctets?.length > 0)) return undefined;
  const rates = intervalOctets.map((carried) => (carried * BITS_PER_OCTET) / intervalSeconds);
  const most = Math.max(1, ...rates);
  const width = CHART_WIDTH / Math.max(rates.length, 12);
  const bars = rates.map((rate, i) => {
    const height = (rate / most) * CHART_HEIGHT;
    const place = { x: i * width + 1, y: CHART_HEIGHT - height, width: Math.max(1, width - 2), height };
    return svg('rect', place, svg('title', {}, figure(rate, 'bit/s')));
  });
  const words = `${rates.length} intervals of ${span(intervalSeconds)}, the fastest with ${figure(most, 'bit/s')}`;
  const attributes = { viewBox: `0 0 ${CHART_WIDTH} ${CHART_HEIGHT}`, role: 'img', 'aria-label': words };
  return make('figure', {}, svg('svg', attributes, ...bars), make('figcaption', { class: 'quiet' }, words));
}

function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== undefined);
  return make(
    'dl',
    { class: 'facts' },
    known.map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, value))),
  );
}

/** Whose the addresses are, as far as that is known. */
function networksOf(flow) {
  const of = (side) => {
    const value = (name) => flow[`${side}${name}`];
    const number = flow[side === 'source' ? 'bgpSourceAsNumber' : 'bgpDestinationAsNumber'];
    const system = number === undefined ? undefined : `AS${number}`;
    const known = [
      value('NetworkName'),
      value('SiteName'),
      [system, value('AsName')].filter((part) => part !== undefined).join(' '),
      value('CityName'),
      value('CountryCode'),
    ];
    return known.filter((part) => part !== undefined && part !== '').join(', ') || undefined;
  };
  const [from, to] = [of('source'), of('destination')];
  if (from === undefined && to === undefined) return undefined;
  return facts([
    ['From', from],
    ['To', to],
  ]);
}

function directionsOf(flow) {
  const row = (title, from, to, prefix) => {
    const element = (name) =>
      flow[prefix === '' ? name : `reverse${name[0].toUpperCase()}${name.slice(1)}`] ?? 0;
    const rate = prefix === '' ? flow.bitsPerSecond : flow.reverseBitsPerSecond;
    return make(
      'tr',
      {},
      make('th', { scope: 'row' }, title, make('span', { class: 'ends quiet' }, ` ${from} → ${to}`)),
      make('td', { class: 'number' }, count(element('packetDeltaCount'))),
      make('td', { class: 'number' }, octets(element('octetDeltaCount'))),
      make('td', { class: 'number' }, figure(rate, 'bit/s')),
    );
  };
  const [source, destination] = [address(flow, 'source'), address(flow, 'destination')];
  const titles = ['Direction', 'Packets', 'Octets', 'Mean rate'];
  const head = titles.map((title, i) =>
    make('th', { scope: 'col', class: i === 0 ? undefined : 'number' }, title),
  );
  const rows = [row('Sent', source, destination, ''), row('Answered', destination, source, 'reverse')];
  return make('table', {}, make('thead', {}, make('tr', {}, head)), make('tbody', {}, rows));
}

function healthOf(flow) {
  if (flow.verdict === undefined) {
    const why =
      'Path health is not measured: switch metering.pathHealth on (--path-health on) to see round trips and losses.';
    return [make('p', { class: 'quiet' }, why)];
  }
  const { min, mean, max } = flow.roundTripTimeMs ?? {};
  return [
    make('p', { class: 'judgement' }, verdictMark(flow.verdict), ` ${verdictMeaning(flow.verdict)}`),
    flow.reasons?.length > 0
      ? make(
          'ul',
          { class: 'reasons' },
          flow.reasons.map((reason) => make('li', {}, reason)),
        )
      : undefined,
    intervalsOf(flow),
    facts([
      ['Least round trip', milliseconds(min)],
      ['Mean', milliseconds(mean)],
      ['Greatest', milliseconds(max)],
      ['Lost', count(flow.lostPackets)],
      ['Share lost', share(flow.lostShare)],
      ['Sent again', count(flow.retransmittedPackets)],
    ]),
  ];
}

export class FlowView {
  #dialog = byId('flow');
  #body = make('div', {});
  #key;
  #flow;

  constructor() {
    const close = make(
      'button',
      { type: 'button', class: 'close', 'aria-label': 'Close', onclick: () => this.#dialog.close() },
      '×',
    );
    this.#dialog.append(close, this.#body);
    // A click beside it closes it, as Escape does.
    this.#dialog.addEventListener('click', ({ target }) => target === this.#dialog && this.#dialog.close());
    this.#dialog.addEventListener('close', () => {
      this.#key = undefined;
    });
    repeat(() => this.#look(), EVERY_MS);
  }

  /** Shows a flow, and goes on with it until it is closed. */
  open(flow) {
    this.#key = keyOf(flow);
    this.#flow = flow;
    this.#show();
    this.#dialog.showModal();
  }

  async #look() {
    const key = this.#key;
    if (key === undefined) return;
    const { interface: point, protocolIdentifier } = this.#flow;
    const hosts = ['source', 'destination'].map((side) => `address ${address(this.#flow, side)}`);
    const ports = ['source', 'destination']
      .map((side) => port(this.#flow, side))
      .filter((number) => number !== undefined);
    const filter = [
      ...hosts,
      ...ports.map((number) => `port ${number}`),
      `protocol ${protocolIdentifier}`,
      `interface ${point}`,
    ];
    try {
      const { flows } = await ask('flows', { top: 200, filter: filter.join(' ') });
      if (key !== this.#key) return;
      const found = flows.find((flow) => keyOf(flow) === key);
      if (found !== undefined) this.#flow = found;
      this.#show(found === undefined);
    } catch {
      // The list says that nothing can be had now.
    }
  }

  #show(hasEnded = false) {
    const flow = this.#flow;
    fill(
      this.#body,
      make(
        'h2',
        { id: 'flow-title' },
        make('span', {}, end(flow, 'source')),
        ' → ',
        make('span', {}, end(flow, 'destination')),
      ),
      make(
        'p',
        { class: 'quiet' },
        `${flow.protocolName} on ${flow.interface}, began ${span(flow.ageMilliseconds / 1000)} ago, `,
        hasEnded
          ? 'has ended: its record is exported'
          : `last packet ${span(flow.idleMilliseconds / 1000)} ago`,
      ),
      networksOf(flow),
      ...healthOf(flow),
      directionsOf(flow),
    );
  }
}
