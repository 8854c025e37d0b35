/**
 * Captures whose records stand a little out of order, as several queues or interfaces leave them: hands their frames out
 * in the order of time, as far as they are late by no more than a window. A frame is handed out when one has been seen
 * that is later by the window, or there are no more.
 *
 * Records in order cost next to nothing. Of direct records the engine looks ahead until the window has passed, and they
 * are taken as they lie in the file. Others wait in place, and are copied only when their memory is about to be read
 * into again. The memory for that is bounded: where it does not hold the window, the window is shorter. After a hundred
 * thousand records in order nothing waits any more, until one is late: it is put in order among those that are at hand,
 * and counted as too late where it belongs before others.
 */
import type { Engine } from '../../engine/engine.ts';
import { uint8Array } from '../../records/memory.ts';
import type { PacketBatch } from '../../records/packet-batch.ts';
import type { DirectOrder, DirectRecords, FramesInUse, PacketSource } from '../source.ts';
import { AroundSupply } from './around-supply.ts';
import type { FrameSupply } from './captures.ts';
import { DirectScan, headerOctets, SCANNED_AT_ONCE } from './direct-scan.ts';
import { FrameList, isInOrder } from './frame-list.ts';

/** Octets of the frames that wait while others are read into their place, and how many such frames there are. */
const HELD_OCTETS = 4 * 1024 * 1024;
const HELD_FRAMES = 16_384;
/** Frames that wait where they were read. */
const FRESH_FRAMES = 1024;
/** So many records in order, and the next ones are taken to be. */
const TRUSTED_AFTER = 100_000;
/** How long frames of a pipe wait for later ones. */
const PIPE_WAIT_MS = 100;

/** Octets that `OrderedCaptures` takes of an engine's memory. */
export const ORDERED_OCTETS = HELD_OCTETS;

export class OrderedCaptures extends AroundSupply implements PacketSource {
  readonly #windowNs: number;
  readonly #held: FrameList;
  readonly #fresh: FrameList;
  readonly #bytes: Uint8Array;
  readonly #inUse: FramesInUse | undefined;
  #heldOctets = 0;
  /** The latest time of the frames that have been put in order. */
  #latestNs = Number.NEGATIVE_INFINITY;
  readonly #ahead: DirectScan;
  #direct: (DirectRecords & { readonly order: DirectOrder }) | undefined;
  /** What `#direct` was made of. */
  #directOf: DirectRecords | undefined;
  /** Records since one was out of order. */
  #inOrder = 0;
  /** No frame that was handed out is later. */
  #handedNs = Number.NEGATIVE_INFINITY;
  /** All frames that wait in order are handed out before anything else is done, … */
  #isDue = false;
  /** … and do not say anything about what comes then. */
  #isStep = false;
  #isEnded = false;
  #waiting: Promise<boolean> | undefined;
  recordsOutOfOrder = 0;
  recordsTooLate = 0;

  /**
   * @param windowNs more than 0
   * @param inUse frames of batches that another thread has taken over
   */
  constructor(supply: FrameSupply, windowNs: number, engine: Engine, inUse?: FramesInUse) {
    super(supply);
    this.#inUse = inUse;
    this.#windowNs = windowNs;
    this.#held = new FrameList(HELD_FRAMES);
    this.#fresh = new FrameList(FRESH_FRAMES, engine.allocate);
    this.#bytes = uint8Array(engine.allocate, HELD_OCTETS);
    this.#held.batch.view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, HELD_OCTETS);
    this.#ahead = new DirectScan(engine);
  }

  /** Those of the supply up to the time before which none can come any more. */
  get directRecords(): DirectRecords | undefined {
    if (this.#waiting !== undefined || !this.#held.isEmpty || !this.#fresh.isEmpty) return undefined;
    const direct = this.#supplied;
    if (direct === undefined) return undefined;
    const firstNs = this.#ahead.firstNs(direct, this.timeBaseSeconds);
    while (!(this.#finalNs >= firstNs)) if (!this.#scan(direct) && !this.#extend(direct)) return undefined;
    this.#learn();
    if (this.#directOf !== direct) {
      this.#directOf = direct;
      this.#direct = { ...direct, order: { untilNs: 0, latestNs: 0, isLate: false } };
    }
    const ordered = this.#direct!;
    const { order } = ordered;
    order.untilNs = this.#finalNs;
    order.latestNs = this.#latestNs;
    return ordered;
  }

  readBatch(batch: PacketBatch): number {
    this.#learn();
    batch.count = 0;
    for (;;) {
      this.#hand(batch);
      if (batch.count > 0) return batch.count;
      this.#settle();
      if (this.#isDue || (this.#fresh.isReady && this.#fresh.firstNs <= this.#finalNs)) continue;
      const direct = this.#waiting === undefined ? this.#supplied : undefined;
      if (direct !== undefined && this.#takeDirectly(direct, batch)) return batch.count;
      if (!this.#fresh.isSettled) continue;
      if (direct !== undefined && (this.#scan(direct) || this.#extend(direct))) continue;
      if (this.#ahead.wanted > 0 || !this.#fill()) return 0;
    }
  }

  async more(): Promise<boolean> {
    if (this.#isEnded) return false;
    if (this.#ahead.wanted > 0) {
      if (!(await this.supply.ensure(this.#ahead.wanted))) this.#ahead.lastOf = this.#supplied;
      this.#ahead.wanted = 0;
      return true;
    }
    this.#waiting ??= this.supply.more();
    const isWaiting = !this.#held.isEmpty || !this.#fresh.isEmpty;
    if (isWaiting && this.supply.isFollowed) {
      let timer: NodeJS.Timeout | undefined;
      const later = new Promise<undefined>((resolve) => {
        timer = setTimeout(() => resolve(undefined), PIPE_WAIT_MS);
      });
      const isMore = await Promise.race([this.#waiting, later]);
      clearTimeout(timer);
      if (isMore === undefined) {
        this.#isDue = true;
        return true;
      }
    }
    const isMore = await this.#waiting;
    this.#waiting = undefined;
    this.#isEnded = !isMore;
    return isMore || !this.#held.isEmpty || !this.#fresh.isEmpty;
  }

  close(): void {
    this.supply.close();
    this.#held.clear();
    this.#fresh.clear();
    this.#isEnded = true;
  }

  /** Frames up to this time can be handed out. */
  get #finalNs(): number {
    if (this.#isEnded || this.#isDue || this.#isTrusted) return Number.POSITIVE_INFINITY;
    return (this.#latestNs > this.#ahead.latestNs ? this.#latestNs : this.#ahead.latestNs) - this.#windowNs;
  }

  /** Direct records of the supply; of a pipe, nobody waits for those behind them. */
  get #supplied(): DirectRecords | undefined {
    return this.supply.isFollowed ? undefined : this.supply.directRecords;
  }

  get #isTrusted(): boolean {
    return this.#inOrder >= TRUSTED_AFTER;
  }

  /** Takes note of how far direct records were taken, and whether one of the next is late. */
  #learn(): void {
    if (this.#direct === undefined) return;
    const { order } = this.#direct;
    if (order.latestNs > this.#latestNs) this.#latestNs = order.latestNs;
    if (order.latestNs > this.#handedNs) this.#handedNs = order.latestNs;
    if (order.isLate) this.#inOrder = 0;
    order.isLate = false;
  }

  /** Hands out what can be, from one memory. */
  #hand(batch: PacketBatch): void {
    const held = this.#held;
    const fresh = this.#fresh;
    const limitNs = this.#finalNs;
    if (held.isReady && fresh.isReady) {
      const isHeld = held.firstNs <= fresh.firstNs;
      const otherNs = isHeld ? fresh.firstNs : held.firstNs;
      (isHeld ? held : fresh).take(batch, otherNs < limitNs ? otherNs : limitNs);
    } else if (held.isReady) held.take(batch, limitNs);
    else if (fresh.isReady) fresh.take(batch, limitNs);
    const { count, timeNs } = batch;
    if (count > 0 && timeNs[count - 1]! > this.#handedNs) this.#handedNs = timeNs[count - 1]!;
    if (held.isEmpty) this.#heldOctets = 0;
    if (!this.#isDue || held.isReady || fresh.isReady) return;
    this.#isDue = false;
    if (this.#isStep) this.#begin();
  }

  /** Everything before has been handed out, and does not say anything about what comes. */
  #begin(): void {
    this.#isStep = false;
    this.#latestNs = Number.NEGATIVE_INFINITY;
    this.#ahead.reset();
    this.#handedNs = Number.NEGATIVE_INFINITY;
    if (this.#direct !== undefined) this.#direct.order.latestNs = Number.NEGATIVE_INFINITY;
  }

  /** Puts frames in order that have been added to the fresh ones. */
  #settle(): void {
    const fresh = this.#fresh;
    const { timeNs } = fresh.batch;
    while (!this.#isDue && !fresh.isSettled) {
      const ns = timeNs[fresh.settled]!;
      if (ns < this.#latestNs) {
        this.recordsOutOfOrder++;
        this.#inOrder = 0;
        if (ns < this.#handedNs || ns < this.#latestNs - this.#windowNs) this.recordsTooLate++;
        if (ns < this.#latestNs - this.#windowNs) {
          // It stays behind what stands before it: a clock that was set, or the next file, and all is earlier from here
          // on.
          this.#isStep = true;
          this.#isDue = this.#held.isReady || fresh.isReady;
          if (this.#isDue) return;
          this.#begin();
        }
      } else this.#inOrder++;
      if (ns > this.#latestNs) this.#latestNs = ns;
      fresh.settleNext();
    }
  }

  /** Reads more. False if nothing is at hand. */
  #fill(): boolean {
    if (this.#waiting !== undefined) return false;
    const fresh = this.#fresh;
    const { batch } = fresh;
    if (batch.count === batch.capacity) {
      if (fresh.next > 0) fresh.makeRoom();
      else return this.#hold();
    }
    const before = batch.count;
    this.supply.fillNow(batch);
    if (batch.count > before) return true;
    if (!fresh.isEmpty) return this.#hold();
    return this.supply.moveOn(batch);
  }

  /** Copies the fresh frames away. Where there is no room, what waits is handed out first. Always true. */
  #hold(): boolean {
    this.#inUse?.waitFor(this.#inUse.handed);
    const octets = this.#held.takeOver(this.#fresh, this.#bytes, this.#heldOctets);
    if (octets < 0) this.#isDue = true;
    else this.#heldOctets += octets;
    return true;
  }

  /** Looks further ahead in direct records. False if there is none in order. */
  #scan(direct: DirectRecords): boolean {
    if (!this.#ahead.scan(direct, this.timeBaseSeconds, this.#latestNs)) return false;
    this.#inOrder += SCANNED_AT_ONCE;
    return true;
  }

  #extend(direct: DirectRecords): boolean {
    return this.#held.isEmpty && this.#fresh.isEmpty && this.#ahead.extend(direct);
  }

  /**
   * Where records are taken to be in order and nothing waits: hands them out as they are read. Where one of them is
   * late, they all wait to be put in order, and false is returned.
   */
  #takeTrusted(batch: PacketBatch): boolean {
    this.supply.fillNow(batch);
    if (!isInOrder(batch, this.#latestNs)) this.#fresh.adopt(batch);
    if (batch.count === 0) return false;
    this.#latestNs = batch.timeNs[batch.count - 1]!;
    this.#handedNs = this.#latestNs;
    return true;
  }

  /** Where nothing waits: hands direct records out that are in order, without a way round. False if it cannot. */
  #takeDirectly(direct: DirectRecords, batch: PacketBatch): boolean {
    if (!this.#held.isEmpty || !this.#fresh.isEmpty) return false;
    if (this.#isTrusted && batch.capacity <= FRESH_FRAMES) return this.#takeTrusted(batch);
    const limitNs = this.#finalNs;
    if (this.#ahead.endOf(direct) === direct.window.start && !this.#scan(direct)) return false;
    if (!(this.#ahead.firstNs(direct, this.timeBaseSeconds) <= limitNs)) return false;
    const { window } = direct;
    const { end } = window;
    // No further than it has been looked at: what goes back is whole and right.
    window.end = this.#ahead.endOf(direct);
    this.supply.fillNow(batch);
    window.end = end;
    const { count, timeNs, frameOffset } = batch;
    let taken = 0;
    while (taken < count && timeNs[taken]! <= limitNs) taken++;
    if (taken > 0 && timeNs[taken - 1]! > this.#handedNs) this.#handedNs = timeNs[taken - 1]!;
    if (this.#handedNs > this.#latestNs) this.#latestNs = this.#handedNs;
    // The others go back.
    if (taken < count) window.start = frameOffset[taken]! - headerOctets(direct);
    batch.count = taken;
    return taken > 0;
  }
}
