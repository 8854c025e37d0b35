/**
 * The packets of DNS that another meter keeps, of the batches that all of them read: a client's DNS and its connections are
 * pairs of addresses of their own, and each meter learns its names from all of it.
 */
import type { ApplicationOptions } from '../../metering/table/application-table.ts';
import {
  copyRecord,
  createDecodedBatch,
  DECODED_WORDS,
  type DecodedBatch,
  PORTS,
} from '../../records/decoded-batch.ts';
import type { RecordSections } from '../../records/record-sections.ts';

const PORT_DNS = 53;

/** Whether a meter learns names by DNS, and packets are shared among several. */
export function learnsFromOthers({
  sections,
  applications,
  workers,
}: {
  readonly sections: RecordSections;
  readonly applications: ApplicationOptions | undefined;
  readonly workers: number;
}): boolean {
  return workers > 1 && sections.applications && applications?.dnsNames !== undefined;
}

/** Learns from the packets of a batch, whose frames lie in `view`, while the meter's own are metered. */
export type LearnOthers = (batch: DecodedBatch, view: DataView) => void;

export class OthersDns {
  readonly #learn: LearnOthers;
  /** Packets at the port of DNS, and the numbers that they had. */
  readonly #batch: DecodedBatch;
  readonly #numbers: Uint16Array;

  /** @param capacity packets of a batch at most */
  constructor(capacity: number, learn: LearnOthers) {
    this.#learn = learn;
    this.#batch = createDecodedBatch(capacity, false, true);
    this.#numbers = new Uint16Array(capacity);
  }

  /** Copies what is of DNS, before the meter's share of the batch is kept. */
  note(batch: DecodedBatch): void {
    const { words, count } = batch;
    let noted = 0;
    for (let i = 0; i < count; i++) {
      const ports = words[i * DECODED_WORDS + PORTS]!;
      if (ports >>> 16 !== PORT_DNS && (ports & 0xffff) !== PORT_DNS) continue;
      copyRecord(batch, i, this.#batch, noted);
      this.#numbers[noted++] = i;
    }
    this.#batch.count = noted;
  }

  /**
   * Hands on what was noted and not kept.
   * @param kept numbers of the packets that the meter keeps, in order, `count` of them
   */
  handOn(kept: Uint16Array, count: number, view: DataView): void {
    const batch = this.#batch;
    let others = 0;
    let k = 0;
    for (let i = 0; i < batch.count; i++) {
      const number = this.#numbers[i]!;
      while (k < count && kept[k]! < number) k++;
      if (k < count && kept[k] === number) continue;
      if (others !== i) copyRecord(batch, i, batch, others);
      others++;
    }
    batch.count = others;
    if (others > 0) this.#learn(batch, view);
  }
}
