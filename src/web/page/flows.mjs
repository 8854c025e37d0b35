/** The list of the greatest flows, or of the hosts that they belong to: asked for every two seconds, sorted and filtered. */
import { ask, Refused, repeat } from './api.mjs';
import { byId, choice, fill, make, setText } from './dom.mjs';
import { conditionsOf } from './filter.mjs';
import { FLOW_COLUMNS, TALKER_COLUMNS, talkersOf } from './flow-columns.mjs';
import { both, count, end } from './format.mjs';

const EVERY_MS = 2000;
/** The API's own limit: what is shown is of the greatest so many. */
const ASKED_FLOWS = 200;
const SHOWN_ROWS = 50;

const VIEWS = {
  flows: { label: 'Flows', columns: FLOW_COLUMNS, rowsOf: (flows) => flows },
  talkers: { label: 'Talkers', columns: TALKER_COLUMNS, rowsOf: talkersOf },
};

export class Flows {
  /** Names of the interfaces, which the filter knows. */
  interfaces = [];
  #open;
  #view = 'flows';
  #sort = { flows: { id: 'octets', isRising: false }, talkers: { id: 'octets', isRising: false } };
  #conditions = '';
  #answer;
  /** Questions so far: an answer to one that is not the last is out of date. */
  #asked = 0;

  /** @param open shows a flow by itself; @param choose called with an address to filter by */
  constructor(open) {
    this.#open = open;
    const views = Object.entries(VIEWS).map(([value, { label }]) => [value, label]);
    choice(byId('views'), views, this.#view, (view) => {
      this.#view = view;
      this.#show();
      void this.look();
    });
    byId('filter-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#filter(byId('filter').value);
    });
    byId('filter-form').addEventListener('reset', () => this.#filter(''));
    repeat(() => this.look(), EVERY_MS);
  }

  /** Asks anew. */
  async look() {
    const asked = ++this.#asked;
    const { ask: sort = 'octets' } = this.#column();
    try {
      const answer = await ask('flows', { sort, top: ASKED_FLOWS, filter: this.#conditions });
      if (asked !== this.#asked) return;
      this.#answer = answer;
      this.#refuse('');
      this.#show();
    } catch (error) {
      if (asked !== this.#asked) return;
      if (error instanceof Refused && error.faults.length > 0) this.#refuse(error.message);
      else setText(byId('flow-note'), `No flows can be had now: ${error.message}`);
    }
  }

  #filter(text) {
    this.#conditions = conditionsOf(text, this.interfaces);
    void this.look();
  }

  #refuse(message) {
    const fault = byId('filter-fault');
    fault.hidden = message === '';
    setText(fault, message);
    byId('filter').setAttribute('aria-invalid', String(message !== ''));
  }

  #column() {
    const { columns } = VIEWS[this.#view];
    return columns.find(({ id }) => id === this.#sort[this.#view].id);
  }

  #show() {
    if (this.#answer === undefined) return;
    const { flows, isComplete } = this.#answer;
    const rows = this.#sorted(VIEWS[this.#view].rowsOf(flows));
    const list = byId('flow-list');
    if (rows.length === 0) {
      const isFiltered = this.#conditions !== '';
      const sentence = isFiltered
        ? 'No flow meets this filter now.'
        : 'No flow is in the tables now: nothing comes by.';
      fill(list, make('p', { class: 'empty' }, sentence));
    } else this.#put(list, rows);
    const shown = Math.min(rows.length, SHOWN_ROWS);
    const of = this.#view === 'flows' ? '' : ` of the ${count(flows.length)} greatest flows`;
    const part = isComplete ? '' : '; the table is long, and has been looked at in part';
    setText(byId('flow-note'), rows.length === 0 ? '' : `${shown} shown${of}${part}`);
  }

  #sorted(rows) {
    const { value } = this.#column();
    const { isRising } = this.#sort[this.#view];
    const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
    return rows.toSorted(
      (a, b) =>
        (isRising ? 1 : -1) * order(value(a), value(b)) ||
        both(b, 'octetDeltaCount') - both(a, 'octetDeltaCount'),
    );
  }

  /** Puts the rows there; the focus stays in the row and on the heading that has it. */
  #put(list, rows) {
    const focused = document.activeElement?.dataset?.key;
    const hasHealth = this.#answer.flows.some(({ verdict }) => verdict !== undefined);
    const columns = VIEWS[this.#view].columns.filter(({ isHealth }) => !isHealth || hasHealth);
    const head = make(
      'tr',
      {},
      columns.map((column) => this.#heading(column)),
    );
    const body = rows.slice(0, SHOWN_ROWS).map((row) => this.#row(row, columns));
    const caption = make('caption', { class: 'unseen' }, VIEWS[this.#view].label);
    fill(list, make('table', { class: 'list' }, caption, make('thead', {}, head), make('tbody', {}, body)));
    if (focused === undefined) return;
    for (const element of list.querySelectorAll('[data-key]'))
      if (element.dataset.key === focused) element.focus({ preventScroll: true });
  }

  #heading({ id, title, isText, show }) {
    const sort = this.#sort[this.#view];
    const isSorted = sort.id === id;
    const attributes = {
      scope: 'col',
      class: `is-${id}${isText ? '' : ' number'}`,
      'aria-sort': isSorted ? (sort.isRising ? 'ascending' : 'descending') : undefined,
    };
    const choose = () => {
      const isRising = isSorted ? !sort.isRising : isText === true && show === undefined;
      this.#sort[this.#view] = { id, isRising };
      this.#show();
      void this.look();
    };
    return make(
      'th',
      attributes,
      make('button', { type: 'button', 'data-key': `sort ${id}`, onclick: choose }, title),
    );
  }

  #row(row, columns) {
    const key = this.#view === 'flows' ? keyOf(row) : row.address;
    const open = () => (this.#view === 'flows' ? this.#open(row) : this.#filterBy(row.address));
    const responder =
      this.#view === 'flows'
        ? make('span', { class: 'note responder' }, `→ ${end(row, 'destination')}`)
        : undefined;
    const cells = columns.map(({ id, isText, value, show = value }, i) => {
      const text = show(row);
      const label = this.#view === 'flows' ? `${text}, show this flow` : `${text}, show its flows`;
      const content =
        i === 0
          ? make('button', { type: 'button', class: 'row', 'data-key': key, 'aria-label': label }, text)
          : text;
      return make(
        'td',
        { class: `is-${id}${isText ? '' : ' number'}` },
        content,
        i === 0 ? responder : undefined,
      );
    });
    return make('tr', { onclick: open }, cells);
  }

  #filterBy(address) {
    byId('filter').value = address;
    this.#view = 'flows';
    for (const button of byId('views').querySelectorAll('button'))
      button.setAttribute('aria-pressed', String(button.textContent === VIEWS.flows.label));
    this.#filter(address);
  }
}

/** What tells a flow from the others. */
export function keyOf(flow) {
  return [
    flow.interface,
    flow.protocolIdentifier,
    flow.sourceIPv4Address ?? flow.sourceIPv6Address,
    flow.sourceTransportPort,
    flow.destinationIPv4Address ?? flow.destinationIPv6Address,
    flow.destinationTransportPort,
  ].join(' ');
}
