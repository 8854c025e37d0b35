/** Options of decoding and of the observation point. */
import { TUNNEL_KINDS, UDP_TUNNEL_PORTS } from '../../records/tunnel-kinds.ts';
import { type ConfigOption, UINT32_MAX } from '../types/config-option.ts';
import { MAC_INTERFACES, MAC_LIST, VLAN_INTERFACES } from '../types/interface-maps.ts';
import { choices, integer, numberOrWord, PORTS } from '../types/option-types.ts';

/** One row for each tunnel over UDP: `decode.udpPorts.vxlan`, `--vxlan-ports`. */
export const UDP_PORT_OPTIONS: readonly ConfigOption[] = Object.entries(UDP_TUNNEL_PORTS).map(
  ([tunnel, ports]) => ({
    path: `decode.udpPorts.${tunnel}`,
    type: PORTS,
    default: ports,
    unit: '',
    flag: `${tunnel}-ports`,
    help: `UDP ports that ${tunnel} is told by, where decode.decapsulate names it.`,
  }),
);

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
  ...UDP_PORT_OPTIONS,
  {
    path: 'observation.domainId',
    onReload: 'exporting',
    type: integer(0, UINT32_MAX, 'ID'),
    default: 1,
    unit: '',
    flag: 'observation-domain',
    help: 'Observation domain id (source id of NetFlow v9, engine of v5) in every message.',
  },
  {
    path: 'observation.ingressInterface',
    onReload: 'exporting',
    type: numberOrWord(['auto'], { min: 0, max: UINT32_MAX, isWhole: true }, 'IFINDEX'),
    default: 'auto',
    unit: '',
    flag: 'ingress-interface',
    help:
      'ingressInterface of every flow; auto is the ifIndex of the interface in a live capture, its number in a capture ' +
      'file, from 1, or what the maps below say.',
  },
  {
    path: 'observation.egressInterface',
    onReload: 'exporting',
    type: integer(0, UINT32_MAX, 'IFINDEX'),
    default: 0,
    unit: '',
    flag: 'egress-interface',
    help:
      'egressInterface of every flow; 0 leaves it to the map below, else it is unknown in a capture file, and the same as ' +
      'ingressInterface in a live capture, since some collectors drop flows without it.',
  },
  {
    path: 'observation.vlanInterfaces',
    onReload: 'exporting',
    type: VLAN_INTERFACES,
    default: [],
    unit: '',
    help: 'ingressInterface by VLAN id, as behind a packet broker that tags each mirrored port: ["10=1001", "20=1002"].',
  },
  {
    path: 'observation.macInterfaces',
    onReload: 'exporting',
    type: MAC_INTERFACES,
    default: [],
    unit: '',
    help:
      'Interfaces by MAC address of their neighbours: a source address says ingressInterface, a destination address ' +
      'egressInterface; wins over VLANs: ["02:00:00:00:00:01=1001"].',
  },
  {
    path: 'observation.localMacs',
    onReload: 'exporting',
    type: MAC_LIST,
    default: [],
    unit: '',
    help: 'MAC addresses on this side: flowDirection is 1, egress, for what they send, and 0, ingress, for the rest.',
  },
];
