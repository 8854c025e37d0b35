/**
 * The pages of a flow table, and of path health beside it: huge ones, and made before they are needed.
 *
 * This memory is reserved at start, and a page of it is made when its first flow comes: the kernel finds and clears it while
 * the meter waits, 0.1 s for each 230 MB on a quiet machine, several times that in a virtual one whose host must find the
 * memory first. Slots are handed out in order, and so are the lines of path health, so another thread can go ahead and have
 * their pages made.
 */
import type { FlowTable } from '../metering/table/flow-table.ts';
import { type HealthTable, linesTaken } from '../metering/table/path-health-table.ts';
import { adviseHuge, populatePages } from '../sys/libc.ts';

/**
 * From so many flows on, huge pages gain more than loading what asks for them takes: 8 ms. The index of a larger table
 * than the default one needs them from the beginning, since it is touched all over by the first few flows.
 */
const FLOWS_MIN = 8192;
const SMALL_TABLE = 2 ** 18;
/** Slots whose pages are made ahead: 29 MB. */
export const SLOTS_AHEAD = 2 ** 17;
/** Those of path health, which takes more for a flow: 4 MB, and lines as it turns out. */
export const HEALTH_SLOTS_AHEAD = 2 ** 15;
/** Octets that the other thread is asked for at a time: two huge pages. */
const STEP_OCTETS = 4 * 1024 * 1024;
/** What the meter is about to touch is left to it: where both make a page, one of them has cleared it in vain. */
export const LEAD_OCTETS = 2 * 1024 * 1024;

/** An array that flows take parts of, from its beginning on. */
interface Growing {
  readonly array: Int32Array | Float64Array;
  /** Octets of it that have been in use, `slots` slots of the table having been so. */
  readonly taken: (slots: number) => number;
  /** For so many slots pages are made ahead. */
  readonly slotsAhead: number;
}

/** A growing array, and how much of it has pages. */
interface Part extends Growing {
  populated: number;
}

/** Arrays with something for each slot. Not the index, of which any flow may need any page. */
function slotArrays(table: FlowTable): Growing[] {
  const { capacity, words, link, schedule, health } = table;
  const bySlot = (array: Growing['array'], slotsAhead: number): Growing => ({
    ...{ array, slotsAhead },
    taken: (slots) => (slots * array.byteLength) / capacity,
  });
  const arrays = [words, link, schedule].map((array) => bySlot(array, SLOTS_AHEAD));
  return health === undefined ? arrays : [...arrays, bySlot(health.hot, HEALTH_SLOTS_AHEAD)];
}

/** Lines that flows take of path health as they need them. */
function lineArrays(health: HealthTable | undefined): Growing[] {
  if (health === undefined) return [];
  return [{ array: health.lines, slotsAhead: HEALTH_SLOTS_AHEAD, taken: () => linesTaken(health) }];
}

export class TablePages {
  readonly #table: FlowTable;
  #parts: readonly Part[] = [];
  #hasBegun = false;
  #isBusy = false;

  constructor(table: FlowTable) {
    this.#table = table;
  }

  /** Whether pages are being made: each step begins in a turn of the event loop. */
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
    const table = this.#table;
    this.#hasBegun = true;
    adviseHuge(table.engine.buffer);
    const arrays = [...slotArrays(table), ...lineArrays(table.health)];
    this.#parts = arrays.map((one) => ({ ...one, populated: 0 }));
  }

  async #populate(): Promise<void> {
    this.#isBusy = true;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const { buffer, byteOffset, byteLength } = next.array;
      const octets = Math.min(STEP_OCTETS, byteLength - next.populated);
      const isDone = await populatePages(buffer as ArrayBuffer, byteOffset + next.populated, octets);
      next.populated += octets;
      if (!isDone) this.#parts = [];
    }
    this.#isBusy = false;
  }

  /** The part whose pages will be missed first, if any is soon: new flows are thought to take as much as those before. */
  #next(): Part | undefined {
    const { capacity, slotsTouched } = this.#table;
    let least = capacity - slotsTouched;
    let next: Part | undefined;
    for (const one of this.#parts) {
      const octets = one.array.byteLength;
      const taken = one.taken(slotsTouched);
      if (one.populated <= taken) one.populated = Math.min(octets, taken + LEAD_OCTETS);
      // Before the first flow: as if there were one.
      const octetsPerSlot = slotsTouched === 0 ? one.taken(1) : taken / slotsTouched;
      const slots = (one.populated - taken) / octetsPerSlot;
      if (one.populated === octets || slots >= one.slotsAhead || !(slots < least)) continue;
      least = slots;
      next = one;
    }
    return next;
  }
}
