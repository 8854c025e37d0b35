/** Options of the metering process. */
import { type ConfigOption, DAY_MS } from '../config-option.ts';
import { choice, duration, integer, SWITCH } from '../option-types.ts';

export const METERING_OPTIONS: readonly ConfigOption[] = [
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
    path: 'metering.pathHealth',
    type: choice(['auto', 'on', 'off']),
    default: 'auto',
    unit: '',
    flag: 'path-health',
    help: 'Measure what the network did to each flow: round trips, losses, stalls; auto: where a template names it.',
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
