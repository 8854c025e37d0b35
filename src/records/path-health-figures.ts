/**
 * Path health of a flow record as plain numbers: `FlowHealth`, for reports. Shapes only:
 * read-path-health.ts reads them from a record, docs/path-health.md says what every figure means.
 */

/** Times in milliseconds; NaN, and 0 samples, where there is none. */
export interface TimeFigures {
  readonly samples: number;
  readonly minMs: number;
  readonly meanMs: number;
  readonly maxMs: number;
  /** RFC 3550 §6.4.1 over successive samples; NaN where it is not measured. */
  readonly jitterMs: number;
}

/** The last ICMP or ICMPv6 error that quoted a packet of a direction. */
export interface IcmpErrorFigures {
  readonly errors: number;
  readonly type: number;
  readonly code: number;
  /** 4 words as in a flow record: IPv4 in the first, the others 0. */
  readonly routerAddress: readonly [number, number, number, number];
  /** Hop limit (TTL) left in the quoted packet when the router gave up on it. */
  readonly quotedHopLimit: number;
  /** Hop limit (TTL) left in the error itself at the probe. */
  readonly errorHopLimit: number;
  /** Extension headers that the quoted packet still had, as in IE 64. */
  readonly quotedExtensionHeaders: number;
  /** Whether the quoted packet still had the PDM option. */
  readonly quotedPdm: boolean;
}

/** One direction: what its sender did, and what became of its packets. Every number is NaN where it is not known. */
export interface DirectionHealth {
  /** TCP of this direction was measured. */
  readonly isTcp: boolean;
  /** Segments with payload, and their payload; super-packets count as the segments in them. */
  readonly dataSegments: number;
  /** TCP and UDP payload with retransmissions. */
  readonly payloadOctets: number;
  readonly retransmittedSegments: number;
  readonly retransmittedOctets: number;
  /** Recovery episodes: retransmissions within one window count once. */
  readonly lossEvents: number;
  /** Lost before the probe, behind it; retransmitted though it had arrived. */
  readonly lostUpstreamSegments: number;
  readonly lostDownstreamSegments: number;
  readonly spuriousRetransmissions: number;
  readonly outOfOrderSegments: number;
  /** The same packet seen twice at the mirror port: counted here and nowhere else. */
  readonly mirrorDuplicates: number;
  /** Acknowledged by the receiver, never seen by the probe: lost in the capture, not in the network. */
  readonly captureLostSegments: number;
  readonly captureLostOctets: number;
  /**
   * ACKs, SACK blocks, and segments in duplicate SACK blocks, that this direction's sender sent about the other's data.
   */
  readonly duplicateAcks: number;
  readonly sackBlocks: number;
  readonly duplicateSacks: number;
  /** Times that this direction's sender closed its receive window, and for how long. */
  readonly zeroWindowEpisodes: number;
  readonly zeroWindowMs: number;
  /** Segments that filled the window which the other side had advertised. */
  readonly windowFullSegments: number;
  /** Receive window that this direction's sender advertised, scaled, SYN left out. */
  readonly windowMinOctets: number;
  readonly windowMaxOctets: number;
  /** Shift, 0 … 14; NaN unless both SYNs were seen. */
  readonly windowScale: number;
  /** Of its SYN. */
  readonly maximumSegmentOctets: number;
  /** Largest payload of one segment that was seen. */
  readonly largestSegmentOctets: number;
  readonly inFlightMaxOctets: number;
  readonly initialSequenceNumber: number;
  readonly synCount: number;
  readonly finCount: number;
  readonly rstCount: number;
  readonly keepAlives: number;
  /** Packets of any protocol with an ECN-capable code point (RFC 3168), and of those the ones marked CE. */
  readonly ectPackets: number;
  readonly cePackets: number;
  readonly eceSegments: number;
  readonly cwrSegments: number;
  /** From the probe to this direction's receiver and back. */
  readonly ackRtt: TimeFigures;
  readonly timestampRtt: TimeFigures;
  /** From the last data of the other side to the first data of this one behind it, as seen at the probe. */
  readonly response: TimeFigures;
  /** Silences of a second or more, between data and the next new data, with data outstanding or the window closed. */
  readonly stalls: number;
  readonly stalledMs: number;
  readonly longestStallMs: number;
  /** Longest silence in which nothing was outstanding: the application had nothing to send. */
  readonly longestIdleMs: number;
  /**
   * New transport payload octets in each interval (TCP: retransmissions left out); IP octets where the protocol's
   * payload is not known. Empty where nothing was measured.
   */
  readonly intervalOctets: readonly number[];
  /** New payload from the flow's first packet to its last; of the busiest interval. */
  readonly meanBitsPerSecond: number;
  readonly peakBitsPerSecond: number;
  readonly pdmPackets: number;
  readonly pdmLostPackets: number;
  readonly pdmReorderedPackets: number;
  readonly pdmDuplicatedPackets: number;
  /** Round-trip network delay between the hosts, without their own delay, completed by a packet of this direction. */
  readonly pdmRoundTrip: TimeFigures;
  /** How long this direction's sender took to answer. */
  readonly pdmServerDelay: TimeFigures;
  /** Round trip from the probe to this direction's sender, its own delay taken off. */
  readonly pdmProbeRoundTrip: TimeFigures;
  readonly icmpError: IcmpErrorFigures | undefined;
}

/** Path health of a flow record: of the time since the record before, if the flow was cut by the active timeout. */
export interface FlowHealth {
  readonly protocol: number;
  /** Packets were selected from many: what needs all of them is NaN. */
  readonly isSampled: boolean;
  readonly isTcp: boolean;
  readonly handshakeServerMs: number;
  readonly handshakeClientMs: number;
  readonly synSeen: boolean;
  readonly synAckSeen: boolean;
  readonly isEstablished: boolean;
  /** The SYN was answered with RST. */
  readonly isRefused: boolean;
  /** Length of an interval; the first one begins at firstInterval × intervalMs since the batch's time base. */
  readonly intervalMs: number;
  readonly firstInterval: number;
  /**
   * Between the two hosts: both segments' figures added, of the handshake where a segment has no other. NaN where one
   * of them is not known.
   */
  readonly roundTrip: TimeFigures;
  readonly forward: DirectionHealth;
  readonly reverse: DirectionHealth;
}
