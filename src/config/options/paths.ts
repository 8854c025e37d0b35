/** Options of named paths. */
import type { ConfigOption } from '../types/config-option.ts';
import { NAMED_PATHS } from '../types/named-paths.ts';

export const PATH_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'paths',
    type: NAMED_PATHS,
    default: [],
    unit: '',
    help:
      'Paths between sites that are watched under a name, each direction apart: delay, loss and rates every minute ' +
      '(docs/paths.md). A daemon with paths measures path health.',
  },
];
