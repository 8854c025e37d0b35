/**
 * Flow records in files of IPFIX messages (RFC 5655). Every file is a stream of its own: templates and options first,
 * sequence numbers from 0. So each has an exporter of its own; they share the clock and the counters are added up.
 */

import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import type { RecordSections } from '../../records/record-sections.ts';
import type { CollectorExporter } from '../collector/collector-exporter.ts';
import { createCollectorExporter } from '../collector/collector-options.ts';
import { ExportClock } from '../contract/export-clock.ts';
import type { InterfaceDescription } from '../contract/options-content.ts';
import type { RecordSink, SinkFactory } from '../contract/record-sink.ts';
import { MessageArena } from '../transport/message-arena.ts';
import { FileClock } from './file-clock.ts';
import { createRotatingFile } from './file-options.ts';
import { FileTransport } from './file-transport.ts';
import type { RotatingFile } from './rotating-file.ts';
import { fileStatistics } from './text-file-sink.ts';

/** No path limits these messages; larger ones have fewer headers. */
const MESSAGE_OCTETS = 16_384;

class IpfixFileSink implements RecordSink {
  readonly url: string;
  readonly needs: RecordSections;
  readonly #file: RotatingFile;
  readonly #fileClock: FileClock;
  readonly #create: () => CollectorExporter;
  #exporter: CollectorExporter;
  /** Of the exporters of earlier files. */
  readonly #earlier = { recordsOffered: 0, templateRecords: 0, optionsRecords: 0, time: 0 };
  #interfaces: readonly InterfaceDescription[] = [];
  #statisticsFrom: Parameters<NonNullable<RecordSink['setStatistics']>> | undefined;
  #hasRecords = false;

  constructor(url: string, file: RotatingFile, fileClock: FileClock, create: () => CollectorExporter) {
    this.url = url;
    this.#file = file;
    this.#fileClock = fileClock;
    this.#create = create;
    this.#exporter = create();
    this.needs = this.#exporter.needs;
  }

  exportBatch(batch: FlowRecordBatch): Promise<void> | undefined {
    this.#fileClock.update(batch);
    this.#rotateIfDue();
    this.#hasRecords ||= batch.count > 0;
    const pending = this.#exporter.exportBatch(batch);
    // An arena that is full has been emptied into the file by then: that promise is kept at once.
    return pending === undefined ? this.#file.pressure : pending.then(() => this.#file.pressure);
  }

  setInterfaces(interfaces: readonly InterfaceDescription[]): void {
    this.#interfaces = interfaces;
    this.#exporter.setInterfaces(interfaces);
  }

  setStatistics(...from: Parameters<NonNullable<RecordSink['setStatistics']>>): void {
    this.#statisticsFrom = from;
    this.#exporter.setStatistics(...from);
  }

  flush(): void {
    if (this.#fileClock.goesOn) this.#rotateIfDue();
    this.#exporter.flush();
    this.#file.flush();
  }

  async end(): Promise<void> {
    this.#exporter.endStream();
    if (this.#file.isBegun || this.#file.statistics.files > 0) await this.#file.finish();
    else await this.#file.finishEmpty(this.#fileClock.nowMs);
  }

  close(): Promise<void> {
    return this.#file.drain();
  }

  statistics() {
    const { recordsOffered, templateRecords, optionsRecords, notExportable } = this.#exporter.statistics();
    const earlier = this.#earlier;
    const file = fileStatistics(this.url, this.#file, earlier.recordsOffered + recordsOffered);
    // IPFIX carries IPv6.
    const time = earlier.time + notExportable.time;
    return {
      ...file,
      recordsPending: file.recordsPending - time,
      notExportable: { ipv6: 0, time },
      templateRecords: earlier.templateRecords + templateRecords,
      optionsRecords: earlier.optionsRecords + optionsRecords,
    };
  }

  #rotateIfDue(): void {
    const file = this.#file;
    if (file.isDue(this.#fileClock.nowMs)) {
      this.#exporter.endStream();
      void file.finish();
      if (this.#hasRecords) this.#startStream();
    }
    // The file that begins now belongs to this moment.
    file.isDue(this.#fileClock.nowMs);
  }

  #startStream(): void {
    const { recordsOffered, templateRecords, optionsRecords, notExportable } = this.#exporter.statistics();
    const earlier = this.#earlier;
    earlier.recordsOffered += recordsOffered;
    earlier.templateRecords += templateRecords;
    earlier.optionsRecords += optionsRecords;
    earlier.time += notExportable.time;
    this.#exporter = this.#create();
    this.#exporter.setInterfaces(this.#interfaces);
    if (this.#statisticsFrom !== undefined) this.#exporter.setStatistics(...this.#statisticsFrom);
    this.#hasRecords = false;
  }
}

/** @throws ConfigError for faults in the templates or in the file's name, ExportError for a folder that is not there */
export const createIpfixFileSink: SinkFactory = async (config, exporter, context) => {
  const file = createRotatingFile(exporter, context, {
    header: () => undefined,
    isWorthlessWhenCut: false,
  });
  const clock = new ExportClock(config.timestamps);
  // Nothing gets lost within a file: its templates stand at its start and nowhere else.
  const create = () => {
    const arena = new MessageArena(exporter.options.messageOctetsMax ?? MESSAGE_OCTETS);
    return createCollectorExporter(arena, new FileTransport(arena, file), config, exporter, true, clock);
  };
  return new IpfixFileSink(exporter.url, file, new FileClock(config.timestamps, context), create);
};
