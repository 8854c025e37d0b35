/**
 * What the rules know of a transfer, in plain numbers: one flow with its two directions, joined from all the records
 * that the metering process exported of it. NaN stands for unknown throughout. No behaviour.
 */

/** One direction of a transfer: what its sender sent, and what came back for it. */
export interface DirectionFigures {
  readonly packets: number;
  /** IP octets. */
  readonly octets: number;
  /** First and last packet, ns since the source's time base; NaN without a packet. */
  readonly firstNs: number;
  readonly lastNs: number;
  /** TCP flags of all packets, as in tcpControlBits. */
  readonly tcpFlags: number;
  /** TCP segments with payload, retransmitted ones included. */
  readonly segments: number;
  /** Their payload, octets sent again included. */
  readonly payloadOctets: number;
  readonly retransmittedPackets: number;
  readonly retransmittedOctets: number;
  /** Packets that the network lost. */
  readonly lostPackets: number;
  /** Losses of one round trip taken as one. */
  readonly lossEvents: number;
  readonly outOfOrderPackets: number;
  /** Segments acknowledged but never captured: lost by the capture, not by the network. */
  readonly captureLostSegments: number;
  /** Largest payload of a segment that was seen, and the most that the receiver takes in one (its SYN's MSS). */
  readonly segmentOctets: number;
  readonly mssOctets: number;
  /** Largest window that the receiver offered, scaled. */
  readonly windowOctets: number;
  /** Most octets sent and not yet acknowledged. */
  readonly inFlightOctetsMax: number;
  /** How long the receiver's window was shut, and how often. */
  readonly zeroWindowMs: number;
  readonly zeroWindows: number;
  /** Silences of a second or more with data unacknowledged or the window shut: all together, and the longest. */
  readonly stalledMs: number;
  readonly longestStallMs: number;
  /** Longest silence with nothing unacknowledged. */
  readonly longestIdleMs: number;
  /** New octets in each of the flow's intervals. */
  readonly intervals: readonly number[];
}

/** Smallest, mean and greatest of a time; all NaN where it was never measured. */
export interface Spread {
  readonly min: number;
  readonly mean: number;
  readonly max: number;
}

/** A transfer: a flow from its first packet to its last. */
export interface FlowFigures {
  readonly protocol: number;
  readonly isIPv6: boolean;
  /** Initiator to responder, and back. */
  readonly forward: DirectionFigures;
  readonly reverse: DirectionFigures;
  /** Port that the responder answers at; in ICMP type << 8 | code of the first packet. */
  readonly responderPort: number;
  /** Round-trip time of the whole path, in ms. */
  readonly roundTripMs: Spread;
  readonly intervalMs: number;
  /** Where the first interval begins, ms since the source's time base: at or before the first packet. */
  readonly firstIntervalMs: number;
  /** Type and code of the ICMP error that quotes this flow, type << 8 | code; NaN without one. */
  readonly icmpError: number;
  /** The link was sampled: sequence numbers tell nothing. */
  readonly isSampled: boolean;
}
