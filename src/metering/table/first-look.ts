/**
 * What the engine's first look at payload goes by (engine/assembly/first-look.ts): which first octets may begin something
 * known, at any port and at those that signatures ask for. The layout is that of records/engine-words.ts.
 */
import { DATAGRAM_BEGINNINGS, STREAM_BEGINNINGS } from '../../applications/recognize.ts';
import { ALL_OCTETS, type Signature, type SignatureIndex } from '../../applications/signature.ts';
import { DATAGRAM_SIGNATURES } from '../../applications/signatures-datagram.ts';
import { STREAM_SIGNATURES } from '../../applications/signatures-stream.ts';
import { TLS_PORTS } from '../../applications/tell-hello.ts';
import * as place from '../../records/engine-words.ts';
import { type AllocateMemory, uint8Array } from '../../records/memory.ts';

/** By what recognize.ts finds the protocols of one transport that signatures do not name. */
export interface Beginnings {
  /** First octets of those that may begin at any port. */
  readonly octets: readonly number[];
  /** Ports at which any octet may begin something. */
  readonly ports: readonly number[];
}

/** Sets the bits of octets. */
function setBits(bits: Uint8Array, octets: readonly number[]): void {
  for (const octet of octets) bits[octet >>> 3] = bits[octet >>> 3]! | (1 << (octet & 7));
}

/** By what something may begin at each port of its own, a bit for each octet. */
function bitsByPort(rows: readonly Signature[], { ports: anyOctet }: Beginnings): Map<number, Uint8Array> {
  const all = new Map<number, Uint8Array>();
  const add = (port: number, octets: readonly number[]) => {
    const bits = all.get(port) ?? new Uint8Array(place.FIRST_LOOK_CLASS_OCTETS);
    all.set(port, bits);
    setBits(bits, octets);
  };
  for (const { ports = [], first = ALL_OCTETS } of rows) for (const port of ports) add(port, first);
  for (const port of anyOctet) add(port, ALL_OCTETS);
  return all;
}

/**
 * Makes the classes of one transport's ports, in their places. It goes by rows and their ports: all ports by all octets
 * would take a tenth of a short replay.
 * @throws RangeError where there are more classes than have room
 */
function createClasses(
  { rows }: SignatureIndex,
  beginnings: Beginnings,
  ports: Uint8Array,
  classes: Uint8Array,
): void {
  const anyPort = classes.subarray(0, place.FIRST_LOOK_CLASS_OCTETS);
  setBits(anyPort, beginnings.octets);
  for (const row of rows)
    if (row.ports === undefined && row.isToldLater !== true) setBits(anyPort, row.first ?? ALL_OCTETS);
  const numbers = new Map<string, number>();
  for (const [port, bits] of bitsByPort(rows, beginnings)) {
    const key = bits.join();
    const number = numbers.get(key) ?? numbers.size + 1;
    if (number >= place.FIRST_LOOK_CLASSES_MAX) throw new RangeError(`${number} classes of ports`);
    numbers.set(key, number);
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
  createClasses(STREAM_SIGNATURES, STREAM_BEGINNINGS, ports, classes);
  createClasses(DATAGRAM_SIGNATURES, DATAGRAM_BEGINNINGS, udpPorts, udpClasses);
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
