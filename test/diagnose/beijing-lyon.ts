/**
 * The transfer from Beijing to Lyon (F. Hernandez, "IHEP connectivity: network throughput tests report") as a capture:
 * `iperf -w16M -i5 -t60` over 190 ms, made from the intervals that it printed. 23.6 MBytes in the first 5 s, nothing for
 * 35 s, 7.88 MBytes in one interval, nothing to the end at 94.5 s. What iperf did not print is assumed: losses of 0.8 %
 * while it flowed, and retransmissions of one segment by timeout, doubling, while it did not (RFC 6298 §5.5).
 */
import { writeFileSync } from 'node:fs';

export const RTT_MS = 190;
const MEBIBYTE = 1024 * 1024;
const MSS = 1460;
const SENT_MS = [
  { fromMs: 200, octets: 23.6 * MEBIBYTE },
  { fromMs: 40_000, octets: 7.88 * MEBIBYTE },
] as const;
const BURST_MS = 4600;
const END_MS = 94_500;
/** One segment in so many is lost. */
const LOST_ONE_IN = 125;
const TIMEOUT_MS = 400;

const SYN = 0x02;
const ACK = 0x10;
const FIN_ACK = 0x11;
const SENDER = 0xca_7a_20_0a;
const RECEIVER = 0x86_9e_10_14;
const HEADERS = 54;
/** MSS 1460, no operation, window scale 9: room for `-w16M`. */
const SYN_OPTIONS = [2, 4, 0x05, 0xb4, 1, 3, 3, 9];

interface Segment {
  readonly atMs: number;
  readonly isReply: boolean;
  readonly flags: number;
  readonly sequence: number;
  readonly ack: number;
  readonly octets: number;
}

/** Segments in the order in which the probe, beside the sender, sees them. */
function segments(): Segment[] {
  const all: Segment[] = [];
  const put = (atMs: number, isReply: boolean, flags: number, sequence: number, ack: number, octets = 0) =>
    all.push({ atMs, isReply, flags, sequence, ack, octets });
  put(0, false, SYN, 0, 0);
  put(RTT_MS, true, SYN | ACK, 0, 1);
  put(RTT_MS + 0.1, false, ACK, 1, 1);
  let next = 1;
  for (const [burst, { fromMs, octets }] of SENT_MS.entries()) {
    const count = Math.round(octets / MSS);
    let hole: { sequence: number; filledMs: number } | undefined;
    for (let i = 0; i < count; i++) {
      const atMs = fromMs + (BURST_MS * i) / count;
      put(atMs, false, ACK, next, 1, MSS);
      const isLast = i === count - 1;
      if (i % LOST_ONE_IN === LOST_ONE_IN - 1 && !isLast) {
        // The first duplicate acknowledgements come back after one round trip; the segment goes out again.
        hole = { sequence: next, filledMs: atMs + RTT_MS + 1 };
        put(hole.filledMs, false, ACK, next, 1, MSS);
      }
      next += MSS;
      if (isLast) continue;
      if (hole !== undefined && atMs > hole.filledMs) hole = undefined;
      put(atMs + RTT_MS, true, ACK, 1, hole === undefined ? next : hole.sequence);
    }
    // The last segment of the burst gets lost again and again.
    const untilMs = SENT_MS[burst + 1]?.fromMs ?? END_MS;
    let waitMs = TIMEOUT_MS;
    let atMs = fromMs + BURST_MS;
    while (atMs + waitMs < untilMs - RTT_MS - 10) {
      atMs += waitMs;
      waitMs *= 2;
      put(atMs, false, ACK, next - MSS, 1, MSS);
    }
    put(untilMs - RTT_MS - 5, false, ACK, next - MSS, 1, MSS);
    put(untilMs - 5, true, ACK, 1, next);
  }
  put(END_MS, false, FIN_ACK, next, 1);
  put(END_MS + RTT_MS, true, FIN_ACK, 1, next + 1);
  put(END_MS + RTT_MS + 0.1, false, ACK, next + 1, 2);
  return all.sort((a, b) => a.atMs - b.atMs);
}

/** Writes the capture: headers alone, with the lengths that the frames had. */
export function writeBeijingLyon(file: string): void {
  const all = segments();
  const out = Buffer.alloc(24 + all.length * (16 + HEADERS + SYN_OPTIONS.length));
  let at = 24;
  for (const [i, word] of [0xa1b2c3d4, 0x00040002, 0, 0, 65_535, 1].entries()) out.writeUInt32LE(word, i * 4);
  for (const { atMs, isReply, flags, sequence, ack, octets } of all) {
    out.writeUInt32LE(1_300_000_000 + Math.floor(atMs / 1e3), at);
    out.writeUInt32LE(Math.round((atMs % 1e3) * 1e3) % 1_000_000, at + 4);
    const options = (flags & SYN) === 0 ? 0 : SYN_OPTIONS.length;
    out.writeUInt32LE(HEADERS + options, at + 8);
    out.writeUInt32LE(HEADERS + options + octets, at + 12);
    const frame = at + 16;
    out.writeUInt16BE(0x0800, frame + 12);
    out.writeUInt16BE(0x4500, frame + 14);
    out.writeUInt16BE(40 + options + octets, frame + 16);
    out.writeUInt16BE(0x4006, frame + 22);
    out.writeUInt32BE(isReply ? RECEIVER : SENDER, frame + 26);
    out.writeUInt32BE(isReply ? SENDER : RECEIVER, frame + 30);
    out.writeUInt16BE(isReply ? 5001 : 40_000, frame + 34);
    out.writeUInt16BE(isReply ? 40_000 : 5001, frame + 36);
    out.writeUInt32BE(sequence >>> 0, frame + 38);
    out.writeUInt32BE(ack >>> 0, frame + 42);
    out.writeUInt16BE(((20 + options) << 10) | flags, frame + 46);
    out.writeUInt16BE(65_535, frame + 48);
    if (options > 0) out.set(SYN_OPTIONS, frame + HEADERS);
    at = frame + HEADERS + options;
  }
  writeFileSync(file, out.subarray(0, at));
}
