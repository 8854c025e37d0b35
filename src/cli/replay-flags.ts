/** The flags of `flowtap replay`: those of the table of options, and those that have no option of their own. */
import { names } from '../config/option-types.ts';
import { CONFIG_OPTIONS } from '../config/schema.ts';
import type { Flag } from './command.ts';

/** Parts of the flow key that `--flow-key` adds, or removes with `no-` in front. */
export const FLOW_KEY_PARTS: readonly string[] = CONFIG_OPTIONS.filter((option) =>
  option.path.startsWith('metering.flowKey.'),
).map((option) => option.path.slice('metering.flowKey.'.length));

/** For what `--flow-key` allows; its words are taken apart by replay-config.ts. */
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
  decapsulate: 'Tunnels to look into, or all',
  'observation-domain': 'Observation domain id in every message',
  'ingress-interface': 'ingressInterface of every flow, or auto',
  'egress-interface': 'egressInterface of every flow',
  'template-ipv4': 'The same for IPv4 flows alone',
  'template-ipv6': 'The same for IPv6 flows alone',
  biflow: 'One record for both directions (RFC 5103)',
  timestamps: "The capture's own times, or moved to end now",
  output: 'How flows are printed on standard output',
  top: 'Rows of the table; 0 shows all',
  speed: 'Multiple of real time',
  merge: 'Merge the files by time instead of one after the other',
  workers: 'Threads that share the capture',
};

const optionFlags: Flag[] = CONFIG_OPTIONS.filter((option) => option.flag !== undefined).map((option) => {
  const isSwitch = option.type.placeholder === '';
  const shown = isSwitch || option.type.isList ? '' : ` [${option.type.format(option.default)}]`;
  return {
    name: `${option.default === true ? 'no-' : ''}${option.flag}`,
    ...(option.letter === undefined ? {} : { letter: option.letter }),
    ...(isSwitch ? {} : { type: option.type }),
    help: `${SHORT_HELP[option.flag!] ?? option.help}${shown}`,
  };
});

/** In the order in which the help shows them: the most wanted ones first. */
const FIRST = ['output', 'top', 'speed', 'merge'];

export const REPLAY_FLAGS: readonly Flag[] = [
  {
    name: 'export',
    letter: 'e',
    type: URL_TYPE,
    help: 'Send to ipfix:// (or netflow5, netflow9) HOST[:PORT]',
  },
  ...FIRST.map((name) => optionFlags.find((flag) => flag.name === name)!),
  { name: 'config', letter: 'c', type: FILE, help: 'Configuration file; flags win over it' },
  {
    name: 'flow-key',
    type: FLOW_KEY_TYPE,
    help: 'Add tos, mac, mpls, tunnel to the flow key; no-vlan removes',
  },
  { name: 'template', type: TEMPLATE, help: 'Elements of a flow record, or the name of a profile' },
  ...optionFlags.filter((flag) => !FIRST.includes(flag.name)),
  { name: 'no-progress', help: 'No progress on a terminal' },
  { name: 'quiet', letter: 'q', help: 'No progress and no summary' },
];
