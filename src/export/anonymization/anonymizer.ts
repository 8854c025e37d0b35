/**
 * Anonymizes flow records before anything reads them: exporters, files and printed output all see the replaced
 * addresses, those of a tunnel's outer packet included, and MAC addresses by choice. The technique is announced to
 * collectors as RFC 6235 says (options-data.ts).
 */
import { readFileSync } from 'node:fs';
import { ConfigError } from '../../base/errors.ts';
import { APPLICATION_FIELDS, type ApplicationField } from '../../records/application-fields.ts';
import {
  APPLICATION_WORD,
  applicationPlace,
  PRESENT,
  TEXTS,
  VALUES,
} from '../../records/application-layout.ts';
import { OUTER_DESTINATION_ADDRESS, OUTER_KIND, OUTER_SOURCE_ADDRESS } from '../../records/decoded-batch.ts';
import {
  ADDRESS_A,
  ADDRESS_B,
  AS_A,
  AS_B,
  COUNTRIES,
  ENCAPSULATION_WORD,
  FLOW_PROTOCOL,
  type FlowRecordBatch,
  LINK_WORD,
  PREFIX_LENGTHS,
} from '../../records/flow-layout.ts';
import {
  NAME_WORDS_MAX,
  NETWORK_FIELDS,
  NETWORK_NAMES,
  NETWORK_TEXTS,
  NETWORK_WORD,
  type NetworkField,
} from '../../records/network-layout.ts';
import { hasApplications, hasEncapsulation, hasNetworks } from '../../records/record-sections.ts';
import { CryptoPan, KEY_OCTETS } from './crypto-pan.ts';

export interface AnonymizationConfig {
  readonly method: 'none' | 'cryptopan' | 'truncate';
  /** File with the key of cryptopan; '' for none. */
  readonly keyFile: string;
  /** Bits that truncation leaves. */
  readonly ipv4PrefixLength: number;
  readonly ipv6PrefixLength: number;
  /** What stays of MAC addresses: all, the vendor's three octets, or nothing. */
  readonly macAddresses: 'keep' | 'vendor' | 'zero';
  /** What becomes of names of servers, hosts, questions and own networks where addresses are replaced. */
  readonly names: 'drop' | 'keep';
  /** What becomes of autonomous systems and countries then. */
  readonly networks: 'drop' | 'keep';
}

export interface Anonymizer {
  /** Replaces the addresses of all records of a batch, in its own memory. */
  apply(batch: FlowRecordBatch): void;
}

type ReplaceAddress = (words: Int32Array, at: number) => void;

/** Places of the values of a record that name somebody or something. */
const NAMES = APPLICATION_FIELDS.flatMap((field: ApplicationField, place) =>
  field.isName === true ? [place] : [],
);
const HEX_KEY = /^(?:0x)?([0-9a-f]{64})$/i;

/**
 * The key in a file: 32 octets, or 64 hexadecimal digits with 0x before them or not; a line feed behind is ignored.
 * @throws ConfigError where the file cannot be read or holds something else
 */
export function readKey(file: string, origin = 'configuration'): Uint8Array {
  const path = 'anonymization.keyFile';
  const allowed = 'a file with 32 octets or 64 hexadecimal digits (openssl rand -hex 32 > FILE)';
  if (file === '') throw new ConfigError(origin, [{ path, found: 'none', allowed }]);
  let octets: Buffer;
  try {
    octets = readFileSync(file);
  } catch (error) {
    const found = `${file}: ${(error as NodeJS.ErrnoException).code ?? error}`;
    throw new ConfigError(origin, [{ path, found, allowed }]);
  }
  const hex = HEX_KEY.exec(octets.toString('latin1').trim());
  if (hex !== null) return Buffer.from(hex[1]!, 'hex');
  const hasLineFeed = octets.length === KEY_OCTETS + 1 && octets[KEY_OCTETS] === 0x0a;
  if (octets.length !== KEY_OCTETS && !hasLineFeed) {
    throw new ConfigError(origin, [{ path, found: `${file}: ${octets.length} octets`, allowed }]);
  }
  return octets.subarray(0, KEY_OCTETS);
}

/** The word number `w` of a mask of `bits` bits. */
function maskWord(bits: number, w: number): number {
  const inWord = Math.min(Math.max(bits - 32 * w, 0), 32);
  return inWord === 0 ? 0 : -1 << (32 - inWord);
}

function truncation(prefixLength: number, words: number): ReplaceAddress {
  const mask = Int32Array.from({ length: words }, (_, w) => maskWord(prefixLength, w));
  return (record, at) => {
    for (let w = 0; w < mask.length; w++) record[at + w]! &= mask[w]!;
  };
}

/** Link details: source MAC in word 0 and the high half of 1, destination in the low half of 1 and word 2. */
function macReplacer(macs: AnonymizationConfig['macAddresses']): ReplaceAddress | undefined {
  if (macs === 'keep') return undefined;
  const isVendor = macs === 'vendor';
  return (words, at) => {
    words[at] = isVendor ? words[at]! & 0xffffff00 : 0;
    words[at + 1] = isVendor ? words[at + 1]! & 0xffff : 0;
    words[at + 2] = isVendor ? words[at + 2]! & 0xff000000 : 0;
  };
}

/**
 * Makes names of networks unknown.
 * @param at where the networks section of a record begins
 * @param isOwn the user's own names, and cities
 * @param isPublic the names of autonomous systems
 */
function dropNetworkNames(words: Int32Array, at: number, isOwn: boolean, isPublic: boolean): void {
  for (let name = 0; name < NETWORK_NAMES; name++) {
    const field: NetworkField = NETWORK_FIELDS[name % NETWORK_FIELDS.length]!;
    if (!(field.isName === true ? isOwn : isPublic)) continue;
    words[at + name] = 0;
    const text = at + NETWORK_TEXTS + name * NAME_WORDS_MAX;
    words.fill(0, text, text + NAME_WORDS_MAX);
  }
}

/** Overwrites names, and says that they are not known. @param at where the application section of a record begins */
function dropNames(words: Int32Array, at: number): void {
  for (const place of NAMES) {
    const present = at + PRESENT + (place >>> 5);
    if (((words[present]! >>> (place & 31)) & 1) === 0) continue;
    words[present] = words[present]! & ~(1 << (place & 31));
    const value = words[at + VALUES + place]!;
    const end = (value & 0xffff) + (value >>> 16);
    for (let octet = value & 0xffff; octet < end; octet++) {
      const word = at + TEXTS + (octet >>> 2);
      words[word] = words[word]! & ~(0xff << (8 * (octet & 3)));
    }
    words[at + VALUES + place] = 0;
  }
  const source = applicationPlace('serverNameSource');
  words[at + PRESENT + (source >>> 5)] = words[at + PRESENT + (source >>> 5)]! & ~(1 << (source & 31));
}

/**
 * @returns undefined where nothing is to be changed
 * @throws ConfigError for a key that cannot be read
 */
export function createAnonymizer(config: AnonymizationConfig, origin?: string): Anonymizer | undefined {
  const { method, ipv4PrefixLength, ipv6PrefixLength, macAddresses } = config;
  const replaceMac = macReplacer(macAddresses);
  if (method === 'none' && replaceMac === undefined) return undefined;
  const pan = method === 'cryptopan' ? new CryptoPan(readKey(config.keyFile, origin)) : undefined;
  const isTruncating = method === 'truncate';
  const nothing: ReplaceAddress = () => {};
  const ipv4: ReplaceAddress =
    pan !== undefined
      ? (words, at) => pan.ipv4(words, at)
      : isTruncating
        ? truncation(ipv4PrefixLength, 1)
        : nothing;
  const ipv6: ReplaceAddress =
    pan !== undefined
      ? (words, at) => pan.ipv6(words, at)
      : isTruncating
        ? truncation(ipv6PrefixLength, 4)
        : nothing;
  const dropsNames = method !== 'none' && config.names === 'drop';
  const dropsNetworks = method !== 'none' && config.networks === 'drop';
  return {
    apply: (batch) => {
      const { count, stride, words } = batch;
      const hasOuter = hasEncapsulation(batch);
      const hasNames = dropsNames && hasApplications(batch);
      const hasNetworkNames = (dropsNames || dropsNetworks) && hasNetworks(batch);
      for (let i = 0; i < count; i++) {
        const row = i * stride;
        const replace = ((words[row + FLOW_PROTOCOL]! >>> 8) & 0xf) === 6 ? ipv6 : ipv4;
        replace(words, row + ADDRESS_A);
        replace(words, row + ADDRESS_B);
        replaceMac?.(words, row + LINK_WORD);
        if (hasNames) dropNames(words, row + APPLICATION_WORD);
        if (hasNetworkNames) dropNetworkNames(words, row + NETWORK_WORD, dropsNames, dropsNetworks);
        // The length of the true prefix would tell which prefix it is.
        if (method !== 'none') words[row + PREFIX_LENGTHS] = 0;
        if (dropsNetworks) {
          words[row + AS_A] = 0;
          words[row + AS_B] = 0;
          words[row + COUNTRIES] = 0;
        }
        if (!hasOuter) continue;
        const outer = row + ENCAPSULATION_WORD;
        const version = words[outer + OUTER_KIND]! & 0xff;
        if (version === 0) continue;
        const replaceOuter = version === 6 ? ipv6 : ipv4;
        replaceOuter(words, outer + OUTER_SOURCE_ADDRESS);
        replaceOuter(words, outer + OUTER_DESTINATION_ADDRESS);
      }
    },
  };
}
