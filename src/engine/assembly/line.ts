/** The counters of one direction of a flow: one cache line of its entry (records/flow-words.ts). */
import * as packet from '../../records/decoded-words';
import * as flow from '../../records/flow-words';

/** What only the first packet of a direction sets. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function beginLine(
  line: usize,
  record: usize,
  timeNs: f64,
  octets: u32,
  control: u32,
  fragments: u32,
): void {
  const ttl = (control >>> 16) & 0xff;
  store<f64>(line, timeNs, flow.FIRST_NS * 8);
  store<f64>(line, timeNs, flow.LAST_NS * 8);
  store<u32>(line, (control & 0xffff) | ((control >>> 24) << 16), flow.TCP_FLAGS_TOS * 4);
  store<u32>(line, octets, flow.LENGTH_MIN * 4);
  store<u32>(line, octets, flow.LENGTH_MAX * 4);
  store<u32>(line, ttl | (ttl << 8) | (fragments << 16), flow.TTL_FRAGMENTS * 4);
  store<u32>(line, load<u32>(record, packet.FLOW_LABEL * 4), flow.LABEL_CUSTOMER_VLAN * 4);
  store<u32>(line, load<u32>(record, packet.EXTENSION_HEADERS * 4), flow.EXTENSION_HEADERS_SEEN * 4);
}

/** What a later packet may change. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function continueLine(
  line: usize,
  record: usize,
  timeNs: f64,
  octets: u32,
  control: u32,
  fragments: u32,
): void {
  const ttl = (control >>> 16) & 0xff;
  if (timeNs > load<f64>(line, flow.LAST_NS * 8)) store<f64>(line, timeNs, flow.LAST_NS * 8);
  else if (timeNs < load<f64>(line, flow.FIRST_NS * 8)) store<f64>(line, timeNs, flow.FIRST_NS * 8);
  store<u32>(line, load<u32>(line, flow.TCP_FLAGS_TOS * 4) | (control & 0xffff), flow.TCP_FLAGS_TOS * 4);
  if (octets < load<u32>(line, flow.LENGTH_MIN * 4)) store<u32>(line, octets, flow.LENGTH_MIN * 4);
  if (octets > load<u32>(line, flow.LENGTH_MAX * 4)) store<u32>(line, octets, flow.LENGTH_MAX * 4);
  const seen = load<u32>(line, flow.TTL_FRAGMENTS * 4);
  const least = seen & 0xff;
  const greatest = (seen >>> 8) & 0xff;
  if (ttl < least || ttl > greatest || fragments !== 0) {
    // 16 bits of fragments: a count that would wrap stays at its end.
    const counted = seen >>> 16 === 0xffff ? 0xffff : (seen >>> 16) + fragments;
    store<u32>(
      line,
      min<u32>(ttl, least) | (max<u32>(ttl, greatest) << 8) | (counted << 16),
      flow.TTL_FRAGMENTS * 4,
    );
  }
  const extensionHeaders = load<u32>(record, packet.EXTENSION_HEADERS * 4);
  if (extensionHeaders !== 0) {
    const all = load<u32>(line, flow.EXTENSION_HEADERS_SEEN * 4) | extensionHeaders;
    store<u32>(line, all, flow.EXTENSION_HEADERS_SEEN * 4);
  }
}

/** Adds a packet to the line of its direction. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function addToLine(
  line: usize,
  record: usize,
  timeNs: f64,
  octets: u32,
  frameOctets: f64,
  control: u32,
  detail: u32,
): void {
  const packets = load<f64>(line, flow.PACKETS * 8);
  store<f64>(line, packets + 1, flow.PACKETS * 8);
  store<f64>(line, load<f64>(line, flow.OCTETS * 8) + <f64>octets, flow.OCTETS * 8);
  store<f64>(line, load<f64>(line, flow.LAYER2_OCTETS * 8) + frameOctets, flow.LAYER2_OCTETS * 8);
  const fragments = detail & packet.DETAIL_FRAGMENT;
  if (packets === 0) beginLine(line, record, timeNs, octets, control, fragments);
  else continueLine(line, record, timeNs, octets, control, fragments);
}
