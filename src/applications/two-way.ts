/**
 * Protocols that one packet does not tell: WireGuard and OpenVPN by an answer that has the question's id, RTP by packets of
 * one source whose numbers follow each other. Until then a flow has no name, but on the port of the protocol.
 */

import { type ApplicationFacts, CONFIDENCE_SIGNATURE, CONFIDENCE_TWO_WAY, nameApplication } from './facts.ts';
import type { InspectedPacket } from './inspected-packet.ts';
import { HAS_ALL, type Inspector, WANTS_NEXT } from './inspector.ts';
import { littleDoubleWord, numbersFrom } from './signature.ts';
import type { Piece } from './stream-start.ts';
import { doubleWordAt, wordAt } from './text.ts';

const PROTOCOL_TCP = 6;
const WIREGUARD_PORT = 51_820;
const INITIATION_OCTETS = 148;
const RESPONSE_OCTETS = 92;
const TRANSPORT_OCTETS_MIN = 32;
const INITIATION_TYPE = 0x0100_0000;
const RESPONSE_TYPE = 0x0200_0000;
const TRANSPORT_TYPE = 0x0400_0000;
const COUNTER_STEP_MAX = 16;
const OPENVPN_PORT = 1194;
const SESSION_OCTETS = 8;
const RESET_OCTETS_MIN = 14;
/** P_CONTROL_HARD_RESET_CLIENT_V2 and _SERVER_V2 with key 0; _CLIENT_V3 of tls-crypt-v2. */
export const OPENVPN_FIRST_OCTETS = [0x38, 0x50];
const CLIENT_RESETS: ReadonlySet<number> = new Set(OPENVPN_FIRST_OCTETS);
const SERVER_RESET = 0x40;
const RTP_HEADER_OCTETS = 12;
/** Those of version 2. */
export const RTP_FIRST_OCTETS = numbersFrom(0x80, 0xbf);
const RTP_PACKETS = 3;

function isOn(packet: InspectedPacket, port: number): boolean {
  return packet.destinationPort === port || packet.sourcePort === port;
}

function isInitiation({ octets, start, end }: Piece): boolean {
  return end - start === INITIATION_OCTETS && doubleWordAt(octets, start) === INITIATION_TYPE;
}

/** Data of a session whose handshake was not seen: octets in blocks of 16 behind a header of 16. */
function isTransport({ octets, start, end }: Piece): boolean {
  const length = end - start;
  return (
    length >= TRANSPORT_OCTETS_MIN && length % 16 === 0 && doubleWordAt(octets, start) === TRANSPORT_TYPE
  );
}

/** The first message of a WireGuard handshake, or data: a type, three octets of zero, a size. */
export function isWireguard(piece: Piece): boolean {
  return isInitiation(piece) || isTransport(piece);
}

export class WireguardInspection implements Inspector {
  readonly #facts: ApplicationFacts;
  #sender = -1;
  /** Of data in the first direction: its receiver, and the lower half of its counter. */
  #receiver = -1;
  #counter = -1;
  #isReverse = false;

  constructor(facts: ApplicationFacts) {
    this.#facts = facts;
  }

  release(): void {}

  take(piece: Piece, packet: InspectedPacket): number {
    const { octets, start, end } = piece;
    const isPort = isOn(packet, WIREGUARD_PORT) && isWireguard(piece);
    if (isPort) nameApplication(this.#facts, 'wireguard', CONFIDENCE_SIGNATURE);
    if (isInitiation(piece)) {
      this.#sender = doubleWordAt(octets, start + 4);
      return WANTS_NEXT;
    }
    if (this.#sender < 0 && isTransport(piece)) return this.#takeData(octets, start, packet);
    const isResponse = end - start === RESPONSE_OCTETS && doubleWordAt(octets, start) === RESPONSE_TYPE;
    if (isResponse && doubleWordAt(octets, start + 8) === this.#sender)
      nameApplication(this.#facts, 'wireguard', CONFIDENCE_TWO_WAY);
    return HAS_ALL;
  }

  /** Two packets of a direction have one receiver, and a counter that rose by little. */
  #takeData(octets: Uint8Array, start: number, packet: InspectedPacket): number {
    if (this.#receiver >= 0 && packet.reverse !== this.#isReverse) return WANTS_NEXT;
    const receiver = doubleWordAt(octets, start + 4);
    const counter = littleDoubleWord(octets, start + 8);
    if (this.#receiver < 0) {
      this.#receiver = receiver;
      this.#counter = counter;
      this.#isReverse = packet.reverse;
      return WANTS_NEXT;
    }
    const step = counter - this.#counter;
    if (receiver === this.#receiver && step > 0 && step <= COUNTER_STEP_MAX)
      nameApplication(this.#facts, 'wireguard', CONFIDENCE_TWO_WAY);
    return HAS_ALL;
  }
}

/** Where OpenVPN's opcode is: over TCP behind a length. */
function opcodeAt({ octets, start, end }: Piece, packet: InspectedPacket): number {
  if (packet.protocol !== PROTOCOL_TCP) return start;
  return end - start > 2 && wordAt(octets, start) === end - start - 2 ? start + 2 : -1;
}

/** A client's reset, which begins a session of OpenVPN. */
export function isOpenvpn(piece: Piece, packet: InspectedPacket): boolean {
  const at = opcodeAt(piece, packet);
  return at >= 0 && piece.end - at >= RESET_OCTETS_MIN && CLIENT_RESETS.has(piece.octets[at]!);
}

export class OpenvpnInspection implements Inspector {
  readonly #facts: ApplicationFacts;
  readonly #session = new Uint8Array(SESSION_OCTETS);

  constructor(facts: ApplicationFacts) {
    this.#facts = facts;
  }

  release(): void {}

  take(piece: Piece, packet: InspectedPacket): number {
    const at = opcodeAt(piece, packet);
    if (at < 0) return HAS_ALL;
    if (isOpenvpn(piece, packet)) {
      for (let i = 0; i < SESSION_OCTETS; i++) this.#session[i] = piece.octets[at + 1 + i]!;
      if (isOn(packet, OPENVPN_PORT)) nameApplication(this.#facts, 'openvpn', CONFIDENCE_SIGNATURE);
      return WANTS_NEXT;
    }
    if (piece.octets[at] === SERVER_RESET && this.#hasSession(piece, at + 1 + SESSION_OCTETS))
      nameApplication(this.#facts, 'openvpn', CONFIDENCE_TWO_WAY);
    return HAS_ALL;
  }

  /** The answer repeats the client's session id, behind a tag of a length that the two have agreed on. */
  #hasSession({ octets, end }: Piece, from: number): boolean {
    for (let at = from; at + SESSION_OCTETS <= end; at++) {
      let same = 0;
      while (same < SESSION_OCTETS && octets[at + same] === this.#session[same]) same++;
      if (same === SESSION_OCTETS) return true;
    }
    return false;
  }
}

/** Whether the header of RTP may stand here (RFC 3550 §5.1): version 2, a payload type that is none of RTCP. */
export function isRtp({ octets, start, end }: Piece): boolean {
  const type = octets[start + 1]! & 0x7f;
  const sources = octets[start]! & 0xf;
  return (
    end - start >= RTP_HEADER_OCTETS + 4 * sources && octets[start]! >>> 6 === 2 && (type < 64 || type > 95)
  );
}

export class RtpInspection implements Inspector {
  readonly #facts: ApplicationFacts;
  readonly #isAgain: boolean;
  #isReverse = false;
  #source = -1;
  #next = -1;
  #count = 0;

  constructor(facts: ApplicationFacts) {
    this.#facts = facts;
    this.#isAgain = facts.applicationName !== undefined;
  }

  /** A flow that was named before keeps its name while this is not sure. */
  get isOuter(): boolean {
    return this.#isAgain;
  }

  release(): void {}

  take(piece: Piece, packet: InspectedPacket): number {
    const { octets, start } = piece;
    if (this.#count > 0 && packet.reverse !== this.#isReverse) return WANTS_NEXT;
    if (!isRtp(piece)) return HAS_ALL;
    const sequence = wordAt(octets, start + 2);
    const source = doubleWordAt(octets, start + 8);
    const follows = source === this.#source && sequence === this.#next;
    if (this.#count > 0 && !follows) return HAS_ALL;
    this.#isReverse = packet.reverse;
    this.#source = source;
    this.#next = (sequence + 1) & 0xffff;
    this.#count++;
    if (this.#count < RTP_PACKETS) return WANTS_NEXT;
    nameApplication(this.#facts, 'rtp', CONFIDENCE_TWO_WAY);
    return HAS_ALL;
  }
}
