/** A flow made of payloads, for tests of payload inspection: each lies in memory with other octets around it. */
import type { ApplicationFacts } from '../../src/applications/facts.ts';
import { FlowInspection } from '../../src/applications/flow-inspection.ts';
import { createInspectedPacket } from '../../src/applications/inspected-packet.ts';
import { InspectionContext, type InspectionOptions } from '../../src/applications/inspection-context.ts';

const BEFORE = 7;
const BEHIND = 9;

export class PayloadFlow {
  readonly context: InspectionContext;
  readonly inspection: FlowInspection;
  timeNs = 1e9;
  readonly #packet = createInspectedPacket();
  readonly #ports: readonly [client: number, server: number];
  /** Next sequence numbers; close to where they begin anew. */
  readonly #sequence = { forward: 0xffff_fff0, reverse: 0x7fff_fff0 };

  constructor(
    protocol: number,
    clientPort: number,
    serverPort: number,
    options: Partial<InspectionOptions> = {},
  ) {
    this.context = new InspectionContext(options);
    this.inspection = new FlowInspection(this.context);
    this.#packet.protocol = protocol;
    this.#ports = [clientPort, serverPort];
  }

  /** Those that are known. */
  get facts(): ApplicationFacts {
    return Object.fromEntries(
      Object.entries(this.inspection.facts).filter(([, value]) => value !== undefined),
    );
  }

  /** From the client. @param skip octets of the stream before this segment that are left out; negative: sent again */
  send(payload: Iterable<number>, skip = 0, isCut = false): boolean {
    return this.#take(payload, false, skip, isCut);
  }

  /** From the server. */
  reply(payload: Iterable<number>, skip = 0, isCut = false): boolean {
    return this.#take(payload, true, skip, isCut);
  }

  #take(payload: Iterable<number>, reverse: boolean, skip: number, isCut: boolean): boolean {
    const octets = Uint8Array.from(payload);
    const memory = new Uint8Array(BEFORE + octets.length + BEHIND).fill(0xa5);
    memory.set(octets, BEFORE);
    const packet = this.#packet;
    const direction = reverse ? 'reverse' : 'forward';
    packet.octets = memory;
    packet.start = BEFORE;
    packet.end = BEFORE + octets.length;
    packet.reverse = reverse;
    packet.sourcePort = this.#ports[reverse ? 1 : 0];
    packet.destinationPort = this.#ports[reverse ? 0 : 1];
    packet.sequence = (this.#sequence[direction] + skip) >>> 0;
    packet.timeNs = this.timeNs;
    packet.cut = isCut;
    this.#sequence[direction] = (packet.sequence + octets.length) >>> 0;
    const isDone = this.inspection.take(packet);
    // A packet is read during take only: the memory is another's afterwards.
    memory.fill(0x5a);
    return isDone;
  }
}
