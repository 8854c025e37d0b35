/** Reads the body of a ServerHello (RFC 8446 §4.1.3), which may be a HelloRetryRequest; of DTLS too, where it is the same. */

import { readAlpn } from './client-hello.ts';
import { type ApplicationFacts, TLS_HELLO_RETRY } from './facts.ts';
import { wordAt } from './text.ts';

const RANDOM_OCTETS = 32;
const EXTENSION_ALPN = 16;
const EXTENSION_SUPPORTED_VERSIONS = 43;
const EXTENSION_KEY_SHARE = 51;

/** SHA-256 of "HelloRetryRequest", which stands in the place of the random octets. */
const RETRY_RANDOM = Uint8Array.from(
  Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex'),
);

function isRetry(octets: Uint8Array, start: number): boolean {
  for (let i = 0; i < RANDOM_OCTETS; i++) if (octets[start + i] !== RETRY_RANDOM[i]) return false;
  return true;
}

function readExtensions(octets: Uint8Array, start: number, end: number, facts: ApplicationFacts): void {
  for (let at = start; at + 4 <= end; ) {
    const type = wordAt(octets, at);
    const from = at + 4;
    const to = from + wordAt(octets, at + 2);
    if (to > end) return;
    if (type === EXTENSION_SUPPORTED_VERSIONS && to - from === 2) facts.tlsVersion = wordAt(octets, from);
    else if (type === EXTENSION_KEY_SHARE && to - from >= 2) facts.tlsKeyShareGroup = wordAt(octets, from);
    else if (type === EXTENSION_ALPN) {
      const chosen = readAlpn(octets, from, to);
      if (chosen !== undefined) facts.tlsAlpn = chosen;
    }
    at = to;
  }
}

/**
 * Reads the body of a ServerHello at `start` … `end`.
 * @param facts receives version, cipher suite, group and protocol
 * @returns false for what is no ServerHello
 */
export function readServerHello(
  octets: Uint8Array,
  start: number,
  end: number,
  facts: ApplicationFacts,
): boolean {
  const session = start + 2 + RANDOM_OCTETS;
  if (session >= end) return false;
  const at = session + 1 + octets[session]!;
  if (at + 3 > end) return false;
  facts.tlsVersion = wordAt(octets, start);
  facts.tlsCipherSuite = wordAt(octets, at);
  if (isRetry(octets, start + 2)) facts.tlsFlags = (facts.tlsFlags ?? 0) | TLS_HELLO_RETRY;
  const extensions = at + 3;
  if (extensions + 2 > end) return extensions === end;
  const extensionsEnd = extensions + 2 + wordAt(octets, extensions);
  if (extensionsEnd > end) return false;
  readExtensions(octets, extensions + 2, extensionsEnd, facts);
  return true;
}
