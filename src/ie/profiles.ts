/**
 * Templates that come with flowtap: lists of element names. They are chosen so that every collector known to us finds
 * what it needs: counters of 64 bits, both interfaces, ICMP in its own element and in the destination port.
 */

import type { ApplicationKind } from '../records/application-kinds.ts';
import { isPrivate } from './element.ts';
import { findElement, INFORMATION_ELEMENTS } from './elements.ts';
import { applicationVendorNames, isOfKind } from './elements-application-vendor.ts';
import { APPLICATION_NAMES } from './elements-applications.ts';
import { NETWORK_NAMES } from './elements-networks.ts';
import { HEALTH_NAMES } from './elements-path-health.ts';
import { vendorNames } from './elements-vendor.ts';

export type FlowProtocol = 'netflow5' | 'netflow9' | 'ipfix';

/** What a template of a profile is for. */
export interface TemplateScope {
  readonly protocol: FlowProtocol | 'text';
  readonly ipVersion: 4 | 6;
  /** A template for ICMP or ICMPv6 flows alone. */
  readonly isIcmp: boolean;
  /** A template for flows of this kind alone; missing: for all. */
  readonly application?: ApplicationKind | undefined;
}

const addresses = (version: 4 | 6) => [`sourceIPv${version}Address`, `destinationIPv${version}Address`];

/** Times as each protocol's collectors read them best. */
function times(protocol: TemplateScope['protocol']): string[] {
  return protocol === 'netflow9'
    ? ['flowEndSysUpTime', 'flowStartSysUpTime']
    : ['flowStartMilliseconds', 'flowEndMilliseconds'];
}

/**
 * The default: what is most useful to most collectors. tcpControlBits has one octet, as every collector reads it;
 * nfacctd takes the first of two, in which no flag of today stands.
 */
function maxCompat({ protocol, ipVersion, isIcmp }: TemplateScope): string[] {
  return [
    ...addresses(ipVersion),
    ...times(protocol),
    'octetDeltaCount',
    'packetDeltaCount',
    'ingressInterface',
    'egressInterface',
    'bgpSourceAsNumber',
    'bgpDestinationAsNumber',
    'sourceTransportPort',
    'destinationTransportPort',
    isIcmp ? `icmpTypeCodeIPv${ipVersion}` : 'tcpControlBits:1',
    'vlanId',
    'sourceMacAddress',
    'destinationMacAddress',
    'protocolIdentifier',
    'ipClassOfService',
    'ipVersion',
    'flowDirection',
    'minimumTTL',
    'ipTTL',
    `sourceIPv${ipVersion}PrefixLength`,
    `destinationIPv${ipVersion}PrefixLength`,
    ...(protocol === 'ipfix' ? ['flowEndReason'] : []),
  ];
}

/** The least that makes a flow. */
function minimal({ protocol, ipVersion, isIcmp }: TemplateScope): string[] {
  return [
    ...addresses(ipVersion),
    ...times(protocol),
    'octetDeltaCount',
    'packetDeltaCount',
    'sourceTransportPort',
    'destinationTransportPort',
    ...(isIcmp ? [] : ['tcpControlBits:1']),
    'protocolIdentifier',
  ];
}

/** What JSON and CSV show: all that was measured, and nothing that is constant. */
function text({ ipVersion }: TemplateScope): string[] {
  return [
    'flowStartMilliseconds',
    'flowEndMilliseconds',
    ...addresses(ipVersion),
    'sourceTransportPort',
    'destinationTransportPort',
    'protocolIdentifier',
    'octetDeltaCount',
    'packetDeltaCount',
    'layer2OctetDeltaCount',
    'tcpControlBits',
    ipVersion === 4 ? 'icmpTypeCodeIPv4' : 'icmpTypeCodeIPv6',
    'igmpType',
    'ipVersion',
    'ipClassOfService',
    'minimumTTL',
    'maximumTTL',
    'minimumIpTotalLength',
    'maximumIpTotalLength',
    'flowLabelIPv6',
    'ipv6ExtensionHeaders',
    'fragmentDeltaCount',
    'ingressInterface',
    'sourceMacAddress',
    'destinationMacAddress',
    'vlanId',
    'dot1qPriority',
    'dot1qCustomerVlanId',
    'flowEndReason',
    'biflowDirection',
  ];
}

/**
 * Akvorado keeps a flow only with an interface and a sampling rate: both stand in the record, so that none waits for
 * options data. It takes a VLAN, MAC addresses, TTL and flags where its schema has them.
 */
function akvorado(scope: TemplateScope): string[] {
  return [...maxCompat(scope), 'samplingInterval'];
}

/** What nfcapd stores: its own timestamps are milliseconds, which it reads in NetFlow v9 as well. */
function nfdump({ protocol, ipVersion, isIcmp }: TemplateScope): string[] {
  return [
    ...addresses(ipVersion),
    ...times('ipfix'),
    'octetDeltaCount',
    'packetDeltaCount',
    'ingressInterface',
    'egressInterface',
    'sourceTransportPort',
    'destinationTransportPort',
    isIcmp ? `icmpTypeCodeIPv${ipVersion}` : 'tcpControlBits:1',
    'vlanId',
    'sourceMacAddress',
    'destinationMacAddress',
    'protocolIdentifier',
    'ipClassOfService',
    'flowDirection',
    ...(protocol === 'ipfix' ? ['flowEndReason'] : []),
  ];
}

/** What the template of nProbe named @NTOPNG@ asks for, and netflow2ng: counters, switched times, VLAN, interfaces. */
function ntopng({ protocol, ipVersion, isIcmp }: TemplateScope): string[] {
  return [
    'ingressInterface',
    'egressInterface',
    ...addresses(ipVersion),
    'sourceTransportPort',
    'destinationTransportPort',
    'protocolIdentifier',
    'ipVersion',
    'ipClassOfService',
    isIcmp ? `icmpTypeCodeIPv${ipVersion}` : 'tcpControlBits:1',
    'vlanId',
    'sourceMacAddress',
    'destinationMacAddress',
    'octetDeltaCount',
    'packetDeltaCount',
    ...times(protocol),
    'flowDirection',
  ];
}

/** ElastiFlow multiplies by the sampling interval of the record itself, and wants delta counters. */
function elastiflow(scope: TemplateScope): string[] {
  const { protocol } = scope;
  return [...maxCompat(scope), 'samplingInterval', ...(protocol === 'ipfix' ? ['biflowDirection'] : [])];
}

const KINDS_IN_FULL: ReadonlySet<string> = new Set(['word', 'double', 'address', 'mac', 'exporter']);

/** What NetFlow v9 can name of these: elements of IANA's, and those that have a number of their own there. */
function nameable(names: readonly string[], protocol: TemplateScope['protocol']): readonly string[] {
  if (protocol !== 'netflow9') return names;
  return names.flatMap((name) => {
    const element = findElement(name);
    if (element?.inV9 !== undefined) return [element.inV9];
    return element !== undefined && (!isPrivate(element) || element.v9Id !== undefined) ? [name] : [];
  });
}

/** Path health and applications have profiles of their own, since they are filled only where something reads them. */
const PATH_HEALTH: ReadonlySet<string> = new Set([
  ...HEALTH_NAMES,
  ...(['nprobe', 'cert', 'cisco'] as const).flatMap(vendorNames),
]);

/** Everything that was measured, with what was around the packets; nothing twice, and nothing that is always 0. */
function full({ protocol, ipVersion }: TemplateScope): string[] {
  const names = INFORMATION_ELEMENTS.filter(
    ({ source, isEnterprise, inFull, ipVersion: version }) =>
      (version === undefined || version === ipVersion) &&
      (protocol !== 'netflow9' || isEnterprise !== true) &&
      KINDS_IN_FULL.has(source.kind) &&
      inFull !== false,
  )
    .map(({ name }) => name)
    .filter((name) => !PATH_HEALTH.has(name));
  return [...times(protocol), ...names, ...(protocol === 'netflow9' ? [] : ['biflowDirection'])];
}

interface Profile {
  readonly names: (scope: TemplateScope) => string[];
  /** Its elements are all of the part that every record has: a replay need not wait for templates to know what records carry. */
  readonly isPlain: boolean;
  /** Flows of each kind of application have a template of their own, without what only others have. */
  readonly isByApplication?: boolean;
}

/** What can be added to the default: all of path health, what payload inspection knows, networks of both ends. */
export const ADDITIONS: Readonly<Record<string, readonly string[]>> = {
  health: HEALTH_NAMES,
  applications: APPLICATION_NAMES,
  networks: NETWORK_NAMES,
};

/** Profiles of one addition or several, in the order above: `health`, `health+applications`, … */
function additionProfiles(): Record<string, Profile> {
  const keys = Object.keys(ADDITIONS);
  const sets = Array.from({ length: 2 ** keys.length - 1 }, (_, i) =>
    keys.filter((_key, bit) => (((i + 1) >>> bit) & 1) === 1),
  );
  return Object.fromEntries(
    sets.map((set) => [
      set.join('+'),
      {
        names: withNames(set.flatMap((key) => ADDITIONS[key]!)),
        isPlain: false,
        isByApplication: set.includes('applications'),
      },
    ]),
  );
}

/**
 * The profiles a user can choose, by name. `default` is max-compat on the wire, and `text` in JSON and CSV; the last four
 * have what other makers' dashboards read of path health and applications.
 */
export const PROFILES: Readonly<Record<string, Profile>> = {
  default: {
    names: (scope) => (scope.protocol === 'text' ? text(scope) : maxCompat(scope)),
    isPlain: true,
  },
  'max-compat': { names: maxCompat, isPlain: true },
  minimal: { names: minimal, isPlain: true },
  full: { names: full, isPlain: false },
  akvorado: { names: akvorado, isPlain: true },
  nfdump: { names: nfdump, isPlain: true },
  ntopng: { names: ntopng, isPlain: true },
  elastiflow: { names: elastiflow, isPlain: true },
  ...additionProfiles(),
  nprobe: withVendor([
    ...vendorNames('nprobe'),
    'nprobeSrcIpCountry',
    'nprobeDstIpCountry',
    ...applicationVendorNames('nprobe'),
  ]),
  cert: withVendor([...vendorNames('cert'), ...applicationVendorNames('cert')]),
  cesnet: withVendor(applicationVendorNames('cesnet')),
  cisco: withVendor([...vendorNames('cisco'), 'applicationId']),
};

/** The default and what is filled on demand. */
function withNames(names: readonly string[]): Profile['names'] {
  return (scope) => {
    const added = ({ protocol, application }: TemplateScope) =>
      nameable(names, protocol).filter((name) => isOfKind(name, application));
    const usual = scope.protocol === 'text' ? text(scope) : maxCompat(scope);
    return [...usual, ...added(scope).filter((name) => !usual.includes(name))];
  };
}

/** max-compat and what a maker's dashboards read of path health and applications. */
function withVendor(names: readonly string[]): Profile {
  return {
    names: (scope) => {
      const added = nameable(names, scope.protocol);
      return [...maxCompat(scope), ...added.filter((name) => isOfKind(name, scope.application))];
    },
    isPlain: false,
    isByApplication: true,
  };
}

/** Whether a list of names is a profile with a template for each kind of application. */
export function isByApplication(names: readonly string[]): boolean {
  const [name = ''] = names;
  return names.length === 1 && Object.hasOwn(PROFILES, name) && PROFILES[name]!.isByApplication === true;
}

/** Whether a list of names is a profile's that needs no optional part of records. */
export function isPlainProfile(names: readonly string[]): boolean {
  return names.length === 1 && Object.hasOwn(PROFILES, names[0]!) && PROFILES[names[0]!]!.isPlain;
}
