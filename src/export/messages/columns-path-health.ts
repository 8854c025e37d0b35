/** Column encoders of path health, and of IPv6 extension headers by RFC 9740. See columns.ts. */
import { extensionHeadersComplete, extensionHeadersFull } from '../../ie/extension-bits.ts';
import {
  HEALTH_WORD,
  INTERVAL_OCTETS,
  INTERVAL_SHIFT,
  INTERVALS,
  INTERVALS_MAX,
} from '../../records/path-health-layout.ts';
import type { Column, ColumnRun } from './columns.ts';
import { writeUnsigned } from './write-unsigned.ts';

/** A double where a condition holds, else 0. */
export function encodeDoubleWhen(column: Column, run: ColumnRun): void {
  const { words, doubles, rows, positions, view, to } = run;
  const { offset, octets, at, limit } = column;
  const { conditionAt, conditionShift, conditionMask, conditionEquals } = column;
  for (let i = run.from; i < to; i++) {
    const row = rows[i]!;
    const holds = ((words[row + conditionAt]! >>> conditionShift) & conditionMask) === conditionEquals;
    const value = holds ? doubles[(row >>> 1) + at]! : 0;
    writeUnsigned(view, positions[i]! + offset, octets, limit >= 0 && value > limit ? limit : value);
  }
}

/** A word, so many times smaller. */
export function encodeDivided(column: Column, run: ColumnRun): void {
  const { words, rows, positions, view, to } = run;
  const { offset, octets, at, shift, mask, limit, constant } = column;
  const { conditionAt, conditionShift, conditionMask, conditionEquals } = column;
  for (let i = run.from; i < to; i++) {
    const row = rows[i]!;
    const holds = ((words[row + conditionAt]! >>> conditionShift) & conditionMask) === conditionEquals;
    const word = holds ? ((words[row + at]! >>> shift) & mask) >>> 0 : 0;
    const value = Math.round(word / constant);
    writeUnsigned(view, positions[i]! + offset, octets, limit >= 0 && value > limit ? limit : value);
  }
}

/** The intervals of a direction: numbers of 8 octets, 0 behind the last one. */
export function encodeIntervals(column: Column, run: ColumnRun): void {
  const { words, rows, positions, view, to } = run;
  const { offset, at, conditionAt, conditionShift, conditionMask, conditionEquals } = column;
  for (let i = run.from; i < to; i++) {
    const row = rows[i]!;
    const holds = ((words[row + conditionAt]! >>> conditionShift) & conditionMask) === conditionEquals;
    const intervals = holds ? words[row + HEALTH_WORD + INTERVALS]! : 0;
    const unit = holds ? 2 ** words[row + at + INTERVAL_SHIFT]! : 1;
    for (let o = 0; o < INTERVALS_MAX; o++) {
      const value = o < intervals ? (words[row + at + INTERVAL_OCTETS + o]! >>> 0) * unit : 0;
      writeUnsigned(view, positions[i]! + offset + 8 * o, 8, value);
    }
  }
}

export function encodeExtensionsFull(column: Column, run: ColumnRun): void {
  const { words, rows, positions, view, to } = run;
  const { offset, octets, at } = column;
  for (let i = run.from; i < to; i++) {
    const position = positions[i]! + offset;
    const value = extensionHeadersFull(words[rows[i]! + at]!);
    for (let o = 0; o < octets; o++) {
      const fromEnd = octets - 1 - o;
      const octet = fromEnd < 4 ? (value >>> (8 * fromEnd)) & 0xff : 0;
      view.setUint8(position + o, octet);
    }
  }
}

export function encodeExtensionsComplete(column: Column, run: ColumnRun): void {
  const { words, rows, positions, view, to } = run;
  const { offset, at } = column;
  for (let i = run.from; i < to; i++)
    view.setUint8(positions[i]! + offset, extensionHeadersComplete(words[rows[i]! + at]!));
}
