/**
 * A flow message of Kafka as the object that `-o json` prints of the same flow, so that both can be compared: written
 * from goflow2's documentation of the fields, not from our table of them.
 */
import type { DecodedMessage } from './support.ts';

/** goflow2's fields that are a plain number, by the name of the element. */
const NUMBERS: Readonly<Record<string, string>> = {
  sourceTransportPort: 'src_port',
  destinationTransportPort: 'dst_port',
  protocolIdentifier: 'proto',
  octetDeltaCount: 'bytes',
  packetDeltaCount: 'packets',
  tcpControlBits: 'tcp_flags',
  ipClassOfService: 'ip_tos',
  minimumTTL: 'ip_ttl',
  flowLabelIPv6: 'ipv6_flow_label',
  ingressInterface: 'in_if',
  vlanId: 'vlan_id',
  // flowtap's own
  layer2OctetDeltaCount: 'layer2_octet_delta_count',
  igmpType: 'igmp_type',
  ipVersion: 'ip_version',
  maximumTTL: 'maximum_ttl',
  minimumIpTotalLength: 'minimum_ip_total_length',
  maximumIpTotalLength: 'maximum_ip_total_length',
  ipv6ExtensionHeaders: 'ipv6_extension_headers',
  fragmentDeltaCount: 'fragment_delta_count',
  dot1qPriority: 'dot1q_priority',
  dot1qCustomerVlanId: 'dot1q_customer_vlan_id',
  flowEndReason: 'flow_end_reason',
  biflowDirection: 'biflow_direction',
};

/** IPv4 dotted, IPv6 as eight groups without leading zeros; `normalAddress` brings text into the same form. */
export function addressText(hex: string): string {
  const octets = Buffer.from(hex, 'hex');
  if (octets.length === 4) return octets.join('.');
  return Array.from({ length: 8 }, (_, group) => octets.readUInt16BE(2 * group).toString(16)).join(':');
}

/** Any form of an address in that of `addressText`. */
export function normalAddress(text: string): string {
  if (!text.includes(':')) return text;
  const [before = '', after] = new URL(`http://[${text}]`).hostname.slice(1, -1).split('::');
  const groups = (part: string | undefined) => (part ? part.split(':') : []);
  const known = [...groups(before), ...groups(after)];
  const zeros = after === undefined ? [] : Array.from({ length: 8 - known.length }, () => '0');
  return [...groups(before), ...zeros, ...groups(after)].join(':');
}

function macText(value: string | number | undefined): string {
  const hex = BigInt(value ?? 0)
    .toString(16)
    .padStart(12, '0');
  return hex.match(/../g)!.join(':');
}

/** Milliseconds of nanoseconds in text. */
const milliseconds = (ns: string | number | undefined) => Number(BigInt(ns ?? 0) / 1_000_000n);

/** What a message says of the elements that the JSON line has. */
export function asJsonLine(
  message: DecodedMessage,
  line: Readonly<Record<string, string | number>>,
): Record<string, string | number> {
  const value = (field: string) => message[field] as string | number | undefined;
  const found: Record<string, string | number> = {};
  for (const name of Object.keys(line)) {
    const field = NUMBERS[name];
    if (field !== undefined) found[name] = Number(value(field) ?? 0);
    else if (/^source.*Address$/.test(name) && name.includes('IP'))
      found[name] = addressText(String(value('src_addr')));
    else if (/^destination.*Address$/.test(name) && name.includes('IP'))
      found[name] = addressText(String(value('dst_addr')));
    else if (name === 'sourceMacAddress') found[name] = macText(value('src_mac'));
    else if (name === 'destinationMacAddress') found[name] = macText(value('dst_mac'));
    else if (name === 'flowStartMilliseconds') found[name] = milliseconds(value('time_flow_start_ns'));
    else if (name === 'flowEndMilliseconds') found[name] = milliseconds(value('time_flow_end_ns'));
    else if (name.startsWith('icmpTypeCode'))
      found[name] = Number(value('icmp_type') ?? 0) * 256 + Number(value('icmp_code') ?? 0);
    else throw new Error(`no field is known for ${name}`);
  }
  return found;
}

/** The line with its addresses in the form of `addressText`. */
export function normalLine(line: Readonly<Record<string, string | number>>): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(line).map(([name, value]) => [
      name,
      /IPv[46]Address$/.test(name) ? normalAddress(String(value)) : value,
    ]),
  );
}

/** Sorted texts of lines: equal for the same flows in any order. */
export function sortedTexts(lines: readonly Readonly<Record<string, string | number>>[]): string[] {
  return lines
    .map((line) =>
      JSON.stringify(Object.fromEntries(Object.entries(line).toSorted(([a], [b]) => (a < b ? -1 : 1)))),
    )
    .sort();
}
