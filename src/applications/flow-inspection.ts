/**
 * Payload inspection of one flow: the first packets with payload of both directions, until everything that can be known
 * is known or a limit is reached. A protocol is recognised by its first octets; what reads it further is an `Inspector`.
 * A flow that says nothing known is guessed by its ports, and marked as guessed.
 */

import { guessApplication } from './applications.ts';
import { ApplicationFacts, CONFIDENCE_PORT, nameApplication } from './facts.ts';
import type { InspectedPacket } from './inspected-packet.ts';
import { COUNT_LIMIT, COUNT_PACKETS, COUNT_SNAPPED, type InspectionContext } from './inspection-context.ts';
import { HAS_ALL, HAS_DIRECTION, type Inspector, WANTS_MORE } from './inspector.ts';
import { recognize, recognizeInner } from './recognize.ts';
import { type Piece, StreamStart } from './stream-start.ts';
import { isTlsPort } from './tell-hello.ts';

const PROTOCOL_TCP = 6;
/** Packets with payload of a direction that are looked into, of a recognised protocol. */
export const LOOKS_MAX = 8;
/** Packets that say nothing known before a flow is given up, of both directions together. */
const MISSES_MAX = 6;
/** Packets of a direction that is done, before the other one is no longer waited for. */
const PASSED_MAX = 16;
/** Octets of payload of a flow behind which nothing is looked into. */
export const INSPECTED_OCTETS_MAX = 16_384;
/** A first segment this short may be the beginning of anything. */
const SHORT_OCTETS = 16;
/** Fewer zeros may be the beginning of a length. */
const PADDING_OCTETS_MIN = 4;

/** Whether a short piece has zeros alone, by which nothing known begins. */
function isPadding({ octets, start, end }: Piece): boolean {
  if (end - start < PADDING_OCTETS_MIN || end - start >= SHORT_OCTETS) return false;
  for (let at = start; at < end; at++) if (octets[at] !== 0) return false;
  return true;
}

export class FlowInspection {
  /** All that was found so far; `finish` completes it. A new object for each flow. */
  facts = new ApplicationFacts();
  readonly #context: InspectionContext;
  readonly #forward: StreamStart;
  readonly #reverse: StreamStart;
  #inspector: Inspector | undefined;
  #isDone = false;
  #forwardLooks = 0;
  #reverseLooks = 0;
  #octets = 0;
  #misses = 0;
  #passed = 0;
  /** Of the flow's first packet that was seen, from the initiator on. */
  #protocol = 0;
  #initiatorPort = 0;
  #responderPort = 0;

  /** @param context shared by all flows of a meter */
  constructor(context: InspectionContext) {
    this.#context = context;
    this.#forward = new StreamStart(context);
    this.#reverse = new StreamStart(context);
  }

  /** Packets that were looked into. */
  get packetCount(): number {
    return this.#forwardLooks + this.#reverseLooks;
  }

  /** Whether nothing known was said so far, and nothing of it is kept: another inspection would go on just as well. */
  get knowsNothing(): boolean {
    const isKept = this.#forward.isKept || this.#reverse.isKept;
    return this.#inspector === undefined && !isKept && this.facts.applicationName === undefined;
  }

  /**
   * Looks into the payload of one packet, in place; packets without payload are passed over.
   * @returns true when nothing more can be learned: further packets need not be handed over
   */
  take(packet: InspectedPacket): boolean {
    if (this.#isDone) return true;
    const length = packet.end - packet.start;
    if (length <= 0) return false;
    if (this.#protocol === 0) this.#begin(packet);
    if ((packet.reverse ? this.#reverse : this.#forward).isDone) return this.#pass();
    if (packet.reverse) this.#reverseLooks++;
    else this.#forwardLooks++;
    this.#octets += length;
    this.#context.count(COUNT_PACKETS);
    const isAll = packet.protocol === PROTOCOL_TCP ? this.#takeSegment(packet) : this.#takeDatagram(packet);
    if (isAll) return this.#end();
    const looks = packet.reverse ? this.#reverseLooks : this.#forwardLooks;
    if (this.#inspector === undefined && this.#misses >= MISSES_MAX) return this.#end();
    if (looks < LOOKS_MAX && this.#octets < INSPECTED_OCTETS_MAX) return false;
    this.#context.count(COUNT_LIMIT);
    return this.#end();
  }

  /**
   * Ends the inspection: gives back what it holds, and names a flow that was not recognised by its ports.
   * @returns the facts, which are no longer changed
   */
  finish(): ApplicationFacts {
    this.#end();
    return this.facts;
  }

  /** Makes it ready for another flow; the facts that it told stay as they are. */
  reset(): void {
    this.#end();
    this.facts = new ApplicationFacts();
    this.restart();
  }

  /** Makes one that knows nothing ready for another flow. */
  restart(): void {
    this.#isDone = false;
    this.#forwardLooks = 0;
    this.#reverseLooks = 0;
    this.#octets = 0;
    this.#misses = 0;
    this.#passed = 0;
    this.#protocol = 0;
    this.#forward.isDone = false;
    this.#reverse.isDone = false;
  }

  #begin(packet: InspectedPacket): void {
    this.#protocol = packet.protocol;
    this.#initiatorPort = packet.reverse ? packet.destinationPort : packet.sourcePort;
    this.#responderPort = packet.reverse ? packet.sourcePort : packet.destinationPort;
  }

  #end(): true {
    if (this.#isDone) return true;
    this.#isDone = true;
    this.#inspector?.release();
    this.#inspector = undefined;
    this.#forward.restart();
    this.#reverse.restart();
    if (this.facts.applicationName !== undefined || !this.#context.options.portGuess) return true;
    const guess = guessApplication(this.#protocol, this.#initiatorPort, this.#responderPort);
    if (guess !== undefined) nameApplication(this.facts, guess, CONFIDENCE_PORT);
    return true;
  }

  /** A packet of a direction that needs no look, while the other has yet to answer. */
  #pass(): boolean {
    if (++this.#passed < PASSED_MAX) return false;
    this.#context.count(COUNT_LIMIT);
    return this.#end();
  }

  #takeDatagram(packet: InspectedPacket): boolean {
    this.#inspector ??= recognize(packet, packet, this.#context, this.facts);
    this.#enterInner(packet);
    if (this.#inspector !== undefined) return this.#inspector.take(packet, packet) === HAS_ALL;
    this.#misses++;
    return false;
  }

  #takeSegment(packet: InspectedPacket): boolean {
    const stream = packet.reverse ? this.#reverse : this.#forward;
    if (this.#enterInner(packet)) {
      this.#forward.restart();
      this.#reverse.restart();
    }
    // Padding that looked like a segment (keep-alives of zeros): the later one of the same place counts.
    if (this.#inspector === undefined && stream.isContradictedBy(packet)) this.#repeat(stream, packet);
    if (!stream.add(packet)) return false;
    this.#inspector ??= recognize(stream, packet, this.#context, this.facts);
    if (this.#inspector === undefined) {
      this.#keepUnrecognized(stream, packet);
      return false;
    }
    const outcome = this.#inspector.take(stream, packet);
    if (outcome === HAS_ALL) return true;
    if (outcome === HAS_DIRECTION) return this.#endDirection(stream);
    if (outcome === WANTS_MORE && !packet.cut && stream.keep()) return false;
    if (outcome === WANTS_MORE && packet.cut) this.#context.count(COUNT_SNAPPED);
    stream.restart();
    return false;
  }

  /** @returns whether a protocol begins within the one that is read */
  #enterInner(packet: InspectedPacket): boolean {
    const outer = this.#inspector;
    if (outer?.isOuter !== true) return false;
    const inner = recognizeInner(outer, packet, this.#context, this.facts);
    if (inner === undefined) return false;
    outer.release();
    this.#inspector = inner;
    return true;
  }

  /** A segment that is too short to tell is kept, and on ports of TLS one that may have come before the first. */
  #keepUnrecognized(stream: StreamStart, packet: InspectedPacket): void {
    const isShort = stream.end - stream.start < SHORT_OCTETS;
    const isEarly = isTlsPort(packet.destinationPort) && this.#forwardLooks + this.#reverseLooks === 1;
    if ((isShort || isEarly) && !isPadding(stream) && stream.keep()) return;
    stream.restart();
    this.#misses++;
  }

  /** Begins a direction anew; it is no further look, though its octets count. */
  #repeat(stream: StreamStart, packet: InspectedPacket): void {
    stream.restart();
    if (packet.reverse) this.#reverseLooks--;
    else this.#forwardLooks--;
  }

  #endDirection(stream: StreamStart): boolean {
    stream.isDone = true;
    stream.restart();
    return this.#forward.isDone && this.#reverse.isDone;
  }
}
