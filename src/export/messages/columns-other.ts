/** Column encoders of values that are no plain word, counter, address or time. See columns.ts. */
import { LINK_WORD } from '../../records/flow-layout.ts';
import type { Column, ColumnRun } from './columns.ts';
import { writeUnsigned } from './write-unsigned.ts';

/** Zero octets: padding, and what is not known of a direction. */
export function encodeZero(column: Column, run: ColumnRun): void {
  const { positions, view, to } = run;
  const { offset, octets } = column;
  for (let i = run.from; i < to; i++) {
    const position = positions[i]! + offset;
    for (let o = 0; o < octets; o++) view.setUint8(position + o, 0);
  }
}

export function encodeConstant(column: Column, run: ColumnRun): void {
  const { positions, view, to } = run;
  const { offset, octets, constant } = column;
  if (octets === 1) {
    for (let i = run.from; i < to; i++) view.setUint8(positions[i]! + offset, constant);
  } else if (octets === 4) {
    for (let i = run.from; i < to; i++) view.setUint32(positions[i]! + offset, constant);
  } else {
    for (let i = run.from; i < to; i++) writeUnsigned(view, positions[i]! + offset, octets, constant);
  }
}

/** The difference of the last and the first time, each cut to whole units, as collectors would compute it themselves. */
export function encodeDuration(column: Column, run: ColumnRun): void {
  const { doubles, rows, positions, view, to } = run;
  const { offset, octets, at, limit, constant: unitNs } = column;
  for (let i = run.from; i < to; i++) {
    const double = (rows[i]! >>> 1) + at;
    const value = Math.floor(doubles[double + 1]! / unitNs) - Math.floor(doubles[double]! / unitNs);
    writeUnsigned(view, positions[i]! + offset, octets, Math.min(value, limit));
  }
}

/** MAC addresses of the link details: source in words 0 and 1, destination in the rest of word 1 and word 2. */
export function encodeMac(column: Column, run: ColumnRun): void {
  const { words, rows, positions, view, to } = run;
  const { offset, at } = column;
  for (let i = run.from; i < to; i++) {
    const link = rows[i]! + LINK_WORD;
    const position = positions[i]! + offset;
    const middle = words[link + 1]!;
    if (at === 0) {
      view.setInt32(position, words[link]!);
      view.setInt16(position + 4, middle >>> 16);
    } else {
      view.setInt16(position, middle);
      view.setInt32(position + 2, words[link + 2]!);
    }
  }
}

export function encodeRecordNumber(column: Column, run: ColumnRun): void {
  const { positions, view, to, from, recordNumber } = run;
  const { offset, octets, limit } = column;
  for (let i = from; i < to; i++) {
    const value = recordNumber + 1 + i - from;
    writeUnsigned(view, positions[i]! + offset, octets, limit >= 0 && value > limit ? limit : value);
  }
}
