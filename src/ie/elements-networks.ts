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
  type: 'string',
  unit: 'none',
  semantics: 'default',
  inFull: false,
  isAbsentWhenZero: true,
} as const;

function countrySource(end: End): ValueSource {
  const [a, b] = [
    { word: COUNTRIES, shift: 0 },
    { word: COUNTRIES, shift: 16 },
  ];
  const [forward, reverse] = end === 'source' ? [a, b] : [b, a];
  return { kind: 'letters', forward: forward!, reverse: reverse! };
}

function nameSource(end: End, field: NetworkFieldName): ValueSource {
  const a = NETWORK_WORD + networkPlace(field);
  const b = a + NETWORK_FIELDS.length;
  const [forward, reverse] = end === 'source' ? [a, b] : [b, a];
  return { kind: 'text', forward: forward!, reverse: reverse!, texts: NETWORK_WORD + NETWORK_TEXTS };
}

/** The word by which another maker's elements have an end in their names. */
const ENDS = { source: 'Src', destination: 'Dst' } as const;

function country(id: number, end: End, description: string): InformationElement {
  const own = { isEnterprise: true, id, octets: 2, inV9: `nprobe${ENDS[end]}IpCountry` } as const;
  return { ...COMMON, ...own, name: `${end}CountryCode`, description, source: countrySource(end) };
}

/** @param inV9 what ntop's element is called, where there is one */
function name(
  id: number,
  end: End,
  field: NetworkFieldName,
  description: string,
  inV9?: string,
): InformationElement {
  const own = { isEnterprise: true, id, name: `${end}${field}`, octetsMax: NAME_OCTETS_MAX } as const;
  const other = inV9 === undefined ? {} : { inV9: `nprobe${ENDS[end]}${inV9}` };
  return { ...COMMON, ...own, ...other, description, source: nameSource(end, field) };
}

const NTOP = 35632;
/** NetFlow v9 field of ntop's elements: this and their number. */
const NTOP_V9 = 57472;
/** Octets of ntop's texts there. */
const NTOP_V9_OCTETS = 16;

/** An element of ntop's with the value of one of ours. */
function nprobe(id: number, name: string, source: ValueSource, description: string): InformationElement {
  const numbers = { id, enterpriseNumber: NTOP, v9Id: NTOP_V9 + id };
  const size =
    source.kind === 'letters' ? { octets: 2 } : { octetsMax: NAME_OCTETS_MAX, v9Octets: NTOP_V9_OCTETS };
  return { ...COMMON, ...numbers, ...size, name, description, source };
}

// biome-ignore format: one row, one element
export const NETWORK_ELEMENTS: readonly InformationElement[] = [
  country(260, 'source', 'Country of the source address, by a database of networks: two letters (ISO 3166-1).'),
  country(261, 'destination', 'Country of the destination address.'),
  name(262, 'source', 'AsName', 'Name of the autonomous system of the source address, by a database of networks.', 'AsMap'),
  name(263, 'destination', 'AsName', 'Name of the autonomous system of the destination address.', 'AsMap'),
  name(264, 'source', 'NetworkName', 'Name of the network of the source address, by the configuration.'),
  name(265, 'destination', 'NetworkName', 'Name of the network of the destination address, by the configuration.'),
  name(266, 'source', 'SiteName', 'Site of the network of the source address, by the configuration.'),
  name(267, 'destination', 'SiteName', 'Site of the network of the destination address, by the configuration.'),
  name(268, 'source', 'CityName', 'City of the source address, by a database of networks.', 'IpCity'),
  name(269, 'destination', 'CityName', 'City of the destination address, by a database of networks.', 'IpCity'),
];

/** ntop's numbers (nProbe), for dashboards that exist already, and for NetFlow v9. */
// biome-ignore format: one row, one element
export const NTOP_NETWORK_ELEMENTS: readonly InformationElement[] = [
  nprobe(101, 'nprobeSrcIpCountry', countrySource('source'), 'SRC_IP_COUNTRY: sourceCountryCode.'),
  nprobe(102, 'nprobeSrcIpCity', nameSource('source', 'CityName'), 'SRC_IP_CITY: sourceCityName.'),
  nprobe(103, 'nprobeDstIpCountry', countrySource('destination'), 'DST_IP_COUNTRY: destinationCountryCode.'),
  nprobe(104, 'nprobeDstIpCity', nameSource('destination', 'CityName'), 'DST_IP_CITY: destinationCityName.'),
  nprobe(443, 'nprobeSrcAsMap', nameSource('source', 'AsName'), 'SRC_AS_MAP: sourceAsName.'),
  nprobe(444, 'nprobeDstAsMap', nameSource('destination', 'AsName'), 'DST_AS_MAP: destinationAsName.'),
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
