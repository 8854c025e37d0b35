/**
 * Reads the values of `flowtap generate`'s options: ranges of addresses, ports and MAC addresses (`FIRST`, `FIRST-LAST`,
 * `FIRST+COUNT`, for addresses also `ADDRESS/PREFIX`), rates, sizes and TCP flags. A value that is not allowed reads as
 * undefined; the command line says what would be.
 */
import { addressOctets, addressVersion } from '../base/addresses.ts';
import type { AddressRange, NumberRange, Rate } from './recipe.ts';

/** Most values of a range, and most flows: what 32-bit arithmetic takes. */
export const COUNT_MAX = 2 ** 31 - 1;
const PORT_MAX = 65_535;
const MAC_MAX = 2 ** 48 - 1;
const WEIGHT_MAX = 1000;
const PATTERN_MAX = 4096;
const IMIX = '64:7,590:4,1514:1';
const TCP_FLAG_LETTERS = 'FSRPAUEC';

/** A whole number in decimal digits, optionally with k, M or G behind it; NaN otherwise. */
export function parseCount(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([kKmMgG])?$/.exec(text);
  if (match === null) return Number.NaN;
  const factor = { k: 1e3, m: 1e6, g: 1e9 }[(match[2] ?? '').toLowerCase()] ?? 1;
  const value = Number(match[1]) * factor;
  return Number.isInteger(value) ? value : Number.NaN;
}

/** Takes `FIRST-LAST` and `FIRST+COUNT` apart; `parse` gives NaN for what is no value. */
function parseNumbers(text: string, parse: (word: string) => number, max: number): NumberRange | undefined {
  const [, firstWord = '', sign, other = ''] = /^([^-+]+)(?:([-+])(.+))?$/.exec(text) ?? [];
  const first = parse(firstWord);
  const count = sign === undefined ? 1 : sign === '+' ? parseCount(other) : parse(other) - first + 1;
  const isRight = first >= 0 && count >= 1 && count <= COUNT_MAX && first + count - 1 <= max;
  return isRight ? { first, count } : undefined;
}

/** Ports: `443`, `1024-65535`, `1024+999`. */
export function parsePorts(text: string): NumberRange | undefined {
  return parseNumbers(text, (word) => (/^\d{1,5}$/.test(word) ? Number(word) : Number.NaN), PORT_MAX);
}

/** MAC addresses with colons: `00:01:00:00:00:00+65025`. */
export function parseMacs(text: string): NumberRange | undefined {
  const isMac = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i;
  const parse = (word: string) =>
    isMac.test(word) ? Number.parseInt(word.replaceAll(':', ''), 16) : Number.NaN;
  return parseNumbers(text, parse, MAC_MAX);
}

function addressNumber(text: string): { version: 4 | 6; value: bigint } | undefined {
  const version = addressVersion(text);
  // No zone: it means nothing in a packet.
  if (version === undefined || text.includes('%')) return undefined;
  const value = addressOctets(text).reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
  return { version, value };
}

/** The addresses of `ADDRESS/PREFIX` that hosts can have: in IPv4 all but the first and the last of a subnet. */
function hostsOf(version: 4 | 6, value: bigint, prefix: number): { first: bigint; count: bigint } {
  const size = 1n << BigInt((version === 4 ? 32 : 128) - prefix);
  const network = value - (value % size);
  if (version === 4 && size > 2n) return { first: network + 1n, count: size - 2n };
  return { first: network, count: size };
}

/** IP addresses: `192.0.2.1`, `10.26.0.1-10.26.254.254`, `10.26.0.1+65025`, `2001:db8::/112`. */
export function parseAddresses(text: string): AddressRange | undefined {
  const [, word = '', sign, other = ''] = /^([0-9a-fA-F:.]+)(?:([-+/])(.+))?$/.exec(text) ?? [];
  const start = addressNumber(word);
  if (start === undefined) return undefined;
  const { version } = start;
  let first = start.value;
  let count = 1n;
  if (sign === '+') {
    const parsed = parseCount(other);
    if (Number.isNaN(parsed)) return undefined;
    count = BigInt(parsed);
  } else if (sign === '-') {
    const last = addressNumber(other);
    if (last?.version !== version) return undefined;
    count = last.value - first + 1n;
  } else if (sign === '/') {
    const bits = version === 4 ? 32 : 128;
    if (!/^\d{1,3}$/.test(other) || Number(other) > bits) return undefined;
    ({ first, count } = hostsOf(version, first, Number(other)));
  }
  // Only the low 32 or 64 bits step.
  const room =
    (version === 4 ? 1n << 32n : 1n << 64n) - (first & (version === 4 ? 0xffffffffn : 2n ** 64n - 1n));
  if (count < 1n || count > BigInt(COUNT_MAX) || count > room) return undefined;
  const halfWord = (shift: bigint) => Number((first >> shift) & 0xffffffffn);
  return {
    version,
    first: [halfWord(96n), halfWord(64n), halfWord(32n), halfWord(0n)],
    count: Number(count),
  };
}

/** `100k`, `1.2Mpps`, `1Gbit/s`, `500Mbps`, or `max`. Bits are those of frames without their check sequence. */
export function parseRate(text: string): Rate | 'max' | undefined {
  if (text === 'max') return 'max';
  const match = /^(\d+(?:\.\d+)?)([kKMG]?)(pps|bps|bit\/s)?$/.exec(text);
  if (match === null) return undefined;
  const perSecond = Number(match[1]) * ({ k: 1e3, K: 1e3, M: 1e6, G: 1e9 }[match[2]!] ?? 1);
  if (!(perSecond > 0 && perSecond <= 1e12)) return undefined;
  return { unit: match[3] === undefined || match[3] === 'pps' ? 'packets' : 'bits', perSecond };
}

/**
 * Frame sizes in the order in which they come round: `64`, `imix`, or sizes with weights (`64:7,590:4,1514:1`), which
 * are spread as evenly as they can be.
 */
export function parseSizes(text: string): readonly number[] | undefined {
  const words = (text === 'imix' ? IMIX : text).split(',');
  const entries = words.map((word) => /^(\d{1,5})(?::(\d{1,4}))?$/.exec(word));
  if (entries.some((entry) => entry === null)) return undefined;
  const sizes = entries.map((entry) => ({
    octets: Number(entry![1]),
    weight: Number(entry![2] ?? 1),
    credit: 0,
  }));
  const total = sizes.reduce((sum, { weight }) => sum + weight, 0);
  if (sizes.some(({ weight }) => weight < 1 || weight > WEIGHT_MAX) || total > PATTERN_MAX) return undefined;
  // Whoever has waited longest for its weight is next ("smooth weighted round robin").
  return Array.from({ length: total }, () => {
    for (const size of sizes) size.credit += size.weight;
    const next = sizes.reduce((best, size) => (size.credit > best.credit ? size : best));
    next.credit -= total;
    return next.octets;
  });
}

/** Letters of FSRPAUEC in any order, as tcpControlBits. */
export function parseTcpFlags(text: string): number | undefined {
  if (!/^[FSRPAUEC]+$/i.test(text)) return undefined;
  return [...text.toUpperCase()].reduce(
    (flags, letter) => flags | (1 << TCP_FLAG_LETTERS.indexOf(letter)),
    0,
  );
}

/** One VLAN identifier, or two: the outer one first. */
export function parseVlans(text: string): readonly number[] | undefined {
  const words = text.split(',');
  const ids = words.map((word) => (/^\d{1,4}$/.test(word) ? Number(word) : Number.NaN));
  return ids.length <= 2 && ids.every((id) => id >= 0 && id <= 4095) ? ids : undefined;
}
