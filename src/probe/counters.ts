/**
 * The counters of a meter worker in one piece of shared memory: the worker writes, any thread reads, and no message
 * passes. Doubles, so counts are exact to 2^53.
 */
import { createDecodeCounters, DECODE_COUNTERS_SIZE, type DecodeCounters } from '../decode/counters.ts';
import { METERING_COUNTERS } from '../metering/table/counters.ts';
import { DIRECT_FIRST_NS, DIRECT_LAST_NS, DIRECT_OCTETS, DIRECT_SNAPPED } from '../records/engine-words.ts';
import { MEMBERS_MAX } from '../records/observation-points.ts';

// Places in `capture`.
/** Frames read, and their octets on the wire. */
export const PACKETS_READ = 0;
export const OCTETS_READ = 1;
/** Octets of input consumed. */
export const INPUT_CONSUMED = 2;
/** Frames whose snapped length is below their length on the wire. */
export const PACKETS_SNAPPED = 3;
// Places that only a live capture fills. What a source cannot know is NaN, never 0.
/** Packets that the kernel dropped because the ring was full; times that the ring was frozen for that. */
export const RING_DROPS = 4;
export const RING_FREEZES = 5;
/** Times that the worker slept until the kernel woke it. */
export const POLL_WAKEUPS = 6;
/** Times that the capture was opened again after the interface had been lost. */
export const CAPTURE_REOPENED = 7;
/** Super-packets (GRO, LRO, TSO) that were metered, each read as one packet, and the packets that they stood for. */
export const SUPER_PACKETS = 8;
export const SUPER_PACKET_SEGMENTS = 9;
/** Packets that were read and that selection in the worker (RFC 5475) left out. */
export const PACKETS_UNSELECTED = 10;
/** Written by the worker at every turn of its loop, so that main can tell a stuck one. */
export const WORKER_TURNS = 11;
/** Packets lost between source and decoder: in a block that made no sense, or for want of room (`cap`). */
export const RING_FAULTS = 12;
/** Packets that the kernel's systematic sampling left out: never read. What its random sampling leaves out is unknown. */
export const PACKETS_LEFT_OUT = 13;
/** Packets that a capture file itself says were lost when it was made: in no other count. Each worker reads them all. */
export const RECORDED_DROPS = 14;
/**
 * Records that stood behind a later one, and those of them that were too late to be put in order. Of several meters, each
 * of which reads them all, the first one counts them.
 */
export const RECORDS_OUT_OF_ORDER = 15;
export const RECORDS_TOO_LATE = 16;
/**
 * Packets whose time no format can say, and their octets on the wire: not among those read. The first meter counts them.
 */
export const PACKETS_UNTIMED = 17;
export const OCTETS_UNTIMED = 18;
/** Packets that a live capture read while it was told to leave them out (flowtap ctl pause). */
export const PACKETS_PAUSED = 19;
/**
 * Counts of each interface of a ring that several share (a group): packets and octets as PACKETS_READ and OCTETS_READ do,
 * and how often it was captured again after it had gone. MEMBER_WORDS doubles for each from MEMBERS on.
 */
export const MEMBERS = 24;
export const MEMBER_PACKETS = 0;
export const MEMBER_OCTETS = 1;
export const MEMBER_REOPENED = 2;
export const MEMBER_WORDS = 3;

/** Places from here on tell how things are now; all before them count. */
export const FIRST_CAPTURE_GAUGE = MEMBERS + MEMBERS_MAX * MEMBER_WORDS;
/** Octets of input in all (NaN: unknown). */
export const INPUT_TOTAL = FIRST_CAPTURE_GAUGE;
/** Earliest and latest packet, nanoseconds since the time base; NaN before the first. */
export const FIRST_PACKET_NS = FIRST_CAPTURE_GAUGE + 1;
export const LAST_PACKET_NS = FIRST_CAPTURE_GAUGE + 2;
/** Unix seconds that times count from; NaN before the first packet. */
export const TIME_BASE_SECONDS = FIRST_CAPTURE_GAUGE + 3;
/** Written by the main thread: not 0 asks the worker to read no further. */
export const STOP_REQUESTED = FIRST_CAPTURE_GAUGE + 4;
/** Blocks of a live capture's ring, and those filled and not yet read. */
export const RING_BLOCKS = FIRST_CAPTURE_GAUGE + 5;
export const RING_BLOCKS_USED = FIRST_CAPTURE_GAUGE + 6;
/** 1 while the interface of a live capture delivers packets, 0 while it is down or gone. */
export const INTERFACE_UP = FIRST_CAPTURE_GAUGE + 7;
/** State of each interface of a group, one double each: not there, there but down or without a link, up. */
export const MEMBER_STATES = FIRST_CAPTURE_GAUGE + 8;
export const MEMBER_GONE = 0;
export const MEMBER_DOWN = 1;
export const MEMBER_UP = 2;
/** Written by the main thread: not 0 asks the worker to leave packets out from the next batch on. */
export const PAUSE_REQUESTED = MEMBER_STATES + MEMBERS_MAX;
const CAPTURE_COUNTERS = PAUSE_REQUESTED + 1;

export interface RunCounters {
  readonly buffer: SharedArrayBuffer;
  readonly capture: Float64Array;
  readonly metering: Float64Array;
  readonly decode: DecodeCounters;
}

/** The counters in new memory, or another thread's view of memory that has been made before. */
export function runCounters(buffer?: SharedArrayBuffer): RunCounters {
  const meteringOffset = CAPTURE_COUNTERS * 8;
  const decodeOffset = meteringOffset + METERING_COUNTERS * 8;
  const memory = buffer ?? new SharedArrayBuffer(decodeOffset + DECODE_COUNTERS_SIZE);
  const counters = {
    buffer: memory,
    capture: new Float64Array(memory, 0, CAPTURE_COUNTERS),
    metering: new Float64Array(memory, meteringOffset, METERING_COUNTERS),
    decode: createDecodeCounters(memory, decodeOffset),
  };
  if (buffer === undefined) {
    for (const index of [INPUT_TOTAL, FIRST_PACKET_NS, LAST_PACKET_NS, TIME_BASE_SECONDS]) {
      counters.capture[index] = Number.NaN;
    }
  }
  return counters;
}

/**
 * Counts frames as they were read, before any is selected or decoded.
 * @param totals what the engine counted of them (DIRECT_… of records/engine-words.ts)
 */
export function countRead(capture: Float64Array, totals: Float64Array, count: number): void {
  capture[PACKETS_READ] = capture[PACKETS_READ]! + count;
  capture[OCTETS_READ] = capture[OCTETS_READ]! + totals[DIRECT_OCTETS]!;
  capture[PACKETS_SNAPPED] = capture[PACKETS_SNAPPED]! + totals[DIRECT_SNAPPED]!;
  noteTimes(capture, totals);
}

/** Notes when the frames were observed that `totals` tells of, which `countRead` does too. */
export function noteTimes(capture: Float64Array, totals: Float64Array): void {
  const first = totals[DIRECT_FIRST_NS]!;
  const last = totals[DIRECT_LAST_NS]!;
  // Not a number before the first batch.
  if (!(first >= capture[FIRST_PACKET_NS]!)) capture[FIRST_PACKET_NS] = first;
  if (!(last <= capture[LAST_PACKET_NS]!)) capture[LAST_PACKET_NS] = last;
}
