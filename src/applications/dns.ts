/**
 * DNS of one flow, over UDP and TCP (RFC 1035 §4.2, RFC 7766), multicast DNS and LLMNR: the first question and the response
 * to it, found by its transaction id. Later transactions of the flow are not looked at.
 */

import type { ApplicationName } from './applications.ts';
import { DnsMessage, readDnsMessage } from './dns-message.ts';
import { type ApplicationFacts, CONFIDENCE_PARSED, CONFIDENCE_SIGNATURE, nameApplication } from './facts.ts';
import type { InspectedPacket } from './inspected-packet.ts';
import { COUNT_MALFORMED, COUNT_SNAPPED, type InspectionContext } from './inspection-context.ts';
import { HAS_ALL, type Inspector, WANTS_MORE, WANTS_NEXT } from './inspector.ts';
import type { Piece } from './stream-start.ts';

const PROTOCOL_TCP = 6;
const PORT_DNS = 53;
const PORT_MDNS = 5353;
const PORT_LLMNR = 5355;
const PORT_NETBIOS = 137;
/** Ports of DNS and of what shares its layout, over TCP and over UDP. */
export const DNS_STREAM_PORTS = [PORT_DNS, PORT_LLMNR];
export const DNS_DATAGRAM_PORTS = [PORT_DNS, PORT_MDNS, PORT_LLMNR, PORT_NETBIOS];
const HEADER_OCTETS = 12;
const CLASS_INTERNET = 1;
/** Opcodes in use: query, inverse query, status, notify, update, stateful operations; of NetBIOS registration and its kind (RFC 1002 §4.2.1.1). */
const OPCODES = 0b1_1111_0111;
/** Z: must be zero (RFC 1035 §4.1.1). */
const RESERVED_FLAG = 0x0040;
const NS_PER_MICROSECOND = 1000;

/** What every message is read into, one after the other. */
const message = new DnsMessage();
/** It holds the message that was recognised last: the inspection that begins with it need not read it again. */
let isMessageRead = false;

function applicationOf(packet: InspectedPacket): ApplicationName | undefined {
  const { sourcePort, destinationPort } = packet;
  if (destinationPort === PORT_DNS || sourcePort === PORT_DNS) return 'dns';
  if (packet.protocol !== PROTOCOL_TCP && (destinationPort === PORT_MDNS || sourcePort === PORT_MDNS))
    return 'mdns';
  if (destinationPort === PORT_LLMNR || sourcePort === PORT_LLMNR) return 'llmnr';
  const isNetbios =
    packet.protocol !== PROTOCOL_TCP && (destinationPort === PORT_NETBIOS || sourcePort === PORT_NETBIOS);
  return isNetbios ? 'netbios-ns' : undefined;
}

/** Whether the 12 octets at `at` can be the header of a message. */
function isHeader(octets: Uint8Array, at: number, isKnownPort: boolean): boolean {
  const flags = (octets[at + 2]! << 8) | octets[at + 3]!;
  const opcode = (flags >>> 11) & 0xf;
  if (isKnownPort) return ((OPCODES >>> opcode) & 1) === 1 && (flags & RESERVED_FLAG) === 0;
  const questions = (octets[at + 4]! << 8) | octets[at + 5]!;
  return opcode === 0 && (flags & RESERVED_FLAG) === 0 && questions === 1;
}

/**
 * Whether a piece begins with a DNS message, and of which kind. On ports that are not those of DNS all of it has to fit: one
 * question of class IN, and a message that ends with the datagram.
 */
export function recognizeDns(piece: Piece, packet: InspectedPacket): ApplicationName | undefined {
  const { octets, end } = piece;
  isMessageRead = false;
  const isStream = packet.protocol === PROTOCOL_TCP;
  const start = piece.start + (isStream ? 2 : 0);
  if (end - start < HEADER_OCTETS) return undefined;
  const known = applicationOf(packet);
  if ((isStream && known === undefined) || !isHeader(octets, start, known !== undefined)) return undefined;
  const length = isStream ? (octets[piece.start]! << 8) | octets[piece.start + 1]! : end - start;
  const isCut = packet.cut || end - start < length;
  if (length < HEADER_OCTETS) return undefined;
  // The rest of a message follows, or was not captured: its header has to do.
  if (isCut) return known;
  if (!readDnsMessage(octets, start, start + length, message)) return undefined;
  isMessageRead = true;
  if (known !== undefined) return known;
  const fits = message.isWhole && message.class === CLASS_INTERNET && message.end === end;
  return fits ? 'dns' : undefined;
}

/** First label of a NetBIOS name in its half-octet letters (RFC 1001 §14.1). */
const NETBIOS_LABEL = /^[a-p]{32}(?=\.|$)/;
const NETBIOS_CHARACTERS = 15;

/** A NetBIOS name without the blanks behind it and the octet that tells its kind; other names as they are. */
function plainName(name: string): string {
  const label = NETBIOS_LABEL.exec(name)?.[0];
  if (label === undefined) return name;
  let text = '';
  for (let i = 0; i < 2 * NETBIOS_CHARACTERS; i += 2) {
    const octet = ((label.charCodeAt(i) - 0x61) << 4) | (label.charCodeAt(i + 1) - 0x61);
    text += octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : '?';
  }
  return text.trimEnd().toLowerCase();
}

/** Reads the messages of a flow up to the response to the first question. */
export class DnsInspection implements Inspector {
  readonly #facts: ApplicationFacts;
  readonly #context: InspectionContext;
  readonly #application: ApplicationName;
  #queryTimeNs = Number.NaN;
  /** The first message was read when it was recognised. */
  #isRead = isMessageRead;

  /** Made of a flow whose first message `recognizeDns` has just recognised, and that `take` is given next. */
  constructor(context: InspectionContext, facts: ApplicationFacts, application: ApplicationName) {
    this.#context = context;
    this.#facts = facts;
    this.#application = application;
  }

  take(piece: Piece, packet: InspectedPacket): number {
    if (packet.protocol !== PROTOCOL_TCP)
      return this.#takeMessage(piece.octets, piece.start, piece.end, packet);
    let at = piece.start;
    while (at + 2 <= piece.end) {
      const start = at + 2;
      const end = start + ((piece.octets[at]! << 8) | piece.octets[at + 1]!);
      if (end > piece.end) return this.#takePart(piece, start, packet);
      if (this.#takeMessage(piece.octets, start, end, packet) === HAS_ALL) return HAS_ALL;
      at = end;
    }
    return at < piece.end ? WANTS_MORE : WANTS_NEXT;
  }

  release(): void {}

  /** A message of which the beginning is there: its question is taken at once, a response when it has come to its end. */
  #takePart(piece: Piece, start: number, packet: InspectedPacket): number {
    if (packet.cut) this.#takeMessage(piece.octets, start, piece.end, packet);
    return packet.cut ? WANTS_NEXT : WANTS_MORE;
  }

  #takeMessage(octets: Uint8Array, start: number, end: number, packet: InspectedPacket): number {
    const isRead = this.#isRead;
    this.#isRead = false;
    if (!isRead && !readDnsMessage(octets, start, end, message, packet.cut)) {
      this.#context.count(packet.cut ? COUNT_SNAPPED : COUNT_MALFORMED);
      return WANTS_NEXT;
    }
    if (!message.isWhole) this.#context.count(packet.cut ? COUNT_SNAPPED : COUNT_MALFORMED);
    nameApplication(
      this.#facts,
      this.#application,
      message.isWhole ? CONFIDENCE_PARSED : CONFIDENCE_SIGNATURE,
    );
    if (message.isResponse) return this.#takeResponse(packet.timeNs);
    return this.#takeQuery(packet.timeNs);
  }

  #takeQuery(timeNs: number): number {
    const facts = this.#facts;
    if (facts.dnsTransactionId !== undefined || message.name === undefined) return WANTS_NEXT;
    facts.dnsTransactionId = message.id;
    this.#tellQuestion(message.name);
    this.#queryTimeNs = timeNs;
    // Its answers go to a group, and so belong to another flow.
    return this.#application === 'mdns' ? HAS_ALL : WANTS_NEXT;
  }

  #nameOf(name: string): string {
    return this.#application === 'netbios-ns' ? plainName(name) : name;
  }

  #tellQuestion(name: string): void {
    this.#facts.dnsQueryName = this.#nameOf(name);
    this.#facts.dnsQueryType = message.type;
  }

  #takeResponse(timeNs: number): number {
    const facts = this.#facts;
    const isAsked = facts.dnsTransactionId !== undefined;
    if (isAsked && facts.dnsTransactionId !== message.id) return WANTS_NEXT;
    if (isAsked && message.name !== undefined && this.#nameOf(message.name) !== facts.dnsQueryName)
      return WANTS_NEXT;
    if (!isAsked) {
      facts.dnsTransactionId = message.id;
      if (message.name !== undefined) this.#tellQuestion(message.name);
    }
    facts.dnsResponseCode = message.responseCode;
    facts.dnsFlags = message.flags;
    facts.dnsAnswerCount = message.answerCount;
    facts.dnsAnswers = message.answers;
    if (message.minimumTtl !== undefined) facts.dnsMinimumTtl = message.minimumTtl;
    const elapsedNs = timeNs - this.#queryTimeNs;
    if (elapsedNs >= 0) facts.dnsResponseTimeMicroseconds = Math.floor(elapsedNs / NS_PER_MICROSECOND);
    return HAS_ALL;
  }
}
