/**
 * Which named path a flow belongs to, by its two addresses. Of the paths that fit, the one with the longest prefixes wins:
 * both lengths together; of equals, the one that is configured first.
 */
import { parseNetwork } from '../base/addresses.ts';
import type { NamedPath } from '../config/types/named-paths.ts';
import { ADDRESS_A, ADDRESS_B, FLOW_PROTOCOL } from '../records/flow-layout.ts';
import { type NetworkWords, networkWords } from '../records/network.ts';
import { NO_PREFIX, PrefixTable } from './prefix-table.ts';

/** No path. */
export const NO_PATH = -1;

/** Of a pair of prefixes that nobody has asked for yet. */
const NOT_ASKED = -2;

export class PathMatch {
  readonly #prefixes: PrefixTable;
  readonly #lengths: readonly number[];
  /** Twice the path's number, and 1 where the source lies on its `to` side; by source × count + destination. */
  readonly #pairs = new Map<number, number>();
  readonly #known: Int32Array;
  readonly #count: number;

  /** @param paths whose prefixes are right (`namedPathFaults`) */
  constructor(paths: readonly NamedPath[]) {
    const numbers = new Map<string, number>();
    const networks: NetworkWords[] = [];
    const numberOf = (text: string): number => {
      const network = networkWords(parseNetwork(text)!);
      const key = `${network.isIPv6} ${network.words.join(' ')}/${network.bits}`;
      const known = numbers.get(key) ?? networks.push(network) - 1;
      numbers.set(key, known);
      return known;
    };
    const sides = paths.map(({ from, to }) => [from.map(numberOf), to.map(numberOf)] as const);
    this.#prefixes = new PrefixTable(networks);
    this.#lengths = networks.map(({ bits }) => bits);
    this.#count = networks.length;
    this.#known = new Int32Array(this.#count * this.#count).fill(NOT_ASKED);
    for (const [path, [from, to]] of sides.entries()) {
      for (const [a, b] of from.flatMap((one) => to.map((other) => [one, other] as const))) {
        this.#pairs.set(a * this.#count + b, 2 * path);
        this.#pairs.set(b * this.#count + a, 2 * path + 1);
      }
    }
  }

  /**
   * @param row first word of a flow record
   * @returns twice the path's number, and 1 more where the initiator lies on its `to` side; or NO_PATH
   */
  match(words: Int32Array, row: number): number {
    const isIPv6 = ((words[row + FLOW_PROTOCOL]! >>> 8) & 0xf) === 6;
    const source = this.#prefixes.match(words, row + ADDRESS_A, isIPv6);
    if (source === NO_PREFIX) return NO_PATH;
    const destination = this.#prefixes.match(words, row + ADDRESS_B, isIPv6);
    if (destination === NO_PREFIX) return NO_PATH;
    const pair = source * this.#count + destination;
    const known = this.#known[pair]!;
    if (known !== NOT_ASKED) return known;
    return this.#find(source, destination, pair);
  }

  /** Looks through the prefixes that hold both; the answer is kept. */
  #find(source: number, destination: number, pair: number): number {
    const { parents } = this.#prefixes;
    let best = NO_PATH;
    let bestLength = -1;
    for (let a = source; a !== NO_PREFIX; a = parents[a]!) {
      for (let b = destination; b !== NO_PREFIX; b = parents[b]!) {
        const found = this.#pairs.get(a * this.#count + b);
        const length = this.#lengths[a]! + this.#lengths[b]!;
        if (found === undefined || length < bestLength) continue;
        if (length === bestLength && found >>> 1 >= best >>> 1) continue;
        best = found;
        bestLength = length;
      }
    }
    this.#known[pair] = best;
    return best;
  }
}
