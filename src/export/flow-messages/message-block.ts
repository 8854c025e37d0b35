/**
 * Messages on their way to Kafka, one after the other in one piece of memory: what the encoder fills, the backlog keeps
 * while the broker is away, and the sender spreads over partitions. It says nothing about partitions, so the backlog
 * does not care how many there are when it is sent.
 *
 *     entry   0  key: 4 octets, the same for both directions of a flow
 *             4  octets of the value, 32 bits, network order
 *             8  value
 */

export const ENTRY_HEAD_OCTETS = 8;

/** Octets in a block: as many as one request carries, below the 1 MiB that brokers take in one batch unless told. */
export const BLOCK_OCTETS = 900_000;

/** Messages that are being collected. */
export interface MessageBlock {
  readonly octets: Uint8Array;
  used: number;
  messages: number;
}

export function createBlock(octets: number = BLOCK_OCTETS): MessageBlock {
  return { octets: Buffer.allocUnsafeSlow(octets), used: 0, messages: 0 };
}
