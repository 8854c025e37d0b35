/** What the two threads of the benchmarks' collector share. */

/** Places of the totals: doubles, which only the reader writes. */
export const MESSAGES = 0;
export const RECORDS = 1;
export const PACKETS = 2;
export const OCTETS = 3;
export const LOST_RECORDS = 4;
/** Unix time of the last message; 0 where none came. */
export const LAST_AT_MS = 5;
export const TOTALS = 6;

/** Places of the words that both threads write. */
export const PORT = 0;
/** 1 asks for everything to be forgotten; the reader sets it to 0 once that is so. */
export const RESET_ASKED = 1;
/** 1 ends the reader. */
export const END_ASKED = 2;
export const WORDS = 3;

/** What the thread is given. */
export interface SinkReaderData {
  readonly totals: Float64Array;
  readonly words: Int32Array;
}
