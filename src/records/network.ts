/** Networks of addresses as four words, IPv4 in the first, and whether an address lies in one. */

/** A network: its address as four words, IPv4 in the first, and the bits that count. */
export interface NetworkWords {
  readonly isIPv6: boolean;
  readonly words: Int32Array;
  readonly bits: number;
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
