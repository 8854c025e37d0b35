/**
 * Information elements of IANA's registry: times, the link layer and what stood between it and the metered IP packet;
 * and flowtap's own elements, for what IANA has no number for.
 */
import {
  MPLS_DEPTH,
  MPLS_LABELS_MAX,
  MPLS_STACK,
  OUTER_DESTINATION_ADDRESS,
  OUTER_KIND,
  OUTER_SOURCE_ADDRESS,
  PPPOE_SESSION,
  TUNNEL_ID,
} from '../records/decoded-batch.ts';
import {
  ENCAPSULATION_WORD,
  FIRST_NS,
  FLOW_PROTOCOL,
  FORWARD_DOUBLE,
  LABEL_CUSTOMER_VLAN,
  LAST_NS,
  LINK_WORD,
  REVERSE_DOUBLE,
  TTL_FRAGMENTS,
} from '../records/flow-layout.ts';
import { TUNNEL_GRE, TUNNEL_GTPU, TUNNEL_VXLAN } from '../records/tunnel-kinds.ts';
import {
  type Condition,
  type InformationElement,
  lineTime,
  lineWord,
  sharedWord,
  type ValueSource,
} from './element.ts';

const LINK_DETAILS = LINK_WORD + 3;
const ENC = ENCAPSULATION_WORD;

const whenTunnel = (kind: number): Condition => ({
  word: ENC + OUTER_KIND,
  shift: 8,
  mask: 0xff,
  equals: kind,
});
const whenOuterVersion = (version: number): Condition => ({
  word: ENC + OUTER_KIND,
  shift: 0,
  mask: 0xff,
  equals: version,
});

/** Something of the first packet's encapsulation that only its own direction is known to have. */
const forwardOnly = (word: number, shift: number, mask: number): ValueSource => ({
  kind: 'word',
  forward: { word, shift },
  mask,
});

const duration = (unitNs: number): ValueSource => ({
  kind: 'duration',
  forward: FORWARD_DOUBLE + FIRST_NS,
  reverse: REVERSE_DOUBLE + FIRST_NS,
  unitNs,
});

function outerAddress(end: 'source' | 'destination', words: 1 | 4): ValueSource {
  const source = ENC + OUTER_SOURCE_ADDRESS;
  const destination = ENC + OUTER_DESTINATION_ADDRESS;
  return {
    kind: 'address',
    forward: end === 'source' ? source : destination,
    reverse: end === 'source' ? destination : source,
    words,
    when: whenOuterVersion(words === 1 ? 4 : 6),
  };
}

// biome-ignore format: one row, one element
export const TIME_ELEMENTS: readonly InformationElement[] = [
  { id: 150, name: 'flowStartSeconds', type: 'dateTimeSeconds', unit: 'seconds', semantics: 'default', isReversible: true, source: lineTime(FIRST_NS, 'epoch'),
    description: 'Time of the first packet.' },
  { id: 151, name: 'flowEndSeconds', type: 'dateTimeSeconds', unit: 'seconds', semantics: 'default', isReversible: true, source: lineTime(LAST_NS, 'epoch'),
    description: 'Time of the last packet.' },
  { id: 152, name: 'flowStartMilliseconds', type: 'dateTimeMilliseconds', unit: 'milliseconds', semantics: 'default', isReversible: true, source: lineTime(FIRST_NS, 'epoch'),
    description: 'Time of the first packet.' },
  { id: 153, name: 'flowEndMilliseconds', type: 'dateTimeMilliseconds', unit: 'milliseconds', semantics: 'default', isReversible: true, source: lineTime(LAST_NS, 'epoch'),
    description: 'Time of the last packet.' },
  { id: 154, name: 'flowStartMicroseconds', type: 'dateTimeMicroseconds', unit: 'microseconds', semantics: 'default', isReversible: true, source: lineTime(FIRST_NS, 'epoch'),
    description: 'Time of the first packet; an NTP timestamp on the wire (RFC 7011 §6.1.9).' },
  { id: 155, name: 'flowEndMicroseconds', type: 'dateTimeMicroseconds', unit: 'microseconds', semantics: 'default', isReversible: true, source: lineTime(LAST_NS, 'epoch'),
    description: 'Time of the last packet; an NTP timestamp on the wire (RFC 7011 §6.1.9).' },
  { id: 156, name: 'flowStartNanoseconds', type: 'dateTimeNanoseconds', unit: 'nanoseconds', semantics: 'default', isReversible: true, source: lineTime(FIRST_NS, 'epoch'),
    description: 'Time of the first packet; an NTP timestamp on the wire (RFC 7011 §6.1.10).' },
  { id: 157, name: 'flowEndNanoseconds', type: 'dateTimeNanoseconds', unit: 'nanoseconds', semantics: 'default', isReversible: true, source: lineTime(LAST_NS, 'epoch'),
    description: 'Time of the last packet; an NTP timestamp on the wire (RFC 7011 §6.1.10).' },
  { id: 158, name: 'flowStartDeltaMicroseconds', type: 'unsigned32', unit: 'microseconds', semantics: 'quantity', isReversible: true, source: lineTime(FIRST_NS, 'exportTime'),
    description: 'Time of the first packet, before the message’s export time; at most 71 minutes.' },
  { id: 159, name: 'flowEndDeltaMicroseconds', type: 'unsigned32', unit: 'microseconds', semantics: 'quantity', isReversible: true, source: lineTime(LAST_NS, 'exportTime'),
    description: 'Time of the last packet, before the message’s export time; at most 71 minutes.' },
  { id: 22, name: 'flowStartSysUpTime', type: 'unsigned32', unit: 'milliseconds', semantics: 'quantity', isReversible: true, source: lineTime(FIRST_NS, 'systemInit'),
    description: 'Time of the first packet, since systemInitTimeMilliseconds.' },
  { id: 21, name: 'flowEndSysUpTime', type: 'unsigned32', unit: 'milliseconds', semantics: 'quantity', isReversible: true, source: lineTime(LAST_NS, 'systemInit'),
    description: 'Time of the last packet, since systemInitTimeMilliseconds.' },
  { id: 160, name: 'systemInitTimeMilliseconds', type: 'dateTimeMilliseconds', unit: 'milliseconds', semantics: 'default', source: { kind: 'exporter', value: 'systemInitTimeMilliseconds' },
    description: 'The moment that system up times count from: a minute before the first exported flow.' },
  { id: 161, name: 'flowDurationMilliseconds', type: 'unsigned32', unit: 'milliseconds', semantics: 'quantity', isReversible: true, source: duration(1e6),
    description: 'From the first packet to the last.' },
  { id: 162, name: 'flowDurationMicroseconds', type: 'unsigned32', unit: 'microseconds', semantics: 'quantity', isReversible: true, source: duration(1e3),
    description: 'From the first packet to the last.' },
];

const MPLS_NAMES = [
  'mplsTopLabelStackSection',
  ...Array.from({ length: MPLS_LABELS_MAX - 1 }, (_, i) => `mplsLabelStackSection${i + 2}`),
];

// biome-ignore format: one row, one element
export const LINK_ELEMENTS: readonly InformationElement[] = [
  { id: 56, name: 'sourceMacAddress', isFlowKeyOf: 'mac', type: 'macAddress', unit: 'none', semantics: 'default', isAbsentWhenZero: true, source: { kind: 'mac', forward: 'source' },
    description: 'Source MAC address of the first packet; of the reverse direction its destination.' },
  { id: 80, name: 'destinationMacAddress', isFlowKeyOf: 'mac', type: 'macAddress', unit: 'none', semantics: 'default', isAbsentWhenZero: true, source: { kind: 'mac', forward: 'destination' },
    description: 'Destination MAC address of the first packet; of the reverse direction its source.' },
  { id: 256, name: 'ethernetType', inFull: false, type: 'unsigned16', unit: 'none', semantics: 'identifier', isAbsentWhenZero: true, source: sharedWord(LINK_DETAILS, 16, 0xffff),
    description: 'Ethernet type of the metered packets: 0x0800 or 0x86dd.' },
  { id: 58, name: 'vlanId', isFlowKeyOf: 'vlan', type: 'unsigned16', unit: 'none', semantics: 'identifier', isAbsentWhenZero: true, source: sharedWord(FLOW_PROTOCOL, 16, 0xfff),
    description: 'VLAN id of the outer tag; 0 for none, and where it is no part of the flow key.' },
  { id: 243, name: 'dot1qVlanId', isFlowKeyOf: 'vlan', inFull: false, type: 'unsigned16', unit: 'none', semantics: 'identifier', isAbsentWhenZero: true, source: sharedWord(FLOW_PROTOCOL, 16, 0xfff),
    description: 'VLAN id of the outer tag; 0 for none, and where it is no part of the flow key.' },
  { id: 244, name: 'dot1qPriority', type: 'unsigned8', unit: 'none', semantics: 'identifier', isAbsentWhenZero: true, source: forwardOnly(LINK_DETAILS, 0, 0x7),
    description: 'Priority of the outer tag of the first packet.' },
  { id: 245, name: 'dot1qCustomerVlanId', isFlowKeyOf: 'vlan', type: 'unsigned16', unit: 'none', semantics: 'identifier', isReversible: true, isAbsentWhenZero: true, source: lineWord(LABEL_CUSTOMER_VLAN, 20, 0xfff),
    description: 'VLAN id of the inner tag; 0 for none, and where it is no part of the flow key.' },
  ...MPLS_NAMES.map((name, i): InformationElement => ({
    id: 70 + i, name, ...(i === 0 ? { isFlowKeyOf: 'mpls' } : {}), type: 'octetArray', octets: 3, unit: 'none', semantics: 'default', isAbsentWhenZero: true, source: forwardOnly(ENC + MPLS_STACK + i, 8, 0xffffff),
    description: `Label, traffic class and bottom-of-stack bit of MPLS stack entry ${i + 1} of the first packet.`,
  })),
  { id: 200, name: 'mplsTopLabelTTL', type: 'unsigned8', unit: 'hops', semantics: 'quantity', isAbsentWhenZero: true, source: forwardOnly(ENC + MPLS_STACK, 0, 0xff),
    description: 'Time to Live of the top MPLS label of the first packet.' },
  { id: 203, name: 'mplsTopLabelExp', type: 'unsigned8', unit: 'none', semantics: 'flags', isAbsentWhenZero: true, source: forwardOnly(ENC + MPLS_STACK, 9, 0x7),
    description: 'Traffic class of the top MPLS label of the first packet.' },
  { id: 202, name: 'mplsLabelStackDepth', type: 'unsigned32', unit: 'entries', semantics: 'quantity', isAbsentWhenZero: true, source: forwardOnly(ENC + MPLS_DEPTH, 0, -1),
    description: 'Entries of the MPLS label stack of the first packet.' },
  { id: 351, name: 'layer2SegmentId', isFlowKeyOf: 'tunnel', type: 'unsigned64', unit: 'none', semantics: 'identifier', isAbsentWhenZero: true, source: { ...sharedWord(ENC + TUNNEL_ID, 0, 0xffffff), when: whenTunnel(TUNNEL_VXLAN), highWord: 0x01000000 },
    description: 'VXLAN network identifier of the first packet, with encapsulation type 1 in the first octet.' },
  { id: 296, name: 'greKey', isFlowKeyOf: 'tunnel', type: 'unsigned32', unit: 'none', semantics: 'identifier', isAbsentWhenZero: true, source: { ...sharedWord(ENC + TUNNEL_ID, 0, -1), when: whenTunnel(TUNNEL_GRE) },
    description: 'Key of the GRE tunnel around the first packet.' },
  { id: 507, name: 'gtpuTEid', isFlowKeyOf: 'tunnel', type: 'unsigned32', unit: 'none', semantics: 'identifier', isAbsentWhenZero: true, source: { kind: 'word', forward: { word: ENC + TUNNEL_ID, shift: 0 }, mask: -1, when: whenTunnel(TUNNEL_GTPU) },
    description: 'Tunnel endpoint identifier of the GTP-U tunnel around the first packet; each direction has its own.' },
];

// biome-ignore format: one row, one element
export const OWN_ELEMENTS: readonly InformationElement[] = [
  { id: 1, isEnterprise: true, name: 'outerSourceIPv4Address', type: 'ipv4Address', unit: 'none', semantics: 'default', isAbsentWhenZero: true, source: outerAddress('source', 1),
    description: 'Source address of the packet around the first one, where that is IPv4; of the reverse direction its destination.' },
  { id: 2, isEnterprise: true, name: 'outerDestinationIPv4Address', type: 'ipv4Address', unit: 'none', semantics: 'default', isAbsentWhenZero: true, source: outerAddress('destination', 1),
    description: 'Destination address of the packet around the first one, where that is IPv4; of the reverse direction its source.' },
  { id: 3, isEnterprise: true, name: 'outerSourceIPv6Address', type: 'ipv6Address', unit: 'none', semantics: 'default', isAbsentWhenZero: true, source: outerAddress('source', 4),
    description: 'Source address of the packet around the first one, where that is IPv6; of the reverse direction its destination.' },
  { id: 4, isEnterprise: true, name: 'outerDestinationIPv6Address', type: 'ipv6Address', unit: 'none', semantics: 'default', isAbsentWhenZero: true, source: outerAddress('destination', 4),
    description: 'Destination address of the packet around the first one, where that is IPv6; of the reverse direction its source.' },
  { id: 5, isEnterprise: true, name: 'tunnelKind', isFlowKeyOf: 'tunnel', type: 'unsigned8', unit: 'none', semantics: 'identifier', isAbsentWhenZero: true, source: sharedWord(ENC + OUTER_KIND, 8, 0xff),
    description: 'Tunnel around the first packet: 1 GRE, 2 ERSPAN, 3 IP in IP, 4 6in4, 5 VXLAN, 6 GENEVE, 7 GTP-U, 8 L2TP, 9 Teredo.' },
  { id: 6, isEnterprise: true, name: 'tunnelId', isFlowKeyOf: 'tunnel', type: 'unsigned32', unit: 'none', semantics: 'identifier', isAbsentWhenZero: true, source: forwardOnly(ENC + TUNNEL_ID, 0, -1),
    description: 'Key, session, network or endpoint identifier of the tunnel around the first packet, by its kind.' },
  { id: 7, isEnterprise: true, name: 'pppoeSessionId', isFlowKeyOf: 'pppoe', type: 'unsigned16', unit: 'none', semantics: 'identifier', isAbsentWhenZero: true, source: sharedWord(ENC + PPPOE_SESSION, 0, 0xffff),
    description: 'PPPoE session; without `pppoe` in the flow key, that of the first packet.' },
  { id: 8, isEnterprise: true, name: 'fragmentDeltaCount', type: 'unsigned16', unit: 'packets', semantics: 'deltaCounter', isAbsentWhenZero: true, source: lineWord(TTL_FRAGMENTS, 16, 0xffff),
    description: 'Packets that were fragments of larger ones; counting stops at 65,535.' },
];
