/**
 * TLS of one connection (RFC 8446 §5, RFC 5246): the first ClientHello, the ServerHello, and up to TLS 1.2 the certificate
 * where it is asked for. Messages may be cut over records, records over segments.
 */

import { readCertificate } from './certificate.ts';
import { ClientHello, readClientHello } from './client-hello.ts';
import {
  type ApplicationFacts,
  CONFIDENCE_PARSED,
  CONFIDENCE_SIGNATURE,
  CONFIDENCE_TWO_WAY,
  nameApplication,
} from './facts.ts';
import type { InspectedPacket } from './inspected-packet.ts';
import { COUNT_MALFORMED, type InspectionContext } from './inspection-context.ts';
import { HAS_DIRECTION, type Inspector, WANTS_MORE } from './inspector.ts';
import { readServerHello } from './server-hello.ts';
import { STREAM_OCTETS_MAX } from './stream-buffer.ts';
import type { Piece } from './stream-start.ts';
import { tellHello, tlsApplication } from './tell-hello.ts';
import { threeOctetsAt, wordAt } from './text.ts';
import {
  CHANGE_CIPHER_SPEC_RECORD,
  CLIENT_HELLO,
  DATA_RECORD,
  HANDSHAKE_RECORD,
  RECORD_OCTETS_MAX,
  SERVER_HELLO,
} from './tls-numbers.ts';

const RECORD_HEADER_OCTETS = 5;
const MESSAGE_HEADER_OCTETS = 4;
const ALERT_RECORD = 21;
const CERTIFICATE = 11;
const HELLO_OCTETS_MIN = 38;
const HELLO_OCTETS_MAX = 65_535;
const MINOR_VERSION_MAX = 4;
const TLS_1_3 = 0x0304;

export const hello = new ClientHello();
/** Handshake octets of several records, one behind the other. */
const gathered = new Uint8Array(STREAM_OCTETS_MAX);

function isRecordHeader(octets: Uint8Array, at: number): boolean {
  const type = octets[at]!;
  const length = wordAt(octets, at + 3);
  return (
    type >= CHANGE_CIPHER_SPEC_RECORD &&
    type <= DATA_RECORD &&
    octets[at + 1] === 3 &&
    octets[at + 2]! <= MINOR_VERSION_MAX &&
    length > 0 &&
    length <= RECORD_OCTETS_MAX
  );
}

/** Whether a ClientHello or ServerHello of TLS begins here. */
export function isTlsHello({ octets, start, end }: Piece): boolean {
  if (end - start < RECORD_HEADER_OCTETS + MESSAGE_HEADER_OCTETS) return false;
  if (octets[start] !== HANDSHAKE_RECORD || !isRecordHeader(octets, start)) return false;
  const type = octets[start + RECORD_HEADER_OCTETS]!;
  const length = threeOctetsAt(octets, start + RECORD_HEADER_OCTETS + 1);
  if (wordAt(octets, start + 3) < MESSAGE_HEADER_OCTETS) return false;
  return (
    (type === CLIENT_HELLO || type === SERVER_HELLO) &&
    length >= HELLO_OCTETS_MIN &&
    length <= HELLO_OCTETS_MAX
  );
}

/** Whether records of TLS fill a segment to its end: a connection whose beginning was not seen. */
export function isTlsRecords({ octets, start, end }: Piece): boolean {
  let at = start;
  while (at + RECORD_HEADER_OCTETS <= end && isRecordHeader(octets, at))
    at += RECORD_HEADER_OCTETS + wordAt(octets, at + 3);
  return at === end && end > start;
}

/** Whether a hello in the form of SSL 2.0 begins here, that offers SSL 3.0 or TLS (RFC 5246 §E.2). */
export function isVersion2Hello({ octets, start, end }: Piece): boolean {
  if (end - start < 11 || (octets[start]! & 0x80) === 0 || octets[start + 2] !== 1) return false;
  const length = ((octets[start]! & 0x7f) << 8) | octets[start + 1]!;
  const suites = wordAt(octets, start + 5);
  const isVersion = octets[start + 3] === 3 || (octets[start + 3] === 0 && octets[start + 4] === 2);
  const rest = wordAt(octets, start + 7) + wordAt(octets, start + 9);
  return isVersion && suites > 0 && suites % 3 === 0 && length === 9 + suites + rest;
}

/** The handshake messages of a piece, without record headers. */
class Messages {
  octets = gathered;
  start = 0;
  end = 0;
  /** A record that is none of the handshake stands behind them, so nothing readable follows. */
  isLast = false;

  /** @returns false where something else than records stands */
  gather({ octets, start, end }: Piece): boolean {
    this.isLast = false;
    this.octets = octets as Uint8Array<ArrayBuffer>;
    this.start = start + RECORD_HEADER_OCTETS;
    this.end = this.start;
    let at = start;
    while (at + RECORD_HEADER_OCTETS <= end) {
      if (!isRecordHeader(octets, at)) return at > start;
      const from = at + RECORD_HEADER_OCTETS;
      const to = from + wordAt(octets, at + 3);
      if (octets[at] !== HANDSHAKE_RECORD) {
        this.isLast = true;
        return true;
      }
      this.#append(octets, from, to < end ? to : end, at === start);
      at = to;
    }
    return true;
  }

  #append(octets: Uint8Array, from: number, to: number, isFirst: boolean): void {
    if (isFirst) {
      this.end = to;
      return;
    }
    if (this.octets !== gathered) {
      const length = Math.min(this.end - this.start, STREAM_OCTETS_MAX);
      gathered.set(this.octets.subarray(this.start, this.start + length));
      this.octets = gathered;
      this.start = 0;
      this.end = length;
    }
    const room = STREAM_OCTETS_MAX - this.end;
    const length = Math.min(to - from, room);
    for (let i = 0; i < length; i++) gathered[this.end + i] = octets[from + i]!;
    this.end += length;
  }
}

const messages = new Messages();

export class TlsInspection implements Inspector {
  readonly #facts: ApplicationFacts;
  readonly #context: InspectionContext;
  /** Another protocol began the connection, and keeps its name (STARTTLS). */
  readonly #isWithin: boolean;
  #hasClientHello = false;

  constructor(context: InspectionContext, facts: ApplicationFacts, isWithin = false) {
    this.#context = context;
    this.#facts = facts;
    this.#isWithin = isWithin;
  }

  release(): void {}

  take(piece: Piece, packet: InspectedPacket): number {
    if (piece.end - piece.start < RECORD_HEADER_OCTETS) return WANTS_MORE;
    if (!messages.gather(piece)) return this.#malformed();
    if (piece.octets[piece.start] === ALERT_RECORD) return HAS_DIRECTION;
    let at = messages.start;
    while (at + MESSAGE_HEADER_OCTETS <= messages.end) {
      const outcome = this.#takeMessage(at, packet);
      if (outcome !== undefined) return outcome;
      at += MESSAGE_HEADER_OCTETS + threeOctetsAt(messages.octets, at + 1);
    }
    return messages.isLast ? HAS_DIRECTION : WANTS_MORE;
  }

  /** @returns undefined where the next message is of use too */
  #takeMessage(at: number, packet: InspectedPacket): number | undefined {
    const { octets, end } = messages;
    const start = at + MESSAGE_HEADER_OCTETS;
    const messageEnd = start + threeOctetsAt(octets, at + 1);
    switch (octets[at]) {
      case CLIENT_HELLO:
        return this.#takeClientHello(start, messageEnd, packet.destinationPort);
      case SERVER_HELLO:
        if (messageEnd > end) return messages.isLast ? HAS_DIRECTION : WANTS_MORE;
        return this.#takeServerHello(start, messageEnd, packet.sourcePort);
      case CERTIFICATE:
        if (!this.#context.options.certificate) return HAS_DIRECTION;
        if (readCertificate(octets, start, messageEnd, end, this.#facts)) return HAS_DIRECTION;
        return messageEnd > end && !messages.isLast ? WANTS_MORE : HAS_DIRECTION;
      default:
        return undefined;
    }
  }

  #takeClientHello(start: number, messageEnd: number, serverPort: number): number {
    if (this.#hasClientHello) return HAS_DIRECTION;
    if (!readClientHello(messages.octets, start, messageEnd, messages.end, hello, false))
      return this.#malformed();
    tellHello(hello, 't', this.#facts, this.#context);
    this.#hasClientHello = hello.isComplete;
    this.#name(serverPort, hello.isComplete ? CONFIDENCE_PARSED : CONFIDENCE_SIGNATURE);
    return hello.isComplete || messages.isLast ? HAS_DIRECTION : WANTS_MORE;
  }

  #takeServerHello(start: number, messageEnd: number, serverPort: number): number | undefined {
    if (!readServerHello(messages.octets, start, messageEnd, this.#facts)) return this.#malformed();
    this.#name(serverPort, this.#hasClientHello ? CONFIDENCE_PARSED : CONFIDENCE_TWO_WAY);
    const hasCertificate = this.#context.options.certificate && this.#facts.tlsVersion! < TLS_1_3;
    return hasCertificate ? undefined : HAS_DIRECTION;
  }

  #name(serverPort: number, confidence: number): void {
    if (this.#isWithin) return;
    nameApplication(this.#facts, tlsApplication(serverPort, this.#facts.tlsAlpn), confidence);
  }

  #malformed(): number {
    this.#context.count(COUNT_MALFORMED);
    return HAS_DIRECTION;
  }
}
