/**
 * Frames of capture files to be sent again: as often as asked for, with times that go on from one round to the next.
 * Only Ethernet can be sent on an interface; a capture of anything else is refused when its first frame is met.
 */

import { CaptureFileError, type FlowtapError } from '../base/errors.ts';
import { openCaptures } from '../capture/files/capture-source.ts';
import type { PacketSource } from '../capture/source.ts';
import type { PacketBatch } from '../records/packet-batch.ts';
import type { FrameSource } from './frame-sink.ts';

const LINKTYPE_ETHERNET = 1;
/** Between the last frame of a round and the first of the next. */
const ROUND_GAP_NS = 1000;

export class CaptureFrames implements FrameSource {
  readonly errors: FlowtapError[] = [];
  readonly #files: readonly string[];
  readonly #rounds: number;
  #round = 0;
  #source: PacketSource;
  #checked = 0;
  /** Added to the times of this round; undefined until its first frame has been met. */
  #shiftNs: number | undefined;
  #lastNs = -ROUND_GAP_NS;

  /** @param rounds how often; Infinity for no end */
  constructor(files: readonly string[], rounds: number) {
    this.#files = files;
    this.#rounds = rounds;
    this.#source = openCaptures(files);
  }

  /** Times start at 0, and never go back. */
  readBatch(batch: PacketBatch): number {
    const count = this.#source.readBatch(batch);
    if (count === 0) return 0;
    if (this.#source.interfaces.length > this.#checked && !this.#areEthernet()) return 0;
    this.#shiftNs ??= this.#lastNs + ROUND_GAP_NS - batch.timeNs[0]!;
    for (let i = 0; i < count; i++) {
      this.#lastNs = Math.max(this.#lastNs, batch.timeNs[i]! + this.#shiftNs);
      batch.timeNs[i] = this.#lastNs;
    }
    return count;
  }

  #areEthernet(): boolean {
    const { interfaces } = this.#source;
    for (; this.#checked < interfaces.length; this.#checked++) {
      const { linkType } = interfaces[this.#checked]!;
      if (linkType === LINKTYPE_ETHERNET) continue;
      this.errors.push(
        new CaptureFileError(this.#files.join(', '), {
          expected: 'Ethernet frames (link type 1), which is all that an interface sends',
          found: `link type ${linkType}`,
        }),
      );
      this.#source.close();
      this.#round = this.#rounds;
      return false;
    }
    return true;
  }

  async more(): Promise<boolean> {
    while (!(await this.#source.more())) {
      this.errors.push(...this.#source.errors);
      this.#source.close();
      this.#round++;
      // A round without a frame, or with a fault, would be no better the next time.
      const isEmpty = this.#shiftNs === undefined;
      if (isEmpty || this.errors.length > 0 || this.#round >= this.#rounds) return false;
      this.#source = openCaptures(this.#files);
      this.#checked = 0;
      this.#shiftNs = undefined;
    }
    return true;
  }

  close(): void {
    this.#source.close();
  }
}
