/**
 * Templates that come with flowtap: lists of element names. They are chosen so that every collector known to us finds
 * what it needs: counters of 64 bits, both interfaces, ICMP in its own element and in the destination port.
 */

import { HEALTH_NAMES } from './elements-health.ts';
import { vendorNames } from './elements-vendor.ts';

export type FlowProtocol = 'netflow5' | 'netflow9' | 'ipfix';

/** What a template of a profile is for. */
export interface TemplateScope {
  readonly protocol: FlowProtocol | 'text';
  readonly ipVersion: 4 | 6;
  /** A template for ICMP or ICMPv6 flows alone. */
  readonly isIcmp: boolean;
}

const addresses = (version: 4 | 6) => [`sourceIPv${version}Address`, `destinationIPv${version}Address`];

/** Times as each protocol's collectors read them best. */
function times(protocol: TemplateScope['protocol']): string[] {
  return protocol === 'netflow9'
    ? ['flowEndSysUpTime', 'flowStartSysUpTime']
    : ['flowStartMilliseconds', 'flowEndMilliseconds'];
}

/** The default: what is most useful to most collectors. */
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
    isIcmp ? `icmpTypeCodeIPv${ipVersion}` : 'tcpControlBits',
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
    ...(isIcmp ? [] : ['tcpControlBits']),
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
 * Names of the profiles a user can choose. `default` is maxCompat on the wire, and `text` in JSON and CSV; `health` adds
 * all of path health, and the last three what other makers' dashboards read of it.
 */
export const PROFILES: Readonly<Record<string, (scope: TemplateScope) => string[]>> = {
  default: (scope) => (scope.protocol === 'text' ? text(scope) : maxCompat(scope)),
  maxCompat,
  minimal,
  health: (scope) => [...(scope.protocol === 'text' ? text(scope) : maxCompat(scope)), ...HEALTH_NAMES],
  nprobe: (scope) => [...maxCompat(scope), ...vendorNames('nprobe')],
  cert: (scope) => [...maxCompat(scope), ...vendorNames('cert')],
  cisco: (scope) => [...maxCompat(scope), ...vendorNames('cisco')],
};
