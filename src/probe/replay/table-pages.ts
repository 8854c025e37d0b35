/**
 * The pages of a replay's flow table: huge ones, and made before they are needed.
 *
 * The table's memory is reserved at start, and a page of it is made when its first flow comes: the kernel finds and
 * clears it while the meter waits, 0.1 s for each 230 MB on a quiet machine, several times that in a virtual one whose
 * host must find the memory first. Slots are handed out in order, so another thread can go ahead and have them made.
 */
import type { FlowTable } from '../../metering/table/flow-table.ts';
import { adviseHuge, populatePages } from '../../sys/libc.ts';

/**
 * From so many flows on, huge pages gain more than loading what asks for them takes: 8 ms. The index of a larger table
 * than the default one needs them from the beginning, since it is touched all over by the first few flows.
 */
const FLOWS_MIN = 8192;
const SMALL_TABLE = 2 ** 18;
/** Slots whose pages are made ahead: 29 MB. */
export const SLOTS_AHEAD = 2 ** 17;
/** Octets that the other thread is asked for at a time: two huge pages. */
const STEP_OCTETS = 4 * 1024 * 1024;
/** What the meter is about to touch is left to it: where both make a page, one of them has cleared it in vain. */
export const LEAD_OCTETS = 2 * 1024 * 1024;

/** A part of the table, and how much of it has pages. */
interface Part {
  readonly start: number;
  readonly octets: number;
  readonly octetsPerSlot: number;
  populated: number;
}

export class TablePages {
  readonly #table: FlowTable;
  #parts: readonly Part[] = [];
  #hasBegun = false;
  #isBusy = false;

  constructor(table: FlowTable) {
    this.#table = table;
  }

  /** Whether pages are being made. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Has pages made for the flows that come next. Called every few thousand packets. */
  look(): void {
    const { capacity, slotsTouched } = this.#table;
    if (!this.#hasBegun && capacity <= SMALL_TABLE && slotsTouched < FLOWS_MIN) return;
    if (!this.#hasBegun) this.#begin();
    if (!this.#isBusy) void this.#populate();
  }

  #begin(): void {
    const { engine, capacity, words, link, tcpEndNs, wheelNext, wheelPrevious } = this.#table;
    this.#hasBegun = true;
    adviseHuge(engine.buffer);
    // Not the index, of which any flow may need any page.
    this.#parts = [words, link, tcpEndNs, wheelNext, wheelPrevious].map(({ byteOffset, byteLength }) => ({
      start: byteOffset,
      octets: byteLength,
      octetsPerSlot: byteLength / capacity,
      populated: 0,
    }));
  }

  async #populate(): Promise<void> {
    this.#isBusy = true;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const octets = Math.min(STEP_OCTETS, next.octets - next.populated);
      const isDone = await populatePages(this.#table.engine.buffer, next.start + next.populated, octets);
      next.populated += octets;
      if (!isDone) this.#parts = [];
    }
    this.#isBusy = false;
  }

  /** The part whose pages will be missed first, if any is soon. */
  #next(): Part | undefined {
    const { capacity, slotsTouched } = this.#table;
    let least = Math.min(capacity, slotsTouched + SLOTS_AHEAD);
    let next: Part | undefined;
    for (const one of this.#parts) {
      const touched = one.octetsPerSlot * slotsTouched;
      if (one.populated <= touched) one.populated = Math.min(one.octets, touched + LEAD_OCTETS);
      const slots = one.populated / one.octetsPerSlot;
      if (one.populated === one.octets || slots >= least) continue;
      least = slots;
      next = one;
    }
    return next;
  }
}
