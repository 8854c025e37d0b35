/**
 * Values of a flow message that no information element has: they belong to the message, or to the probe. Each is read as
 * an element's value is, from a record of its own, so every type of field can hold them.
 */
import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { addressOctets } from '../../base/addresses.ts';
import type { AbstractTypeName } from '../../ie/abstract-types.ts';
import {
  FROM_ADDRESS,
  FROM_CONSTANT,
  FROM_INSTANT,
  FROM_SEQUENCE,
  INSTANT,
  IPV4,
  IPV6,
  type RecordValues,
  type ValueColumn,
  valueColumn,
} from '../../ie/value-column.ts';

/** FlowType of goflow2: our records are IPFIX's. */
const TYPE_IPFIX = 4;
const ETHERNET_TYPES = { 4: 0x0800, 6: 0x86dd } as const;

/** Names of the values, as in `fields` of the configuration. */
export type MessageValueName =
  | 'messageType'
  | 'sequenceNumber'
  | 'exporterAddress'
  | 'exportTimeNanoseconds'
  | 'samplingInterval'
  | 'observationDomainId'
  | 'ipEthernetType';

/** What messages say about the probe. */
export interface ProbeValues extends RecordValues {
  /** Text of an IPv4 or IPv6 address. */
  readonly samplerAddress: string;
}

/** How a value is read, from which words; `isTime`: from the time of export, which changes. */
export interface MessageValue {
  readonly type: AbstractTypeName;
  compile(values: ProbeValues, ipVersion: 4 | 6): ValueColumn & { readonly words?: Int32Array };
  readonly isExportTime?: true;
}

const constant = (value: number): ValueColumn => valueColumn({ from: FROM_CONSTANT, constant: value });

/** The words of an address, the first octet highest. */
function addressWords(address: string): Int32Array {
  const octets = addressOctets(address);
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  return Int32Array.from({ length: octets.length / 4 }, (_, word) => view.getInt32(4 * word));
}

/** The values that an exporter with this address has. */
export function messageValues(samplerAddress: string): Readonly<Record<MessageValueName, MessageValue>> {
  const hasIPv4 = isIPv4(samplerAddress);
  return {
    messageType: { type: 'unsigned8', compile: () => constant(TYPE_IPFIX) },
    sequenceNumber: { type: 'unsigned32', compile: () => valueColumn({ from: FROM_SEQUENCE }) },
    exporterAddress: {
      type: hasIPv4 ? 'ipv4Address' : 'ipv6Address',
      compile: (values) => ({
        ...valueColumn({ from: FROM_ADDRESS, kind: hasIPv4 ? IPV4 : IPV6 }),
        words: addressWords(values.samplerAddress),
      }),
    },
    exportTimeNanoseconds: {
      type: 'dateTimeNanoseconds',
      isExportTime: true,
      compile: () => valueColumn({ from: FROM_INSTANT, kind: INSTANT, constant: 1 }),
    },
    samplingInterval: { type: 'unsigned32', compile: (values) => constant(values.samplingInterval ?? 1) },
    observationDomainId: { type: 'unsigned32', compile: (values) => constant(values.observationDomainId) },
    ipEthernetType: {
      type: 'unsigned16',
      compile: (_, ipVersion) => constant(ETHERNET_TYPES[ipVersion]),
    },
  };
}

/** The address of this machine that is put into messages unless one is configured: its first one that is not loopback. */
export function ownAddress(): string {
  const usable = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  const chosen = usable.find(({ family }) => family === 'IPv4') ?? usable[0];
  return chosen?.address ?? '127.0.0.1';
}
