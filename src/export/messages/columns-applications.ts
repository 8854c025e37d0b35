/** Column encoders of texts of a fixed length, and of applicationId. See columns.ts. */
import type { Column, ColumnRun } from './columns.ts';

/**
 * A text with zeroes behind it, or cut at the end of a character (RFC 3629 §3) where it is longer.
 */
export function encodeText(column: Column, run: ColumnRun): void {
  const { words, rows, positions, view, to } = run;
  const { offset, octets, at } = column;
  for (let i = run.from; i < to; i++) {
    const row = rows[i]!;
    const position = positions[i]! + offset;
    const condition = (words[row + column.conditionAt]! >>> column.conditionShift) & column.conditionMask;
    const place = condition === column.conditionEquals ? words[row + at]! : 0;
    const texts = 4 * (row + column.texts) + (place & 0xffff);
    let count = place >>> 16;
    if (count > octets) {
      count = octets;
      while (count > 0 && (octetOf(words, texts + count) & 0xc0) === 0x80) count--;
    }
    for (let o = 0; o < count; o++) view.setUint8(position + o, octetOf(words, texts + o));
    for (let o = count; o < octets; o++) view.setUint8(position + o, 0);
  }
}

/** Two letters. */
export function encodeLetters(column: Column, run: ColumnRun): void {
  const { words, rows, positions, view, to } = run;
  const { offset, at, shift } = column;
  // The first of them is the lower octet.
  for (let i = run.from; i < to; i++)
    view.setUint16(positions[i]! + offset, words[rows[i]! + at]! >>> shift, true);
}

/** An octet of words that hold four each, the lowest first. */
export function octetOf(words: Int32Array, at: number): number {
  return (words[at >>> 2]! >>> (8 * (at & 3))) & 0xff;
}

/** Classification engine and selector (RFC 6759 §4); zero where the application is unknown. */
export function encodeApplicationId(column: Column, run: ColumnRun): void {
  const { words, rows, positions, view, to } = run;
  const { offset, at } = column;
  for (let i = run.from; i < to; i++) {
    const engine = rows[i]! + at;
    const position = positions[i]! + offset;
    view.setUint8(position, words[engine]!);
    view.setInt32(position + 1, words[engine + 1]!);
  }
}
