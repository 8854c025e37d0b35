/**
 * The table of options: one row each. The loader, the flags and their help, the sample file config/flowtap.yaml, the
 * JSON Schema for editors and docs/configuration.md derive from it; a new option is a row here and a field in
 * config.ts. What an option does is the business of the stage that reads it.
 */
import { TUNNEL_KINDS } from '../decode/tunnel-kinds.ts';
import {
  choice,
  choices,
  duration,
  integer,
  names,
  numberOrWord,
  type OptionType,
  type OptionValue,
  SWITCH,
} from './option-types.ts';

export interface ConfigOption {
  /** Dotted path in the YAML file. */
  readonly path: string;
  readonly type: OptionType;
  readonly default: OptionValue;
  /** What the number counts; `''` where it has no unit or the value carries it. */
  readonly unit: string;
  /** One sentence. */
  readonly help: string;
  /** The flag of `flowtap replay` without its dashes, where there is one. A switch that is on has `no-` in front. */
  readonly flag?: string;
  /** One letter, for a flag that is typed often. */
  readonly letter?: string;
}

export const OUTPUTS = ['table', 'json', 'csv', 'none'] as const;

const DAY_MS = 86_400e3;
const UINT32_MAX = 2 ** 32 - 1;
const TEMPLATE = names('the name of a profile, or a list of information elements (see: flowtap elements)');

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

const METERING_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'metering.idleTimeout',
    type: duration(10, DAY_MS),
    default: 15e3,
    unit: '',
    flag: 'idle-timeout',
    help: 'A flow without a packet for this long is exported (inactive timeout).',
  },
  {
    path: 'metering.activeTimeout',
    type: duration(10, DAY_MS),
    default: 60e3,
    unit: '',
    flag: 'active-timeout',
    help: 'A flow that lasts longer is exported piece by piece, one each time this passes.',
  },
  {
    path: 'metering.tcpEndDelay',
    type: duration(0, DAY_MS),
    default: 2e3,
    unit: '',
    flag: 'tcp-end-delay',
    help: 'A TCP flow is exported this long after FIN both ways or RST, so that the last ACKs are in it.',
  },
  {
    path: 'metering.flowTableEntries',
    type: integer(16, 2 ** 24 - 2),
    default: 262_144,
    unit: 'flows',
    flag: 'flow-table-entries',
    help: 'Flows kept at a time, 192 octets each and half as much for the index; a full table exports early.',
  },
  {
    path: 'metering.flowKey.vlan',
    type: SWITCH,
    default: true,
    unit: '',
    help: 'VLAN id is part of the flow key.',
  },
  {
    path: 'metering.flowKey.tos',
    type: SWITCH,
    default: false,
    unit: '',
    help: 'Type of service (traffic class) is part of the flow key.',
  },
  {
    path: 'metering.flowKey.mac',
    type: SWITCH,
    default: false,
    unit: '',
    help: 'MAC addresses are part of the flow key.',
  },
  {
    path: 'metering.flowKey.mpls',
    type: SWITCH,
    default: false,
    unit: '',
    help: 'The top MPLS label is part of the flow key.',
  },
  {
    path: 'metering.flowKey.tunnel',
    type: SWITCH,
    default: false,
    unit: '',
    help: 'Kind and id of the tunnel that was looked into are part of the flow key.',
  },
];

const OBSERVATION_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'decode.decapsulate',
    type: choices(Object.keys(TUNNEL_KINDS)),
    default: [],
    unit: '',
    flag: 'decapsulate',
    help: 'Tunnels to look into; packets in all others are metered on the outer packet.',
  },
  {
    path: 'decode.tunnelDepthMax',
    type: integer(1, 16),
    default: 8,
    unit: 'tunnels',
    help: 'Tunnels within tunnels that are looked into.',
  },
  {
    path: 'observation.domainId',
    type: integer(0, UINT32_MAX, 'ID'),
    default: 1,
    unit: '',
    flag: 'observation-domain',
    help: 'Observation domain id (source id of NetFlow v9, engine of v5) in every message.',
  },
  {
    path: 'observation.ingressInterface',
    type: numberOrWord(['auto'], { min: 0, max: UINT32_MAX, isWhole: true }, 'IFINDEX'),
    default: 'auto',
    unit: '',
    flag: 'ingress-interface',
    help: 'ingressInterface of every flow; auto is the number of the interface within the capture, from 1.',
  },
  {
    path: 'observation.egressInterface',
    type: integer(0, UINT32_MAX, 'IFINDEX'),
    default: 0,
    unit: '',
    flag: 'egress-interface',
    help: 'egressInterface of every flow; 0 is unknown, which is what a mirror port knows.',
  },
];

const EXPORTING_OPTIONS: readonly ConfigOption[] = [
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
    type: choice(['capture', 'now']),
    default: 'capture',
    unit: '',
    flag: 'timestamps',
    help: "Export the capture's own times, or move them so that the capture ends now.",
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

const REPLAY_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'replay.output',
    type: choice(OUTPUTS),
    default: 'table',
    unit: '',
    flag: 'output',
    letter: 'o',
    help: 'How flows are printed on standard output; json and csv print one flow a line.',
  },
  {
    path: 'replay.top',
    type: integer(0, 10_000_000),
    default: 25,
    unit: 'rows',
    flag: 'top',
    help: 'Rows of the table, the busiest flows first; 0 shows all.',
  },
  {
    path: 'replay.speed',
    type: numberOrWord(['max'], { min: 0.001, max: 1_000_000, isWhole: false }),
    default: 'max',
    unit: '× real time',
    flag: 'speed',
    help: 'max reads as fast as possible, 1 in real time, 10 ten times faster.',
  },
  {
    path: 'replay.merge',
    type: SWITCH,
    default: false,
    unit: '',
    flag: 'merge',
    help: 'Several files are merged by time instead of read one after the other.',
  },
  {
    path: 'replay.workers',
    type: integer(1, 16),
    default: 1,
    unit: 'threads',
    flag: 'workers',
    help: 'Threads that share the capture by IP addresses, each with a flow table of its own; needs as many cores.',
  },
];

/** Every option with a path of its own, in the order in which files and documents show them. */
export const CONFIG_OPTIONS: readonly ConfigOption[] = [
  ...METERING_OPTIONS,
  ...OBSERVATION_OPTIONS,
  ...EXPORTING_OPTIONS,
  ...REPLAY_OPTIONS,
];

/** The flag of an option as it is typed: a switch that is on by default has one that turns it off. */
export function flagText(option: ConfigOption): string {
  return `--${option.default === true ? 'no-' : ''}${option.flag}`;
}
