/** The page of a daemon: what it shows comes from the stream once a second, and from the status and the flows every two. */
import { ask, listen, repeat } from './api.mjs';
import { Charts } from './charts.mjs';
import { byId, fill, make } from './dom.mjs';
import { FlowView } from './flow-view.mjs';
import { Flows } from './flows.mjs';
import * as health from './health.mjs';
import { showPaths } from './paths.mjs';

const STATUS_EVERY_MS = 2000;
const PATHS_EVERY_MS = 60_000;

const view = new FlowView();
const flows = new Flows((flow) => view.open(flow));
const charts = new Charts(byId('charts'), byId('ranges'));

let status;
let event;
let isConnected = true;

function showScopes(names) {
  const scope = byId('scope');
  if (names.join() === flows.interfaces.join()) return;
  flows.interfaces = names;
  byId('scope-field').hidden = names.length < 2;
  fill(
    scope,
    make('option', { value: '' }, 'All interfaces'),
    names.map((name) => make('option', { value: name }, name)),
  );
}

byId('scope').addEventListener('change', ({ target }) => charts.setScope(target.value));

listen(
  (told) => {
    event = told;
    isConnected = true;
    health.showTiles(event, status);
    health.showCondition(event, status, isConnected);
    health.showLosses(event.losses);
    charts.add(event);
  },
  () => {
    isConnected = false;
    health.showCondition(event, status, isConnected);
  },
);

repeat(async () => {
  try {
    status = await ask('status');
    showScopes(status.interfaces.map(({ name }) => name));
    health.showAbout(status);
    health.showAccount(status.account);
    health.showCollectors(status.collectors);
    health.showInterfaces(status);
  } catch {
    // The stream says that nobody answers.
  }
}, STATUS_EVERY_MS);

repeat(async () => {
  try {
    await showPaths(status ?? (await ask('status')));
  } catch {
    // As above.
  }
}, PATHS_EVERY_MS);
