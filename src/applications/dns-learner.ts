/**
 * Learns names from the DNS that comes by: questions are noted, and addresses in the response to one are remembered for the
 * client that asked (dns-names.ts). What nobody asked for is not believed. Multicast DNS and LLMNR are left out: they name
 * hosts, not what a client asked a service for.
 */
import { DnsAddresses } from './dns-addresses.ts';
import { DnsMessage, readDnsMessage, TYPE_HTTPS, TYPE_SVCB } from './dns-message.ts';
import { COUNT_CUT, COUNT_UNASKED } from './dns-name-counts.ts';
import type { DnsNames } from './dns-names.ts';
import { DNS_QUESTIONS_OCTETS, DnsQuestions } from './dns-questions.ts';
import { DnsStreams } from './dns-streams.ts';
import type { InspectedPacket } from './inspected-packet.ts';
import type { InspectionContext } from './inspection-context.ts';

const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;
export const PORT_DNS = 53;
const FLAG_TRUNCATED = 0x0200;
const CLASS_INTERNET = 1;
/** Labels in front of the name of a service (RFC 9460 §9.1): `_8443._https.example.org`. */
const SERVICE_LABELS = /^(?:_[^.]*\.)+/;

/** Octets that learning takes, beside the names. */
export const DNS_LEARNER_OCTETS = DNS_QUESTIONS_OCTETS;

export class DnsLearner {
  readonly #names: DnsNames;
  readonly #questions = new DnsQuestions();
  readonly #streams: DnsStreams;
  readonly #message = new DnsMessage();
  readonly #addresses = new DnsAddresses();
  /** Endpoints of the packet at hand, as IPv6 addresses: filled by who hands it over. */
  readonly source = new Int32Array(4);
  readonly destination = new Int32Array(4);
  /** Hears what is remembered, in the arguments of `DnsNames.remember`. */
  onRemembered: DnsNames['remember'] | undefined;
  readonly #toServer;
  readonly #toClient;
  /** The packet at hand. */
  #packet: InspectedPacket | undefined;
  readonly #takeMessage = (octets: Uint8Array, start: number, end: number): void =>
    this.#read(octets, start, end, this.#packet!, false);

  constructor(names: DnsNames, context: InspectionContext) {
    this.#names = names;
    this.#streams = new DnsStreams(context);
    const rest = { clientPort: 0, serverPort: 0, protocol: 0, id: 0, type: 0, name: '' };
    this.#toServer = { client: this.source, server: this.destination, ...rest };
    this.#toClient = { client: this.destination, server: this.source, ...rest };
  }

  /**
   * Reads a packet of port 53, whose endpoints are in `source` and `destination`.
   * @param flow a number of its flow, the same for both directions
   */
  take(packet: InspectedPacket, flow: number): void {
    if (packet.protocol === PROTOCOL_UDP)
      this.#read(packet.octets, packet.start, packet.end, packet, packet.cut);
    if (packet.protocol !== PROTOCOL_TCP) return;
    this.#packet = packet;
    if (!this.#streams.take(packet, 2 * flow + (packet.reverse ? 1 : 0), this.#takeMessage))
      this.#names.counts[COUNT_CUT]!++;
  }

  #read(octets: Uint8Array, start: number, end: number, packet: InspectedPacket, isCut: boolean): void {
    const message = this.#message;
    if (!readDnsMessage(octets, start, end, message, isCut) || message.name === undefined) return;
    if (message.opcode !== 0 || message.questionCount !== 1 || message.class !== CLASS_INTERNET) return;
    const question = message.isResponse ? this.#toClient : this.#toServer;
    question.clientPort = message.isResponse ? packet.destinationPort : packet.sourcePort;
    question.serverPort = message.isResponse ? packet.sourcePort : packet.destinationPort;
    question.protocol = packet.protocol;
    question.id = message.id;
    question.type = message.type;
    question.name = message.name;
    if (!message.isResponse) this.#questions.ask(question, packet.timeNs);
    else if (this.#questions.answer(question, packet.timeNs))
      this.#learn(octets, start, end, message, packet.timeNs);
    else this.#names.counts[COUNT_UNASKED]!++;
  }

  /** Remembers the addresses of a response that was asked for. */
  #learn(octets: Uint8Array, start: number, end: number, message: DnsMessage, timeNs: number): void {
    const { name = '', type } = message;
    const addresses = this.#addresses;
    if ((message.flags & 0xf) !== 0) return;
    if ((message.flags & FLAG_TRUNCATED) !== 0) {
      // Whoever asked passes it over, and asks again over TCP (RFC 2181 §9).
      this.#names.counts[COUNT_CUT]!++;
      return;
    }
    addresses.read(octets, start, end, message);
    if (!addresses.isWhole) this.#names.counts[COUNT_CUT]!++;
    const isService = type === TYPE_HTTPS || type === TYPE_SVCB;
    const server = isService ? name.replace(SERVICE_LABELS, '') : name;
    for (let i = 0; i < addresses.count; i++) {
      const timeToLive = addresses.timesToLive[i]!;
      this.#names.remember(this.destination, addresses.words, 4 * i, server, timeToLive, timeNs);
      this.onRemembered?.(this.destination, addresses.words, 4 * i, server, timeToLive, timeNs);
    }
  }
}
