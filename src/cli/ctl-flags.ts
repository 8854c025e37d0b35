/** The flags of `flowtap ctl`, and the words that it takes: its own, and those of softflowctl. */

import { text } from '../config/types/option-types.ts';
import { CONTROL_WORDS } from '../control/control-words.ts';
import { FLOW_SORTS } from '../records/flow-query.ts';
import type { Flag } from './command.ts';

export const CTL_FLAGS: readonly Flag[] = [
  {
    name: 'socket',
    letter: 's',
    type: text('the path of a Unix socket', 'PATH'),
    help: 'Where the daemon answers (/run/flowtap/flowtap.sock)',
  },
  { name: 'json', help: 'Answers as JSON, for programs' },
  { name: 'sort', type: text(FLOW_SORTS.join(', '), 'MEASURE'), help: `flows: ${FLOW_SORTS.join(', ')}` },
  { name: 'top', letter: 'n', type: text('a number from 1 to 200', 'N'), help: 'flows: so many (20)' },
  {
    name: 'filter',
    letter: 'f',
    type: text("conditions as in 'address 192.0.2.0/24 port 443'", 'CONDITIONS'),
    help: 'flows: by address, port, protocol, interface',
  },
];

/** What can be asked, and what can be told. */
export const CTL_WORDS: readonly string[] = ['status', 'flows', ...CONTROL_WORDS];

/** Words of softflowctl, and what they are here. */
export const ALIASES: Readonly<Record<string, string>> = {
  statistics: 'status',
  timeouts: 'status',
  'dump-flows': 'flows',
  'expire-all': 'export-all',
  'send-template': 'templates',
  'stop-gather': 'pause',
  'start-gather': 'resume',
  shutdown: 'stop',
};
