/**
 * Information elements of path health (docs/path-health.md): IANA's where there is one, flowtap's own from number 100 on
 * for the rest. Values are those of the record's path health words; where a group of them was not measured, text leaves
 * the elements out and the wire has 0.
 */
import { EXTENSION_HEADERS_SEEN, FORWARD_WORD, REVERSE_WORD } from '../records/flow-layout.ts';
import * as H from '../records/path-health-layout.ts';
import type { UnitName } from './abstract-types.ts';
import type { Condition, InformationElement, ValueSource } from './element.ts';

const FORWARD = H.HEALTH_WORD + H.FORWARD_HEALTH;
const REVERSE = H.HEALTH_WORD + H.REVERSE_HEALTH;

/** A bit of a bits word is set. */
function whenBit(word: number, bit: number): Condition {
  return { word, shift: 31 - Math.clz32(bit), mask: 1, equals: 1 };
}

function conditions(bit: number): { when: Condition; whenReverse: Condition } {
  return {
    when: whenBit(FORWARD + H.DIRECTION_BITS, bit),
    whenReverse: whenBit(REVERSE + H.DIRECTION_BITS, bit),
  };
}

/** A word of either direction's block, where `bit` says that it was measured. */
export function healthWord(word: number, bit: number, shift = 0, mask = -1): ValueSource {
  return {
    kind: 'word',
    forward: { word: FORWARD + word, shift },
    reverse: { word: REVERSE + word, shift },
    mask,
    ...conditions(bit),
  };
}

/** The other direction's word: what its sender said about this direction's data. */
export function otherHealthWord(word: number, bit: number, shift = 0, mask = -1): ValueSource {
  const { when, whenReverse } = conditions(bit);
  return {
    kind: 'word',
    forward: { word: REVERSE + word, shift },
    reverse: { word: FORWARD + word, shift },
    mask,
    when: whenReverse,
    whenReverse: when,
  };
}

function healthDouble(word: number, bit: number): ValueSource {
  return { kind: 'double', forward: (FORWARD + word) / 2, reverse: (REVERSE + word) / 2, ...conditions(bit) };
}

/** A word that both directions share. */
export function sharedHealthWord(word: number, bit: number): ValueSource {
  const place = { word: H.HEALTH_WORD + word, shift: 0 };
  return {
    kind: 'word',
    forward: place,
    reverse: place,
    mask: -1,
    when: whenBit(H.HEALTH_WORD + H.HEALTH_BITS, bit),
  };
}

type Row = Omit<InformationElement, 'isEnterprise' | 'isReversible'>;

/** An element of our own about one direction. */
function own(row: Row): InformationElement {
  return { ...row, isEnterprise: true, isReversible: true };
}

/** Makes elements of one word, which count or measure. */
function figure(semantics: 'deltaCounter' | 'quantity') {
  return (
    id: number,
    name: string,
    unit: UnitName,
    word: number,
    bit: number,
    description: string,
    shift = 0,
    mask = -1,
  ): InformationElement => {
    const source = healthWord(word, bit, shift, mask);
    return own({ id, name, type: 'unsigned32', unit, semantics, source, description });
  };
}

const counter = figure('deltaCounter');
const quantity = figure('quantity');

/** Samples, least, mean, greatest, and jitter if `hasJitter`, of a time in µs. */
function times(
  id: number,
  name: string,
  word: number,
  bit: number,
  what: string,
  hasJitter: boolean,
): InformationElement[] {
  const parts = [
    ['Minimum', 'Least'],
    ['Mean', 'Mean'],
    ['Maximum', 'Greatest'],
    ['Jitter', 'Interarrival jitter (RFC 3550 §6.4.1) of the'],
  ].slice(0, hasJitter ? 4 : 3);
  return [
    counter(id, `${name}Samples`, 'none', word, bit, `How often the ${what} was measured.`),
    ...parts.map(([part, words], i) =>
      quantity(
        id + 1 + i,
        `${name}${part}Microseconds`,
        'microseconds',
        word + 1 + i,
        bit,
        `${words} ${what}.`,
      ),
    ),
  ];
}

const extensions = (which: 'full' | 'complete'): ValueSource => ({
  kind: 'extensions',
  forward: FORWARD_WORD + EXTENSION_HEADERS_SEEN,
  reverse: REVERSE_WORD + EXTENSION_HEADERS_SEEN,
  which,
});

// biome-ignore format: one row, one element
export const HEALTH_ELEMENTS: readonly InformationElement[] = [
  { id: 218, name: 'tcpSynTotalCount', type: 'unsigned64', unit: 'packets', semantics: 'totalCounter', isReversible: true, source: healthWord(H.SYN_FIN_COUNT, H.VALID_TCP, 0, 0xffff),
    description: 'Segments with SYN; since the record before, if the flow was cut by the active timeout.' },
  { id: 219, name: 'tcpFinTotalCount', type: 'unsigned64', unit: 'packets', semantics: 'totalCounter', isReversible: true, source: healthWord(H.SYN_FIN_COUNT, H.VALID_TCP, 16, 0xffff),
    description: 'Segments with FIN.' },
  { id: 220, name: 'tcpRstTotalCount', type: 'unsigned64', unit: 'packets', semantics: 'totalCounter', isReversible: true, source: healthWord(H.RST_KEEP_ALIVES, H.VALID_TCP, 0, 0xffff),
    description: 'Segments with RST.' },
  { id: 238, name: 'tcpWindowScale', type: 'unsigned16', unit: 'none', semantics: 'default', isReversible: true, source: healthWord(H.MSS_SCALE, H.VALID_SCALE, 16, 0xffff),
    description: 'Shift of the window (RFC 7323), 0 unless both SYNs offered one.' },
  { id: 515, name: 'ipv6ExtensionHeadersFull', type: 'unsigned256', unit: 'none', semantics: 'flags', isReversible: true, ipVersion: 6, isAbsentWhenZero: true, source: extensions('full'),
    description: 'Extension headers seen in any packet, a bit each (RFC 9740): the successor of ipv6ExtensionHeaders.' },
  { id: 517, name: 'ipv6ExtensionHeadersLimit', type: 'boolean', unit: 'none', semantics: 'default', isReversible: true, ipVersion: 6, isAbsentWhenZero: true, source: extensions('complete'),
    description: 'True if every chain of extension headers was followed to its end; false if a limit, damage or the capture cut one.' },
];

// biome-ignore format: one row, one element
export const OWN_HEALTH_ELEMENTS: readonly InformationElement[] = [
  { id: 100, isEnterprise: true, name: 'handshakeServerMicroseconds', type: 'unsigned32', unit: 'microseconds', semantics: 'quantity', source: sharedHealthWord(H.HANDSHAKE_SERVER_US, H.BIT_HANDSHAKE_SERVER),
    description: 'SYN to SYN/ACK: the probe’s round trip to the responder.' },
  { id: 101, isEnterprise: true, name: 'handshakeClientMicroseconds', type: 'unsigned32', unit: 'microseconds', semantics: 'quantity', source: sharedHealthWord(H.HANDSHAKE_CLIENT_US, H.BIT_HANDSHAKE_CLIENT),
    description: 'SYN/ACK to ACK: the probe’s round trip to the initiator.' },
  { id: 102, isEnterprise: true, name: 'tcpHandshakeState', type: 'unsigned8', unit: 'none', semantics: 'flags', source: { kind: 'word', forward: { word: H.HEALTH_WORD, shift: 3 }, reverse: { word: H.HEALTH_WORD, shift: 3 }, mask: 0xf, when: whenBit(H.HEALTH_WORD, H.BIT_TCP) },
    description: 'Parts of the handshake that were seen: 1 SYN, 2 SYN/ACK, 4 the ACK behind it, 8 refused by RST.' },
  counter(103, 'tcpDataSegmentDeltaCount', 'packets', H.DATA_SEGMENTS, H.VALID_TCP, 'Segments with payload; a super-packet counts as the segments in it.'),
  own({ id: 104, name: 'tcpPayloadOctetDeltaCount', type: 'unsigned64', unit: 'octets', semantics: 'deltaCounter', source: healthDouble(H.PAYLOAD_OCTETS, H.VALID_TCP),
    description: 'TCP payload, retransmissions with it.' }),
  counter(105, 'tcpRetransmittedSegmentDeltaCount', 'packets', H.RETRANSMITTED_SEGMENTS, H.VALID_SEQUENCE, 'Segments sent again, SYN and FIN with them; late ones and keep-alives left out.'),
  own({ id: 106, name: 'tcpRetransmittedOctetDeltaCount', type: 'unsigned64', unit: 'octets', semantics: 'deltaCounter', source: healthDouble(H.RETRANSMITTED_OCTETS, H.VALID_SEQUENCE),
    description: 'Octets sent again.' }),
  counter(107, 'tcpLossEventDeltaCount', 'none', H.LOSS_EVENTS, H.VALID_SEQUENCE, 'Recovery episodes: retransmissions within one window count once.'),
  counter(108, 'tcpLostUpstreamSegmentDeltaCount', 'packets', H.LOST_UPSTREAM, H.VALID_SEQUENCE, 'Segments lost between sender and probe.'),
  counter(109, 'tcpLostDownstreamSegmentDeltaCount', 'packets', H.LOST_DOWNSTREAM, H.VALID_SEQUENCE, 'Segments lost between probe and receiver.'),
  counter(110, 'tcpSpuriousRetransmissionDeltaCount', 'packets', H.SPURIOUS_RETRANSMISSIONS, H.VALID_SEQUENCE, 'Segments sent again though they had arrived.'),
  counter(111, 'tcpOutOfOrderSegmentDeltaCount', 'packets', H.OUT_OF_ORDER, H.VALID_SEQUENCE, 'Segments that came late, sent before those that overtook them.'),
  counter(112, 'mirrorDuplicateDeltaCount', 'packets', H.MIRROR_DUPLICATES, H.VALID_SEQUENCE, 'Segments that the mirror port delivered twice; counted nowhere else.'),
  counter(113, 'captureLostSegmentDeltaCount', 'packets', H.CAPTURE_LOST_SEGMENTS, H.VALID_FLIGHT, 'Segments that were acknowledged but not captured: lost in the capture, not in the network.'),
  own({ id: 114, name: 'captureLostOctetDeltaCount', type: 'unsigned64', unit: 'octets', semantics: 'deltaCounter', source: healthDouble(H.CAPTURE_LOST_OCTETS, H.VALID_FLIGHT),
    description: 'Octets that were acknowledged but not captured.' }),
  counter(115, 'tcpDuplicateAckDeltaCount', 'packets', H.DUPLICATE_ACKS, H.VALID_TCP, 'Duplicate ACKs (RFC 5681 §2) that this direction’s sender sent.'),
  counter(116, 'tcpSackBlockDeltaCount', 'none', H.SACK_BLOCKS, H.VALID_TCP, 'SACK blocks (RFC 2018) that this direction’s sender sent.'),
  counter(117, 'tcpDuplicateSackDeltaCount', 'none', H.DUPLICATE_SACKS, H.VALID_TCP, 'Segments that this direction’s sender reported to have had already, by duplicate SACK (RFC 2883).'),
  counter(118, 'tcpZeroWindowDeltaCount', 'none', H.ZERO_WINDOWS, H.VALID_TCP, 'Times that this direction’s sender closed its receive window.'),
  quantity(119, 'tcpZeroWindowMilliseconds', 'milliseconds', H.ZERO_WINDOW_MS, H.VALID_TCP, 'How long its receive window was closed.'),
  counter(120, 'tcpWindowFullDeltaCount', 'packets', H.WINDOW_FULL, H.VALID_FLIGHT, 'Segments that filled the window which the receiver had advertised.'),
  quantity(121, 'tcpWindowMinimumOctets', 'octets', H.WINDOW_MIN, H.VALID_WINDOW, 'Least receive window that this direction’s sender advertised, scaled.'),
  quantity(122, 'tcpWindowMaximumOctets', 'octets', H.WINDOW_MAX, H.VALID_WINDOW, 'Greatest receive window that this direction’s sender advertised, scaled.'),
  quantity(123, 'tcpMaximumSegmentOctets', 'octets', H.MSS_SCALE, H.VALID_MSS, 'Maximum segment size that its SYN announced.', 0, 0xffff),
  quantity(124, 'tcpLargestSegmentOctets', 'octets', H.SEGMENT_MAX, H.VALID_TCP, 'Largest payload of one segment.'),
  quantity(125, 'tcpInFlightMaximumOctets', 'octets', H.IN_FLIGHT_MAX, H.VALID_FLIGHT, 'Most octets that were sent and not yet acknowledged.'),
  own({ id: 126, name: 'tcpInitialSequenceNumber', type: 'unsigned32', unit: 'none', semantics: 'identifier', source: healthWord(H.INITIAL_SEQUENCE, H.VALID_INITIAL),
    description: 'Sequence number of its SYN.' }),
  counter(127, 'tcpKeepAliveDeltaCount', 'packets', H.RST_KEEP_ALIVES, H.VALID_TCP, 'Keep-alives and window probes.', 16, 0xffff),
  counter(128, 'ecnCapablePacketDeltaCount', 'packets', H.ECT_PACKETS, H.VALID_ECN, 'Packets with an ECN code point other than Not-ECT (RFC 3168 §5).'),
  counter(129, 'ecnMarkedPacketDeltaCount', 'packets', H.CE_PACKETS, H.VALID_ECN, 'Packets that the network marked: congestion experienced.'),
  counter(130, 'tcpEceSegmentDeltaCount', 'packets', H.ECE_CWR, H.VALID_TCP, 'Segments with ECE, SYNs left out.', 0, 0xffff),
  counter(131, 'tcpCwrSegmentDeltaCount', 'packets', H.ECE_CWR, H.VALID_TCP, 'Segments with CWR, SYNs left out.', 16, 0xffff),
  ...times(132, 'tcpAckRoundTrip', H.ACK_RTT, H.VALID_ACK_RTT, 'round trip from the probe to the receiver, by data and its acknowledgement', true),
  ...times(137, 'tcpTimestampRoundTrip', H.TIMESTAMP_RTT, H.VALID_TIMESTAMP_RTT, 'round trip from the probe to the receiver, by TCP timestamps', true),
  ...times(142, 'responseTime', H.RESPONSE, H.VALID_RESPONSE, 'time from the last data of the other side to the first data of this one behind it', false),
  counter(146, 'stallDeltaCount', 'none', H.STALLS, H.VALID_STALLS, 'Silences of a second or more with data outstanding, retransmissions, or the receiver’s window closed.'),
  quantity(147, 'stalledMilliseconds', 'milliseconds', H.STALLED_MS, H.VALID_STALLS, 'Length of all stalls.'),
  quantity(148, 'longestStallMilliseconds', 'milliseconds', H.LONGEST_STALL_MS, H.VALID_STALLS, 'Length of the longest stall.'),
  quantity(149, 'longestIdleMilliseconds', 'milliseconds', H.LONGEST_IDLE_MS, H.VALID_STALLS, 'Length of the longest silence of a second or more that was no stall: there was nothing to send.'),
  { id: 150, isEnterprise: true, name: 'intervalMilliseconds', type: 'unsigned32', unit: 'milliseconds', semantics: 'quantity', source: sharedHealthWord(H.INTERVAL_LENGTH_MS, H.BIT_INTERVALS),
    description: 'Length of an interval of intervalOctets.' },
  own({ id: 151, name: 'intervalOctets', type: 'octetArray', octets: 8 * H.INTERVALS_MAX, unit: 'octets', semantics: 'default',
    source: { kind: 'intervals', forward: FORWARD, reverse: REVERSE, when: whenBit(H.HEALTH_WORD, H.BIT_INTERVALS) },
    description: 'New payload octets in each interval since the flow’s first one: 24 unsigned 64-bit numbers; in JSON a list without the empty rest.' }),
  own({ id: 152, name: 'meanBitsPerSecond', type: 'unsigned64', unit: 'none', semantics: 'quantity', source: healthDouble(H.MEAN_RATE, H.VALID_RATE),
    description: 'New payload from the first packet to the last, in bits a second.' }),
  own({ id: 153, name: 'peakBitsPerSecond', type: 'unsigned64', unit: 'none', semantics: 'quantity', source: healthDouble(H.PEAK_RATE, H.VALID_RATE),
    description: 'New payload in the busiest interval, in bits a second.' }),
  counter(154, 'pdmPacketDeltaCount', 'packets', H.PDM_PACKETS, H.VALID_PDM, 'Packets with the PDM option (RFC 8250); fragments of one packet count once.'),
  counter(155, 'pdmLostPacketDeltaCount', 'packets', H.PDM_LOST, H.VALID_PDM, 'Numbers that are missing between the packets with the PDM option.'),
  counter(156, 'pdmReorderedPacketDeltaCount', 'packets', H.PDM_REORDERED, H.VALID_PDM, 'Packets with the PDM option that came late.'),
  counter(157, 'pdmDuplicatedPacketDeltaCount', 'packets', H.PDM_DUPLICATED, H.VALID_PDM, 'Packets with the PDM option that came again.'),
  ...times(158, 'pdmRoundTrip', H.PDM_RTT, H.VALID_PDM_RTT, 'round-trip network delay by PDM, completed by packets of this direction', false),
  ...times(162, 'pdmServerDelay', H.PDM_SERVER_DELAY, H.VALID_PDM_SERVER_DELAY, 'time that this direction’s sender took to answer, by PDM', false),
  ...times(166, 'pdmProbeRoundTrip', H.PDM_PROBE_RTT, H.VALID_PDM_PROBE_RTT, 'round trip from the probe to this direction’s sender, its own delay by PDM taken off', false),
  counter(170, 'icmpErrorDeltaCount', 'packets', H.ICMP_ERRORS, H.VALID_ICMP_ERROR, 'ICMP or ICMPv6 errors that quoted a packet of this direction.'),
  own({ id: 171, name: 'icmpErrorType', type: 'unsigned8', unit: 'none', semantics: 'identifier', source: healthWord(H.ICMP_TYPE_CODE_HOPS, H.VALID_ICMP_ERROR, 8, 0xff),
    description: 'Type of the last such error.' }),
  own({ id: 172, name: 'icmpErrorCode', type: 'unsigned8', unit: 'none', semantics: 'identifier', source: healthWord(H.ICMP_TYPE_CODE_HOPS, H.VALID_ICMP_ERROR, 0, 0xff),
    description: 'Code of the last such error.' }),
  own({ id: 173, name: 'icmpErrorRouterIPv4Address', type: 'ipv4Address', unit: 'none', semantics: 'default', ipVersion: 4, source: { kind: 'address', forward: FORWARD + H.ICMP_ROUTER, reverse: REVERSE + H.ICMP_ROUTER, words: 1, ...conditions(H.VALID_ICMP_ERROR) },
    description: 'Who sent the last such error.' }),
  own({ id: 174, name: 'icmpErrorRouterIPv6Address', type: 'ipv6Address', unit: 'none', semantics: 'default', ipVersion: 6, source: { kind: 'address', forward: FORWARD + H.ICMP_ROUTER, reverse: REVERSE + H.ICMP_ROUTER, words: 4, ...conditions(H.VALID_ICMP_ERROR) },
    description: 'Who sent the last such error.' }),
  own({ id: 175, name: 'icmpErrorQuotedHopLimit', type: 'unsigned8', unit: 'hops', semantics: 'quantity', source: healthWord(H.ICMP_TYPE_CODE_HOPS, H.VALID_ICMP_ERROR, 16, 0xff),
    description: 'Hop limit (TTL) that the quoted packet had left.' }),
  own({ id: 176, name: 'icmpErrorHopLimit', type: 'unsigned8', unit: 'hops', semantics: 'quantity', source: healthWord(H.ICMP_TYPE_CODE_HOPS, H.VALID_ICMP_ERROR, 24, 0xff),
    description: 'Hop limit (TTL) that the error had left at the probe.' }),
  own({ id: 177, name: 'icmpErrorQuotedExtensionHeaders', type: 'unsigned16', unit: 'none', semantics: 'flags', ipVersion: 6, source: healthWord(H.ICMP_QUOTED_HEADERS, H.VALID_ICMP_ERROR, 0, 0xffff),
    description: 'Extension headers that the quoted packet still had, as in ipv6ExtensionHeaders.' }),
  own({ id: 178, name: 'icmpErrorQuotedPdm', type: 'unsigned8', unit: 'none', semantics: 'flags', ipVersion: 6, source: healthWord(H.ICMP_QUOTED_HEADERS, H.VALID_ICMP_ERROR, 31, 1),
    description: '1 if the quoted packet still had the PDM option.' }),
];

/** Names of the elements that path health fills, for templates that want all of them. */
export const HEALTH_NAMES: readonly string[] = [
  ...HEALTH_ELEMENTS.filter(({ source }) => source.kind !== 'extensions'),
  ...OWN_HEALTH_ELEMENTS,
].map(({ name }) => name);
