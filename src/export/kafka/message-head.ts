/**
 * The head of flow messages: what is the same for all of a batch about one IP version, and the sampling rate, exporter
 * address, Ethernet type and time of export that pipelines made for goflow2 expect in every message, whatever the template
 * says. The sequence number, which follows, is flow-encoder.ts's.
 */
import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { fieldKey } from './message-columns.ts';
import { putNs } from './put-json.ts';
import { putVarint, putVarint32, putVarintNs } from './put-protobuf.ts';

/** FlowType of goflow2: our records are IPFIX's. */
const TYPE_IPFIX = 4;
const ETYPES = { 4: 0x0800, 6: 0x86dd } as const;
const HEAD_OCTETS_MAX = 512;

export interface HeadValues {
  readonly samplingInterval: number;
  readonly observationDomainId: number;
  /** Text of an IPv4 or IPv6 address. */
  readonly samplerAddress: string;
}

/** The address of this machine that is put into messages unless one is configured: its first one that is not loopback. */
export function ownAddress(): string {
  const usable = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  const chosen = usable.find(({ family }) => family === 'IPv4') ?? usable[0];
  return chosen?.address ?? '127.0.0.1';
}

/** The octets of an address; IPv6 may be shortened. */
export function addressOctets(text: string): Uint8Array {
  if (isIPv4(text)) return Uint8Array.from(text.split('.'), Number);
  // The URL parser writes any form of an IPv6 address in hexadecimal groups.
  const [before = '', after] = new URL(`http://[${text.replace(/%.*$/, '')}]`).hostname
    .slice(1, -1)
    .split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const tail = groups(after ?? '');
  const zeros = Array.from({ length: 8 - groups(before).length - tail.length }, () => '0');
  const all = [...groups(before), ...(after === undefined ? [] : zeros), ...tail];
  return Uint8Array.from(
    all.flatMap((group) => {
      const value = Number.parseInt(group, 16);
      return [value >>> 8, value & 0xff];
    }),
  );
}

/**
 * Makes heads: once for each batch and IP version, not for each record.
 * @param isJson in JSON rather than protobuf
 * @returns a function of IP version and time of export; its octets end with the key or name of the sequence number
 */
export function createHeadMaker(
  values: HeadValues,
  isJson: boolean,
): (ipVersion: 4 | 6, epochSeconds: number, exportNs: number) => Uint8Array {
  const out = Buffer.alloc(HEAD_OCTETS_MAX);
  const address = addressOctets(values.samplerAddress);
  if (isJson) {
    return (ipVersion, epochSeconds, exportNs) => {
      const text =
        `{"type":"IPFIX","sampling_rate":${values.samplingInterval},"sampler_address":"${values.samplerAddress}",` +
        `"etype":"IPv${ipVersion}","observation_domain_id":${values.observationDomainId},"time_received_ns":`;
      const end = putNs(out, out.write(text), epochSeconds, exportNs);
      return Uint8Array.from(out.subarray(0, end + out.write(',"sequence_num":', end)));
    };
  }
  const number = (at: number, name: string, value: number) =>
    value === 0 ? at : putVarint(out, putVarint32(out, at, fieldKey(name)), value);
  return (ipVersion, epochSeconds, exportNs) => {
    let end = number(0, 'type', TYPE_IPFIX);
    end = number(end, 'sampling_rate', values.samplingInterval);
    end = putVarint32(out, end, fieldKey('sampler_address'));
    out[end++] = address.length;
    out.set(address, end);
    end += address.length;
    end = number(end, 'etype', ETYPES[ipVersion]);
    end = number(end, 'observation_domain_id', values.observationDomainId);
    end = putVarintNs(out, putVarint32(out, end, fieldKey('time_received_ns')), epochSeconds, exportNs);
    return Uint8Array.from(out.subarray(0, putVarint32(out, end, fieldKey('sequence_num'))));
  };
}
