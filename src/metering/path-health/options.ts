/**
 * TCP options (RFC 9293 §3.1): what path health needs of them goes to `HealthTable.segment`. An option list that is
 * damaged or was not captured whole is read as far as it is sound.
 */

// Words of `segment`.
/** Which of the options below were there. */
export const OPTIONS_FOUND = 0;
export const OPTION_MSS = 1;
export const OPTION_SCALE = 2;
export const OPTION_TSVAL = 3;
export const OPTION_TSECR = 4;
/** SACK blocks, and the octets of the first one where it is a duplicate's (RFC 2883 §4), else 0. */
export const OPTION_SACK_BLOCKS = 5;
export const OPTION_DSACK = 6;

export const FOUND_MSS = 1 << 0;
export const FOUND_SCALE = 1 << 1;
export const FOUND_TIMESTAMPS = 1 << 2;
export const FOUND_SACK = 1 << 3;
/** The list was read to its end. */
export const FOUND_ALL = 1 << 4;

const KIND_END = 0;
const KIND_NOP = 1;
const KIND_MSS = 2; // RFC 9293 §3.7.1
const KIND_SCALE = 3; // RFC 7323 §2.2
const KIND_SACK = 5; // RFC 2018 §3
const KIND_TIMESTAMPS = 8; // RFC 7323 §3.2
/** NOP, NOP, timestamps, length 10: how nearly every stack writes it (RFC 7323, appendix A). */
const USUAL_TIMESTAMPS = 0x0101080a;
const USUAL_OCTETS = 12;
/** A shift above this is taken as this (RFC 7323 §2.3). */
const SCALE_MAX = 14;

/**
 * Reads the options between `from` and `to`.
 * @param end  first octet that was not captured
 * @param ack  the segment's acknowledgement number: a SACK block below it is a duplicate's
 */
export function readTcpOptions(
  segment: Int32Array,
  view: DataView,
  from: number,
  to: number,
  end: number,
  ack: number,
): void {
  if (to - from === USUAL_OCTETS && to <= end && view.getInt32(from) === USUAL_TIMESTAMPS) {
    segment[OPTIONS_FOUND] = FOUND_TIMESTAMPS | FOUND_ALL;
    segment[OPTION_TSVAL] = view.getInt32(from + 4);
    segment[OPTION_TSECR] = view.getInt32(from + 8);
    return;
  }
  const limit = to < end ? to : end;
  let found = to <= end ? FOUND_ALL : 0;
  let at = from;
  while (at < limit) {
    const kind = view.getUint8(at);
    if (kind === KIND_END) break;
    if (kind === KIND_NOP) {
      at++;
      continue;
    }
    const length = at + 2 <= limit ? view.getUint8(at + 1) : 0;
    if (length < 2 || at + length > limit) {
      found &= ~FOUND_ALL;
      break;
    }
    found |= readOption(segment, view, at, kind, length, ack);
    at += length;
  }
  segment[OPTIONS_FOUND] = found;
}

/** @returns the bit of what was found */
function readOption(
  segment: Int32Array,
  view: DataView,
  at: number,
  kind: number,
  length: number,
  ack: number,
): number {
  if (kind === KIND_TIMESTAMPS && length === 10) {
    segment[OPTION_TSVAL] = view.getInt32(at + 2);
    segment[OPTION_TSECR] = view.getInt32(at + 6);
    return FOUND_TIMESTAMPS;
  }
  if (kind === KIND_SACK && length >= 10 && (length - 2) % 8 === 0) {
    const blocks = (length - 2) >>> 3;
    const left = view.getInt32(at + 2);
    const right = view.getInt32(at + 6);
    const isBelow = ((right - ack) | 0) <= 0;
    const isWithin =
      blocks > 1 && ((left - view.getInt32(at + 10)) | 0) >= 0 && ((right - view.getInt32(at + 14)) | 0) <= 0;
    segment[OPTION_SACK_BLOCKS] = blocks;
    const octets = (right - left) | 0;
    segment[OPTION_DSACK] = (isBelow || isWithin) && octets > 0 ? octets : 0;
    return FOUND_SACK;
  }
  if (kind === KIND_MSS && length === 4) {
    segment[OPTION_MSS] = view.getUint16(at + 2);
    return FOUND_MSS;
  }
  if (kind === KIND_SCALE && length === 3) {
    const shift = view.getUint8(at + 2);
    segment[OPTION_SCALE] = shift > SCALE_MAX ? SCALE_MAX : shift;
    return FOUND_SCALE;
  }
  return 0;
}
