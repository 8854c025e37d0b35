/** Networks of addresses as four words, IPv4 in the first, and whether an address lies in one. */
import { addressOctets, type Network } from '../base/addresses.ts';

/** A network: its address as four words, IPv4 in the first, and the bits that count. */
export interface NetworkWords {
  readonly isIPv6: boolean;
  readonly words: Int32Array;
  readonly bits: number;
}

/** The words of a network; bits of its address beyond the prefix stay as they are. */
export function networkWords({ version, address, prefixLength }: Network): NetworkWords {
  const octets = addressOctets(address);
  const view = new DataView(octets.buffer, octets.byteOffset);
  const words = Int32Array.from({ length: 4 }, (_, w) => (4 * w < octets.length ? view.getInt32(4 * w) : 0));
  return { isIPv6: version === 6, words, bits: prefixLength };
}

/** Whether the address at word `at` of `address` lies in the network; of the same IP version. */
export function isInNetwork(network: NetworkWords, address: Int32Array, at: number): boolean {
  const { words, bits } = network;
  for (let w = 0; w * 32 < bits; w++) {
    const counting = bits - w * 32;
    const mask = counting >= 32 ? -1 : ~(0xffffffff >>> counting);
    if (((words[w]! ^ address[at + w]!) & mask) !== 0) return false;
  }
  return true;
}
