/** Options of decoding and of the observation point. */
import { TUNNEL_KINDS } from '../../decode/tunnel-kinds.ts';
import { type ConfigOption, UINT32_MAX } from '../config-option.ts';
import { choices, integer, numberOrWord } from '../option-types.ts';

export const OBSERVATION_OPTIONS: readonly ConfigOption[] = [
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
