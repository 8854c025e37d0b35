/** The keys of a decoded batch: order and hash (metering/table/flow-key.ts, which has the same for a single record). */
import * as layout from '../../records/decoded-words';

const RECORD_OCTETS: usize = layout.DECODED_WORDS * 4;
const SOURCE: usize = layout.SOURCE_ADDRESS * 4;
const DESTINATION: usize = layout.DESTINATION_ADDRESS * 4;
const DETAIL: usize = layout.DETAIL * 4;
/** Multipliers stand by the place of their factor in the key. */
const FINISH: usize = layout.HASH_FINISH * 4;

/** 1 if the source of an IPv4 packet is the greater endpoint, so that the packet goes from B to A; words are signed. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function isFromBIPv4(source: u32, destination: u32, ports: u32): u32 {
  return select<u32>(
    u32((ports & 0xffff) < ports >>> 16),
    u32(<i32>destination < <i32>source),
    source === destination,
  );
}

/** Exchanges the ports where the mask is all ones, and leaves them where it is zero: no branch to mispredict. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function orderPorts(ports: u32, mask: u32): u32 {
  return ports ^ ((ports ^ rotl<u32>(ports, 16)) & mask);
}

/** The part of the hash's sum that every key has; that of the PPPoE session is 0 where there is none. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function sumOfKey(
  multipliers: usize,
  a: u32,
  b: u32,
  ports: u32,
  protocol: u32,
  observationPoint: u32,
): u32 {
  return (
    a * load<u32>(multipliers) +
    b * load<u32>(multipliers, 4) +
    ports * load<u32>(multipliers, 8) +
    protocol * load<u32>(multipliers, 12) +
    (observationPoint & load<u32>(multipliers, layout.HASH_POINT_MASK * 4)) * load<u32>(multipliers, 16)
  );
}

/** The last step: spreads the sum over all bits. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function hashOf(sum: u32, multipliers: usize): u32 {
  return (sum ^ (sum >>> 15)) * load<u32>(multipliers, FINISH);
}

/** 1 if the packet of an IPv6 record goes from B to A. */
function isFromBIPv6(at: usize): u32 {
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

/** Orders and hashes the key of the record at `at`, in place. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function orderAndHashRecord(at: usize, multipliers: usize): void {
  const ports = load<u32>(at, layout.PORTS * 4);
  const protocol = load<u32>(at, layout.KEY_PROTOCOL * 4);
  const source = load<u32>(at, SOURCE);
  const destination = load<u32>(at, DESTINATION);
  const isIPv4 = ((protocol >>> 8) & 0xf) === 4;
  const fromB = isIPv4 ? isFromBIPv4(source, destination, ports) : isFromBIPv6(at);
  const mask: u32 = 0 - fromB;
  const change = (source ^ destination) & mask;
  const a = source ^ change;
  const b = destination ^ change;
  const orderedPorts = orderPorts(ports, mask);
  store<u32>(at, a, SOURCE);
  store<u32>(at, b, DESTINATION);
  store<u32>(at, orderedPorts, layout.PORTS * 4);
  const detail = load<u32>(at, DETAIL);
  store<u32>(at, detail | (fromB << layout.DETAIL_FROM_B_SHIFT), DETAIL);
  const observationPoint = load<u32>(at, layout.KEY_OBSERVATION_POINT * 4);
  let sum = sumOfKey(multipliers, a, b, orderedPorts, protocol, observationPoint);
  sum += ((detail >>> layout.DETAIL_PPPOE_SHIFT) & 0xffff) * load<u32>(multipliers, layout.HASH_PPPOE * 4);
  if (!isIPv4) sum += orderAndSumIPv6(at, mask, multipliers);
  store<u32>(at, hashOf(sum, multipliers), layout.HASH * 4);
}

/** Orders and hashes the keys of `count` records from `records` on, in place. */
export function orderAndHash(records: usize, count: u32, multipliers: usize): void {
  const end = records + <usize>count * RECORD_OCTETS;
  for (let at = records; at < end; at += RECORD_OCTETS) orderAndHashRecord(at, multipliers);
}
