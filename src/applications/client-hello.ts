/**
 * Reads the body of a ClientHello, of TLS 1.0 to 1.3 (RFC 8446 §4.1.2), DTLS (RFC 9147 §5.3) and QUIC (RFC 9001): server name,
 * ALPN, versions, and the lists that JA4 is made of. A hello of which only the beginning is there tells what it has.
 */

import { lowerTextAt, textAt, wordAt } from './text.ts';

/** Octets of a hello that are read; twice as many list entries as fit are not needed. */
export const ENTRIES_MAX = 2048;
const RANDOM_OCTETS = 32;

const EXTENSION_SERVER_NAME = 0;
const EXTENSION_SIGNATURE_ALGORITHMS = 13;
const EXTENSION_ALPN = 16;
const EXTENSION_PSK = 41;
const EXTENSION_EARLY_DATA = 42;
const EXTENSION_SUPPORTED_VERSIONS = 43;
const EXTENSION_ECH = 0xfe0d;
const EXTENSION_ESNI = 0xffce;

/** Numbers that are there to be ignored: RFC 8701 §2. */
export function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >>> 8 === (value & 0xff);
}

/** 16-bit numbers in the order of the wire. */
export class NumberList {
  readonly values = new Uint16Array(ENTRIES_MAX);
  count = 0;

  add(value: number): void {
    if (this.count < ENTRIES_MAX && !isGrease(value)) this.values[this.count++] = value;
  }
}

/** One ClientHello; filled anew for each. Lists leave GREASE out. */
export class ClientHello {
  isDatagram = false;
  isComplete = false;
  legacyVersion = 0;
  /** Newest of the extension supported_versions; -1 without one, 0 where it names none. */
  supportedVersion = -1;
  serverName: string | undefined;
  /** The protocols offered, joined by commas. */
  alpn: string | undefined;
  /** First and last octet of the first protocol; -1 where there is none. */
  alpnFirst = -1;
  alpnLast = -1;
  hasServerName = false;
  offersEch = false;
  offersPsk = false;
  offersEarlyData = false;
  readonly ciphers = new NumberList();
  readonly extensions = new NumberList();
  readonly algorithms = new NumberList();

  /** The newest version that the client speaks. */
  get version(): number {
    return this.supportedVersion >= 0 ? this.supportedVersion : this.legacyVersion;
  }

  clear(isDatagram: boolean): void {
    this.isDatagram = isDatagram;
    this.isComplete = false;
    this.legacyVersion = 0;
    this.supportedVersion = -1;
    this.serverName = undefined;
    this.alpn = undefined;
    this.alpnFirst = -1;
    this.alpnLast = -1;
    this.hasServerName = false;
    this.offersEch = false;
    this.offersPsk = false;
    this.offersEarlyData = false;
    this.ciphers.count = 0;
    this.extensions.count = 0;
    this.algorithms.count = 0;
  }
}

/** The host name of the extension server_name (RFC 6066 §3), in lower case. */
function readServerName(octets: Uint8Array, start: number, end: number): string | undefined {
  if (start + 5 > end || octets[start + 2] !== 0) return undefined;
  const from = start + 5;
  const to = from + wordAt(octets, start + 3);
  return to > end || to === from ? undefined : lowerTextAt(octets, from, to, 255);
}

/** Protocols of the extension ALPN (RFC 7301 §3.1). */
export function readAlpn(octets: Uint8Array, start: number, end: number): string | undefined {
  let text: string | undefined;
  for (let at = start + 2; at < end; ) {
    const to = at + 1 + octets[at]!;
    if (to > end) return text;
    const protocol = textAt(octets, at + 1, to, 64);
    text = text === undefined ? protocol : text.length < 192 ? `${text},${protocol}` : text;
    at = to;
  }
  return text;
}

/** Numbers of DTLS fall as versions rise. */
function isNewer(version: number, than: number, isDatagram: boolean): boolean {
  if (than <= 0) return true;
  return isDatagram ? version < than : version > than;
}

function readVersions(octets: Uint8Array, start: number, end: number, hello: ClientHello): void {
  hello.supportedVersion = 0;
  for (let at = start + 1; at + 2 <= end; at += 2) {
    const version = wordAt(octets, at);
    if (isGrease(version) || !isNewer(version, hello.supportedVersion, hello.isDatagram)) continue;
    hello.supportedVersion = version;
  }
}

function readExtension(
  octets: Uint8Array,
  type: number,
  start: number,
  end: number,
  hello: ClientHello,
): void {
  switch (type) {
    case EXTENSION_SERVER_NAME:
      hello.hasServerName = true;
      hello.serverName ??= readServerName(octets, start, end);
      break;
    case EXTENSION_SIGNATURE_ALGORITHMS:
      for (let at = start + 2; at + 2 <= end; at += 2) hello.algorithms.add(wordAt(octets, at));
      break;
    case EXTENSION_ALPN:
      hello.alpn = readAlpn(octets, start, end);
      if (start + 4 > end || octets[start + 2] === 0 || start + 3 + octets[start + 2]! > end) break;
      hello.alpnFirst = octets[start + 3]!;
      hello.alpnLast = octets[start + 2 + octets[start + 2]!]!;
      break;
    case EXTENSION_SUPPORTED_VERSIONS:
      readVersions(octets, start, end, hello);
      break;
    case EXTENSION_PSK:
      hello.offersPsk = true;
      break;
    case EXTENSION_EARLY_DATA:
      hello.offersEarlyData = true;
      break;
    case EXTENSION_ECH:
    case EXTENSION_ESNI:
      hello.offersEch = true;
      break;
    default:
  }
}

/** @returns where the list of cipher suites begins, or a place behind `end` where that is not there */
function skipSession(octets: Uint8Array, start: number, end: number, isDatagram: boolean): number {
  let at = start + 2 + RANDOM_OCTETS;
  const parts = isDatagram ? 2 : 1;
  for (let i = 0; i < parts && at < end; i++) at += 1 + octets[at]!;
  return at;
}

/**
 * Reads the body of a ClientHello at `start` … `messageEnd`, as far as `end`.
 * @param hello receives it; `isComplete` tells whether all of it was there
 * @returns false for what is no ClientHello: lengths that do not fit into each other
 */
export function readClientHello(
  octets: Uint8Array,
  start: number,
  messageEnd: number,
  end: number,
  hello: ClientHello,
  isDatagram: boolean,
): boolean {
  hello.clear(isDatagram);
  if (start + 2 > end) return messageEnd > end;
  hello.legacyVersion = wordAt(octets, start);
  let at = skipSession(octets, start, end, isDatagram);
  if (at + 2 > end) return messageEnd > end;
  const ciphersEnd = at + 2 + wordAt(octets, at);
  if (ciphersEnd + 1 > messageEnd || (ciphersEnd - at) % 2 !== 0) return false;
  for (at += 2; at < ciphersEnd && at + 2 <= end; at += 2) hello.ciphers.add(wordAt(octets, at));
  if (ciphersEnd + 1 > end) return messageEnd > end;
  at = ciphersEnd + 1 + octets[ciphersEnd]!;
  // Before TLS 1.3 there may be no extensions.
  if (at === messageEnd && messageEnd <= end) hello.isComplete = true;
  if (at + 2 > end) return hello.isComplete || (messageEnd > end && at <= messageEnd);
  const extensionsEnd = at + 2 + wordAt(octets, at);
  if (extensionsEnd > messageEnd) return false;
  at += 2;
  while (at + 4 <= extensionsEnd && at + 4 <= end) {
    const type = wordAt(octets, at);
    const extensionEnd = at + 4 + wordAt(octets, at + 2);
    if (extensionEnd > extensionsEnd) return false;
    if (extensionEnd > end) return true;
    hello.extensions.add(type);
    readExtension(octets, type, at + 4, extensionEnd, hello);
    at = extensionEnd;
  }
  hello.isComplete = at === extensionsEnd && messageEnd <= end;
  return at === extensionsEnd || messageEnd > end;
}
