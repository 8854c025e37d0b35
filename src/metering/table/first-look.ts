/**
 * What the engine's first look at payload goes by (engine/assembly/first-look.ts): which first octets may begin something
 * known, at any port and at those that signatures ask for. The layout is that of records/engine-words.ts.
 */
import { DATAGRAM_BEGINNINGS, STREAM_BEGINNINGS } from '../../applications/recognize.ts';
import type { SignatureIndex } from '../../applications/signature.ts';
import { DATAGRAM_SIGNATURES } from '../../applications/signatures-datagram.ts';
import { STREAM_SIGNATURES } from '../../applications/signatures-stream.ts';
import { isTlsPort } from '../../applications/tell-hello.ts';
import * as place from '../../records/engine-words.ts';
import { type AllocateMemory, uint8Array } from '../../records/memory.ts';

const OCTETS = 256;

/** By what recognize.ts finds the protocols of one transport that signatures do not name. */
export interface Beginnings {
  /** First octets of those that may begin at any port. */
  readonly octets: readonly number[];
  /** Ports at which any octet may begin something. */
  readonly ports: readonly number[];
}

/** The first octets by which something may be known, a bit for each. @param port undefined for any */
function createBits(
  { byOctet }: SignatureIndex,
  { octets, ports }: Beginnings,
  port: number | undefined,
): Uint8Array {
  const bits = new Uint8Array(place.FIRST_LOOK_CLASS_OCTETS);
  const isAny = port !== undefined && ports.includes(port);
  for (let octet = 0; octet < OCTETS; octet++) {
    const isBeginning = port === undefined && octets.includes(octet);
    const isSignature = byOctet[octet]!.some((row) =>
      port === undefined ? row.ports === undefined && row.isToldLater !== true : row.ports?.includes(port),
    );
    if (isAny || isBeginning || isSignature) bits[octet >>> 3] = bits[octet >>> 3]! | (1 << (octet & 7));
  }
  return bits;
}

/** Makes the classes of one transport's ports, in their places. @throws RangeError where there are more classes than have room */
function createClasses(
  index: SignatureIndex,
  beginnings: Beginnings,
  ports: Uint8Array,
  classes: Uint8Array,
): void {
  const numbers = new Map<string, number>();
  classes.set(createBits(index, beginnings, undefined));
  for (let port = 0; port < place.FIRST_LOOK_PORTS; port++) {
    if (index.ports[port] === 0 && !beginnings.ports.includes(port)) continue;
    const bits = createBits(index, beginnings, port);
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
  createClasses(STREAM_SIGNATURES, STREAM_BEGINNINGS, ports, classes);
  createClasses(DATAGRAM_SIGNATURES, DATAGRAM_BEGINNINGS, udpPorts, udpClasses);
  for (let port = 0; port < place.FIRST_LOOK_PORTS; port++)
    if (isTlsPort(port)) ports[port] = ports[port]! | place.FIRST_LOOK_TLS;
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
