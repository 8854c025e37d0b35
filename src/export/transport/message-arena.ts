/**
 * The memory that messages are built in and sent from: a ring of slots, each as large as the largest message. The
 * builder closes slots, the transport sends them and gives them back, both in order; nothing is copied in between.
 */

/** Messages that can wait at a time; a power of two. Enough for a burst, small enough to stay in the L2 cache. */
const SLOTS = 128;

export class MessageArena {
  readonly slots = SLOTS;
  readonly slotOctets: number;
  readonly bytes: Buffer;
  readonly view: DataView;
  /** Of the message in each slot: octets, and data records (flows, not options) for the counters of what failed. */
  readonly lengths = new Int32Array(SLOTS);
  readonly flowRecords = new Int32Array(SLOTS);
  /** Packets and octets of its flows: of the message that is being built, too. */
  readonly flowPackets = new Float64Array(SLOTS);
  readonly flowOctets = new Float64Array(SLOTS);
  /** Messages closed by the builder, handed over by the transport, and done with, since the start. */
  closed = 0;
  handedOver = 0;
  done = 0;

  /** @param messageOctetsMax octets of the largest message */
  constructor(messageOctetsMax: number) {
    this.slotOctets = messageOctetsMax;
    const buffer = new ArrayBuffer(SLOTS * messageOctetsMax);
    this.bytes = Buffer.from(buffer);
    this.view = new DataView(buffer);
  }

  /** Slots that a message can be built in, besides the one that is being built. */
  get free(): number {
    return SLOTS - 1 - (this.closed - this.done);
  }

  /** Where message number `n` (since the start) lies. */
  start(n: number): number {
    return (n % SLOTS) * this.slotOctets;
  }
}
