/** Networks of addresses as four words, IPv4 in the first, and whether an address lies in one. */
import { addressOctets, type Network, parseNetwork } from '../base/addresses.ts';

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

/** What `readPrefix` reads, for faults. */
export const PREFIX_ALLOWED = 'prefixes as 192.0.2.0/24 or 2001:db8::/32, without bits behind the prefix';

/** Reads a prefix; undefined for what is none, and where bits of the address stand behind it. */
export function readPrefix(text: string): NetworkWords | undefined {
  const network = parseNetwork(text);
  const words = network && networkWords(network);
  if (words === undefined) return undefined;
  const isWhole = isInNetwork({ ...words, bits: words.isIPv6 ? 128 : 32 }, firstOf(words), 0);
  return isWhole ? words : undefined;
}

/** The first address of a network. */
function firstOf({ words, bits }: NetworkWords): Int32Array {
  return words.map((word, w) => {
    const counting = Math.min(32, Math.max(0, bits - 32 * w));
    return counting === 0 ? 0 : word & (-1 << (32 - counting));
  });
}

/** A text that is the same for the same prefix, however that is written. */
export function prefixKey({ isIPv6, words, bits }: NetworkWords): string {
  return `${isIPv6 ? 6 : 4} ${words.join(' ')}/${bits}`;
}
