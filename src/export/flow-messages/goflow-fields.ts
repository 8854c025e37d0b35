/**
 * Which fields of a message are filled where its user has not said so, by their names: goflow2's fields, so that
 * pipelines made for goflow2 read ours unchanged, and for every other information element a field that is called after
 * it. Numbers and types of the fields are the schema's (schema.ts); nothing here knows them.
 */
import { snakeCase } from '../../base/snake-case.ts';
import type { InformationElement } from '../../ie/element.ts';
import { INFORMATION_ELEMENTS } from '../../ie/elements.ts';
import { PROTOCOL_NAMES } from '../../ie/protocol-names.ts';
import { nameOf } from '../../ie/text-columns.ts';
import type { MessageValueName } from './message-values.ts';

/** What of an element's value a field takes: `(value >>> shift) & mask`, or all of it. */
export interface MessagePart {
  readonly shift: number;
  readonly mask: number;
}

/** What fills a field: an element, or a value of the message itself. */
export interface FieldSource {
  readonly from: InformationElement | MessageValueName;
  /** The value of the other direction (RFC 5103). */
  readonly isReverse: boolean;
  readonly part?: MessagePart;
  /** A time in nanoseconds, whatever the unit of the element. */
  readonly isNanoseconds?: true;
  /** JSON has the name of a number, where it has one. */
  readonly names?: ReadonlyMap<number, string>;
}

/** A row of goflow2's fields; `elements` fill it, a part of those in `parts`, or a value of the message always does. */
interface GoflowField {
  readonly always?: MessageValueName;
  readonly elements?: readonly string[];
  readonly parts?: Readonly<Record<string, MessagePart>>;
  readonly isNanoseconds?: true;
  readonly names?: ReadonlyMap<number, string>;
}

const HIGH_OCTET: MessagePart = { shift: 8, mask: 0xff };
const LOW_OCTET: MessagePart = { shift: 0, mask: 0xff };
const LOW_32: MessagePart = { shift: 0, mask: -1 };
/** The label within the 24 bits of label, traffic class and bottom-of-stack bit. */
const LABEL: MessagePart = { shift: 4, mask: 0xfffff };
const MPLS_LABELS = INFORMATION_ELEMENTS.filter(({ name }) => /^mpls(Top)?LabelStackSection/.test(name));

const PROTOCOLS: ReadonlyMap<number, string> = new Map(
  Array.from({ length: 256 }, (_, number) => [number, PROTOCOL_NAMES[number] ?? 'unknown']),
);
const ETHERNET_TYPES: ReadonlyMap<number, string> = new Map([
  [0x0800, 'IPv4'],
  [0x86dd, 'IPv6'],
]);

// biome-ignore format: one row, one field
const GOFLOW_FIELDS: Readonly<Record<string, GoflowField>> = {
  type: { always: 'messageType' },
  sampling_rate: { always: 'samplingInterval', elements: ['samplingInterval'] },
  sequence_num: { always: 'sequenceNumber' },
  src_addr: { elements: ['sourceIPv4Address', 'sourceIPv6Address'] },
  dst_addr: { elements: ['destinationIPv4Address', 'destinationIPv6Address'] },
  bytes: { elements: ['octetDeltaCount'] },
  packets: { elements: ['packetDeltaCount'] },
  sampler_address: { always: 'exporterAddress' },
  next_hop: { elements: ['ipNextHopIPv4Address', 'ipNextHopIPv6Address'] },
  src_as: { elements: ['bgpSourceAsNumber'] },
  dst_as: { elements: ['bgpDestinationAsNumber'] },
  src_net: { elements: ['sourceIPv4PrefixLength', 'sourceIPv6PrefixLength'] },
  dst_net: { elements: ['destinationIPv4PrefixLength', 'destinationIPv6PrefixLength'] },
  in_if: { elements: ['ingressInterface'] },
  out_if: { elements: ['egressInterface'] },
  proto: { elements: ['protocolIdentifier'], names: PROTOCOLS },
  src_port: { elements: ['sourceTransportPort'] },
  dst_port: { elements: ['destinationTransportPort'] },
  ip_tos: { elements: ['ipClassOfService'] },
  ip_ttl: { elements: ['minimumTTL', 'ipTTL'] },
  tcp_flags: { elements: ['tcpControlBits'] },
  src_mac: { elements: ['sourceMacAddress'] },
  dst_mac: { elements: ['destinationMacAddress'] },
  vlan_id: { elements: ['vlanId', 'dot1qVlanId'] },
  etype: { always: 'ipEthernetType', names: ETHERNET_TYPES, elements: ['ethernetType'] },
  icmp_type: { elements: ['icmpTypeIPv4', 'icmpTypeIPv6'], parts: { icmpTypeCodeIPv4: HIGH_OCTET, icmpTypeCodeIPv6: HIGH_OCTET } },
  icmp_code: { elements: ['icmpCodeIPv4', 'icmpCodeIPv6'], parts: { icmpTypeCodeIPv4: LOW_OCTET, icmpTypeCodeIPv6: LOW_OCTET } },
  src_vlan: { elements: ['vlanId', 'dot1qVlanId'] },
  ipv6_flow_label: { elements: ['flowLabelIPv6'] },
  observation_domain_id: { always: 'observationDomainId', elements: ['observationDomainId'] },
  observation_point_id: { parts: { observationPointId: LOW_32 } },
  mpls_ttl: { elements: ['mplsTopLabelTTL'] },
  mpls_label: { parts: Object.fromEntries(MPLS_LABELS.map(({ name }) => [name, LABEL])) },
  time_received_ns: { always: 'exportTimeNanoseconds' },
  time_flow_start_ns: { isNanoseconds: true, elements: ['flowStartSeconds', 'flowStartMilliseconds', 'flowStartMicroseconds', 'flowStartNanoseconds'] },
  time_flow_end_ns: { isNanoseconds: true, elements: ['flowEndSeconds', 'flowEndMilliseconds', 'flowEndMicroseconds', 'flowEndNanoseconds'] },
};

/** A field's name and what fills it. */
export interface NamedSource {
  readonly name: string;
  readonly source: FieldSource;
}

/** The fields that every message has, whatever the template. */
export const GOFLOW_ALWAYS: readonly NamedSource[] = Object.entries(GOFLOW_FIELDS).flatMap(([name, row]) => {
  const { always, names } = row;
  if (always === undefined) return [];
  return [{ name, source: { from: always, isReverse: false, ...(names === undefined ? {} : { names }) } }];
});

/**
 * Whether a message can hold the element: system up times and times before the export belong to NetFlow messages, lists
 * of intervals to JSON lines and files.
 */
export function isMessageElement({ source }: InformationElement): boolean {
  if (source.kind === 'padding' || source.kind === 'intervals') return false;
  if (source.kind === 'time') return source.since === 'epoch';
  return source.kind !== 'exporter' || source.value !== 'systemInitTimeMilliseconds';
}

/** goflow2's fields that the element fills. */
function goflowSources(element: InformationElement): NamedSource[] {
  return Object.entries(GOFLOW_FIELDS).flatMap(([name, row]): NamedSource[] => {
    const part = row.parts?.[element.name];
    if (part === undefined && row.elements?.includes(element.name) !== true) return [];
    const { names, isNanoseconds } = row;
    const source = {
      from: element,
      isReverse: false,
      ...(part === undefined ? {} : { part }),
      ...(isNanoseconds === undefined ? {} : { isNanoseconds }),
      ...(names === undefined ? {} : { names }),
    };
    return [{ name, source }];
  });
}

/**
 * The fields that an element fills by their names: goflow2's where it has some, else the one that is called after it.
 * @param isReverse the value is that of the other direction (RFC 5103), which goflow2 has no fields for
 */
export function sourcesOf(element: InformationElement, isReverse: boolean): readonly NamedSource[] {
  // Another maker's element says what one of ours says too.
  if (!isMessageElement(element) || element.enterpriseNumber !== undefined) return [];
  const goflow = isReverse ? [] : goflowSources(element);
  if (goflow.length > 0) return goflow;
  const name = snakeCase(nameOf({ element, isReverse }));
  return [{ name, source: { from: element, isReverse } }];
}
