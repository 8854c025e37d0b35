/**
 * JA4, the fingerprint of a TLS client, by FoxIO's description of it. JA4 alone, that of the TLS client,
 * is under the BSD 3-Clause License (LICENSE-JA4); its relatives are not, and none of them is here.
 */

import { hash } from 'node:crypto';
import type { ClientHello, NumberList } from './client-hello.ts';

const EXTENSION_SERVER_NAME = 0;
const EXTENSION_ALPN = 16;
const HASH_DIGITS = 12;
const NOTHING = '0'.repeat(HASH_DIGITS);
const COUNT_MAX = 99;

const VERSIONS: Readonly<Record<number, string>> = {
  772: '13',
  771: '12',
  770: '11',
  769: '10',
  768: 's3',
  2: 's2',
  65279: 'd1',
  65277: 'd2',
  65276: 'd3',
};

function isAlphanumeric(octet: number): boolean {
  return (
    (octet >= 0x30 && octet <= 0x39) || (octet >= 0x41 && octet <= 0x5a) || (octet >= 0x61 && octet <= 0x7a)
  );
}

function alpnPart({ alpnFirst, alpnLast }: ClientHello): string {
  if (alpnFirst < 0) return '00';
  if (isAlphanumeric(alpnFirst) && isAlphanumeric(alpnLast)) return String.fromCharCode(alpnFirst, alpnLast);
  return (alpnFirst >>> 4).toString(16) + (alpnLast & 0xf).toString(16);
}

const twoDigits = (count: number) => String(Math.min(count, COUNT_MAX)).padStart(2, '0');
const hexadecimal = (value: number) => value.toString(16).padStart(4, '0');

function joined({ values, count }: NumberList): string {
  return Array.from(values.subarray(0, count), hexadecimal).join();
}

/** Ascending, without server name and ALPN, which vary with what is visited. */
function sorted({ values, count }: NumberList, isExtensions: boolean): string {
  const kept = values.slice(0, count).sort();
  const isWanted = (value: number) =>
    !isExtensions || (value !== EXTENSION_SERVER_NAME && value !== EXTENSION_ALPN);
  return Array.from(kept).filter(isWanted).map(hexadecimal).join();
}

const hashed = (text: string) => (text === '' ? NOTHING : hash('sha256', text, 'hex').slice(0, HASH_DIGITS));

/**
 * The fingerprint of a whole hello: 36 characters.
 * @param transport `t` TCP, `q` QUIC, `d` DTLS
 */
export function ja4Of(hello: ClientHello, transport: 't' | 'q' | 'd'): string {
  const head =
    transport +
    (VERSIONS[hello.version] ?? '00') +
    (hello.hasServerName ? 'd' : 'i') +
    twoDigits(hello.ciphers.count) +
    twoDigits(hello.extensions.count) +
    alpnPart(hello);
  const algorithms = joined(hello.algorithms);
  const extensions = sorted(hello.extensions, true) + (algorithms === '' ? '' : `_${algorithms}`);
  return `${head}_${hashed(sorted(hello.ciphers, false))}_${hashed(extensions)}`;
}
