/** Options of `flowtap replay` alone. */
import type { ConfigOption } from '../types/config-option.ts';
import { choice, duration, integer, numberOrWord, SWITCH } from '../types/option-types.ts';

export const OUTPUTS = ['table', 'json', 'csv', 'none'] as const;

/** What rows of the printed output are about; `flow`: each is a flow. */
export const TOP_BY = [
  ...(['flow', 'application', 'serverName', 'host'] as const),
  ...(['as', 'country', 'network'] as const),
] as const;

const ONLY: Pick<ConfigOption, 'commands'> = { commands: ['replay'] };

export const REPLAY_OPTIONS: readonly ConfigOption[] = [
  {
    ...ONLY,
    path: 'replay.output',
    type: choice(OUTPUTS),
    default: 'table',
    unit: '',
    flag: 'output',
    letter: 'o',
    help: 'How flows are printed on standard output; json and csv print one flow a line.',
  },
  {
    ...ONLY,
    path: 'replay.paths',
    type: SWITCH,
    default: false,
    unit: '',
    flag: 'paths',
    help: 'Prints the named paths of the option paths, each direction and minute, instead of flows.',
  },
  {
    ...ONLY,
    path: 'replay.top',
    type: integer(0, 10_000_000),
    default: 25,
    unit: 'rows',
    flag: 'top',
    help: 'Rows of the table, the busiest flows first; 0 shows all.',
  },
  {
    ...ONLY,
    path: 'replay.topBy',
    type: { ...choice(TOP_BY), placeholder: 'WHAT' },
    default: 'flow',
    unit: '',
    flag: 'top-by',
    help: 'Prints who used what instead of flows: octets, packets and flows of each application, name of a server, host, autonomous system, country or network of your own.',
  },
  {
    ...ONLY,
    path: 'replay.speed',
    type: numberOrWord(['max'], { min: 0.001, max: 1_000_000, isWhole: false }),
    default: 'max',
    unit: '× real time',
    flag: 'speed',
    help: 'max reads as fast as possible, 1 in real time, 10 ten times faster.',
  },
  {
    ...ONLY,
    path: 'replay.merge',
    type: SWITCH,
    default: false,
    unit: '',
    flag: 'merge',
    help: 'Several files are merged by time instead of read one after the other.',
  },
  {
    ...ONLY,
    path: 'replay.reorderWindow',
    type: duration(0, 10_000),
    default: 2,
    unit: '',
    flag: 'reorder-window',
    help: 'Records that stand behind later ones are put in the order of time if they are late by no more; 0 leaves them.',
  },
  {
    ...ONLY,
    path: 'replay.workers',
    type: numberOrWord(['auto'], { min: 1, max: 16, isWhole: true }),
    default: 1,
    unit: 'threads',
    flag: 'workers',
    help: 'With 2, one thread reads and one meters; 3 and more share flows by IP addresses, each with a table of its own; auto chooses 1 or 2 by the size of the captures.',
  },
];
