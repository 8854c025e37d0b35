/**
 * The table of information elements: one row for each that flowtap can fill truthfully. Template Records, Data Records,
 * JSON and CSV output, `flowtap elements` and docs/elements.md all derive from it. IANA's numbers, names and types
 * (RFC 7012, registry "IPFIX Information Elements"); what IANA lacks stands at the end, under a private enterprise
 * number that each installation chooses.
 */
import {
  ENCAPSULATION_WORDS,
  MPLS_DEPTH,
  MPLS_LABELS_MAX,
  MPLS_STACK,
  OUTER_DESTINATION_ADDRESS,
  OUTER_KIND,
  OUTER_SOURCE_ADDRESS,
  PPPOE_SESSION,
  TUNNEL_ID,
} from '../decode/decoded-batch.ts';
import {
  ADDRESS_A,
  ADDRESS_B,
  ENCAPSULATION_WORD,
  EXTENSION_HEADERS_SEEN,
  FIRST_NS,
  FLOW_OBSERVATION_POINT,
  FLOW_PORTS,
  FLOW_PROTOCOL,
  FLOW_STATE,
  LABEL_CUSTOMER_VLAN,
  LAST_NS,
  LAYER2_OCTETS,
  LENGTH_MAX,
  LENGTH_MIN,
  LINK_WORD,
  OCTETS,
  PACKETS,
  STATE_END_REASON_SHIFT,
  TCP_FLAGS_TOS,
  TTL_FRAGMENTS,
} from '../metering/flow-layout.ts';
import { type Condition, constant, lineCount, lineTime, lineWord, type Source, word } from './sources.ts';

/** Abstract data types of RFC 7012 §3.1 that occur in the table. */
export type AbstractType =
  | 'unsigned8'
  | 'unsigned16'
  | 'unsigned32'
  | 'unsigned64'
  | 'ipv4Address'
  | 'ipv6Address'
  | 'macAddress'
  | 'octetArray'
  | 'dateTimeSeconds'
  | 'dateTimeMilliseconds'
  | 'dateTimeMicroseconds'
  | 'dateTimeNanoseconds';

/** Data type semantics of RFC 7012 §3.2. */
export type Semantics = 'default' | 'quantity' | 'deltaCounter' | 'identifier' | 'flags';

export interface InformationElement {
  readonly id: number;
  readonly name: string;
  readonly type: AbstractType;
  readonly semantics: Semantics;
  /** Octets in a template that asks for nothing else. */
  readonly octets: number;
  /** Octets in NetFlow v9, where the field's own size differs (RFC 3954 §8). */
  readonly octetsV9?: number;
  readonly unit: string;
  /** One sentence for people. */
  readonly description: string;
  readonly source: Source;
  /** Only for flows of this IP version. */
  readonly ipVersion?: 4 | 6;
  /** Under flowtap's private enterprise number, not IANA's. */
  readonly isPrivate?: true;
  /** Can stand in a biflow's reverse direction (RFC 5103 §3). */
  readonly isReversible?: true;
  /** Comes from what is around the packet: the table keeps it only while a template or flow key asks. */
  readonly needsEncapsulation?: true;
}

const OCTETS_OF: Record<AbstractType, number> = {
  unsigned8: 1,
  unsigned16: 2,
  unsigned32: 4,
  unsigned64: 8,
  ipv4Address: 4,
  ipv6Address: 16,
  macAddress: 6,
  octetArray: 1,
  dateTimeSeconds: 4,
  dateTimeMilliseconds: 8,
  dateTimeMicroseconds: 8,
  dateTimeNanoseconds: 8,
};

type Extras = Partial<
  Omit<InformationElement, 'id' | 'name' | 'type' | 'semantics' | 'unit' | 'description' | 'source'>
>;

function row(
  id: number,
  name: string,
  type: AbstractType,
  semantics: Semantics,
  unit: string,
  source: Source,
  description: string,
  extras: Extras = {},
): InformationElement {
  return { id, name, type, semantics, unit, source, description, octets: OCTETS_OF[type], ...extras };
}

function whenProtocol(protocol: number): Condition {
  return { word: FLOW_PROTOCOL, shift: 0, mask: 0xff, equals: protocol };
}
const ICMP = whenProtocol(1);
const IGMP = whenProtocol(2);
const ICMPV6 = whenProtocol(58);

const OUTER = ENCAPSULATION_WORD;
function whenTunnel(kind: number): Condition {
  return { word: OUTER + OUTER_KIND, shift: 8, mask: 0xff, equals: kind };
}
const GRE = whenTunnel(1);
const VXLAN = whenTunnel(5);
const GTPU = whenTunnel(7);
function whenOuterVersion(version: number): Condition {
  return { word: OUTER + OUTER_KIND, shift: 0, mask: 0xff, equals: version };
}

const REVERSIBLE = { isReversible: true } as const;
const IPV4 = { ipVersion: 4 } as const;
const IPV6 = { ipVersion: 6 } as const;
const ENCAPSULATION = { needsEncapsulation: true } as const;

function address(forward: number, reverse: number, words: 1 | 4, when?: Condition): Source {
  const at = { kind: 'address', forward, reverse, words } as const;
  return when === undefined ? at : { ...at, when };
}

function port(forwardShift: number): Source {
  return { ...word(FLOW_PORTS, forwardShift, 0xffff), reverseShift: 16 - forwardShift };
}

/** IANA's elements, by number. */
const IANA_ELEMENTS: readonly InformationElement[] = [
  row(
    1,
    'octetDeltaCount',
    'unsigned64',
    'deltaCounter',
    'octets',
    lineCount(OCTETS),
    'IP octets of the flow, headers included, from the IP headers’ own lengths.',
    REVERSIBLE,
  ),
  row(
    2,
    'packetDeltaCount',
    'unsigned64',
    'deltaCounter',
    'packets',
    lineCount(PACKETS),
    'Packets of the flow.',
    REVERSIBLE,
  ),
  row(
    3,
    'deltaFlowCount',
    'unsigned64',
    'deltaCounter',
    'flows',
    constant(1),
    'Flows in this record: always 1.',
  ),
  row(
    4,
    'protocolIdentifier',
    'unsigned8',
    'identifier',
    '',
    word(FLOW_PROTOCOL, 0, 0xff),
    'IP protocol number; for IPv6 that of the upper layer behind the extension headers.',
  ),
  row(
    5,
    'ipClassOfService',
    'unsigned8',
    'identifier',
    '',
    lineWord(TCP_FLAGS_TOS, 16, 0xff),
    'ToS octet or IPv6 traffic class of the first packet.',
    REVERSIBLE,
  ),
  row(
    6,
    'tcpControlBits',
    'unsigned16',
    'flags',
    '',
    lineWord(TCP_FLAGS_TOS, 0, 0xffff),
    'TCP flags of all packets, ORed.',
    { ...REVERSIBLE, octetsV9: 1 },
  ),
  row(
    7,
    'sourceTransportPort',
    'unsigned16',
    'identifier',
    '',
    port(16),
    'Source port; 0 where the protocol has none.',
  ),
  row(
    8,
    'sourceIPv4Address',
    'ipv4Address',
    'default',
    '',
    address(ADDRESS_A, ADDRESS_B, 1),
    'IPv4 source address.',
    IPV4,
  ),
  row(
    9,
    'sourceIPv4PrefixLength',
    'unsigned8',
    'default',
    'bits',
    constant(0),
    'Always 0: a probe has no routing table.',
    IPV4,
  ),
  row(
    10,
    'ingressInterface',
    'unsigned32',
    'identifier',
    '',
    { kind: 'context', field: 'ingressInterface' },
    'ifIndex of the interface that the packets came in by.',
  ),
  row(
    11,
    'destinationTransportPort',
    'unsigned16',
    'identifier',
    '',
    port(0),
    'Destination port; for ICMP, ICMPv6 and IGMP type × 256 + code.',
  ),
  row(
    12,
    'destinationIPv4Address',
    'ipv4Address',
    'default',
    '',
    address(ADDRESS_B, ADDRESS_A, 1),
    'IPv4 destination address.',
    IPV4,
  ),
  row(
    13,
    'destinationIPv4PrefixLength',
    'unsigned8',
    'default',
    'bits',
    constant(0),
    'Always 0: a probe has no routing table.',
    IPV4,
  ),
  row(
    14,
    'egressInterface',
    'unsigned32',
    'identifier',
    '',
    { kind: 'context', field: 'egressInterface' },
    'ifIndex of the interface that the packets went out by, as configured; 0 for unknown.',
  ),
  row(
    15,
    'ipNextHopIPv4Address',
    'ipv4Address',
    'default',
    '',
    constant(0),
    'Always 0.0.0.0: a probe has no routing table.',
    IPV4,
  ),
  row(
    16,
    'bgpSourceAsNumber',
    'unsigned32',
    'identifier',
    '',
    constant(0),
    'Always 0: a probe has no routing table.',
  ),
  row(
    17,
    'bgpDestinationAsNumber',
    'unsigned32',
    'identifier',
    '',
    constant(0),
    'Always 0: a probe has no routing table.',
  ),
  row(
    21,
    'flowEndSysUpTime',
    'unsigned32',
    'default',
    'milliseconds',
    lineTime(LAST_NS, 'sysUpTime'),
    'Last packet, relative to systemInitTimeMilliseconds or the NetFlow header.',
  ),
  row(
    22,
    'flowStartSysUpTime',
    'unsigned32',
    'default',
    'milliseconds',
    lineTime(FIRST_NS, 'sysUpTime'),
    'First packet, relative to systemInitTimeMilliseconds or the NetFlow header.',
  ),
  row(
    25,
    'minimumIpTotalLength',
    'unsigned64',
    'default',
    'octets',
    lineWord(LENGTH_MIN),
    'Shortest packet.',
    { ...REVERSIBLE, octetsV9: 2 },
  ),
  row(
    26,
    'maximumIpTotalLength',
    'unsigned64',
    'default',
    'octets',
    lineWord(LENGTH_MAX),
    'Longest packet.',
    { ...REVERSIBLE, octetsV9: 2 },
  ),
  row(
    27,
    'sourceIPv6Address',
    'ipv6Address',
    'default',
    '',
    address(ADDRESS_A, ADDRESS_B, 4),
    'IPv6 source address.',
    IPV6,
  ),
  row(
    28,
    'destinationIPv6Address',
    'ipv6Address',
    'default',
    '',
    address(ADDRESS_B, ADDRESS_A, 4),
    'IPv6 destination address.',
    IPV6,
  ),
  row(
    29,
    'sourceIPv6PrefixLength',
    'unsigned8',
    'default',
    'bits',
    constant(0),
    'Always 0: a probe has no routing table.',
    IPV6,
  ),
  row(
    30,
    'destinationIPv6PrefixLength',
    'unsigned8',
    'default',
    'bits',
    constant(0),
    'Always 0: a probe has no routing table.',
    IPV6,
  ),
  row(
    31,
    'flowLabelIPv6',
    'unsigned32',
    'identifier',
    '',
    lineWord(LABEL_CUSTOMER_VLAN, 0, 0xfffff),
    'IPv6 flow label of the first packet.',
    { ...IPV6, ...REVERSIBLE, octetsV9: 3 },
  ),
  row(
    32,
    'icmpTypeCodeIPv4',
    'unsigned16',
    'identifier',
    '',
    word(FLOW_PORTS, 0, 0xffff, ICMP),
    'ICMP type × 256 + code.',
    IPV4,
  ),
  row(
    33,
    'igmpType',
    'unsigned8',
    'identifier',
    '',
    word(FLOW_PORTS, 8, 0xff, IGMP),
    'IGMP message type.',
    IPV4,
  ),
  row(
    52,
    'minimumTTL',
    'unsigned8',
    'default',
    'hops',
    lineWord(TTL_FRAGMENTS, 0, 0xff),
    'Least TTL or hop limit.',
    REVERSIBLE,
  ),
  row(
    53,
    'maximumTTL',
    'unsigned8',
    'default',
    'hops',
    lineWord(TTL_FRAGMENTS, 8, 0xff),
    'Greatest TTL or hop limit.',
    REVERSIBLE,
  ),
  row(
    56,
    'sourceMacAddress',
    'macAddress',
    'default',
    '',
    { kind: 'mac', of: 'source' },
    'Source MAC address of the flow’s first packet.',
  ),
  row(
    58,
    'vlanId',
    'unsigned16',
    'identifier',
    '',
    word(FLOW_PROTOCOL, 16, 0xfff),
    'VLAN id, the outer one of two; 0 for untagged.',
  ),
  row(60, 'ipVersion', 'unsigned8', 'identifier', '', word(FLOW_PROTOCOL, 8, 0xf), '4 or 6.'),
  row(
    61,
    'flowDirection',
    'unsigned8',
    'identifier',
    '',
    constant(0),
    'Always 0, ingress: a mirror port sees packets come in.',
  ),
  row(
    62,
    'ipNextHopIPv6Address',
    'ipv6Address',
    'default',
    '',
    constant(0),
    'Always ::, since a probe has no routing table.',
    IPV6,
  ),
  row(
    64,
    'ipv6ExtensionHeaders',
    'unsigned32',
    'flags',
    '',
    lineWord(EXTENSION_HEADERS_SEEN),
    'IPv6 extension headers seen (deprecated by IANA, read by most collectors).',
    { ...IPV6, ...REVERSIBLE },
  ),
  ...Array.from({ length: MPLS_LABELS_MAX }, (_, i) =>
    row(
      70 + i,
      i === 0 ? 'mplsTopLabelStackSection' : `mplsLabelStackSection${i + 1}`,
      'octetArray',
      'default',
      '',
      word(OUTER + MPLS_STACK + i, 8, 0xffffff),
      `MPLS label stack entry ${i + 1} from the top: label, traffic class, bottom-of-stack bit.`,
      { ...ENCAPSULATION, octets: 3 },
    ),
  ),
  row(
    80,
    'destinationMacAddress',
    'macAddress',
    'default',
    '',
    { kind: 'mac', of: 'destination' },
    'Destination MAC address of the flow’s first packet.',
  ),
  row(
    136,
    'flowEndReason',
    'unsigned8',
    'identifier',
    '',
    word(FLOW_STATE, STATE_END_REASON_SHIFT, 0xf),
    '1 idle timeout, 2 active timeout, 3 end of flow detected, 4 forced end, 5 lack of resources.',
  ),
  row(
    138,
    'observationPointId',
    'unsigned64',
    'identifier',
    '',
    word(FLOW_OBSERVATION_POINT, 0, 0xffff),
    'Interface of the capture, counted from 1.',
  ),
  row(
    139,
    'icmpTypeCodeIPv6',
    'unsigned16',
    'identifier',
    '',
    word(FLOW_PORTS, 0, 0xffff, ICMPV6),
    'ICMPv6 type × 256 + code.',
    IPV6,
  ),
  row(
    149,
    'observationDomainId',
    'unsigned32',
    'identifier',
    '',
    { kind: 'context', field: 'observationDomainId' },
    'Observation domain, as configured.',
  ),
  row(
    150,
    'flowStartSeconds',
    'dateTimeSeconds',
    'default',
    'seconds',
    lineTime(FIRST_NS, 'seconds'),
    'First packet.',
    REVERSIBLE,
  ),
  row(
    151,
    'flowEndSeconds',
    'dateTimeSeconds',
    'default',
    'seconds',
    lineTime(LAST_NS, 'seconds'),
    'Last packet.',
    REVERSIBLE,
  ),
  row(
    152,
    'flowStartMilliseconds',
    'dateTimeMilliseconds',
    'default',
    'milliseconds',
    lineTime(FIRST_NS, 'milliseconds'),
    'First packet.',
    REVERSIBLE,
  ),
  row(
    153,
    'flowEndMilliseconds',
    'dateTimeMilliseconds',
    'default',
    'milliseconds',
    lineTime(LAST_NS, 'milliseconds'),
    'Last packet.',
    REVERSIBLE,
  ),
  row(
    154,
    'flowStartMicroseconds',
    'dateTimeMicroseconds',
    'default',
    'microseconds',
    lineTime(FIRST_NS, 'microseconds'),
    'First packet, as an NTP timestamp (RFC 7011 §6.1.9).',
    REVERSIBLE,
  ),
  row(
    155,
    'flowEndMicroseconds',
    'dateTimeMicroseconds',
    'default',
    'microseconds',
    lineTime(LAST_NS, 'microseconds'),
    'Last packet, as an NTP timestamp (RFC 7011 §6.1.9).',
    REVERSIBLE,
  ),
  row(
    156,
    'flowStartNanoseconds',
    'dateTimeNanoseconds',
    'default',
    'nanoseconds',
    lineTime(FIRST_NS, 'nanoseconds'),
    'First packet, as an NTP timestamp (RFC 7011 §6.1.10).',
    REVERSIBLE,
  ),
  row(
    157,
    'flowEndNanoseconds',
    'dateTimeNanoseconds',
    'default',
    'nanoseconds',
    lineTime(LAST_NS, 'nanoseconds'),
    'Last packet, as an NTP timestamp (RFC 7011 §6.1.10).',
    REVERSIBLE,
  ),
  row(
    160,
    'systemInitTimeMilliseconds',
    'dateTimeMilliseconds',
    'default',
    'milliseconds',
    { kind: 'context', field: 'systemInitTime' },
    'The moment that sysUpTime counts from.',
  ),
  row(
    161,
    'flowDurationMilliseconds',
    'unsigned32',
    'default',
    'milliseconds',
    { kind: 'duration', unitNs: 1e6 },
    'Last packet less first packet.',
  ),
  row(
    162,
    'flowDurationMicroseconds',
    'unsigned32',
    'default',
    'microseconds',
    { kind: 'duration', unitNs: 1e3 },
    'Last packet less first packet; saturates at 71 minutes.',
  ),
  row(
    176,
    'icmpTypeIPv4',
    'unsigned8',
    'identifier',
    '',
    word(FLOW_PORTS, 8, 0xff, ICMP),
    'ICMP type.',
    IPV4,
  ),
  row(
    177,
    'icmpCodeIPv4',
    'unsigned8',
    'identifier',
    '',
    word(FLOW_PORTS, 0, 0xff, ICMP),
    'ICMP code.',
    IPV4,
  ),
  row(
    178,
    'icmpTypeIPv6',
    'unsigned8',
    'identifier',
    '',
    word(FLOW_PORTS, 8, 0xff, ICMPV6),
    'ICMPv6 type.',
    IPV6,
  ),
  row(
    179,
    'icmpCodeIPv6',
    'unsigned8',
    'identifier',
    '',
    word(FLOW_PORTS, 0, 0xff, ICMPV6),
    'ICMPv6 code.',
    IPV6,
  ),
  row(
    192,
    'ipTTL',
    'unsigned8',
    'default',
    'hops',
    lineWord(TTL_FRAGMENTS, 0, 0xff),
    'TTL or hop limit: the least of the flow’s packets.',
    REVERSIBLE,
  ),
  row(
    195,
    'ipDiffServCodePoint',
    'unsigned8',
    'identifier',
    '',
    lineWord(TCP_FLAGS_TOS, 18, 0x3f),
    'DSCP of the first packet.',
    REVERSIBLE,
  ),
  row(
    202,
    'mplsLabelStackDepth',
    'unsigned32',
    'quantity',
    'entries',
    word(OUTER + MPLS_DEPTH),
    'Entries of the MPLS label stack.',
    ENCAPSULATION,
  ),
  row(
    210,
    'paddingOctets',
    'octetArray',
    'default',
    '',
    constant(0),
    'Zero octets, as many as the template says: paddingOctets:3.',
  ),
  row(
    239,
    'biflowDirection',
    'unsigned8',
    'identifier',
    '',
    constant(1),
    'Always 1: the record’s source is the initiator (RFC 5103 §6.3).',
  ),
  row(
    243,
    'dot1qVlanId',
    'unsigned16',
    'identifier',
    '',
    word(FLOW_PROTOCOL, 16, 0xfff),
    'VLAN id of the outer tag.',
  ),
  row(
    244,
    'dot1qPriority',
    'unsigned8',
    'identifier',
    '',
    word(LINK_WORD + 3, 0, 0x7),
    'Priority of the outer tag, first packet.',
  ),
  row(
    245,
    'dot1qCustomerVlanId',
    'unsigned16',
    'identifier',
    '',
    lineWord(LABEL_CUSTOMER_VLAN, 20, 0xfff),
    'VLAN id of the inner tag.',
    REVERSIBLE,
  ),
  row(
    256,
    'ethernetType',
    'unsigned16',
    'identifier',
    '',
    word(LINK_WORD + 3, 16, 0xffff),
    '0x0800 or 0x86dd.',
  ),
  row(
    296,
    'greKey',
    'unsigned32',
    'identifier',
    '',
    word(OUTER + TUNNEL_ID, 0, 0xffffffff, GRE),
    'GRE key of a decapsulated packet.',
    ENCAPSULATION,
  ),
  row(
    351,
    'layer2SegmentId',
    'unsigned64',
    'identifier',
    '',
    { ...word(OUTER + TUNNEL_ID, 0, 0xffffff, VXLAN), high: 0x01000000 },
    'VXLAN network identifier of a decapsulated packet, with encapsulation type 1 in the top octet.',
    ENCAPSULATION,
  ),
  row(
    352,
    'layer2OctetDeltaCount',
    'unsigned64',
    'deltaCounter',
    'octets',
    lineCount(LAYER2_OCTETS),
    'Octets of the frames on the wire.',
    REVERSIBLE,
  ),
  row(
    507,
    'gtpuTEid',
    'unsigned32',
    'identifier',
    '',
    word(OUTER + TUNNEL_ID, 0, 0xffffffff, GTPU),
    'GTP-U tunnel endpoint identifier of a decapsulated packet.',
    ENCAPSULATION,
  ),
];

const OUTER_SOURCE = OUTER + OUTER_SOURCE_ADDRESS;
const OUTER_DESTINATION = OUTER + OUTER_DESTINATION_ADDRESS;
const PRIVATE = { isPrivate: true } as const;
const PRIVATE_OUTER = { ...PRIVATE, ...ENCAPSULATION } as const;

/** Elements that IANA lacks, under the private enterprise number. Their numbers never change meaning. */
const PRIVATE_ELEMENTS: readonly InformationElement[] = [
  row(
    1,
    'tunnelType',
    'unsigned8',
    'identifier',
    '',
    word(OUTER + OUTER_KIND, 8, 0xff),
    'Tunnel that was decapsulated: 1 GRE, 2 ERSPAN, 3 IP in IP, 4 6in4, 5 VXLAN, 6 GENEVE, 7 GTP-U, 8 L2TP, 9 Teredo.',
    PRIVATE_OUTER,
  ),
  row(
    2,
    'tunnelIdentifier',
    'unsigned32',
    'identifier',
    '',
    word(OUTER + TUNNEL_ID),
    'GRE key, ERSPAN session, VNI, TEID, or L2TP tunnel × 65536 + session.',
    PRIVATE_OUTER,
  ),
  row(
    3,
    'outerSourceIPv4Address',
    'ipv4Address',
    'default',
    '',
    address(OUTER_SOURCE, OUTER_DESTINATION, 1, whenOuterVersion(4)),
    'IPv4 source of the packet that carried the tunnel.',
    PRIVATE_OUTER,
  ),
  row(
    4,
    'outerDestinationIPv4Address',
    'ipv4Address',
    'default',
    '',
    address(OUTER_DESTINATION, OUTER_SOURCE, 1, whenOuterVersion(4)),
    'IPv4 destination of the packet that carried the tunnel.',
    PRIVATE_OUTER,
  ),
  row(
    5,
    'outerSourceIPv6Address',
    'ipv6Address',
    'default',
    '',
    address(OUTER_SOURCE, OUTER_DESTINATION, 4, whenOuterVersion(6)),
    'IPv6 source of the packet that carried the tunnel.',
    PRIVATE_OUTER,
  ),
  row(
    6,
    'outerDestinationIPv6Address',
    'ipv6Address',
    'default',
    '',
    address(OUTER_DESTINATION, OUTER_SOURCE, 4, whenOuterVersion(6)),
    'IPv6 destination of the packet that carried the tunnel.',
    PRIVATE_OUTER,
  ),
  row(
    7,
    'pppoeSessionIdentifier',
    'unsigned16',
    'identifier',
    '',
    word(OUTER + PPPOE_SESSION, 0, 0xffff),
    'PPPoE session.',
    PRIVATE_OUTER,
  ),
  row(
    8,
    'fragmentedPacketDeltaCount',
    'unsigned32',
    'deltaCounter',
    'packets',
    lineWord(TTL_FRAGMENTS, 16, 0xffff),
    'Fragments among the packets; saturates at 65,535.',
    PRIVATE,
  ),
];

export const INFORMATION_ELEMENTS: readonly InformationElement[] = [...IANA_ELEMENTS, ...PRIVATE_ELEMENTS];

/** Words of a record in which elements may look for the encapsulation. */
export const ENCAPSULATION_END = ENCAPSULATION_WORD + ENCAPSULATION_WORDS;

const BY_NAME = new Map(INFORMATION_ELEMENTS.map((element) => [element.name, element]));

/** The element of that name, or undefined. */
export function elementByName(name: string): InformationElement | undefined {
  return BY_NAME.get(name);
}
