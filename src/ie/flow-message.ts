/**
 * FlowMessage, the protobuf message of a flow: goflow2's fields by their own numbers, so that pipelines made for goflow2
 * read ours unchanged, and behind them a field for every other information element. Which element fills which field
 * stands here; config/flow.proto is generated from it, export/kafka encodes by it.
 *
 * Numbers of our own fields follow from the element's, so they never change:
 *
 *     1000 + number   flowtap's own elements        2000 + number   IANA's elements that goflow2 has no field for
 *     1500 + number   their reverse (RFC 5103)      3000 + number   the reverse of IANA's elements
 */
import type { AbstractTypeName } from './abstract-types.ts';
import type { InformationElement } from './element.ts';
import { INFORMATION_ELEMENTS } from './elements.ts';

export type MessageFieldType = 'uint32' | 'uint64' | 'bytes' | 'FlowType' | 'LayerStack';

/** How JSON shows a value that is not a plain number; goflow2's way. */
export type MessageRendering = 'number' | 'address' | 'mac' | 'etype' | 'protocol' | 'hexadecimal';

export interface MessageField {
  readonly number: number;
  readonly name: string;
  readonly type: MessageFieldType;
  readonly isRepeated: boolean;
  readonly rendering: MessageRendering;
}

/** What of an element's value a field takes: `(value >>> shift) & mask`, or all of it. */
export interface MessagePart {
  readonly shift: number;
  readonly mask: number;
}

/** A field that an element fills. */
export interface FilledField {
  readonly field: MessageField;
  readonly part: MessagePart | undefined;
}

/** A row of goflow2's table; `elements` fill it, a part of those in `parts`. */
interface GoflowField {
  readonly number: number;
  readonly name: string;
  readonly type: MessageFieldType;
  readonly rendering?: MessageRendering;
  readonly isRepeated?: true;
  readonly elements?: readonly string[];
  readonly parts?: Readonly<Record<string, MessagePart>>;
}

const HIGH_OCTET: MessagePart = { shift: 8, mask: 0xff };
const LOW_OCTET: MessagePart = { shift: 0, mask: 0xff };
/** The label within the 24 bits of label, traffic class and bottom-of-stack bit. */
const LABEL: MessagePart = { shift: 4, mask: 0xfffff };
const MPLS_ELEMENTS = INFORMATION_ELEMENTS.filter(({ name }) => /^mpls(Top)?LabelStackSection/.test(name));

// biome-ignore format: one row, one field
const GOFLOW_FIELDS: readonly GoflowField[] = [
  { number: 1, name: 'type', type: 'FlowType' },
  { number: 3, name: 'sampling_rate', type: 'uint64', elements: ['samplingInterval'] },
  { number: 4, name: 'sequence_num', type: 'uint32' },
  { number: 6, name: 'src_addr', type: 'bytes', rendering: 'address', elements: ['sourceIPv4Address', 'sourceIPv6Address'] },
  { number: 7, name: 'dst_addr', type: 'bytes', rendering: 'address', elements: ['destinationIPv4Address', 'destinationIPv6Address'] },
  { number: 9, name: 'bytes', type: 'uint64', elements: ['octetDeltaCount'] },
  { number: 10, name: 'packets', type: 'uint64', elements: ['packetDeltaCount'] },
  { number: 11, name: 'sampler_address', type: 'bytes', rendering: 'address' },
  { number: 12, name: 'next_hop', type: 'bytes', rendering: 'address', elements: ['ipNextHopIPv4Address', 'ipNextHopIPv6Address'] },
  { number: 13, name: 'next_hop_as', type: 'uint32' },
  { number: 14, name: 'src_as', type: 'uint32', elements: ['bgpSourceAsNumber'] },
  { number: 15, name: 'dst_as', type: 'uint32', elements: ['bgpDestinationAsNumber'] },
  { number: 16, name: 'src_net', type: 'uint32', elements: ['sourceIPv4PrefixLength', 'sourceIPv6PrefixLength'] },
  { number: 17, name: 'dst_net', type: 'uint32', elements: ['destinationIPv4PrefixLength', 'destinationIPv6PrefixLength'] },
  { number: 18, name: 'in_if', type: 'uint32', elements: ['ingressInterface'] },
  { number: 19, name: 'out_if', type: 'uint32', elements: ['egressInterface'] },
  { number: 20, name: 'proto', type: 'uint32', rendering: 'protocol', elements: ['protocolIdentifier'] },
  { number: 21, name: 'src_port', type: 'uint32', elements: ['sourceTransportPort'] },
  { number: 22, name: 'dst_port', type: 'uint32', elements: ['destinationTransportPort'] },
  { number: 23, name: 'ip_tos', type: 'uint32', elements: ['ipClassOfService'] },
  { number: 24, name: 'forwarding_status', type: 'uint32' },
  { number: 25, name: 'ip_ttl', type: 'uint32', elements: ['minimumTTL', 'ipTTL'] },
  { number: 26, name: 'tcp_flags', type: 'uint32', elements: ['tcpControlBits'] },
  { number: 27, name: 'src_mac', type: 'uint64', rendering: 'mac', elements: ['sourceMacAddress'] },
  { number: 28, name: 'dst_mac', type: 'uint64', rendering: 'mac', elements: ['destinationMacAddress'] },
  { number: 29, name: 'vlan_id', type: 'uint32', elements: ['vlanId', 'dot1qVlanId'] },
  { number: 30, name: 'etype', type: 'uint32', rendering: 'etype', elements: ['ethernetType'] },
  { number: 31, name: 'icmp_type', type: 'uint32', elements: ['icmpTypeIPv4', 'icmpTypeIPv6'], parts: { icmpTypeCodeIPv4: HIGH_OCTET, icmpTypeCodeIPv6: HIGH_OCTET } },
  { number: 32, name: 'icmp_code', type: 'uint32', elements: ['icmpCodeIPv4', 'icmpCodeIPv6'], parts: { icmpTypeCodeIPv4: LOW_OCTET, icmpTypeCodeIPv6: LOW_OCTET } },
  { number: 33, name: 'src_vlan', type: 'uint32', elements: ['vlanId', 'dot1qVlanId'] },
  { number: 34, name: 'dst_vlan', type: 'uint32' },
  { number: 35, name: 'fragment_id', type: 'uint32' },
  { number: 36, name: 'fragment_offset', type: 'uint32' },
  { number: 37, name: 'ipv6_flow_label', type: 'uint32', elements: ['flowLabelIPv6'] },
  { number: 38, name: 'ip_flags', type: 'uint32' },
  { number: 70, name: 'observation_domain_id', type: 'uint32', elements: ['observationDomainId'] },
  { number: 71, name: 'observation_point_id', type: 'uint32', elements: ['observationPointId'] },
  { number: 80, name: 'mpls_ttl', type: 'uint32', isRepeated: true, elements: ['mplsTopLabelTTL'] },
  { number: 81, name: 'mpls_label', type: 'uint32', isRepeated: true, parts: Object.fromEntries(MPLS_ELEMENTS.map(({ name }) => [name, LABEL])) },
  { number: 82, name: 'mpls_ip', type: 'bytes', isRepeated: true, rendering: 'address' },
  { number: 100, name: 'bgp_next_hop', type: 'bytes', rendering: 'address' },
  { number: 101, name: 'bgp_communities', type: 'uint32', isRepeated: true },
  { number: 102, name: 'as_path', type: 'uint32', isRepeated: true },
  { number: 103, name: 'layer_stack', type: 'LayerStack', isRepeated: true },
  { number: 104, name: 'layer_size', type: 'uint32', isRepeated: true },
  { number: 105, name: 'ipv6_routing_header_addresses', type: 'bytes', isRepeated: true, rendering: 'address' },
  { number: 106, name: 'ipv6_routing_header_seg_left', type: 'uint32' },
  { number: 110, name: 'time_received_ns', type: 'uint64' },
  { number: 111, name: 'time_flow_start_ns', type: 'uint64', elements: ['flowStartSeconds', 'flowStartMilliseconds', 'flowStartMicroseconds', 'flowStartNanoseconds'] },
  { number: 112, name: 'time_flow_end_ns', type: 'uint64', elements: ['flowEndSeconds', 'flowEndMilliseconds', 'flowEndMicroseconds', 'flowEndNanoseconds'] },
];

function messageField(row: GoflowField): MessageField {
  const { number, name, type, rendering = 'number', isRepeated = false } = row;
  return { number, name, type, isRepeated, rendering };
}

/** goflow2's fields, in the order of their numbers. */
export const GOFLOW_MESSAGE_FIELDS: readonly MessageField[] = GOFLOW_FIELDS.map(messageField);

/** goflow2's field of this name. */
export function goflowField(name: string): MessageField {
  const field = GOFLOW_MESSAGE_FIELDS.find((row) => row.name === name);
  if (field === undefined) throw new Error(`goflow2 has no field ${name}`);
  return field;
}

/** `sourceIPv4Address` as `source_ipv4_address`. */
function snakeCase(name: string): string {
  return name
    .replaceAll('IPv', 'Ipv')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

function fieldType(type: AbstractTypeName): MessageFieldType {
  if (type === 'ipv4Address' || type === 'ipv6Address' || type === 'octetArray') return 'bytes';
  return type === 'unsigned8' || type === 'unsigned16' || type === 'unsigned32' ? 'uint32' : 'uint64';
}

function rendering(type: AbstractTypeName): MessageRendering {
  if (type === 'macAddress') return 'mac';
  if (type === 'octetArray') return 'hexadecimal';
  return type.endsWith('Address') ? 'address' : 'number';
}

function ownField(element: InformationElement, isReverse: boolean): MessageField {
  const reverse = element.isEnterprise ? 500 : 1000;
  return {
    number: (element.isEnterprise ? 1000 : 2000) + (isReverse ? reverse : 0) + element.id,
    name: (isReverse ? 'reverse_' : '') + snakeCase(element.name),
    type: fieldType(element.type),
    isRepeated: false,
    rendering: rendering(element.type),
  };
}

/**
 * Whether a message can hold the element: system up times and times before the export belong to NetFlow messages, lists
 * of intervals to JSON lines and files.
 */
export function isMessageElement({ source, enterpriseNumber }: InformationElement): boolean {
  if (source.kind === 'padding' || source.kind === 'intervals') return false;
  // Another maker's element says what one of ours says too.
  if (enterpriseNumber !== undefined) return false;
  if (source.kind === 'time') return source.since === 'epoch';
  return source.kind !== 'exporter' || source.value !== 'systemInitTimeMilliseconds';
}

/**
 * The fields that an element fills: goflow2's where it has some, else one of ours.
 * @param isReverse the value is that of the other direction (RFC 5103), which goflow2 has no fields for
 */
export function fieldsOf(element: InformationElement, isReverse: boolean): readonly FilledField[] {
  if (!isMessageElement(element)) return [];
  if (isReverse) return [{ field: ownField(element, true), part: undefined }];
  const filled = GOFLOW_FIELDS.flatMap((row): FilledField[] => {
    const part = row.parts?.[element.name];
    if (part === undefined && row.elements?.includes(element.name) !== true) return [];
    return [{ field: messageField(row), part }];
  });
  return filled.length > 0 ? filled : [{ field: ownField(element, false), part: undefined }];
}

/** Every field that is ours, with the element that fills it, by number. */
export function ownMessageFields(): readonly { field: MessageField; element: InformationElement }[] {
  const goflow = new Set(GOFLOW_MESSAGE_FIELDS.map(({ number }) => number));
  return INFORMATION_ELEMENTS.flatMap((element) => {
    const directions = element.isReversible ? [false, true] : [false];
    return directions.flatMap((isReverse) =>
      fieldsOf(element, isReverse).map(({ field }) => ({ field, element })),
    );
  })
    .filter(({ field }) => !goflow.has(field.number))
    .sort((a, b) => a.field.number - b.field.number);
}
