/** Options of networks: whose the addresses of a flow are. */
import type { ConfigOption } from '../types/config-option.ts';
import { nameList, SWITCH } from '../types/option-types.ts';
import { OWN_NETWORKS } from '../types/own-networks.ts';

export const ENRICHMENT_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'enrichment.databases',
    type: nameList('names of files in MaxMind’s DB format (.mmdb)', 'FILE,…'),
    default: [],
    unit: '',
    flag: 'mmdb',
    onReload: 'networks',
    help:
      'MaxMind DB files with autonomous systems, countries or cities (GeoLite2, DB-IP, IPinfo); of two that tell the same, ' +
      'the first counts. A file that is replaced is taken over.',
  },
  {
    path: 'enrichment.networks',
    type: OWN_NETWORKS,
    default: [],
    unit: '',
    onReload: 'networks',
    help: 'Networks of your own with name, autonomous system and site: they win over databases, the longest prefix over shorter ones.',
  },
  {
    path: 'enrichment.prefixLengths',
    type: SWITCH,
    default: true,
    unit: '',
    onReload: 'networks',
    help: 'Fill the prefix lengths of addresses: of the network of your own, else as the database of autonomous systems has it.',
  },
];
