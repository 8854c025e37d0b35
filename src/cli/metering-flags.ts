/**
 * The flags of the commands that meter, `flowtap run` and `flowtap replay`: those of the table of options, each where its
 * row says, and those that have no option of their own.
 */

import { CONFIG_OPTIONS, flagText } from '../config/schema.ts';
import { type ConfigOption, concerns, type MeteringCommand } from '../config/types/config-option.ts';
import { duration, names, valueText } from '../config/types/option-types.ts';
import type { Flag } from './command.ts';
import { LISTING } from './flag-values.ts';

/** Parts of the flow key that `--flow-key` adds, or removes with `no-` in front. */
export const FLOW_KEY_PARTS: readonly string[] = CONFIG_OPTIONS.filter((option) =>
  option.path.startsWith('metering.flowKey.'),
).map((option) => option.path.slice('metering.flowKey.'.length));

/** For what `--flow-key` allows; its words are taken apart by flag-config.ts. */
export const FLOW_KEY_TYPE = names(
  `any of ${FLOW_KEY_PARTS.join(', ')}, each with no- in front to remove it`,
);
const TEMPLATE = CONFIG_OPTIONS.find((option) => option.path === 'template.ipv4')!.type;
const FILE = { ...names('the name of a YAML file'), placeholder: 'FILE' };
const URL_TYPE = { ...names('the URL of a collector'), placeholder: 'URL' };

/** Shorter sentences than those of the configuration file, where a line of help needs them. */
const SHORT_HELP: Readonly<Record<string, string>> = {
  'export-rate': 'Most messages to each collector in a second',
  'idle-timeout': 'Export a flow without a packet for this long',
  'active-timeout': 'Export a flow that lasts longer piece by piece',
  'tcp-end-delay': 'Export a TCP flow this long after its end',
  'flow-table-entries': 'Flows kept at a time',
  applications: 'Look for applications and names in payload',
  'dns-names': 'Name servers by DNS: auto, off, client, any, …',
  mmdb: 'MaxMind DB files that tell networks',
  'path-health': 'Measure round trips, losses, stalls of each flow',
  decapsulate: 'Tunnels to look into, or all',
  'vxlan-ports': 'UDP ports of VXLAN',
  'geneve-ports': 'UDP ports of GENEVE',
  'gtpu-ports': 'UDP ports of GTP-U',
  'l2tp-ports': 'UDP ports of L2TP',
  'teredo-ports': 'UDP ports of Teredo',
  'observation-domain': 'Observation domain id in every message',
  'ingress-interface': 'ingressInterface of every flow, or auto',
  'egress-interface': 'egressInterface of every flow',
  'template-ipv4': 'The same for IPv4 flows alone',
  'template-ipv6': 'The same for IPv6 flows alone',
  biflow: 'One record for both directions (RFC 5103)',
  anonymize: 'Replace addresses: cryptopan, truncate',
  'anonymization-key': 'Key file of cryptopan, 32 octets',
  timestamps: "The capture's own times, or moved to end now",
  output: 'How flows are printed on standard output',
  paths: 'Print the named paths of a configuration file',
  top: 'Rows of the table; 0 shows all',
  'top-by': 'Rows of application, serverName, host, as, …',
  speed: 'Multiple of real time',
  merge: 'Merge the files by time instead of one after the other',
  'reorder-window': 'Put records in order that are late by no more',
  interface: 'Interface to meter; may be repeated',
  'wait-for-interfaces': 'Those not there yet: auto, on or off',
  capture: 'How packets are captured',
  filter: "Meter only what matches, in tcpdump's syntax",
  'snap-length': 'Octets captured of each frame',
  'no-promiscuous': 'Only frames for this machine',
  outgoing: 'What this machine sends, too',
  'ring-blocks': 'Blocks of 1 MiB in the ring of each worker',
  sampling: 'Meter one packet in so many',
  'sampling-method': 'Which one: random, systematic or hash',
  scale: 'Multiply counters by the sampling interval',
  metrics: 'Where metrics and health are served',
  'no-web': 'Metrics alone, without the page and the API',
  'control-socket': 'Unix socket to talk to it: PATH, auto or none',
  'log-level': 'Down to which lines: error, warning, info, debug',
};

/** Where one flag name belongs to an option of each command. */
const SHORT_HELP_OF: Readonly<Record<string, string>> = {
  'replay.workers': 'Threads that share the capture',
  'live.workers': 'Threads for each interface',
};

/** Headings in help, by how the paths of options begin; the first that fits counts. */
const GROUPS: readonly (readonly [beginning: string, group: string | undefined])[] = [
  ['live.interfaces', undefined],
  ['live.', 'Capture'],
  ['decode.', 'Metering'],
  ['metering.', 'Metering'],
  ['applications.', 'Metering'],
  ...['observation.', 'template.', 'biflow', 'timestamps', 'export.', 'anonymization.'].map(
    (beginning) => [beginning, 'Exporting'] as const,
  ),
];

/** One sentence about an option, as short as a line of help needs it. */
export function helpOf(option: ConfigOption): string {
  return SHORT_HELP_OF[option.path] ?? SHORT_HELP[flagText(option).slice(2)] ?? option.help;
}

function optionFlags(command: MeteringCommand): Flag[] {
  const options = CONFIG_OPTIONS.filter((option) => option.flag !== undefined && concerns(option, command));
  return options.map((option) => {
    const isSwitch = option.type.placeholder === '';
    const isShown = !isSwitch && option.type.isList !== true && option.default !== '';
    const shown = isShown ? ` [${valueText(option.type, option.default)}]` : '';
    const group = GROUPS.find(([beginning]) => option.path.startsWith(beginning))?.[1];
    return {
      name: flagText(option).slice(2),
      ...(group === undefined ? {} : { group }),
      ...(option.letter === undefined ? {} : { letter: option.letter }),
      ...(isSwitch ? {} : { type: option.type }),
      help: `${helpOf(option)}${shown}`,
    };
  });
}

const EXPORT: Flag = {
  name: 'export',
  letter: 'e',
  type: URL_TYPE,
  help: 'Send to ipfix:// (or netflow5, netflow9) HOST[:PORT]',
};
const CONFIG: Flag = {
  name: 'config',
  letter: 'c',
  type: FILE,
  help: 'Configuration file; flags win over it',
};
const SHARED: readonly Flag[] = [
  {
    name: 'flow-key',
    group: 'Metering',
    type: FLOW_KEY_TYPE,
    help: 'Add tos, mac, mpls, tunnel to the key; no-vlan, … remove',
  },
  {
    name: 'template',
    group: 'Exporting',
    type: TEMPLATE,
    help: 'Elements of a flow record, or the name of a profile',
  },
];

/** Flags that a daemon, which has a configuration file, does without: its help would not fit a screen. */
const FILE_ONLY: Readonly<Record<MeteringCommand, readonly string[]>> = {
  replay: [],
  run: ['template-ipv4', 'template-ipv6'],
  count: [],
};

/** @param first names of options' flags in the order in which the help shows them: the most wanted ones first */
function flagsOf(command: MeteringCommand, first: readonly string[], last: readonly Flag[]): Flag[] {
  const ofOptions = optionFlags(command).filter(({ name }) => !FILE_ONLY[command].includes(name));
  return [
    EXPORT,
    ...first.map((name) => ofOptions.find((flag) => flag.name === name)!),
    CONFIG,
    ...SHARED,
    ...ofOptions.filter((flag) => !first.includes(flag.name)),
    ...last,
  ];
}

export const REPLAY_FLAGS: readonly Flag[] = flagsOf(
  'replay',
  ['output', 'paths', 'top', 'top-by', 'speed', 'merge'],
  [
    { name: 'no-progress', help: 'No progress on a terminal' },
    { name: 'quiet', letter: 'q', help: 'No progress and no summary' },
  ],
);

/** How long `flowtap count` counts. */
export const COUNT_DURATION: Flag = {
  name: 'duration',
  type: duration(100, 366 * 86_400e3),
  help: 'End after this time; else with Ctrl-C',
};
export const COUNT_FLAGS: readonly Flag[] = [...optionFlags('count'), CONFIG, COUNT_DURATION, LISTING];

export const RUN_FLAGS: readonly Flag[] = flagsOf(
  'run',
  [
    ...[
      'interface',
      'filter',
      'workers',
      'capture',
      'ring-blocks',
      'snap-length',
      'sampling',
      'sampling-method',
      'scale',
    ],
    ...[
      'no-promiscuous',
      'outgoing',
      'wait-for-interfaces',
      'metrics',
      'no-web',
      'control-socket',
      'log-level',
    ],
  ],
  [],
);
