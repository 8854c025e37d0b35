/**
 * Builds messages of sets of records, for all three protocols: finds room for records, opens and closes sets and
 * messages, pads, and keeps the sequence numbers. Each format writes its own header (netflow-v5.ts,
 * netflow-v9.ts, ipfix.ts); columns.ts writes the records.
 *
 * Flow records are first given places and encoded afterwards: a closed message must not be sent before that.
 */
import type { MessageArena } from '../transport/message-arena.ts';

/** What a message contains, for its header. */
export interface MessageContents {
  /** Octets, header included. */
  octets: number;
  /** Template records and options template records. */
  templateRecords: number;
  /** Records of options data. */
  optionsRecords: number;
  /** Records of flows. */
  flowRecords: number;
  /** Export time: whole seconds and the milliseconds beyond, not before any packet in the message. */
  exportMs: number;
}

/** Totals of everything in closed messages. */
export interface MessageTotals {
  messages: number;
  templateRecords: number;
  optionsRecords: number;
  flowRecords: number;
}

/** How a protocol frames its messages. */
export interface MessageFormat {
  readonly headerOctets: number;
  /** Octets of a set's header (id and length); 0 where there are no sets. */
  readonly setHeaderOctets: 0 | 4;
  /** Sets end at a multiple of this. */
  readonly setAlignment: 1 | 4;
  /** Most flow records in a message, for formats that limit their number. */
  readonly flowRecordsMax: number;
  /**
   * Writes the header of a message that is complete.
   * @param before everything that was in earlier messages
   */
  writeHeader(view: DataView, at: number, contents: MessageContents, before: MessageTotals): void;
}

/** A template, or a record of options data, with the set that it goes into. */
export interface ControlRecord {
  readonly setId: number;
  readonly record: Uint8Array;
  readonly kind: 'templateRecords' | 'optionsRecords';
  /** Its set has no other record: some collectors read the first options template of a set alone. */
  readonly isAloneInSet?: boolean;
}

const NO_SET = -1;

export class MessageBuilder {
  readonly totals: MessageTotals = { messages: 0, templateRecords: 0, optionsRecords: 0, flowRecords: 0 };
  readonly #arena: MessageArena;
  readonly #format: MessageFormat;
  readonly #messageOctetsMax: number;
  readonly #contents: MessageContents;
  #exportMs = 0;
  #isOpen = false;
  /** Octets of the arena: start of the message, next free one, end. */
  #start = 0;
  #position = 0;
  #limit = 0;
  #setStart = NO_SET;
  #setId = 0;
  #setRecordOctets = 0;

  constructor(arena: MessageArena, format: MessageFormat) {
    this.#arena = arena;
    this.#format = format;
    this.#messageOctetsMax = arena.slotOctets;
    this.#contents = { octets: 0, templateRecords: 0, optionsRecords: 0, flowRecords: 0, exportMs: 0 };
  }

  /** Whether a message has been begun. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Flow records in the message that is being built. */
  get openFlowRecords(): number {
    return this.#isOpen ? this.#contents.flowRecords : 0;
  }

  /** Sets the export time of what is added from now on; the message takes the latest one. */
  setExportTime(exportMs: number): void {
    this.#exportMs = exportMs;
    if (this.#isOpen && exportMs > this.#contents.exportMs) this.#contents.exportMs = exportMs;
  }

  /**
   * Finds room for up to `count` flow records, in as many messages as can be closed now.
   * @param positions where each of them goes in the arena, from index `from`
   * @returns how many found room: less than `count` when the transport has to catch up first
   */
  placeFlowRecords(
    setId: number,
    recordOctets: number,
    count: number,
    positions: Int32Array,
    from: number,
  ): number {
    let placed = 0;
    while (placed < count) {
      if (!this.#makeRoom(setId, recordOctets, this.#format.flowRecordsMax)) return placed;
      const free = Math.floor((this.#limit - this.#position) / recordOctets);
      const allowed = this.#format.flowRecordsMax - this.#contents.flowRecords;
      const records = Math.min(count - placed, free, allowed);
      let position = this.#position;
      for (let i = 0; i < records; i++) {
        positions[from + placed + i] = position;
        position += recordOctets;
      }
      this.#position = position;
      this.#contents.flowRecords += records;
      placed += records;
    }
    return placed;
  }

  /**
   * Finds room for flow records `from` to `to` that are not all of the same length; as placeFlowRecords.
   * @param sizes octets of each of them, none longer than a message has room for
   */
  placeSizedRecords(
    setId: number,
    sizes: Int32Array,
    from: number,
    to: number,
    positions: Int32Array,
  ): number {
    for (let i = from; i < to; i++) {
      const octets = sizes[i]!;
      if (!this.#makeRoom(setId, octets, this.#format.flowRecordsMax)) return i - from;
      positions[i] = this.#position;
      this.#position += octets;
      this.#contents.flowRecords++;
    }
    return to - from;
  }

  /** Octets of the longest record that fits a message. */
  get recordOctetsMax(): number {
    const { headerOctets, setHeaderOctets, setAlignment } = this.#format;
    return this.#messageOctetsMax - headerOctets - setHeaderOctets - 2 * (setAlignment - 1);
  }

  /**
   * Adds one template or options record.
   * @returns false where there is no room before the transport has caught up
   * @throws Error where the record is larger than a message
   */
  addControlRecord({ setId, record, kind, isAloneInSet }: ControlRecord): boolean {
    if (isAloneInSet === true && this.#isOpen) this.#closeSet();
    if (!this.#makeRoom(setId, record.length, Number.POSITIVE_INFINITY)) return false;
    this.#arena.bytes.set(record, this.#position);
    this.#position += record.length;
    this.#contents[kind]++;
    if (isAloneInSet === true) this.#closeSet();
    return true;
  }

  /** Closes the message that is being built, if there is one, so that it can be sent. */
  closeMessage(): void {
    if (!this.#isOpen) return;
    this.#closeSet();
    const contents = this.#contents;
    contents.octets = this.#position - this.#start;
    const { totals } = this;
    this.#format.writeHeader(this.#arena.view, this.#start, contents, totals);
    const slot = this.#arena.closed % this.#arena.slots;
    this.#arena.lengths[slot] = contents.octets;
    this.#arena.flowRecords[slot] = contents.flowRecords;
    this.#arena.closed++;
    totals.messages++;
    totals.templateRecords += contents.templateRecords;
    totals.optionsRecords += contents.optionsRecords;
    totals.flowRecords += contents.flowRecords;
    this.#isOpen = false;
  }

  /** Makes sure that a record fits behind the current position, in a set with this id. False: no free slot. */
  #makeRoom(setId: number, recordOctets: number, flowRecordsMax: number): boolean {
    for (;;) {
      if (!this.#isOpen && !this.#openMessage()) return false;
      const isNewSet = this.#setStart === NO_SET || this.#setId !== setId;
      // A set that is closed may have to be padded first, so 3 octets are left for that.
      const overhead = isNewSet ? this.#format.setHeaderOctets + this.#format.setAlignment - 1 : 0;
      const fits = this.#position + overhead + recordOctets <= this.#limit;
      if (fits && this.#contents.flowRecords < flowRecordsMax) {
        if (isNewSet) this.#openSet(setId);
        this.#setRecordOctets = recordOctets;
        return true;
      }
      if (this.#position === this.#start + this.#format.headerOctets) {
        throw new Error(`a record of ${recordOctets} octets does not fit a message`);
      }
      this.closeMessage();
    }
  }

  #openMessage(): boolean {
    const arena = this.#arena;
    if (arena.free <= 0) return false;
    this.#start = arena.start(arena.closed);
    const slot = arena.closed % arena.slots;
    arena.flowPackets[slot] = arena.flowOctets[slot] = 0;
    this.#position = this.#start + this.#format.headerOctets;
    // The last set's padding must fit as well.
    this.#limit = this.#start + this.#messageOctetsMax - (this.#format.setAlignment - 1);
    this.#setStart = NO_SET;
    const contents = this.#contents;
    contents.templateRecords = contents.optionsRecords = contents.flowRecords = 0;
    contents.exportMs = this.#exportMs;
    this.#isOpen = true;
    return true;
  }

  #openSet(setId: number): void {
    this.#closeSet();
    this.#setStart = this.#position;
    this.#setId = setId;
    this.#position += this.#format.setHeaderOctets;
  }

  /** Ends the set: pads it, unless the padding could be taken for a record, and writes its header. */
  #closeSet(): void {
    const start = this.#setStart;
    if (start === NO_SET || this.#format.setHeaderOctets === 0) return;
    const { view } = this.#arena;
    const padding = -(this.#position - this.#start) & (this.#format.setAlignment - 1);
    if (padding < this.#setRecordOctets) {
      for (let i = 0; i < padding; i++) view.setUint8(this.#position++, 0);
    }
    view.setUint16(start, this.#setId);
    view.setUint16(start + 2, this.#position - start);
    this.#setStart = NO_SET;
  }
}
