/** IP addresses as text (RFC 4291 §2.2) and as octets in network order. */

/** @returns 4 or 6, or undefined for what is no address. A zone (RFC 4007 §11) belongs to one. */
export function addressVersion(text: string): 4 | 6 | undefined {
  // Loaded when asked for: every command line reads this file, and few have addresses.
  const version = process.getBuiltinModule('node:net').isIP(text);
  return version === 0 ? undefined : (version as 4 | 6);
}

/** The octets of an address, 4 or 16. @param address one that has a version; a zone is left out */
export function addressOctets(address: string): Uint8Array {
  if (!address.includes(':')) return Uint8Array.from(address.split('.'), Number);
  // The URL standard writes out what is between brackets in one known way.
  const [head, tail = ''] = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname
    .slice(1, -1)
    .split('::');
  const groups = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const [first, last] = [groups(head!), groups(tail)];
  const all = [...first, ...new Array<number>(8 - first.length - last.length).fill(0), ...last];
  return Uint8Array.from(all.flatMap((group) => [group >>> 8, group & 0xff]));
}

/** `192.0.2.0/24`, `2001:db8::1`: a network, or one address. */
export interface Network {
  readonly version: 4 | 6;
  readonly address: string;
  readonly prefixLength: number;
}

/** @returns undefined for what is neither a network nor an address; there are none with a zone */
export function parseNetwork(text: string): Network | undefined {
  const [, address = '', prefix] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text.trim()) ?? [];
  const version = addressVersion(address);
  if (version === undefined) return undefined;
  const bits = version === 4 ? 32 : 128;
  const prefixLength = prefix === undefined ? bits : Number(prefix);
  return prefixLength > bits ? undefined : { version, address, prefixLength };
}
