/** Addresses, ports and flags of flow records as text for people; RFC 5952 for IPv6. */
import { putIPv6, VALUE_OCTETS_MAX } from '../ie/text-octets.ts';

/** `192.0.2.1`, from one word in host order. */
export function formatIPv4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 0xff}.${(word >>> 8) & 0xff}.${word & 0xff}`;
}

const scratch = Buffer.alloc(VALUE_OCTETS_MAX);

/** `2001:db8::1` (RFC 5952 §4), from four words at `at`; IPv4-mapped addresses with dots. */
export function formatIPv6(words: Int32Array, at: number): string {
  return scratch.toString('latin1', 0, putIPv6(scratch, 0, words, at));
}

const FLAG_LETTERS = 'CEUAPRSF';

/** tcpControlBits as nfdump writes them: `...AP.SF`. */
export function formatTcpFlags(flags: number): string {
  let text = '';
  for (let bit = 7; bit >= 0; bit--) text += (flags >> bit) & 1 ? FLAG_LETTERS[7 - bit] : '.';
  return text;
}
