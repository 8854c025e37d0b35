/**
 * What a TCP connection can reach at most: the published models of the rate that loss allows, and the window's bound.
 * Pure functions of round-trip time, segment size, loss and window; docs/diagnose.md says where each comes from.
 * They know nothing of flows, and a bound that cannot be computed is NaN.
 */

/**
 * √(3/2): Mathis' constant for a receiver that acknowledges every segment, and the most that loss allows (Mathis 1997,
 * §2).
 */
export const MATHIS_C = Math.sqrt(3 / 2);
/** With delayed acknowledgements and random loss (Mathis 1997, table 1). */
export const MATHIS_C_DELAYED = 0.93;

/** Constants of CUBIC (RFC 9438, §4.6 and §5). */
const CUBIC_C = 0.4;
const CUBIC_BETA = 0.7;
/** Segments that a delayed acknowledgement stands for. */
const SEGMENTS_PER_ACK = 2;
/** Least retransmission timeout of common stacks; RFC 6298 asks for 1000. */
const TIMEOUT_MIN_MS = 200;

/** Rate of `octets` in each round trip. @returns bits per second */
function perRoundTrip(octets: number, rttMs: number): number {
  return rttMs > 0 && octets > 0 ? (octets * 8e3) / rttMs : Number.NaN;
}

/**
 * Mathis, Semke, Mahdavi, Ott 1997: MSS/RTT · C/√p.
 * @param lossShare loss events per segment, above 0
 * @returns bits per second
 */
export function mathisBound(mssOctets: number, rttMs: number, lossShare: number, c = MATHIS_C): number {
  if (!(lossShare > 0)) return Number.NaN;
  return (perRoundTrip(mssOctets, rttMs) * c) / Math.sqrt(lossShare);
}

/**
 * CUBIC's average rate (RFC 9438, §5.1, figure 5): (C(3+β)/(4(1−β)))^¼ · (RTT/p)^¾ segments a round trip. Below its
 * Reno-friendly region the Mathis bound is the greater one.
 * @returns bits per second
 */
export function cubicBound(mssOctets: number, rttMs: number, lossShare: number): number {
  if (!(lossShare > 0)) return Number.NaN;
  const factor = ((CUBIC_C * (3 + CUBIC_BETA)) / (4 * (1 - CUBIC_BETA))) ** 0.25;
  const segments = factor * (rttMs / 1e3 / lossShare) ** 0.75;
  return perRoundTrip(mssOctets, rttMs) * segments;
}

/**
 * Padhye, Firoiu, Towsley, Kurose 1998, as RFC 5348 §3.1 has it: Reno with retransmission timeouts, which rule where
 * more than a few percent are lost.
 * @returns bits per second
 */
export function padhyeRate(mssOctets: number, rttMs: number, lossShare: number): number {
  if (!(lossShare > 0) || !(rttMs > 0)) return Number.NaN;
  const timeoutMs = Math.max(TIMEOUT_MIN_MS, 2 * rttMs);
  const b = SEGMENTS_PER_ACK;
  const recovery = rttMs * Math.sqrt((2 * b * lossShare) / 3);
  const timeouts =
    timeoutMs * Math.min(1, 3 * Math.sqrt((3 * b * lossShare) / 8)) * lossShare * (1 + 32 * lossShare ** 2);
  return (mssOctets * 8e3) / (recovery + timeouts);
}

/** A window of octets each round trip. @returns bits per second */
export function windowBound(windowOctets: number, rttMs: number): number {
  return perRoundTrip(windowOctets, rttMs);
}
