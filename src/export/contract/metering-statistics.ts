/** What the exporting process is told of the stages before it, for options data. Only types. */

/** Counters of the metering process since the start; NaN where something is not known. */
export interface MeteringStatistics {
  /**
   * Packets, and their octets, that were not metered: dropped by the kernel for lack of room, refused by the decoder, or
   * in records that were dropped on the way to the exporting process.
   */
  readonly ignoredPackets: number;
  readonly ignoredOctets: number;
  /** Unix time in ms of the first and the last of them. */
  readonly firstIgnoredMs: number;
  readonly lastIgnoredMs: number;
  /** Packets that packet selection saw, and that it selected. */
  readonly observedPackets: number;
  readonly selectedPackets: number;
  /** Flows created. */
  readonly observedFlows: number;
}

/** How packets were selected (RFC 5475). */
export interface SamplingDescription {
  readonly method: 'random' | 'systematic' | 'hash';
  /** One packet in so many. */
  readonly interval: number;
}

/**
 * The forms in which the sampling rate is announced, by the elements of their options data:
 *   interval   samplingInterval (34) alone
 *   algorithm  samplingInterval and samplingAlgorithm (34, 35)
 *   sampler    samplerId, samplerMode, samplerRandomInterval (48, 49, 50)
 *   selector   selectorId, selectorAlgorithm and its parameters (RFC 5477)
 *   spacing    samplingPacketInterval and samplingPacketSpace (305, 306) alone
 */
export const SAMPLING_FORMS = ['interval', 'algorithm', 'sampler', 'selector', 'spacing'] as const;

export type SamplingForm = (typeof SAMPLING_FORMS)[number];
