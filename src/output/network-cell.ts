/** The network of an end of a flow record, in texts and as a cell of a table: `campus FR`, `AS64496`. */
import { AS_A, AS_B, COUNTRIES } from '../records/flow-words.ts';
import {
  NETWORK_FIELDS,
  NETWORK_TEXTS,
  NETWORK_WORD,
  type NetworkFieldName,
  networkPlace,
} from '../records/network-layout.ts';
import { readText } from '../records/read-application.ts';

const COUNTRY_BITS = 16;

/** The name of an end's network, or an empty text. @param row first word of the record */
export function networkName(
  words: Int32Array,
  row: number,
  field: NetworkFieldName,
  isResponder: boolean,
): string {
  const at = row + NETWORK_WORD;
  const place = words[at + networkPlace(field) + (isResponder ? NETWORK_FIELDS.length : 0)]!;
  return readText(words, at + NETWORK_TEXTS, place);
}

/** Two letters, or an empty text. */
export function countryCode(words: Int32Array, row: number, isResponder: boolean): string {
  const letters = (words[row + COUNTRIES]! >>> (isResponder ? COUNTRY_BITS : 0)) & 0xffff;
  return letters === 0 ? '' : String.fromCharCode(letters & 0xff, letters >>> 8);
}

/** The best name, else the number of the autonomous system, and the country. */
export function networkCell(words: Int32Array, row: number, isResponder: boolean): string {
  const number = words[row + (isResponder ? AS_B : AS_A)]! >>> 0;
  const name =
    networkName(words, row, 'NetworkName', isResponder) || networkName(words, row, 'AsName', isResponder);
  const parts = [name || (number === 0 ? '' : `AS${number}`), countryCode(words, row, isResponder)];
  return parts.filter((part) => part !== '').join(' ');
}
