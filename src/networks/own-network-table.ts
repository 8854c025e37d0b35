/** Networks of the user's own: the longest prefix that an address lies in. */
import { ownNetworks } from '../config/types/own-networks.ts';
import { NO_PREFIX, PrefixTable } from '../paths/prefix-table.ts';
import { readPrefix } from '../records/network.ts';
import { type EncodedName, encodeName } from './encoded-name.ts';

/** A network: the length of its prefix, its number or 0, its names. */
export interface OwnNetworkFound {
  readonly bits: number;
  readonly as: number;
  readonly name: EncodedName;
  readonly site: EncodedName;
}

export class OwnNetworkTable {
  readonly #prefixes: PrefixTable;
  readonly #networks: readonly OwnNetworkFound[];

  /** @param words of the option, in which `ownNetworkFaults` finds nothing */
  constructor(words: readonly string[]) {
    const networks = ownNetworks(words);
    const prefixes = networks.map(({ prefix }) => readPrefix(prefix)!);
    this.#prefixes = new PrefixTable(prefixes);
    this.#networks = networks.map(({ as = 0, name, site }, i) => {
      return { bits: prefixes[i]!.bits, as, name: encodeName(name), site: encodeName(site) };
    });
  }

  /** The network of the address at word `at`, or undefined. */
  find(words: Int32Array, at: number, isIPv6: boolean): OwnNetworkFound | undefined {
    const prefix = this.#prefixes.match(words, at, isIPv6);
    return prefix === NO_PREFIX ? undefined : this.#networks[prefix];
  }
}
