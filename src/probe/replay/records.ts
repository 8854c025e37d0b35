/** How flow records get from the metering process to the exporting process and to whoever prints them. */
import type { SourceInterface } from '../../capture/source.ts';
import type { FlowtapConfig } from '../../config/config.ts';
import type { Anonymizer } from '../../export/anonymization/anonymizer.ts';
import type { ExportingProcess } from '../../export/exporting-process.ts';
import { InterfaceNumbers } from '../../export/interface-numbers.ts';
import { type RecordQueueMemory, RecordQueueReader } from '../../metering/record-queue.ts';
import type { FlowWriter } from '../../output/flow-writer.ts';
import type { FlowRecordBatch, RecordSections } from '../../records/flow-layout.ts';
import { runCounters } from '../counters.ts';
import { meteringStatistics } from '../statistics.ts';

/** Changes that are written into records, in this order: maps go by the true MAC addresses. */
export interface RecordRewriting {
  /** Writes the interfaces. */
  readonly numbers: InterfaceNumbers | undefined;
  /** Replaces addresses. */
  readonly anonymizer: Anonymizer | undefined;
}

/** Takes records from every meter, one batch at a time, to whoever wants them. */
export class RecordConsumer {
  readonly #exporting: ExportingProcess | undefined;
  readonly #writer: FlowWriter | undefined;
  readonly #beforeBatch: () => void;
  readonly #rewriting: RecordRewriting;
  #busy: Promise<void> = Promise.resolve();

  /**
   * @param rewriting what is written into records before anybody else sees them
   * @param beforeBatch called before each batch
   */
  constructor(
    exporting: ExportingProcess | undefined,
    writer: FlowWriter | undefined,
    rewriting: RecordRewriting,
    beforeBatch: () => void = () => {},
  ) {
    this.#beforeBatch = beforeBatch;
    this.#rewriting = rewriting;
    this.#exporting = exporting;
    this.#writer = writer;
  }

  async consumeAll(queue: RecordQueueMemory): Promise<void> {
    const reader = new RecordQueueReader(queue);
    for (let batch = await reader.next(); batch !== undefined; batch = await reader.next()) {
      const current = batch;
      this.#busy = this.#busy.then(() => this.#consume(current));
      await this.#busy;
      reader.release();
    }
  }

  async #consume(batch: FlowRecordBatch): Promise<void> {
    this.#beforeBatch();
    this.#rewriting.numbers?.apply(batch);
    this.#rewriting.anonymizer?.apply(batch);
    const exported = this.#exporting?.exportBatch(batch);
    const written = this.#writer?.write(batch);
    if (exported !== undefined) await exported;
    if (written !== undefined) await written;
  }
}

/** What writes the interfaces of records where VLANs or MAC addresses tell them. */
export function replayInterfaces({ observation }: FlowtapConfig): InterfaceNumbers | undefined {
  return InterfaceNumbers.isNeedless(observation) ? undefined : new InterfaceNumbers(observation, false);
}

/** Records without any optional part. */
export const NO_SECTIONS: RecordSections = { encapsulation: false, health: false };

/** The optional parts of records that templates of the collectors or of the printed output read. */
export function sectionsNeeded(
  exporting: ExportingProcess | undefined,
  writer: FlowWriter | undefined,
): RecordSections {
  return {
    encapsulation: exporting?.needsEncapsulation === true || writer?.needsEncapsulation === true,
    health: exporting?.needsHealth === true || writer?.needsHealth === true,
  };
}

/** Tells collectors the ifIndex and name of each interface of the capture. */
export function announceInterfaces(
  exporting: ExportingProcess | undefined,
  { observation: { ingressInterface } }: FlowtapConfig,
  interfaces: readonly SourceInterface[],
): void {
  exporting?.setInterfaces(
    interfaces.map(({ name }, i) => ({
      ifIndex: ingressInterface === 'auto' ? i + 1 : ingressInterface,
      name,
      description: '',
    })),
  );
}

/** Tells the exporting process where it finds the counters of the meters. */
export function tellStatistics(
  exporting: ExportingProcess | undefined,
  counters: readonly SharedArrayBuffer[],
): void {
  const meters = counters.map((buffer) => runCounters(buffer));
  exporting?.setMeteringStatistics(meteringStatistics(() => meters));
}

/**
 * @param isFollowed packets come as they are observed
 * @throws ConfigError for faults in the templates, ExportError for a collector that cannot be opened
 */
export async function startExporting(config: FlowtapConfig, isFollowed: boolean): Promise<ExportingProcess> {
  const { createExportingProcess } = await import('../../export/exporting-process.ts');
  const { createLog } = await import('../../base/log.ts');
  const log = createLog({ level: 'warning', print: (line) => process.stderr.write(`${line}\n`) });
  return createExportingProcess(config, config.exporters, {
    isFollowed,
    log: (level, kind, message) => log.write(level, kind, message),
  });
}

/**
 * What replaces addresses, or undefined where nothing is to be replaced. Loaded only on demand: it needs the cryptography
 * of Node.
 * @throws ConfigError for a key that cannot be read
 */
export async function startAnonymizing({ anonymization }: FlowtapConfig): Promise<Anonymizer | undefined> {
  if (anonymization.method === 'none' && anonymization.macAddresses === 'keep') return undefined;
  const { createAnonymizer } = await import('../../export/anonymization/anonymizer.ts');
  return createAnonymizer(anonymization);
}
