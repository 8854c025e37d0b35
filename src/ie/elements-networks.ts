/**
 * Networks of both ends of a flow as information elements: countries, and the names of autonomous systems, networks, sites
 * and cities (docs/networks.md). They are flowtap's own, as IANA has none; the numbers of autonomous systems and prefix
 * lengths are IANA's, in elements-flow.ts.
 */
import { COUNTRIES } from '../records/flow-words.ts';
import {
  NAME_OCTETS_MAX,
  NETWORK_FIELDS,
  NETWORK_TEXTS,
  NETWORK_WORD,
  type NetworkFieldName,
  networkPlace,
} from '../records/network-layout.ts';
import type { InformationElement, ValueSource } from './element.ts';

type End = 'source' | 'destination';

const COMMON = {
  isEnterprise: true,
  type: 'string',
  unit: 'none',
  semantics: 'default',
  inFull: false,
  isAbsentWhenZero: true,
} as const;

function country(id: number, end: End, description: string): InformationElement {
  const [a, b] = [
    { word: COUNTRIES, shift: 0 },
    { word: COUNTRIES, shift: 16 },
  ];
  const source: ValueSource = {
    kind: 'letters',
    forward: end === 'source' ? a : b,
    reverse: end === 'source' ? b : a,
  };
  return { ...COMMON, id, name: `${end}CountryCode`, octets: 2, description, source };
}

function name(id: number, end: End, field: NetworkFieldName, description: string): InformationElement {
  const a = NETWORK_WORD + networkPlace(field);
  const b = a + NETWORK_FIELDS.length;
  const source: ValueSource = {
    kind: 'text',
    forward: end === 'source' ? a : b,
    reverse: end === 'source' ? b : a,
    texts: NETWORK_WORD + NETWORK_TEXTS,
  };
  return { ...COMMON, id, name: `${end}${field}`, octetsMax: NAME_OCTETS_MAX, description, source };
}

// biome-ignore format: one row, one element
export const NETWORK_ELEMENTS: readonly InformationElement[] = [
  country(260, 'source', 'Country of the source address, by a database of networks: two letters (ISO 3166-1).'),
  country(261, 'destination', 'Country of the destination address.'),
  name(262, 'source', 'AsName', 'Name of the autonomous system of the source address, by a database of networks.'),
  name(263, 'destination', 'AsName', 'Name of the autonomous system of the destination address.'),
  name(264, 'source', 'NetworkName', 'Name of the network of the source address, by the configuration.'),
  name(265, 'destination', 'NetworkName', 'Name of the network of the destination address, by the configuration.'),
  name(266, 'source', 'SiteName', 'Site of the network of the source address, by the configuration.'),
  name(267, 'destination', 'SiteName', 'Site of the network of the destination address, by the configuration.'),
  name(268, 'source', 'CityName', 'City of the source address, by a database of networks.'),
  name(269, 'destination', 'CityName', 'City of the destination address, by a database of networks.'),
];

/** Names of all that is known of networks, for profiles: IANA's elements first. */
export const NETWORK_NAMES: readonly string[] = [
  'bgpSourceAsNumber',
  'bgpDestinationAsNumber',
  'sourceIPv4PrefixLength',
  'destinationIPv4PrefixLength',
  'sourceIPv6PrefixLength',
  'destinationIPv6PrefixLength',
  ...NETWORK_ELEMENTS.map((element) => element.name),
];
