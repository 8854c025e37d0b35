/**
 * What the engine's first look at payload goes by (engine/assembly/first-look.ts): which first octets may begin something
 * known, at any port and at those that signatures ask for. The layout is that of records/engine-words.ts.
 */
import {
  DATAGRAMS,
  firstOctets,
  STREAMS,
  specialPorts,
  type TransportBeginnings,
} from '../../applications/first-octets.ts';
import { TLS_PORTS } from '../../applications/tell-hello.ts';
import * as place from '../../records/engine-words.ts';
import { type AllocateMemory, uint8Array } from '../../records/memory.ts';

/** The first octets by which something may be known, a bit for each. @param port undefined for any */
function createBits(beginnings: TransportBeginnings, port: number | undefined): Uint8Array {
  const bits = new Uint8Array(place.FIRST_LOOK_CLASS_OCTETS);
  for (const octet of firstOctets(beginnings, port))
    bits[octet >>> 3] = bits[octet >>> 3]! | (1 << (octet & 7));
  return bits;
}

/** Makes the classes of one transport's ports, in their places. @throws RangeError where there are more classes than have room */
function createClasses(beginnings: TransportBeginnings, ports: Uint8Array, classes: Uint8Array): void {
  const numbers = new Map<string, number>();
  classes.set(createBits(beginnings, undefined));
  for (const port of specialPorts(beginnings)) {
    const bits = createBits(beginnings, port);
    const number = numbers.get(bits.join()) ?? numbers.size + 1;
    if (number >= place.FIRST_LOOK_CLASSES_MAX) throw new RangeError(`${number} classes of ports`);
    numbers.set(bits.join(), number);
    classes.set(bits, number * place.FIRST_LOOK_CLASS_OCTETS);
    ports[port] = number;
  }
}

/** @param allocate where it is to lie: an engine's memory */
export function createFirstLook(allocate: AllocateMemory): Uint8Array {
  const octets = uint8Array(allocate, place.FIRST_LOOK_OCTETS);
  const ports = octets.subarray(0, place.FIRST_LOOK_PORTS);
  const udpPorts = octets.subarray(place.FIRST_LOOK_PORTS, place.FIRST_LOOK_CLASSES);
  const classes = octets.subarray(place.FIRST_LOOK_CLASSES, place.FIRST_LOOK_UDP_CLASSES);
  const udpClasses = octets.subarray(place.FIRST_LOOK_UDP_CLASSES, place.FIRST_LOOK_CONTINUED);
  createClasses(STREAMS, ports, classes);
  createClasses(DATAGRAMS, udpPorts, udpClasses);
  for (const port of TLS_PORTS) ports[port] = ports[port]! | place.FIRST_LOOK_TLS;
  return octets;
}

/** Whether a flow that goes on is at a place. */
export function isNoted(firstLook: Uint8Array, number: number): boolean {
  return ((firstLook[place.FIRST_LOOK_CONTINUED + (number >>> 3)]! >>> (number & 7)) & 1) !== 0;
}

/** Notes whether a flow that goes on is at a place. */
export function noteContinued(firstLook: Uint8Array, number: number, isThere: boolean): void {
  const at = place.FIRST_LOOK_CONTINUED + (number >>> 3);
  const bit = 1 << (number & 7);
  firstLook[at] = isThere ? firstLook[at]! | bit : firstLook[at]! & ~bit;
}
