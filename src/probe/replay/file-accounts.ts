/**
 * What became of each file of a replay, as far as somebody should hear of it: a file of which nothing could be metered, and
 * one with a link type that is not decoded. Files that are merged by time are one account.
 */
import { createDecodeCounters, type DecodeCounters } from '../../decode/counters.ts';
import { ACCEPTED, OTHER_ETHER_TYPE, REASONS, UNSUPPORTED_LINK_TYPE } from '../../decode/reasons.ts';
import { refusedNumbers } from '../../decode/refused-numbers.ts';
import type { RefusedFile } from '../../output/summary.ts';

/** Leaves in `result` what has been counted since `before`. */
function difference(now: Float64Array, before: Float64Array, result: Float64Array): void {
  for (let i = 0; i < now.length; i++) result[i] = now[i]! - before[i]!;
}

export class FileAccounts {
  readonly #counters: DecodeCounters;
  readonly #filesRead: readonly string[];
  readonly #isMerged: boolean;
  readonly #refused: RefusedFile[] = [];
  /** As of the end of the file before. */
  readonly #before = createDecodeCounters();
  /** Of one file. */
  readonly #own = createDecodeCounters();
  #files = 0;
  #accepted = 0;

  /**
   * @param counters of refused packets: the decoder's
   * @param filesRead the source's; its last one is the file that is read, unless they are merged
   */
  constructor(counters: DecodeCounters, filesRead: readonly string[], isMerged: boolean) {
    this.#counters = counters;
    this.#filesRead = filesRead;
    this.#isMerged = isMerged;
  }

  /** Before packets of a batch are decoded: closes the account of the file before, if another one is read now. */
  look(): void {
    const { length } = this.#filesRead;
    if (length === this.#files) return;
    if (this.#files > 0 && !this.#isMerged) this.#close();
    this.#files = length;
  }

  /** Counts packets of this file as accepted. */
  accept(packets: number): void {
    this.#accepted += packets;
  }

  /** At the end of the input. @returns the files that somebody should hear of */
  end(): readonly RefusedFile[] {
    if (this.#files > 0) this.#close();
    this.#files = 0;
    return this.#refused;
  }

  #close(): void {
    const counters = this.#counters;
    const own = this.#own;
    const before = this.#before;
    difference(counters.packetsByReason, before.packetsByReason, own.packetsByReason);
    before.packetsByReason.set(counters.packetsByReason);
    // There are many numbers: they are looked at only where some have been counted.
    if (own.packetsByReason[OTHER_ETHER_TYPE]! > 0) {
      difference(counters.packetsByEtherType, before.packetsByEtherType, own.packetsByEtherType);
      before.packetsByEtherType.set(counters.packetsByEtherType);
    }
    if (own.packetsByReason[UNSUPPORTED_LINK_TYPE]! > 0) {
      difference(counters.packetsByLinkType, before.packetsByLinkType, own.packetsByLinkType);
      before.packetsByLinkType.set(counters.packetsByLinkType);
    }
    const isMetered = this.#accepted > 0;
    this.#accepted = 0;
    const told = isMetered ? [REASONS[UNSUPPORTED_LINK_TYPE]!] : REASONS.slice(ACCEPTED + 1);
    const reasons = told
      .filter(({ code }) => own.packetsByReason[code]! > 0)
      .map(({ code, name, help }) => {
        return { name, help, packets: own.packetsByReason[code]!, numbers: refusedNumbers(code, [own]) };
      });
    if (reasons.length > 0) {
      const file = this.#isMerged ? this.#filesRead.join(', ') : this.#filesRead[this.#files - 1]!;
      this.#refused.push({ file, isMetered, reasons });
    }
  }
}
