/**
 * Records of captures: classic ones (capture/files/pcap-format.ts has the format), and Enhanced Packet Blocks of pcapng
 * (pcapng-format.ts) of one interface. Only the plain case, which is nearly every record of nearly every file: anything
 * else ends a walk, and the format's own code decides what it is.
 *
 * Whether records are blocks is a constant wherever these functions are put in, so no branch is left of it.
 */
const RECORD_HEADER_OCTETS: usize = 16;
const FRACTION: usize = 4;
const CAPTURED_LENGTH: usize = 8;
const ORIGINAL_LENGTH: usize = 12;

const ENHANCED_PACKET_BLOCK: u32 = 6;
const BLOCK_LENGTH: usize = 4;
const BLOCK_INTERFACE: usize = 8;
const BLOCK_TIME_HIGH: usize = 12;
const BLOCK_TIME_LOW: usize = 16;
const BLOCK_CAPTURED: usize = 20;
const BLOCK_ORIGINAL: usize = 24;
/** Where the frame begins: it is filled up to words of 32 bits, and the length of the block follows again. */
const BLOCK_FRAME: usize = 28;
const TWO_TO_32: f64 = 4294967296;

const CACHE_LINE_OCTETS: usize = 64;
/** Of a record whose lines are all touched: most of them hold headers. */
const TOUCHED_OCTETS_MAX: usize = 256;
const NS_PER_S: f64 = 1e9;
/** As in capture/files/capture-format.ts. */
const ROUNDING_NS: f64 = 512;

/** The interface whose blocks are read, and its clock (capture/files/pcapng-interface.ts). */
let blockInterface: u32 = 0;
let baseHigh: f64 = 0;
let baseLow: f64 = 0;
let unitHighNs: f64 = 0;
let unitLowNs: f64 = 0;
let startNs: f64 = 0;
let endNs: f64 = 0;

/**
 * Says which blocks of pcapng are read from now on, and what their times mean.
 * @param id  of the interface in its section; blocks of others are not direct
 * @param high,low  the time base in the interface's units: value = high × 2^32 + low
 * @param unitNs  nanoseconds of a unit
 * @param start,end  times from the first to below the second are direct, in nanoseconds from the base
 */
export function useInterface(id: u32, high: f64, low: f64, unitNs: f64, start: f64, end: f64): void {
  blockInterface = id;
  baseHigh = high;
  baseLow = low;
  unitHighNs = TWO_TO_32 * unitNs;
  unitLowNs = unitNs;
  startNs = start;
  endNs = end;
}

/** Octets of a record before its frame. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function headerOctets(isBlock: bool): usize {
  return isBlock ? BLOCK_FRAME : RECORD_HEADER_OCTETS;
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
export function capturedOf(at: usize, isBlock: bool): u32 {
  return isBlock ? load<u32>(at, BLOCK_CAPTURED) : load<u32>(at, CAPTURED_LENGTH);
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
export function originalOf(at: usize, isBlock: bool): u32 {
  return isBlock ? load<u32>(at, BLOCK_ORIGINAL) : load<u32>(at, ORIGINAL_LENGTH);
}

/** Where the record at `at` ends. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function endOf(at: usize, captured: u32, isBlock: bool): usize {
  const octets = <usize>captured;
  return at + (isBlock ? BLOCK_FRAME + ((octets + 3) & ~3) + 4 : RECORD_HEADER_OCTETS + octets);
}

/**
 * Whether a record is one that the engine reads: within the limit, stored no longer than it was, and whole. A block has
 * no options either, and says its length twice. Its header lies before `stop`.
 */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function isDirect(at: usize, captured: u32, original: u32, capturedMax: u32, stop: usize, isBlock: bool): bool {
  if (captured > capturedMax || original < captured) return false;
  const end = endOf(at, captured, isBlock);
  if (end > stop) return false;
  if (!isBlock) return true;
  const octets = <u32>(end - at);
  return !(
    u32(load<u32>(at) !== ENHANCED_PACKET_BLOCK) |
    u32(load<u32>(at, BLOCK_INTERFACE) !== blockInterface) |
    u32(load<u32>(at, BLOCK_LENGTH) !== octets) |
    u32(load<u32>(end - 4) !== octets)
  );
}

/** When the frame of the record at `at` was observed, as in pcap-format.ts and pcapng-interface.ts. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function timeNsOf(at: usize, baseSeconds: f64, unitNs: f64, isBlock: bool): f64 {
  const wholeNs = isBlock
    ? (<f64>load<u32>(at, BLOCK_TIME_HIGH) - baseHigh) * unitHighNs
    : (<f64>load<u32>(at) - baseSeconds) * NS_PER_S;
  const fractionNs = isBlock
    ? (<f64>load<u32>(at, BLOCK_TIME_LOW) - baseLow) * unitLowNs
    : <f64>load<u32>(at, FRACTION) * unitNs;
  const ns = wholeNs + fractionNs;
  return ns - wholeNs < fractionNs ? ns + ROUNDING_NS : ns;
}

/** Whether a time can be said: those of classic captures all can. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function isSayable(ns: f64, isBlock: bool): bool {
  return !isBlock || (ns >= startNs && ns < endNs);
}

/** The time of a record in its own units, the seconds or the upper half above: to be compared alone. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function unitsOf(at: usize, isBlock: bool): u64 {
  return rotl<u64>(isBlock ? load<u64>(at, BLOCK_TIME_HIGH) : load<u64>(at), 32);
}

/**
 * Loads what the walk and the decoder are about to read, as if all records were as long as the first: all cache misses at
 * once, where the walk has them one after the other, since each record tells where the next one begins. Long records are
 * left alone: most of their lines are payload.
 * @returns a value that depends on all of them, so that no compiler drops the loads
 */
export function touch(at: usize, end: usize, count: u32, isBlock: bool): u32 {
  if (at + headerOctets(isBlock) > end) return 0;
  const octets = endOf(at, capturedOf(at, isBlock), isBlock) - at;
  if (octets > TOUCHED_OCTETS_MAX) return 0;
  const far = min<usize>(end - 4, at + octets * count);
  let touched: u32 = 0;
  for (let place = at; place < far; place += CACHE_LINE_OCTETS) touched ^= load<u32>(place);
  return touched;
}
