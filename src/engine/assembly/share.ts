/**
 * Divides packets among the meters of a replay, each of which reads and decodes all of them (probe/replay/share.ts, which
 * says why): by their two addresses, in an order that makes no difference.
 */
import * as layout from '../../records/decoded-words';

const RECORD_OCTETS: usize = layout.DECODED_WORDS * 4;
const DESTINATION: usize = layout.DESTINATION_ADDRESS * 4;
const GOLDEN_RATIO: u32 = 0x9e3779b1;

/** Whether the packet of a record, whichever way its key is ordered, belongs to meter `worker` of `workers`. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function isOfShare(record: usize, worker: u32, workers: u32): bool {
  const pair = v128.xor(v128.load(record), v128.load(record, DESTINATION));
  const halves = i64x2.extract_lane(pair, 0) ^ i64x2.extract_lane(pair, 1);
  const mixed = <u32>halves ^ <u32>(halves >>> 32);
  return (((mixed * GOLDEN_RATIO) >>> 16) * workers) >>> 16 === worker;
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function moveRecord(from: usize, to: usize): void {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
  v128.store(to, v128.load(from, 32), 32);
  v128.store(to, v128.load(from, 48), 48);
  v128.store(to, v128.load(from, 64), 64);
}

/**
 * Keeps the records of meter `worker` in a decoded batch, in place and in order. No branch depends on whose a record is:
 * it would be mispredicted every other time.
 * @param times  of the `count` records; `kept` is overwritten with the number (u16) that each kept record had
 * @param octets  its double is overwritten with the octets on the wire of the frames that are kept
 * @returns records that are kept
 */
export function keepShare(
  records: usize,
  times: usize,
  count: u32,
  worker: u32,
  workers: u32,
  kept: usize,
  octets: usize,
): u32 {
  let to: u32 = 0;
  let octetsKept: u64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const from = records + <usize>i * RECORD_OCTETS;
    const isOwn = u32(isOfShare(from, worker, workers));
    moveRecord(from, records + <usize>to * RECORD_OCTETS);
    store<f64>(times + (<usize>to << 3), load<f64>(times + (<usize>i << 3)));
    store<u16>(kept + (<usize>to << 1), <u16>i);
    octetsKept += load<u32>(from, layout.FRAME_OCTETS * 4) * isOwn;
    to += isOwn;
  }
  store<f64>(octets, <f64>octetsKept);
  return to;
}
