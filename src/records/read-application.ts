/** Reads what payload inspection knows of a flow out of its record. For reports: it makes strings. */
import type { ApplicationFieldName } from './application-fields.ts';
import { APPLICATION_WORD, applicationPlace, PRESENT, TEXTS, VALUES } from './application-layout.ts';

/** The word of a value, or undefined where it is not known. @param row first word of a record with applications */
function wordOf(words: Int32Array, row: number, name: ApplicationFieldName): number | undefined {
  const place = applicationPlace(name);
  const at = row + APPLICATION_WORD;
  const isThere = ((words[at + PRESENT + (place >>> 5)]! >>> (place & 31)) & 1) === 1;
  return isThere ? words[at + VALUES + place]! : undefined;
}

/** A number, or undefined where it is not known. @param row first word of a record with applications */
export function readApplicationNumber(
  words: Int32Array,
  row: number,
  name: ApplicationFieldName,
): number | undefined {
  const word = wordOf(words, row, name);
  return word === undefined ? undefined : word >>> 0;
}

/** A text, or undefined where it is not known. @param row first word of a record with applications */
export function readApplicationText(
  words: Int32Array,
  row: number,
  name: ApplicationFieldName,
): string | undefined {
  const place = wordOf(words, row, name);
  if (place === undefined) return undefined;
  return readText(words, row + APPLICATION_WORD + TEXTS, place);
}

/**
 * A text of a record.
 * @param texts word that its texts begin at
 * @param place of its first octet within them | its length << 16
 */
export function readText(words: Int32Array, texts: number, place: number): string {
  const from = 4 * texts + (place & 0xffff);
  const octets = Uint8Array.from({ length: place >>> 16 }, (_, i) => {
    const at = from + i;
    return (words[at >>> 2]! >>> (8 * (at & 3))) & 0xff;
  });
  return Buffer.from(octets).toString();
}
