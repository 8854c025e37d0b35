/** TCP options (metering/path-health/options.ts says which): those of the segment that was read last stand here. */
import { TCP_HEADER_OCTETS } from './headers';
import { half, word } from './octets';

export const FOUND_MSS: u32 = 1 << 0;
export const FOUND_SCALE: u32 = 1 << 1;
export const FOUND_TIMESTAMPS: u32 = 1 << 2;
export const FOUND_SACK: u32 = 1 << 3;
export const FOUND_ALL: u32 = 1 << 4;

const KIND_END: u32 = 0;
const KIND_NOP: u32 = 1;
const KIND_MSS: u32 = 2;
const KIND_SCALE: u32 = 3;
const KIND_SACK: u32 = 5;
const KIND_TIMESTAMPS: u32 = 8;
const USUAL_TIMESTAMPS: u32 = 0x0101080a;
const USUAL_HEADER_OCTETS: u32 = 32;
const SCALE_MAX: u32 = 14;

/** Which of the options below were there. */
export let found: u32 = 0;
export let optionMss: u32 = 0;
export let optionScale: u32 = 0;
export let optionTsval: u32 = 0;
export let optionTsecr: u32 = 0;
/** SACK blocks, and the octets of the first one where it is a duplicate's, else 0. */
export let optionSackBlocks: u32 = 0;
export let optionDsack: i32 = 0;

/**
 * Reads the options of a segment.
 * @param headerOctets  of its TCP header, at `tcp`; `end`: behind what was captured of it
 */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function readOptions(tcp: usize, headerOctets: u32, end: usize, ack: u32): void {
  const from = tcp + TCP_HEADER_OCTETS;
  const to = tcp + headerOctets;
  if (from === to) {
    found = FOUND_ALL;
  } else if (headerOctets === USUAL_HEADER_OCTETS && to <= end && word(from) === USUAL_TIMESTAMPS) {
    found = FOUND_TIMESTAMPS | FOUND_ALL;
    optionTsval = word(from + 4);
    optionTsecr = word(from + 8);
  } else {
    found = readList(from, to, end, ack);
  }
}

/** @returns which options were there */
function readList(from: usize, to: usize, end: usize, ack: u32): u32 {
  const limit = min<usize>(to, end);
  let all: u32 = to <= end ? FOUND_ALL : 0;
  let some: u32 = 0;
  let at = from;
  while (at < limit) {
    const kind = <u32>load<u8>(at);
    if (kind === KIND_END) break;
    if (kind === KIND_NOP) {
      at++;
      continue;
    }
    const length = at + 2 <= limit ? <u32>load<u8>(at, 1) : 0;
    if (length < 2 || at + length > limit) {
      all = 0;
      break;
    }
    some |= readOption(at, kind, length, ack);
    at += length;
  }
  return all | some;
}

/** @returns the bit of what was found */
function readOption(at: usize, kind: u32, length: u32, ack: u32): u32 {
  if (kind === KIND_TIMESTAMPS && length === 10) {
    optionTsval = word(at + 2);
    optionTsecr = word(at + 6);
    return FOUND_TIMESTAMPS;
  }
  if (kind === KIND_SACK && length >= 10 && (length - 2) % 8 === 0) {
    const blocks = (length - 2) >>> 3;
    const left = word(at + 2);
    const right = word(at + 6);
    const isBelow = <i32>(right - ack) <= 0;
    const isWithin = blocks > 1 && <i32>(left - word(at + 10)) >= 0 && <i32>(right - word(at + 14)) <= 0;
    const octets = <i32>(right - left);
    optionSackBlocks = blocks;
    optionDsack = (isBelow || isWithin) && octets > 0 ? octets : 0;
    return FOUND_SACK;
  }
  if (kind === KIND_MSS && length === 4) {
    optionMss = half(at + 2);
    return FOUND_MSS;
  }
  if (kind === KIND_SCALE && length === 3) {
    optionScale = min<u32>(<u32>load<u8>(at, 2), SCALE_MAX);
    return FOUND_SCALE;
  }
  return 0;
}
