/** How a TCP connection began and ended, by the flags that both sides sent (RFC 9293 §3.5, §3.10). */

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;

/** The answer to the SYN was not acknowledged; the SYN was answered with RST; nothing came back for it. */
export type FailedOpening = 'unacknowledged' | 'reset' | 'silent';

/**
 * Why a connection was never opened, or undefined where it was, or where its beginning was not seen.
 * @param forward flags of all segments of the initiator
 * @param reverse flags of all segments of the responder
 */
export function failedOpening(forward: number, reverse: number): FailedOpening | undefined {
  // An initiator that acknowledges has had an answer, even if this view never showed it.
  if ((forward & SYN) === 0 || (forward & ACK) !== 0) return undefined;
  if ((reverse & SYN) !== 0) return (forward & RST) === 0 ? 'unacknowledged' : undefined;
  return (reverse & RST) !== 0 ? 'reset' : 'silent';
}

/** Which side broke a connection off, or undefined where neither did. */
export function resetBy(forward: number, reverse: number): 'initiator' | 'responder' | undefined {
  const isClosed = (forward & reverse & FIN) !== 0;
  if (isClosed || ((forward | reverse) & RST) === 0) return undefined;
  return (forward & RST) !== 0 ? 'initiator' : 'responder';
}
