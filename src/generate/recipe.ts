/**
 * What `flowtap generate` can be asked for: the plain shapes of a recipe for packets, and of the pace. Ranges are parsed
 * in ranges.ts, checked and completed in flow-ranges.ts. No behaviour.
 */

/** Consecutive values: `first`, and `count` of them. Ports and MAC addresses. */
export interface NumberRange {
  readonly first: number;
  readonly count: number;
}

/** Consecutive IP addresses. */
export interface AddressRange {
  readonly version: 4 | 6;
  /** The first address as four 32-bit words; an IPv4 address is the last of them. */
  readonly first: readonly [number, number, number, number];
  /** At most 2^31 − 1; the last address does not go beyond the low 64 bits. */
  readonly count: number;
}

export type Protocol = 'tcp' | 'udp' | 'icmp';

/** One side of the flows. All of a side's values step with the number of the flow; see `flow-ranges.ts`. */
export interface Side {
  readonly mac: NumberRange;
  readonly address: AddressRange;
  /** With ICMP the first port of the source is the identifier; nothing steps. */
  readonly port: NumberRange;
}

/** Packets to be made. */
export interface Recipe {
  readonly protocol: Protocol;
  readonly source: Side;
  readonly destination: Side;
  /** Distinct flows. */
  readonly flows: number;
  /** Packets of one flow that follow each other before it is another one's turn. */
  readonly packetsPerFlow: number;
  /** One flow after the other, or any of them at each turn. */
  readonly order: 'sequential' | 'random';
  /** Equal seeds give equal packets. */
  readonly seed: number;
  /** Octets of frames without their check sequence, in the order in which they come round. */
  readonly frameOctets: readonly number[];
  /** VLAN identifiers, the outer one first. */
  readonly vlans: readonly number[];
  readonly tcpFlags: number;
}

/** How many packets, or bits of frames, go out in a second. */
export interface Rate {
  readonly unit: 'packets' | 'bits';
  readonly perSecond: number;
}

/** When packets go out: evenly, as fast as possible, or at the (scaled) times of a capture. */
export type Pace =
  | { readonly kind: 'rate'; readonly rate: Rate }
  | { readonly kind: 'max' }
  | { readonly kind: 'recorded'; readonly speed: number };
