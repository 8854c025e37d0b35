/**
 * DTLS of one flow (RFC 6347 §4, RFC 9147 §4): the first ClientHello and the ServerHello, whose messages may be cut into
 * fragments that come in any order. Only records of epoch 0 can be read.
 */

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
  COUNT_SNAPPED,
  COUNT_TOO_LONG,
  type InspectionContext,
} from './inspection-context.ts';
import { HAS_ALL, type Inspector, WANTS_NEXT } from './inspector.ts';
import { readServerHello } from './server-hello.ts';
import { STREAM_OCTETS_MAX, type StreamBuffer } from './stream-buffer.ts';
import type { Piece } from './stream-start.ts';
import { tellHello } from './tell-hello.ts';
import { threeOctetsAt, wordAt } from './text.ts';
import {
  CHANGE_CIPHER_SPEC_RECORD,
  CLIENT_HELLO,
  DATA_RECORD,
  HANDSHAKE_RECORD,
  RECORD_OCTETS_MAX,
  SERVER_HELLO,
} from './tls-numbers.ts';

const RECORD_HEADER_OCTETS = 13;
const MESSAGE_HEADER_OCTETS = 12;
const HELLO_VERIFY_REQUEST = 3;
/** 0xfefd is DTLS 1.2, 0xfeff 1.0; 0x0100 an old one of OpenSSL. */
const VERSIONS: ReadonlySet<number> = new Set([0xfeff, 0xfefd, 0xfefc, 0x0100]);

const hello = new ClientHello();

function isRecordHeader(octets: Uint8Array, at: number): boolean {
  const length = wordAt(octets, at + 11);
  return (
    octets[at]! >= CHANGE_CIPHER_SPEC_RECORD &&
    octets[at]! <= DATA_RECORD &&
    VERSIONS.has(wordAt(octets, at + 1)) &&
    length > 0 &&
    length <= RECORD_OCTETS_MAX
  );
}

/** Whether records of DTLS fill a datagram to its end. */
export function isDtls({ octets, start, end }: Piece, isCut: boolean): boolean {
  let at = start;
  while (at + RECORD_HEADER_OCTETS <= end && isRecordHeader(octets, at))
    at += RECORD_HEADER_OCTETS + wordAt(octets, at + 11);
  return at > start && (at === end || (isCut && at > end));
}

export class DtlsInspection implements Inspector {
  readonly #facts: ApplicationFacts;
  readonly #context: InspectionContext;
  #buffer: StreamBuffer | undefined;
  /** Message number of the ClientHello in the buffer. */
  #bufferedMessage = -1;
  #hasClientHello = false;
  #hasServerHello = false;

  constructor(context: InspectionContext, facts: ApplicationFacts) {
    this.#context = context;
    this.#facts = facts;
    nameApplication(facts, 'dtls', CONFIDENCE_SIGNATURE);
  }

  release(): void {
    if (this.#buffer !== undefined) this.#context.buffers.giveBack(this.#buffer);
    this.#buffer = undefined;
  }

  take(piece: Piece, packet: InspectedPacket): number {
    const { octets, end } = piece;
    let at = piece.start;
    while (at + RECORD_HEADER_OCTETS <= end && isRecordHeader(octets, at)) {
      const from = at + RECORD_HEADER_OCTETS;
      const to = from + wordAt(octets, at + 11);
      if (to > end) this.#context.count(packet.cut ? COUNT_SNAPPED : COUNT_MALFORMED);
      const isReadable = octets[at] === HANDSHAKE_RECORD && wordAt(octets, at + 3) === 0;
      if (isReadable) this.#takeMessages(octets, from, Math.min(to, end));
      at = to;
    }
    return this.#hasClientHello && this.#hasServerHello ? HAS_ALL : WANTS_NEXT;
  }

  #takeMessages(octets: Uint8Array, from: number, end: number): void {
    let at = from;
    while (at + MESSAGE_HEADER_OCTETS <= end) {
      const start = at + MESSAGE_HEADER_OCTETS;
      const fragmentLength = threeOctetsAt(octets, at + 9);
      const fragmentEnd = Math.min(start + fragmentLength, end);
      this.#takeFragment(octets, at, start, fragmentEnd);
      at = start + fragmentLength;
    }
  }

  #takeFragment(octets: Uint8Array, at: number, start: number, end: number): void {
    const type = octets[at]!;
    const length = threeOctetsAt(octets, at + 1);
    const offset = threeOctetsAt(octets, at + 6);
    if (offset + end - start > length) {
      this.#context.count(COUNT_MALFORMED);
      return;
    }
    if (type === CLIENT_HELLO && !this.#hasClientHello) {
      if (offset === 0 && end - start === length) this.#takeClientHello(octets, start, end, end);
      else this.#collect(octets, start, end, offset, length, wordAt(octets, at + 4));
    } else if (type === SERVER_HELLO && offset === 0 && end - start === length) {
      if (!readServerHello(octets, start, end, this.#facts)) {
        this.#context.count(COUNT_MALFORMED);
        return;
      }
      nameApplication(this.#facts, 'dtls', CONFIDENCE_TWO_WAY);
      this.#hasServerHello = true;
    } else if (type === HELLO_VERIFY_REQUEST) nameApplication(this.#facts, 'dtls', CONFIDENCE_TWO_WAY);
  }

  /** Puts a fragment of the first ClientHello to the others. */
  #collect(
    octets: Uint8Array,
    start: number,
    end: number,
    offset: number,
    length: number,
    message: number,
  ): void {
    if (length > STREAM_OCTETS_MAX) {
      this.#context.count(COUNT_TOO_LONG);
      return;
    }
    if (this.#buffer === undefined) {
      this.#buffer = this.#context.buffers.take();
      this.#bufferedMessage = message;
      if (this.#buffer === undefined) {
        this.#context.count(COUNT_NO_BUFFER);
        return;
      }
    }
    if (this.#bufferedMessage !== message) return;
    if (!this.#buffer.put(octets, start, end, offset)) this.#context.count(COUNT_TOO_LONG);
    this.#takeClientHello(this.#buffer.octets, 0, length, this.#buffer.length);
  }

  #takeClientHello(octets: Uint8Array, start: number, messageEnd: number, end: number): void {
    if (end === start) return;
    if (!readClientHello(octets, start, messageEnd, end, hello, true)) {
      this.#context.count(COUNT_MALFORMED);
      return;
    }
    tellHello(hello, 'd', this.#facts, this.#context);
    if (!hello.isComplete) return;
    this.#hasClientHello = true;
    this.release();
    nameApplication(this.#facts, 'dtls', CONFIDENCE_PARSED);
  }
}
