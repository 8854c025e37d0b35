/**
 * QUIC of one flow (RFC 9000, 9001, 9369 and the drafts from 23 on): Initial packets of both sides are decrypted by the
 * connection id that the client chose, and their CRYPTO frames put in order, up to the first ClientHello and the ServerHello.
 * Coalesced packets, Retry, Version Negotiation and a change of version are followed. Google's older versions are named only.
 */

import type { ApplicationName } from './applications.ts';
import { ClientHello, readClientHello } from './client-hello.ts';
import {
  type ApplicationFacts,
  CONFIDENCE_PARSED,
  CONFIDENCE_SIGNATURE,
  CONFIDENCE_TWO_WAY,
  nameApplication,
} from './facts.ts';
import type { InspectedPacket } from './inspected-packet.ts';
import {
  COUNT_MALFORMED,
  COUNT_NO_BUFFER,
  COUNT_TOO_LONG,
  type InspectionContext,
} from './inspection-context.ts';
import { HAS_ALL, type Inspector, WANTS_NEXT } from './inspector.ts';
import { FirstFrame, readFrames } from './quic-frames.ts';
import { QuicKeys } from './quic-keys.ts';
import {
  CONNECTION_ID_OCTETS_MAX,
  decryptInitial,
  isKnownVersion,
  LongHeader,
  PAYLOAD_OCTETS_MAX,
  readLongHeader,
  TYPE_INITIAL,
  TYPE_NEGOTIATION,
  TYPE_RETRY,
} from './quic-packet.ts';
import { readServerHello } from './server-hello.ts';
import type { StreamBuffer } from './stream-buffer.ts';
import type { Piece } from './stream-start.ts';
import { tellHello } from './tell-hello.ts';
import { threeOctetsAt } from './text.ts';
import { CLIENT_HELLO, SERVER_HELLO } from './tls-numbers.ts';

/** Set in packets of those who have not agreed on greasing it. */
const FIXED_BIT = 0x40;
const MESSAGE_HEADER_OCTETS = 4;
/** A client's first datagram has at least so many octets (RFC 9000 §14.1). */
const CLIENT_DATAGRAM_OCTETS_MIN = 1200;

const header = new LongHeader();
const hello = new ClientHello();
const first = new FirstFrame();
const payload = new Uint8Array(PAYLOAD_OCTETS_MAX);

/** Whether a long header of a known version begins here; of Version Negotiation only with the ids of a version 1. */
export function isQuic({ octets, start, end }: Piece): boolean {
  if (end - start < 7 || (octets[start]! & 0x80) === 0) return false;
  if (!readLongHeader(octets, start, end, header) || !isKnownVersion(header.version)) return false;
  if (header.type === TYPE_NEGOTIATION) return header.sourceIdLength >= 8;
  return (octets[start]! & FIXED_BIT) !== 0;
}

/** CRYPTO stream and keys of one side. */
class Side {
  readonly keys = new QuicKeys();
  buffer: StreamBuffer | undefined;
  isDone = false;
}

export class QuicInspection implements Inspector {
  readonly #facts: ApplicationFacts;
  readonly #context: InspectionContext;
  readonly #client = new Side();
  #server: Side | undefined;
  /** The id that the keys are made of: that of the client's first Initial, or the one that a Retry told it to use. */
  readonly #connectionId = new Uint8Array(CONNECTION_ID_OCTETS_MAX);
  #connectionIdLength = -1;
  /** Whether the client's packets are those against the flow's direction. */
  #isClientReverse = false;
  /** The server asked for another version, or another token: the client's next Initial counts as the first. */
  #beginsAnew = false;

  constructor(context: InspectionContext, facts: ApplicationFacts) {
    this.#context = context;
    this.#facts = facts;
  }

  release(): void {
    this.#releaseSide(this.#client);
    if (this.#server !== undefined) this.#releaseSide(this.#server);
  }

  take(piece: Piece, packet: InspectedPacket): number {
    const { octets, end } = piece;
    let at = piece.start;
    while (at < end && readLongHeader(octets, at, end, header) && isKnownVersion(header.version)) {
      nameApplication(
        this.#facts,
        'quic',
        this.#hasBothSides(packet) ? CONFIDENCE_TWO_WAY : CONFIDENCE_SIGNATURE,
      );
      const next = header.end;
      if (header.type === TYPE_NEGOTIATION || header.type === TYPE_RETRY) this.#beginsAnew = true;
      else if (this.#isClients(piece, packet)) this.#takeClients(octets, at, packet);
      else if (header.type === TYPE_INITIAL) this.#takeServers(octets, at, packet);
      at = next;
    }
    const hasServer = this.#server?.isDone ?? false;
    return this.#client.isDone && hasServer ? HAS_ALL : WANTS_NEXT;
  }

  #hasBothSides(packet: InspectedPacket): boolean {
    return this.#connectionIdLength >= 0 && packet.reverse !== this.#isClientReverse;
  }

  /** Whether a packet is the client's: the first long datagram with an Initial decides who that is. */
  #isClients({ start, end }: Piece, packet: InspectedPacket): boolean {
    if (this.#connectionIdLength >= 0) return packet.reverse === this.#isClientReverse;
    const isLong = packet.cut || end - start >= CLIENT_DATAGRAM_OCTETS_MIN;
    return !packet.reverse || (isLong && header.type === TYPE_INITIAL);
  }

  #takeClients(octets: Uint8Array, at: number, packet: InspectedPacket): void {
    if (this.#facts.quicVersion === undefined || this.#beginsAnew) this.#facts.quicVersion = header.version;
    if (header.type !== TYPE_INITIAL) return;
    const side = this.#client;
    if (this.#beginsAnew) {
      // A hello that was read counts, but the server's keys are made of the new id.
      this.#connectionIdLength = -1;
      this.#releaseSide(side);
      this.#beginsAnew = false;
    }
    if (this.#connectionIdLength < 0) this.#keepConnectionId(octets, packet);
    if (side.isDone) return;
    if (!this.#setKeys(side, false)) return;
    const length = decryptInitial(octets, at, packet.end, header, side.keys, payload);
    if (length >= 0 && this.#takeFrames(side, length, packet.cut)) return;
    // Where a part of the hello was read, the keys are right.
    if (side.buffer === undefined) this.#takeWithOwnId(octets, at, packet);
    else this.#context.count(COUNT_MALFORMED);
  }

  /** A Retry that was not seen: the id of this very packet makes the keys. */
  #takeWithOwnId(octets: Uint8Array, at: number, packet: InspectedPacket): void {
    const side = this.#client;
    this.#keepConnectionId(octets, packet);
    side.keys.version = 0;
    this.#releaseSide(side);
    if (!this.#setKeys(side, false)) return;
    const length = decryptInitial(octets, at, packet.end, header, side.keys, payload);
    if (length < 0 || !this.#takeFrames(side, length, packet.cut)) this.#context.count(COUNT_MALFORMED);
  }

  #takeServers(octets: Uint8Array, at: number, packet: InspectedPacket): void {
    if (this.#connectionIdLength < 0) return;
    this.#server ??= new Side();
    const side = this.#server;
    if (side.isDone || !this.#setKeys(side, true)) return;
    const length = decryptInitial(octets, at, packet.end, header, side.keys, payload);
    if (length < 0 || !this.#takeFrames(side, length, packet.cut)) this.#context.count(COUNT_MALFORMED);
  }

  #keepConnectionId(octets: Uint8Array, packet: InspectedPacket): void {
    this.#connectionIdLength = header.destinationIdLength;
    for (let i = 0; i < header.destinationIdLength; i++)
      this.#connectionId[i] = octets[header.destinationId + i]!;
    this.#isClientReverse = packet.reverse;
    this.#client.keys.version = 0;
    if (this.#server !== undefined) this.#server.keys.version = 0;
  }

  #setKeys({ keys }: Side, isServer: boolean): boolean {
    if (keys.version === header.version) return true;
    return keys.set(header.version, this.#connectionId, this.#connectionIdLength, isServer);
  }

  /** @returns false for what are no frames: the keys are others */
  #takeFrames(side: Side, length: number, isCut: boolean): boolean {
    // Only looked at: frames of other keys must not come among those that are there.
    const count = readFrames(payload, length, isCut, first, undefined);
    if (count < 0) return false;
    if (count === 0 || side.isDone) return true;
    if (side.buffer === undefined) {
      // Nearly all hellos come in one frame, and need no buffer.
      if (count === 1 && first.start >= 0 && this.#takeMessage(side, payload, first.start, first.end))
        return true;
      side.buffer = this.#context.buffers.take();
      if (side.buffer === undefined) {
        this.#context.count(COUNT_NO_BUFFER);
        return true;
      }
    }
    readFrames(payload, length, isCut, first, side.buffer);
    if (first.isLost) this.#context.count(COUNT_TOO_LONG);
    this.#takeMessage(side, side.buffer.octets, 0, side.buffer.length);
    return true;
  }

  /** @returns whether nothing more of this side is needed */
  #takeMessage(side: Side, octets: Uint8Array, start: number, end: number): boolean {
    if (end - start < MESSAGE_HEADER_OCTETS) return false;
    const from = start + MESSAGE_HEADER_OCTETS;
    const messageEnd = from + threeOctetsAt(octets, start + 1);
    if (side === this.#client) this.#takeClientHello(side, octets, start, messageEnd, end);
    else if (octets[start] === SERVER_HELLO && messageEnd <= end) {
      readServerHello(octets, from, messageEnd, this.#facts);
      this.#endSide(side);
    }
    return side.isDone;
  }

  #takeClientHello(side: Side, octets: Uint8Array, start: number, messageEnd: number, end: number): void {
    const from = start + MESSAGE_HEADER_OCTETS;
    if (octets[start] !== CLIENT_HELLO || !readClientHello(octets, from, messageEnd, end, hello, false)) {
      this.#context.count(COUNT_MALFORMED);
      this.#endSide(side);
      return;
    }
    tellHello(hello, 'q', this.#facts, this.#context);
    if (!hello.isComplete) return;
    this.#endSide(side);
    const name: ApplicationName = hello.alpn?.startsWith('doq') ? 'doq' : 'quic';
    nameApplication(this.#facts, name, CONFIDENCE_PARSED);
  }

  #endSide(side: Side): void {
    side.isDone = true;
    this.#releaseSide(side);
  }

  #releaseSide(side: Side): void {
    if (side.buffer !== undefined) this.#context.buffers.giveBack(side.buffer);
    side.buffer = undefined;
  }
}
