/**
 * Takes flow records from the queues of meters, one batch at a time, in two steps: what the configuration says is
 * written into them first; then the exporting process gets them, and the writer that prints them.
 */
import { isEnriching } from '../config/asked.ts';
import type { FlowtapConfig } from '../config/config.ts';
import type { Anonymizer } from '../export/anonymization/anonymizer.ts';
import type { ExportingProcess } from '../export/exporting-process.ts';
import type { InterfaceNumbers } from '../export/interface-numbers.ts';
import { type RecordQueueMemory, RecordQueueReader } from '../metering/record-queue.ts';
import type { Enrichment } from '../networks/enrichment.ts';
import type { FlowWriter } from '../output/flow-writer.ts';
import type { FlowRecordBatch } from '../records/flow-layout.ts';

export interface RecordTakerOptions {
  readonly exporting: ExportingProcess | undefined;
  readonly writer?: FlowWriter | undefined;
  /**
   * Tells what writes the interfaces by now, before the anonymizer does its part: maps go by the true MAC addresses.
   */
  readonly numbers: () => InterfaceNumbers | undefined;
  /** Writes whose addresses they are, by the true ones. */
  readonly enrichment: () => Enrichment | undefined;
  /** Replaces addresses, before anybody sees them. */
  readonly anonymizer: Anonymizer | undefined;
  /** Called before anything is written into a batch, whose addresses are the true ones. */
  readonly beforeBatch?: (batch: FlowRecordBatch) => void;
  /** Sees every batch before it is exported; must neither keep nor change it. */
  readonly onRecords?: ((batch: FlowRecordBatch) => void) | undefined;
  /** Resolves when the exporters have room for a batch; undefined: they have. */
  readonly room?: () => Promise<void> | undefined;
}

export class RecordTaker {
  readonly #options: RecordTakerOptions;
  #busy: Promise<void> = Promise.resolve();

  constructor(options: RecordTakerOptions) {
    this.#options = options;
  }

  /** Resolves when the batch has been taken, after those before it, and its memory may be reused. */
  take(batch: FlowRecordBatch): Promise<void> {
    this.#busy = this.#busy.then(() => this.#takeNow(batch));
    return this.#busy;
  }

  /** Takes every batch of a queue, until it is closed. */
  async takeAll(queue: RecordQueueMemory): Promise<void> {
    const reader = new RecordQueueReader(queue);
    for (let batch = await reader.next(); batch !== undefined; batch = await reader.next()) {
      await this.take(batch);
      reader.release();
    }
  }

  /** Makes records as everybody sees them: with the numbers of interfaces and with networks, and anonymized. */
  prepare(batch: FlowRecordBatch): void {
    const { numbers, enrichment, anonymizer } = this.#options;
    numbers()?.apply(batch);
    enrichment()?.apply(batch);
    anonymizer?.apply(batch);
  }

  /** Resolves when what has come so far has been taken. */
  get idle(): Promise<void> {
    return this.#busy;
  }

  async #takeNow(batch: FlowRecordBatch): Promise<void> {
    const { exporting, writer, beforeBatch, onRecords, room } = this.#options;
    beforeBatch?.(batch);
    this.prepare(batch);
    onRecords?.(batch);
    const waiting = room?.();
    if (waiting !== undefined) await waiting;
    const exported = exporting?.exportBatch(batch);
    const written = writer?.write(batch);
    if (exported !== undefined) await exported;
    if (written !== undefined) await written;
  }
}

/**
 * What replaces addresses, or undefined where nothing is to be replaced. Loaded only on demand: it needs the cryptography
 * of Node.
 * @throws ConfigError for a key that cannot be read
 */
export async function startAnonymizing({ anonymization }: FlowtapConfig): Promise<Anonymizer | undefined> {
  if (anonymization.method === 'none' && anonymization.macAddresses === 'keep') return undefined;
  const { createAnonymizer } = await import('../export/anonymization/anonymizer.ts');
  return createAnonymizer(anonymization);
}

/**
 * What writes networks into records, or undefined where nothing is known of any. Loaded only on demand.
 * @throws ConfigError for a database that cannot be read
 */
export async function startEnriching({ enrichment }: FlowtapConfig): Promise<Enrichment | undefined> {
  if (!isEnriching(enrichment)) return undefined;
  const [{ Enrichment }, { lookupOf, openEach, readDatabase }] = await Promise.all([
    import('../networks/enrichment.ts'),
    import('../networks/open-networks.ts'),
  ]);
  return new Enrichment(lookupOf(enrichment, await openEach(enrichment.databases, readDatabase)));
}
