/**
 * Kinds of flow by what payload inspection can know of them: a template of its own for each has no other values
 * (application-fields.ts says which are of which kind).
 */
import { APPLICATION_FIELDS, type ApplicationField } from './application-fields.ts';
import { APPLICATION_WORD, PRESENT } from './application-layout.ts';

/** In the order of their numbers; `mixed` flows have values of several kinds: TLS behind a proxy's CONNECT. */
export const APPLICATION_KINDS = ['plain', 'dns', 'tls', 'http', 'ssh', 'mixed'] as const;

export type ApplicationKind = (typeof APPLICATION_KINDS)[number];

const PLAIN = 0;
const MIXED = APPLICATION_KINDS.length - 1;

/** The bits of a kind's values in a record's words from PRESENT on. */
function bitsOf(kind: ApplicationKind, word: number): number {
  return APPLICATION_FIELDS.reduce((bits, field: ApplicationField, place) => {
    return field.kind === kind && place >>> 5 === word ? bits | (1 << (place & 31)) : bits;
  }, 0);
}

const LOW_BITS = Int32Array.from(APPLICATION_KINDS, (kind) => bitsOf(kind, 0));
const HIGH_BITS = Int32Array.from(APPLICATION_KINDS, (kind) => bitsOf(kind, 1));

/** The number of a record's kind. @param row first word of a record with applications */
export function applicationKindOf(words: Int32Array, row: number): number {
  const low = words[row + APPLICATION_WORD + PRESENT]!;
  const high = words[row + APPLICATION_WORD + PRESENT + 1]!;
  let found = PLAIN;
  for (let kind = PLAIN + 1; kind < MIXED; kind++) {
    if (((low & LOW_BITS[kind]!) | (high & HIGH_BITS[kind]!)) === 0) continue;
    if (found !== PLAIN) return MIXED;
    found = kind;
  }
  return found;
}
