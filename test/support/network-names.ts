/** Writes names of networks into flow records, in octets and by the layout's words alone. */
import { NAME_OCTETS_MAX, NETWORK_TEXTS, NETWORK_WORD } from '../../src/records/network-layout.ts';

/**
 * Writes a name of at most 64 octets of UTF-8.
 * @param row first word of the record
 * @param place of the name, from 0
 */
export function writeNetworkName(words: Int32Array, row: number, place: number, name: string): void {
  const octets = Buffer.from(name);
  const from = place * NAME_OCTETS_MAX;
  words[row + NETWORK_WORD + place] = octets.length === 0 ? 0 : from | (octets.length << 16);
  const texts = new Uint8Array(words.buffer, words.byteOffset + 4 * (row + NETWORK_WORD + NETWORK_TEXTS));
  texts.set(octets, from);
}
