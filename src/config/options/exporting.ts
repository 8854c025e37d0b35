/** Options of the exporting process, and of each exporter. */
import { type ConfigOption, DAY_MS, TEMPLATE, UINT32_MAX } from '../config-option.ts';
import { choice, duration, integer, numberOrWord, SWITCH } from '../option-types.ts';

/** Options of every exporter: in `export` for all of them, in an exporter's own object or URL for that one. */
export const EXPORTER_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'rate',
    type: numberOrWord(['auto', 'max'], { min: 1, max: 10_000_000, isWhole: true }),
    default: 'auto',
    unit: 'messages/s',
    flag: 'export-rate',
    help: 'Most messages to a collector in a second; auto: as fast as one on this host reads, else 20,000.',
  },
  {
    path: 'messageOctetsMax',
    type: numberOrWord(['auto'], { min: 512, max: 65_507, isWhole: true }),
    default: 'auto',
    unit: 'octets',
    help: 'Longest message; auto is 1,400 over IPv4 and 1,232 over IPv6, which every path carries in one piece.',
  },
  {
    path: 'templateRefresh',
    type: duration(1e3, DAY_MS),
    default: 60e3,
    unit: '',
    help: 'Templates and options are sent again after this time …',
  },
  {
    path: 'templateRefreshMessages',
    type: integer(1, 1_000_000),
    default: 1000,
    unit: 'messages',
    help: '… or after this many messages, whichever comes first.',
  },
  {
    path: 'optionsData',
    type: choice(['auto', 'periodic', 'once', 'none']),
    default: 'auto',
    unit: '',
    help:
      'When options data (sampling, system start, interface names) is sent: with every template refresh, with the ' +
      'first, or never; auto: periodic in NetFlow v9, once in IPFIX.',
  },
];

export const EXPORTING_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'template.ipv4',
    type: TEMPLATE,
    default: ['default'],
    unit: '',
    flag: 'template-ipv4',
    help: 'Information elements of IPv4 flows, or the name of a profile of them.',
  },
  {
    path: 'template.ipv6',
    type: TEMPLATE,
    default: ['default'],
    unit: '',
    flag: 'template-ipv6',
    help: 'Information elements of IPv6 flows, or the name of a profile of them.',
  },
  {
    path: 'biflow',
    type: SWITCH,
    default: false,
    unit: '',
    flag: 'biflow',
    help: 'One record for both directions (RFC 5103) instead of one for each.',
  },
  {
    path: 'timestamps',
    commands: ['replay'],
    type: choice(['capture', 'now']),
    default: 'capture',
    unit: '',
    flag: 'timestamps',
    help: "Export the capture's own times, or move them so that the capture ends now; a live capture's are both.",
  },
  {
    path: 'privateEnterpriseNumber',
    type: integer(1, UINT32_MAX),
    default: 32_473,
    unit: '',
    help: 'Enterprise number of the elements that IANA has no number for (32473: reserved for documentation).',
  },
  ...EXPORTER_OPTIONS.map((option) => ({ ...option, path: `export.${option.path}` })),
];
