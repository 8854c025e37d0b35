/**
 * Column encoders of times. Records have nanoseconds since a time base of whole seconds; every element cuts them down
 * to its own unit, never up, so that a start and an end in different elements agree.
 *
 * Microseconds and nanoseconds are NTP timestamps (RFC 7011 §6.1.9, §6.1.10): seconds since 1900 modulo 2^32 and a
 * 32-bit fraction. The fraction is the least one that is not below the time, so that collectors which cut and
 * collectors which round both get the same unit back.
 */
import type { AbstractTypeName } from '../../ie/abstract-types.ts';
import type { Column, ColumnRun } from './columns.ts';
import { writeUnsigned } from './write-unsigned.ts';

const NS_PER_S = 1e9;
const NS_PER_MS = 1e6;
const NS_PER_US = 1e3;
const UINT32 = 4294967296;
/** From 1900 to 1970 (RFC 5905 §6). */
const NTP_EPOCH_SECONDS = 2208988800;
/** RFC 7011 §6.1.9: the low 11 bits of a microsecond fraction are zero. */
const MICROSECOND_FRACTION_STEP = 2048;

function encodeSeconds(column: Column, run: ColumnRun): void {
  const { doubles, rows, positions, view, to, epochSeconds } = run;
  const { offset, at } = column;
  for (let i = run.from; i < to; i++) {
    const seconds = epochSeconds + Math.floor(doubles[(rows[i]! >>> 1) + at]! / NS_PER_S);
    view.setUint32(positions[i]! + offset, seconds);
  }
}

function encodeMilliseconds(column: Column, run: ColumnRun): void {
  const { doubles, rows, positions, view, to } = run;
  const { offset, at } = column;
  const epochMs = run.epochSeconds * 1000;
  for (let i = run.from; i < to; i++) {
    const ms = epochMs + Math.floor(doubles[(rows[i]! >>> 1) + at]! / NS_PER_MS);
    const high = Math.floor(ms / UINT32);
    const position = positions[i]! + offset;
    view.setUint32(position, high);
    view.setUint32(position + 4, ms - high * UINT32);
  }
}

function encodeMicrosecondsNtp(column: Column, run: ColumnRun): void {
  const { doubles, rows, positions, view, to } = run;
  const { offset, at } = column;
  const epoch = run.epochSeconds + NTP_EPOCH_SECONDS;
  for (let i = run.from; i < to; i++) {
    const ns = doubles[(rows[i]! >>> 1) + at]!;
    const seconds = Math.floor(ns / NS_PER_S);
    const us = Math.floor((ns - seconds * NS_PER_S) / NS_PER_US);
    const steps = Math.ceil((us * UINT32) / 1e6 / MICROSECOND_FRACTION_STEP);
    const position = positions[i]! + offset;
    view.setUint32(position, (epoch + seconds) % UINT32);
    view.setUint32(position + 4, steps * MICROSECOND_FRACTION_STEP);
  }
}

function encodeNanosecondsNtp(column: Column, run: ColumnRun): void {
  const { doubles, rows, positions, view, to } = run;
  const { offset, at } = column;
  const epoch = run.epochSeconds + NTP_EPOCH_SECONDS;
  for (let i = run.from; i < to; i++) {
    const ns = doubles[(rows[i]! >>> 1) + at]!;
    const seconds = Math.floor(ns / NS_PER_S);
    const position = positions[i]! + offset;
    view.setUint32(position, (epoch + seconds) % UINT32);
    view.setUint32(position + 4, Math.ceil(((ns - seconds * NS_PER_S) * UINT32) / NS_PER_S));
  }
}

/** Milliseconds since the system's start, within 32 bits whatever the clock did. */
function encodeSysUpTime(column: Column, run: ColumnRun): void {
  const { doubles, rows, positions, view, to } = run;
  const { offset, octets, at, limit } = column;
  const epochMs = run.epochSeconds * 1000 - run.systemInitMs;
  for (let i = run.from; i < to; i++) {
    const ms = epochMs + Math.floor(doubles[(rows[i]! >>> 1) + at]! / NS_PER_MS);
    const value = Math.max(0, Math.min(ms, limit));
    if (octets === 4) view.setUint32(positions[i]! + offset, value);
    else writeUnsigned(view, positions[i]! + offset, octets, value);
  }
}

/** Microseconds before the message's export time. */
function encodeDeltaMicroseconds(column: Column, run: ColumnRun): void {
  const { doubles, rows, positions, view, to } = run;
  const { offset, octets, at, limit } = column;
  const exportUs = (run.exportSeconds - run.epochSeconds) * 1e6;
  for (let i = run.from; i < to; i++) {
    const us = exportUs - Math.floor(doubles[(rows[i]! >>> 1) + at]! / NS_PER_US);
    writeUnsigned(view, positions[i]! + offset, octets, Math.max(0, Math.min(us, limit)));
  }
}

function encodeSystemInit(column: Column, run: ColumnRun): void {
  const { positions, view, to, systemInitMs } = run;
  for (let i = run.from; i < to; i++) {
    writeUnsigned(view, positions[i]! + column.offset, column.octets, systemInitMs);
  }
}

/** The encoder of an element of this type that counts from `since`. */
export function timeEncoder(
  type: AbstractTypeName,
  since: 'epoch' | 'systemInit' | 'exportTime',
): Column['encode'] {
  if (since === 'exportTime') return encodeDeltaMicroseconds;
  if (since === 'systemInit') return type === 'dateTimeMilliseconds' ? encodeSystemInit : encodeSysUpTime;
  switch (type) {
    case 'dateTimeSeconds':
      return encodeSeconds;
    case 'dateTimeMicroseconds':
      return encodeMicrosecondsNtp;
    case 'dateTimeNanoseconds':
      return encodeNanosecondsNtp;
    default:
      return encodeMilliseconds;
  }
}
