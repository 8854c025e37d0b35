/**
 * From the number of a flow to its addresses and ports. A side's address steps with the number of the flow, and its port
 * steps when the addresses begin again, like the digits of a counter; so flow f of a source with 3 addresses and
 * 2 ports has address f mod 3 and port ⌊f / 3⌋ mod 2. Both sides step with the same number, which makes as many distinct
 * flows as the least common multiple of what the sides have. MAC addresses step alongside and make no flows.
 */
import type { AddressRange, NumberRange, Protocol, Side } from './recipe.ts';

/** One side as it was asked for: what is undefined stands still, unless more flows are asked for. */
export interface AskedSide {
  readonly mac: NumberRange | undefined;
  readonly address: AddressRange | undefined;
  readonly port: NumberRange | undefined;
}

/** Addresses of a side that steps by itself, the first of them the default. From the recipes of load generators. */
const IPV4_SOURCE = 0x0a1a0001;
const IPV4_DESTINATION = 0x0a1b0001;
const IPV4_DEFAULT_COUNT = 65_025;
const IPV6_SOURCE = [0x20010db8, 0x00260000, 0, 1] as const;
const IPV6_DESTINATION = [0x20010db8, 0x00270000, 0, 1] as const;
const IPV6_DEFAULT_COUNT = 2 ** 24;
/** Locally administered. */
const SOURCE_MAC = 0x020000000001;
const DESTINATION_MAC = 0x020000000002;
const SOURCE_PORT = 1024;
const SOURCE_PORT_COUNT = 65_536 - SOURCE_PORT;
/** The discard service: nobody answers. */
const DESTINATION_PORT = 9;

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Distinct (address, port) of a side. */
function valuesOf(address: AddressRange, port: NumberRange, protocol: Protocol): number {
  return protocol === 'icmp' ? address.count : address.count * port.count;
}

/** Distinct flows that two sides make. */
export function flowsOf(source: Side, destination: Side, protocol: Protocol): number {
  const a = valuesOf(source.address, source.port, protocol);
  const b = valuesOf(destination.address, destination.port, protocol);
  return (a / greatestCommonDivisor(a, b)) * b;
}

/**
 * Completes both sides with defaults. Without `flows`, what was not asked for stands still; with more flows than
 * that makes, source addresses step if they were not asked for, then source ports.
 * @param version of the addresses that were not asked for
 * @param flows that are needed, or undefined for as many as the ranges make
 * @returns the sides; `flowsOf` them may still be fewer than needed
 */
export function completeSides(
  asked: { readonly source: AskedSide; readonly destination: AskedSide },
  version: 4 | 6,
  protocol: Protocol,
  flows: number | undefined,
): { source: Side; destination: Side } {
  const isV6 = version === 6;
  const destination: Side = {
    mac: asked.destination.mac ?? { first: DESTINATION_MAC, count: 1 },
    address: asked.destination.address ?? {
      version,
      first: isV6 ? IPV6_DESTINATION : [0, 0, 0, IPV4_DESTINATION],
      count: 1,
    },
    port: asked.destination.port ?? { first: DESTINATION_PORT, count: 1 },
  };
  let source: Side = {
    mac: asked.source.mac ?? { first: SOURCE_MAC, count: 1 },
    address: asked.source.address ?? {
      version,
      first: isV6 ? IPV6_SOURCE : [0, 0, 0, IPV4_SOURCE],
      count: 1,
    },
    port: asked.source.port ?? { first: SOURCE_PORT, count: 1 },
  };
  const isEnough = () => flows === undefined || flowsOf(source, destination, protocol) >= flows;
  if (!isEnough() && asked.source.address === undefined) {
    const count = Math.min(isV6 ? IPV6_DEFAULT_COUNT : IPV4_DEFAULT_COUNT, flows!);
    source = { ...source, address: { ...source.address, count } };
  }
  if (!isEnough() && asked.source.port === undefined && protocol !== 'icmp') {
    const count = Math.min(SOURCE_PORT_COUNT, Math.ceil(flows! / source.address.count));
    source = { ...source, port: { ...source.port, count } };
  }
  return { source, destination };
}
