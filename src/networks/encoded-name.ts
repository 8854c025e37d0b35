/** A name as it stands in records: UTF-8, four octets a word, cut at the end of a character. */
import { NAME_OCTETS_MAX, NAME_WORDS_MAX } from '../records/network-layout.ts';

export interface EncodedName {
  /** At most NAME_OCTETS_MAX; 0: there is no name. */
  readonly octets: number;
  readonly words: Int32Array;
}

export const NO_NAME: EncodedName = { octets: 0, words: new Int32Array(0) };

/** Characters that break lines of text and reach into terminals: a database is somebody else's. */
const CONTROL = /\p{Cc}/gu;

/** Control characters become spaces, as texts of records have none. @returns NO_NAME of the empty text and of nothing */
export function encodeName(name: string | undefined): EncodedName {
  if (name === undefined || name === '') return NO_NAME;
  const text = Buffer.from(name.replace(CONTROL, ' '));
  let octets = Math.min(text.length, NAME_OCTETS_MAX);
  // A character that was cut through is left out (RFC 3629 §3).
  while (octets < text.length && octets > 0 && (text[octets]! & 0xc0) === 0x80) octets--;
  const words = new Int32Array(Math.min(Math.ceil(octets / 4), NAME_WORDS_MAX));
  for (let i = 0; i < octets; i++) words[i >>> 2]! |= text[i]! << (8 * (i & 3));
  return { octets, words };
}
