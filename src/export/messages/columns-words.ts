/**
 * Column encoders of words and addresses; see columns.ts.
 *
 * A value that depends on a condition has a line of its own: V8 calls DataView's methods as functions, in place of a
 * move, where their argument branches (docs/decisions/0004).
 */
import type { Column, ColumnRun } from './columns.ts';
import { writeUnsigned } from './write-unsigned.ts';

// Of 1, 2 and 4 octets, in any flow.

export function encodeWord8(column: Column, run: ColumnRun): void {
  const { words, rows, positions, view, to } = run;
  const { offset, at, shift, mask } = column;
  for (let i = run.from; i < to; i++)
    view.setUint8(positions[i]! + offset, (words[rows[i]! + at]! >>> shift) & mask);
}

export function encodeWord16(column: Column, run: ColumnRun): void {
  const { words, rows, positions, view, to } = run;
  const { offset, at, shift, mask } = column;
  for (let i = run.from; i < to; i++)
    view.setUint16(positions[i]! + offset, (words[rows[i]! + at]! >>> shift) & mask);
}

export function encodeWord32(column: Column, run: ColumnRun): void {
  const { words, rows, positions, view, to } = run;
  const { offset, at, shift, mask } = column;
  for (let i = run.from; i < to; i++)
    view.setInt32(positions[i]! + offset, (words[rows[i]! + at]! >>> shift) & mask);
}

// Of 1, 2 and 4 octets, where a condition holds; else 0.

export function encodeWord8When(column: Column, run: ColumnRun): void {
  const { words, rows, positions, view, to } = run;
  const { offset, at, shift, mask, conditionAt, conditionShift, conditionMask, conditionEquals } = column;
  for (let i = run.from; i < to; i++) {
    const row = rows[i]!;
    const holds = ((words[row + conditionAt]! >>> conditionShift) & conditionMask) === conditionEquals;
    const value = holds ? (words[row + at]! >>> shift) & mask : 0;
    view.setUint8(positions[i]! + offset, value);
  }
}

export function encodeWord16When(column: Column, run: ColumnRun): void {
  const { words, rows, positions, view, to } = run;
  const { offset, at, shift, mask, conditionAt, conditionShift, conditionMask, conditionEquals } = column;
  for (let i = run.from; i < to; i++) {
    const row = rows[i]!;
    const holds = ((words[row + conditionAt]! >>> conditionShift) & conditionMask) === conditionEquals;
    const value = holds ? (words[row + at]! >>> shift) & mask : 0;
    view.setUint16(positions[i]! + offset, value);
  }
}

export function encodeWord32When(column: Column, run: ColumnRun): void {
  const { words, rows, positions, view, to } = run;
  const { offset, at, shift, mask, conditionAt, conditionShift, conditionMask, conditionEquals } = column;
  for (let i = run.from; i < to; i++) {
    const row = rows[i]!;
    const holds = ((words[row + conditionAt]! >>> conditionShift) & conditionMask) === conditionEquals;
    const value = holds ? (words[row + at]! >>> shift) & mask : 0;
    view.setInt32(positions[i]! + offset, value);
  }
}

/** Any size, with a limit or a high word. */
export function encodeWord(column: Column, run: ColumnRun): void {
  const { words, rows, positions, view, to } = run;
  const { offset, octets, at, shift, mask, limit, constant } = column;
  const { conditionAt, conditionShift, conditionMask, conditionEquals } = column;
  for (let i = run.from; i < to; i++) {
    const row = rows[i]!;
    const holds = ((words[row + conditionAt]! >>> conditionShift) & conditionMask) === conditionEquals;
    let value = holds ? ((words[row + at]! >>> shift) & mask) >>> 0 : 0;
    if (limit >= 0 && value > limit) value = limit;
    writeUnsigned(view, positions[i]! + offset, octets, value);
    if (holds && constant !== 0) view.setInt32(positions[i]! + offset, constant);
  }
}

/** An identifier that does not fit is sent as another value, which says so: a part of it would be somebody else's. */
export function encodeFitting(column: Column, run: ColumnRun): void {
  const { words, rows, positions, view, to } = run;
  const { offset, octets, at, limit, constant } = column;
  for (let i = run.from; i < to; i++) {
    const value = words[rows[i]! + at]! >>> 0;
    writeUnsigned(view, positions[i]! + offset, octets, value > limit ? constant : value);
  }
}

export function encodeAddress(column: Column, run: ColumnRun): void {
  const { words, rows, positions, view, to } = run;
  const { offset, octets, at, conditionAt, conditionShift, conditionMask, conditionEquals } = column;
  for (let i = run.from; i < to; i++) {
    const row = rows[i]!;
    const holds = ((words[row + conditionAt]! >>> conditionShift) & conditionMask) === conditionEquals;
    const position = positions[i]! + offset;
    for (let w = 0; w < octets; w += 4) {
      const word = holds ? words[row + at + (w >>> 2)]! : 0;
      view.setInt32(position + w, word);
    }
  }
}
