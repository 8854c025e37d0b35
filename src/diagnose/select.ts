/** Which transfers a diagnosis looks at: by address, network, port and size. Pure. */
import type { Transfer } from './transfer.ts';

/** A network: its address as four words, IPv4 in the first, and the bits that count. */
export interface Network {
  readonly isIPv6: boolean;
  readonly words: Int32Array;
  readonly bits: number;
}

export interface Selection {
  /** Either end lies in one of them; empty: any. */
  readonly networks: readonly Network[];
  /** Either end uses one of them; empty: any. */
  readonly ports: readonly number[];
  /** IP octets of both directions together, at least. */
  readonly octetsMin: number;
}

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

function parseIPv4(text: string): Int32Array | undefined {
  const octets = IPV4.exec(text)?.slice(1).map(Number);
  if (octets === undefined || octets.some((octet) => octet > 255)) return undefined;
  const [a, b, c, d] = octets as [number, number, number, number];
  return Int32Array.of((a << 24) | (b << 16) | (c << 8) | d, 0, 0, 0);
}

/** RFC 4291 §2.2, without dotted parts. */
function parseIPv6(text: string): Int32Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head!.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head!, ...new Array<string>(missing).fill('0'), ...(tail ?? [])];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  const values = groups.map((group) => Number.parseInt(group, 16));
  return Int32Array.from({ length: 4 }, (_, w) => (values[2 * w]! << 16) | values[2 * w + 1]!);
}

/** `192.0.2.0/24`, `2001:db8::1`: a network or one address. @returns undefined for anything else */
export function parseNetwork(text: string): Network | undefined {
  const match = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text.trim());
  if (match === null) return undefined;
  const isIPv6 = match[1]!.includes(':');
  const words = isIPv6 ? parseIPv6(match[1]!) : parseIPv4(match[1]!);
  const bitsMax = isIPv6 ? 128 : 32;
  const bits = match[2] === undefined ? bitsMax : Number(match[2]);
  return words === undefined || bits > bitsMax ? undefined : { isIPv6, words, bits };
}

function contains({ words, bits }: Network, address: Int32Array): boolean {
  for (let w = 0; w * 32 < bits; w++) {
    const counting = Math.min(32, bits - w * 32);
    const mask = counting === 32 ? -1 : ~(0xffffffff >>> counting);
    if (((words[w]! ^ address[w]!) & mask) !== 0) return false;
  }
  return true;
}

/** The test that a selection makes on a transfer. */
export function selector({ networks, ports, octetsMin }: Selection): (transfer: Transfer) => boolean {
  return (transfer) => {
    const { initiator, responder, initiatorPort, responderPort, isIPv6 } = transfer;
    if (transfer.octets < octetsMin) return false;
    if (ports.length > 0 && !ports.includes(initiatorPort) && !ports.includes(responderPort)) return false;
    if (networks.length === 0) return true;
    return networks.some(
      (network) =>
        network.isIPv6 === isIPv6 && (contains(network, initiator) || contains(network, responder)),
    );
  };
}
