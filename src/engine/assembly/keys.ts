/** The keys of a decoded batch: order and hash (metering/flow-key.ts, which has the same for a single record). */
import * as layout from '../../decode/decoded-words';

const RECORD_OCTETS: usize = layout.DECODED_WORDS * 4;
const SOURCE: usize = layout.SOURCE_ADDRESS * 4;
const DESTINATION: usize = layout.DESTINATION_ADDRESS * 4;
/** Multipliers, by the place of their factor in the key; the last of them is the finish. */
const FINISH: usize = 11 * 4;

/** 1 if the source of the record is the greater endpoint, so that the packet goes from B to A; words are signed. */
function isFromB(at: usize): u32 {
  for (let w: usize = 0; w < 16; w += 4) {
    const source = load<i32>(at + w, SOURCE);
    const destination = load<i32>(at + w, DESTINATION);
    if (source !== destination) return u32(destination < source);
  }
  const ports = load<u32>(at, layout.PORTS * 4);
  return u32((ports & 0xffff) < ports >>> 16);
}

/** The lower three words of an IPv6 address pair: exchanged by `mask`, and their part of the hash's sum. */
function orderAndSumIPv6(at: usize, mask: u32, multipliers: usize): u32 {
  let sum: u32 = 0;
  for (let w: usize = 1; w < 4; w++) {
    const source = load<u32>(at + 4 * w, SOURCE);
    const destination = load<u32>(at + 4 * w, DESTINATION);
    const change = (source ^ destination) & mask;
    store<u32>(at + 4 * w, source ^ change, SOURCE);
    store<u32>(at + 4 * w, destination ^ change, DESTINATION);
    sum += (source ^ change) * load<u32>(multipliers + 8 * w, 12);
    sum += (destination ^ change) * load<u32>(multipliers + 8 * w, 16);
  }
  return sum;
}

/** Orders and hashes the keys of `count` records from `records` on, in place. */
export function orderAndHash(records: usize, count: u32, multipliers: usize): void {
  const m0 = load<u32>(multipliers);
  const m1 = load<u32>(multipliers, 4);
  const m2 = load<u32>(multipliers, 8);
  const m3 = load<u32>(multipliers, 12);
  const m4 = load<u32>(multipliers, 16);
  const finish = load<u32>(multipliers, FINISH);
  const end = records + <usize>count * RECORD_OCTETS;
  for (let at = records; at < end; at += RECORD_OCTETS) {
    const ports = load<u32>(at, layout.PORTS * 4);
    const protocol = load<u32>(at, layout.KEY_PROTOCOL * 4);
    const source = load<u32>(at, SOURCE);
    const destination = load<u32>(at, DESTINATION);
    const isIPv4 = ((protocol >>> 8) & 0xf) === 4;
    const fromB = isIPv4 && source !== destination ? u32(<i32>destination < <i32>source) : isFromB(at);
    // Exchanges two words where the mask is all ones, and leaves them where it is zero: no branch to mispredict.
    const mask: u32 = 0 - fromB;
    const change = (source ^ destination) & mask;
    const a = source ^ change;
    const b = destination ^ change;
    const orderedPorts = ports ^ ((ports ^ rotl<u32>(ports, 16)) & mask);
    store<u32>(at, a, SOURCE);
    store<u32>(at, b, DESTINATION);
    store<u32>(at, orderedPorts, layout.PORTS * 4);
    store<u32>(at, load<u32>(at, layout.DETAIL * 4) | (fromB << layout.DETAIL_FROM_B_SHIFT), layout.DETAIL * 4);
    let sum = a * m0 + b * m1 + orderedPorts * m2 + protocol * m3;
    sum += load<u32>(at, layout.KEY_OBSERVATION_POINT * 4) * m4;
    if (!isIPv4) sum += orderAndSumIPv6(at, mask, multipliers);
    store<u32>(at, (sum ^ (sum >>> 15)) * finish, layout.HASH * 4);
  }
}
