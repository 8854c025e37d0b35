/** Which flow the next packet belongs to: each in its turn, or any of them, a number of packets at a time. */
import { createRandom, type Random32 } from './random.ts';
import type { Recipe } from './recipe.ts';

const UINT32_VALUES = 2 ** 32;

export class FlowOrder {
  /** The packet's flow, 0 … flows − 1. */
  flow = 0;
  /** Packets of this flow before it, where flows take turns; else packets of all flows. At most 2^32 − 1. */
  before = 0;
  readonly #flows: number;
  readonly #run: number;
  readonly #random: Random32 | undefined;
  #inRun = -1;
  #next = 0;
  #rounds = 0;
  #isStarted = false;

  constructor({ flows, packetsPerFlow, order, seed }: Recipe) {
    this.#flows = flows;
    this.#run = packetsPerFlow;
    this.#random = order === 'random' ? createRandom(seed) : undefined;
  }

  /** Moves on to the next packet. */
  advance(): void {
    this.#inRun++;
    if (this.#inRun === this.#run) this.#inRun = 0;
    if (this.#random !== undefined) {
      if (this.#inRun === 0) this.flow = Math.floor((this.#random.next() / UINT32_VALUES) * this.#flows);
      this.before = this.#rounds;
      this.#rounds = (this.#rounds + 1) >>> 0;
      return;
    }
    if (this.#inRun === 0) {
      this.flow = this.#next;
      this.#next++;
      if (this.#next === this.#flows) this.#next = 0;
      if (this.flow === 0 && this.#isStarted) this.#rounds = (this.#rounds + 1) >>> 0;
      this.#isStarted = true;
    }
    this.before = (Math.imul(this.#rounds, this.#run) + this.#inRun) >>> 0;
  }
}
