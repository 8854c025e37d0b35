/**
 * Information elements of IANA's registry: counters, flow keys, and what packets had in their IP and transport headers.
 * Values follow the accounting rules of the metering process; see docs/elements.md, which is generated from here.
 */

import { EXTENSIONS_OF_IE64 } from '../records/extension-headers.ts';
import {
  AS_A,
  AS_B,
  EGRESS_FORWARD,
  EGRESS_REVERSE,
  EXTENSION_HEADERS_SEEN,
  FLOW_OBSERVATION_POINT,
  FLOW_PORTS,
  FLOW_PROTOCOL,
  FLOW_STATE,
  FORWARD_DOUBLE,
  INGRESS_FORWARD,
  INGRESS_REVERSE,
  LABEL_CUSTOMER_VLAN,
  LAYER2_OCTETS,
  LENGTH_MAX,
  LENGTH_MIN,
  LINK_WORD,
  OCTETS,
  PACKETS,
  PREFIX_LENGTHS,
  REVERSE_DOUBLE,
  STATE_END_REASON_SHIFT,
  TCP_FLAGS_TOS,
  TTL_FRAGMENTS,
} from '../records/flow-layout.ts';
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_IGMP, PROTOCOL_TCP } from '../records/protocol-numbers.ts';
import {
  endpointAddress,
  type InformationElement,
  lineDouble,
  lineWord,
  sharedWord,
  type ValueSource,
  type WordField,
  whenProtocol,
} from './element.ts';

/** The port word's halves: A's, then B's. A direction's source is the other one's destination. */
const SOURCE_PORT: ValueSource = {
  kind: 'word',
  forward: { word: FLOW_PORTS, shift: 16 },
  reverse: { word: FLOW_PORTS, shift: 0 },
  mask: 0xffff,
};
const DESTINATION_PORT: ValueSource = {
  kind: 'word',
  forward: { word: FLOW_PORTS, shift: 0 },
  reverse: { word: FLOW_PORTS, shift: 16 },
  mask: 0xffff,
};

const INGRESS: ValueSource = {
  kind: 'word',
  forward: { word: INGRESS_FORWARD, shift: 0 },
  reverse: { word: INGRESS_REVERSE, shift: 0 },
  mask: -1,
};
const EGRESS: ValueSource = {
  kind: 'word',
  forward: { word: EGRESS_FORWARD, shift: 0 },
  reverse: { word: EGRESS_REVERSE, shift: 0 },
  mask: -1,
};
const LINK_DETAILS = LINK_WORD + 3;

/** In the place of a number of four octets where there is room for two (RFC 6793 §9). */
const AS_TRANS = 23_456;
/** What the first end of a flow's record has, or the second one. */
const ofEnd = (source: WordField, destination: WordField, mask: number): ValueSource => ({
  kind: 'word',
  forward: source,
  reverse: destination,
  mask,
});
const [AS_OF_A, AS_OF_B] = [
  { word: AS_A, shift: 0 },
  { word: AS_B, shift: 0 },
];
const [PREFIX_OF_A, PREFIX_OF_B] = [
  { word: PREFIX_LENGTHS, shift: 0 },
  { word: PREFIX_LENGTHS, shift: 8 },
];
const SOURCE_AS = ofEnd(AS_OF_A, AS_OF_B, -1);
const DESTINATION_AS = ofEnd(AS_OF_B, AS_OF_A, -1);
const SOURCE_PREFIX_LENGTH = ofEnd(PREFIX_OF_A, PREFIX_OF_B, 0xff);
const DESTINATION_PREFIX_LENGTH = ofEnd(PREFIX_OF_B, PREFIX_OF_A, 0xff);

/** A part of the destination port, where ICMP's type << 8 | code stands, for flows of one protocol. */
function icmpPart(protocol: number, shift: number, mask: number): ValueSource {
  return {
    kind: 'word',
    forward: { word: FLOW_PORTS, shift },
    reverse: { word: FLOW_PORTS, shift: 16 + shift },
    mask,
    when: whenProtocol(protocol),
  };
}

const constant = (forward: number, reverse = forward): ValueSource => ({
  kind: 'constant',
  forward,
  reverse,
});

// biome-ignore format: one row, one element
export const FLOW_ELEMENTS: readonly InformationElement[] = [
  { id: 1, name: 'octetDeltaCount', type: 'unsigned64', unit: 'octets', semantics: 'deltaCounter', isReversible: true, source: lineDouble(OCTETS),
    description: 'Octets of the IP packets, headers included, by the IP header’s own length.' },
  { id: 2, name: 'packetDeltaCount', type: 'unsigned64', unit: 'packets', semantics: 'deltaCounter', isReversible: true, source: lineDouble(PACKETS),
    description: 'Packets, fragments counted singly.' },
  { id: 352, name: 'layer2OctetDeltaCount', type: 'unsigned64', unit: 'octets', semantics: 'deltaCounter', isReversible: true, source: lineDouble(LAYER2_OCTETS),
    description: 'Octets of the frames as they were on the wire, without the frame check sequence and without what the capture wrote before them.' },
  { id: 3, name: 'deltaFlowCount', type: 'unsigned64', unit: 'flows', semantics: 'deltaCounter', source: constant(1),
    description: 'Flows in this record: always 1.' },
  { id: 298, name: 'initiatorPackets', inFull: false, type: 'unsigned64', unit: 'packets', semantics: 'deltaCounter', source: { kind: 'double', forward: FORWARD_DOUBLE + PACKETS, reverse: FORWARD_DOUBLE + PACKETS },
    description: 'Packets of the endpoint that sent the first one, whichever direction the record is about.' },
  { id: 299, name: 'responderPackets', inFull: false, type: 'unsigned64', unit: 'packets', semantics: 'deltaCounter', source: { kind: 'double', forward: REVERSE_DOUBLE + PACKETS, reverse: REVERSE_DOUBLE + PACKETS },
    description: 'Packets of the other endpoint, whichever direction the record is about.' },

  { id: 4, name: 'protocolIdentifier', isFlowKeyOf: 'always', type: 'unsigned8', unit: 'none', semantics: 'identifier', source: sharedWord(FLOW_PROTOCOL, 0, 0xff),
    description: 'Protocol of the IP payload, behind all IPv6 extension headers.' },
  { id: 60, name: 'ipVersion', isFlowKeyOf: 'always', type: 'unsigned8', unit: 'none', semantics: 'identifier', source: sharedWord(FLOW_PROTOCOL, 8, 0xff),
    description: 'IP version, 4 or 6.' },
  { id: 7, name: 'sourceTransportPort', isFlowKeyOf: 'always', type: 'unsigned16', unit: 'none', semantics: 'identifier', source: SOURCE_PORT,
    description: 'Source port; 0 for protocols without ports.' },
  { id: 11, name: 'destinationTransportPort', isFlowKeyOf: 'always', type: 'unsigned16', unit: 'none', semantics: 'identifier', source: DESTINATION_PORT,
    description: 'Destination port; of ICMP, ICMPv6 and IGMP the type × 256 + code.' },
  { id: 8, name: 'sourceIPv4Address', isFlowKeyOf: 'always', type: 'ipv4Address', unit: 'none', semantics: 'default', ipVersion: 4, source: endpointAddress('source', 1),
    description: 'Source address.' },
  { id: 12, name: 'destinationIPv4Address', isFlowKeyOf: 'always', type: 'ipv4Address', unit: 'none', semantics: 'default', ipVersion: 4, source: endpointAddress('destination', 1),
    description: 'Destination address.' },
  { id: 27, name: 'sourceIPv6Address', isFlowKeyOf: 'always', type: 'ipv6Address', unit: 'none', semantics: 'default', ipVersion: 6, source: endpointAddress('source', 4),
    description: 'Source address.' },
  { id: 28, name: 'destinationIPv6Address', isFlowKeyOf: 'always', type: 'ipv6Address', unit: 'none', semantics: 'default', ipVersion: 6, source: endpointAddress('destination', 4),
    description: 'Destination address.' },
  { id: 10, name: 'ingressInterface', isFlowKeyOf: 'ingress', whenTooLarge: 0, type: 'unsigned32', unit: 'none', semantics: 'identifier', source: INGRESS,
    description: 'Interface that the packets came in by: its number, that of a capture’s interface from 1, or the configured one; without `interface` in the flow key, that of the first packet.' },
  { id: 14, name: 'egressInterface', whenTooLarge: 0, type: 'unsigned32', unit: 'none', semantics: 'identifier', isAbsentWhenZero: true, source: EGRESS,
    description: 'Interface that the packets left by: by its MAC address, the configured one, in a live capture else the same; 0 where it is not known.' },
  { id: 138, name: 'observationPointId', isFlowKeyOf: 'interface', inFull: false, type: 'unsigned64', unit: 'none', semantics: 'identifier', source: sharedWord(FLOW_OBSERVATION_POINT, 0, 0xffff),
    description: 'Observation point: number of the interface in the capture, from 1; without `interface` in the flow key, that of the first packet.' },
  { id: 149, name: 'observationDomainId', inFull: false, type: 'unsigned32', unit: 'none', semantics: 'identifier', source: { kind: 'exporter', value: 'observationDomainId' },
    description: 'Observation domain, as in the message header.' },
  { id: 61, name: 'flowDirection', type: 'unsigned8', unit: 'none', semantics: 'identifier', source: { kind: 'word', forward: { word: LINK_DETAILS, shift: 4 }, reverse: { word: LINK_DETAILS, shift: 5 }, mask: 1 },
    description: 'Direction at the observation point: 1, egress, for what a MAC address of observation.localMacs sent, else 0, ingress.' },
  { id: 239, name: 'biflowDirection', type: 'unsigned8', unit: 'none', semantics: 'identifier', source: constant(1, 2),
    description: 'Whose direction the record has as forward (RFC 5103): 1 that of the endpoint which sent the first packet, 2 the other.' },

  { id: 5, name: 'ipClassOfService', isFlowKeyOf: 'tos', type: 'unsigned8', unit: 'none', semantics: 'identifier', isReversible: true, source: lineWord(TCP_FLAGS_TOS, 16, 0xff),
    description: 'Type of Service or Traffic Class octet of the first packet.' },
  { id: 195, name: 'ipDiffServCodePoint', isFlowKeyOf: 'tos', inFull: false, type: 'unsigned8', unit: 'none', semantics: 'identifier', isReversible: true, source: lineWord(TCP_FLAGS_TOS, 18, 0x3f),
    description: 'Differentiated services code point of the first packet.' },
  { id: 6, name: 'tcpControlBits', type: 'unsigned16', v9Octets: 1, unit: 'none', semantics: 'flags', isReversible: true, source: { ...lineWord(TCP_FLAGS_TOS, 0, 0xfff), when: whenProtocol(PROTOCOL_TCP) },
    description: 'TCP flags of all packets, combined by OR; in one octet the upper bits are left out.' },
  { id: 52, name: 'minimumTTL', type: 'unsigned8', unit: 'hops', semantics: 'quantity', isReversible: true, source: lineWord(TTL_FRAGMENTS, 0, 0xff),
    description: 'Least Time to Live or Hop Limit of all packets.' },
  { id: 53, name: 'maximumTTL', type: 'unsigned8', unit: 'hops', semantics: 'quantity', isReversible: true, source: lineWord(TTL_FRAGMENTS, 8, 0xff),
    description: 'Greatest Time to Live or Hop Limit of all packets.' },
  { id: 192, name: 'ipTTL', type: 'unsigned8', unit: 'hops', semantics: 'quantity', isReversible: true, source: lineWord(TTL_FRAGMENTS, 0, 0xff),
    description: 'Time to Live or Hop Limit; where it varied, the least.' },
  { id: 25, name: 'minimumIpTotalLength', type: 'unsigned64', v9Octets: 2, unit: 'octets', semantics: 'quantity', isReversible: true, source: lineWord(LENGTH_MIN, 0, -1),
    description: 'Length of the shortest IP packet.' },
  { id: 26, name: 'maximumIpTotalLength', type: 'unsigned64', v9Octets: 2, unit: 'octets', semantics: 'quantity', isReversible: true, source: lineWord(LENGTH_MAX, 0, -1),
    description: 'Length of the longest IP packet.' },
  { id: 31, name: 'flowLabelIPv6', type: 'unsigned32', v9Octets: 3, unit: 'none', semantics: 'identifier', isReversible: true, ipVersion: 6, isAbsentWhenZero: true, source: lineWord(LABEL_CUSTOMER_VLAN, 0, 0xfffff),
    description: 'Flow label of the first packet.' },
  { id: 64, name: 'ipv6ExtensionHeaders', type: 'unsigned32', unit: 'none', semantics: 'flags', isReversible: true, ipVersion: 6, isAbsentWhenZero: true, source: lineWord(EXTENSION_HEADERS_SEEN, 0, EXTENSIONS_OF_IE64),
    description: 'Extension headers seen in any packet, a bit each (deprecated by IANA, read by more collectors than its successor).' },
  { id: 32, name: 'icmpTypeCodeIPv4', isFlowKeyOf: 'always', type: 'unsigned16', unit: 'none', semantics: 'identifier', ipVersion: 4, source: icmpPart(PROTOCOL_ICMP, 0, 0xffff),
    description: 'ICMP type × 256 + code.' },
  { id: 139, name: 'icmpTypeCodeIPv6', isFlowKeyOf: 'always', type: 'unsigned16', unit: 'none', semantics: 'identifier', ipVersion: 6, source: icmpPart(PROTOCOL_ICMPV6, 0, 0xffff),
    description: 'ICMPv6 type × 256 + code.' },
  { id: 176, name: 'icmpTypeIPv4', isFlowKeyOf: 'always', inFull: false, type: 'unsigned8', unit: 'none', semantics: 'identifier', ipVersion: 4, source: icmpPart(PROTOCOL_ICMP, 8, 0xff),
    description: 'ICMP type.' },
  { id: 177, name: 'icmpCodeIPv4', isFlowKeyOf: 'always', inFull: false, type: 'unsigned8', unit: 'none', semantics: 'identifier', ipVersion: 4, source: icmpPart(PROTOCOL_ICMP, 0, 0xff),
    description: 'ICMP code.' },
  { id: 178, name: 'icmpTypeIPv6', isFlowKeyOf: 'always', inFull: false, type: 'unsigned8', unit: 'none', semantics: 'identifier', ipVersion: 6, source: icmpPart(PROTOCOL_ICMPV6, 8, 0xff),
    description: 'ICMPv6 type.' },
  { id: 179, name: 'icmpCodeIPv6', isFlowKeyOf: 'always', inFull: false, type: 'unsigned8', unit: 'none', semantics: 'identifier', ipVersion: 6, source: icmpPart(PROTOCOL_ICMPV6, 0, 0xff),
    description: 'ICMPv6 code.' },
  { id: 33, name: 'igmpType', isFlowKeyOf: 'always', type: 'unsigned8', unit: 'none', semantics: 'identifier', ipVersion: 4, source: icmpPart(PROTOCOL_IGMP, 8, 0xff),
    description: 'IGMP type.' },
  { id: 136, name: 'flowEndReason', type: 'unsigned8', unit: 'none', semantics: 'identifier', source: sharedWord(FLOW_STATE, STATE_END_REASON_SHIFT, 0xff),
    description: 'Why the flow was exported: 1 idle timeout, 2 active timeout, 3 its end was seen, 4 forced, 5 lack of resources.' },
  { id: 148, name: 'flowId', type: 'unsigned64', unit: 'none', semantics: 'identifier', source: { kind: 'recordNumber' },
    description: 'Number of the record, unique within the exporter’s run.' },

  { id: 9, name: 'sourceIPv4PrefixLength', inFull: false, type: 'unsigned8', unit: 'none', semantics: 'default', ipVersion: 4, isAbsentWhenZero: true, source: SOURCE_PREFIX_LENGTH,
    description: 'Length of the prefix that the source address is of, by the database of networks or the configuration; 0: not known.' },
  { id: 13, name: 'destinationIPv4PrefixLength', inFull: false, type: 'unsigned8', unit: 'none', semantics: 'default', ipVersion: 4, isAbsentWhenZero: true, source: DESTINATION_PREFIX_LENGTH,
    description: 'The same of the destination address.' },
  { id: 29, name: 'sourceIPv6PrefixLength', inFull: false, type: 'unsigned8', unit: 'none', semantics: 'default', ipVersion: 6, isAbsentWhenZero: true, source: SOURCE_PREFIX_LENGTH,
    description: 'The same of the source address.' },
  { id: 30, name: 'destinationIPv6PrefixLength', inFull: false, type: 'unsigned8', unit: 'none', semantics: 'default', ipVersion: 6, isAbsentWhenZero: true, source: DESTINATION_PREFIX_LENGTH,
    description: 'The same of the destination address.' },
  { id: 16, name: 'bgpSourceAsNumber', inFull: false, whenTooLarge: AS_TRANS, type: 'unsigned32', unit: 'none', semantics: 'identifier', isAbsentWhenZero: true, source: SOURCE_AS,
    description: 'Autonomous system that the source address is of, by the database of networks or the configuration; 0: not known. In two octets 23456 (AS_TRANS, RFC 6793) where it does not fit.' },
  { id: 17, name: 'bgpDestinationAsNumber', inFull: false, whenTooLarge: AS_TRANS, type: 'unsigned32', unit: 'none', semantics: 'identifier', isAbsentWhenZero: true, source: DESTINATION_AS,
    description: 'The same of the destination address.' },
  { id: 15, name: 'ipNextHopIPv4Address', type: 'ipv4Address', unit: 'none', semantics: 'default', ipVersion: 4, isAbsentWhenZero: true, source: constant(0),
    description: 'Always 0.0.0.0: a probe knows no routing table.' },
  { id: 62, name: 'ipNextHopIPv6Address', type: 'ipv6Address', unit: 'none', semantics: 'default', ipVersion: 6, isAbsentWhenZero: true, source: constant(0),
    description: 'Always ::, since a probe knows no routing table.' },
  { id: 34, name: 'samplingInterval', type: 'unsigned32', unit: 'packets', semantics: 'quantity', source: { kind: 'exporter', value: 'samplingInterval' },
    description: 'One packet in so many was selected: 1, all of them (deprecated by IANA, needed by some collectors).' },
  { id: 210, name: 'paddingOctets', type: 'octetArray', unit: 'none', semantics: 'default', source: { kind: 'padding' },
    description: 'Zero octets, their number given as in `paddingOctets:2`.' },
];
