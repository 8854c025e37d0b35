/**
 * Texts of variable length (RFC 7011 §7): how long the records of a run are with them, and the texts themselves, behind
 * the columns. See columns.ts.
 */
import type { Template } from '../../ie/templates.ts';
import { VARIABLE_OCTETS } from '../../ie/templates.ts';
import type { ColumnRun } from './columns.ts';
import { octetOf } from './columns-applications.ts';

/** A text of the record. */
export interface TextField {
  /** Word that says where it stands and how long it is. */
  readonly at: number;
  /** The first word of the record's texts. */
  readonly texts: number;
  /** The condition that it is there; `conditionMask` 0 where that word says so. */
  readonly conditionAt: number;
  readonly conditionShift: number;
  readonly conditionMask: number;
}

/** Texts of this many octets or more have their length in three octets. */
const LONG_OCTETS = 255;
const LONG_PREFIX_OCTETS = 3;
const QUESTION_MARK = 0x3f;

/** The fields of variable length of a template. @param isReverse whether records are about the direction from B to A */
export function compileTexts({ fields }: Pick<Template, 'fields'>, isReverse: boolean): TextField[] {
  return fields.flatMap(({ element: { source }, octets }) => {
    if (octets !== VARIABLE_OCTETS || source.kind !== 'text') return [];
    const { forward, reverse, texts, when } = source;
    const condition = { conditionAt: when?.word ?? 0, conditionShift: when?.shift ?? 0 };
    return [{ at: isReverse ? reverse : forward, texts, ...condition, conditionMask: when?.mask ?? 0 }];
  });
}

/** Where a text stands and how long it is, as the record has it; 0 where it is not there. */
function placeOf(text: TextField, words: Int32Array, row: number): number {
  const { at, conditionMask } = text;
  const condition = (words[row + text.conditionAt]! >>> text.conditionShift) & conditionMask;
  return condition === conditionMask ? words[row + at]! : 0;
}

/** Octets of a text with its length in front of it, if no more than `limit` octets of the text may be sent. */
function octetsOf(place: number, limit: number): number {
  const octets = place >>> 16;
  const sent = Math.min(octets, limit);
  return sent < LONG_OCTETS ? sent + 1 : sent + LONG_PREFIX_OCTETS;
}

/** Octets that a text may have, where so many octets are left for all that follow. */
function limitOf(left: number): number {
  const limit = left - LONG_PREFIX_OCTETS;
  return Math.max(limit, 0);
}

/**
 * Works out how long records are.
 * @param fixedOctets of the record without texts
 * @param octetsMax of a record: texts that do not fit are cut, the last ones first
 * @param sizes overwritten from `from` to `to`
 */
export function measureRecords(
  texts: readonly TextField[],
  words: Int32Array,
  rows: Int32Array,
  from: number,
  to: number,
  fixedOctets: number,
  octetsMax: number,
  sizes: Int32Array,
): void {
  for (let i = from; i < to; i++) {
    let octets = fixedOctets;
    for (let t = 0; t < texts.length; t++) {
      // Each that follows has at least an octet that says that it is empty.
      const left = octetsMax - octets - (texts.length - 1 - t);
      octets += octetsOf(placeOf(texts[t]!, words, rows[i]!), limitOf(left));
    }
    sizes[i] = octets;
  }
}

/**
 * Writes the texts of a run behind the columns.
 * @param fixedOctets,octetsMax as of measureRecords
 */
export function encodeTexts(
  texts: readonly TextField[],
  run: ColumnRun,
  fixedOctets: number,
  octetsMax: number,
): void {
  const { words, rows, positions, view, to } = run;
  for (let i = run.from; i < to; i++) {
    const row = rows[i]!;
    const start = positions[i]!;
    let at = start + fixedOctets;
    for (let t = 0; t < texts.length; t++) {
      const left = octetsMax - (at - start) - (texts.length - 1 - t);
      at = encodeText(view, at, words, row + texts[t]!.texts, placeOf(texts[t]!, words, row), limitOf(left));
    }
  }
}

/** Writes a text and its length. @param texts first word of the record's texts @returns the octet behind it */
function encodeText(
  view: DataView,
  at: number,
  words: Int32Array,
  texts: number,
  place: number,
  limit: number,
): number {
  const octets = place >>> 16;
  const count = Math.min(octets, limit);
  let end = at;
  if (count < LONG_OCTETS) view.setUint8(end++, count);
  else {
    view.setUint8(end, LONG_OCTETS);
    view.setUint16(end + 1, count);
    end += LONG_PREFIX_OCTETS;
  }
  const from = 4 * texts + (place & 0xffff);
  for (let o = 0; o < count; o++) view.setUint8(end + o, octetOf(words, from + o));
  // A character that was cut through is not sent in part (RFC 3629 §3).
  for (let o = count; count < octets && o > 0 && (octetOf(words, from + o) & 0xc0) === 0x80; )
    view.setUint8(end + --o, QUESTION_MARK);
  return end + count;
}
