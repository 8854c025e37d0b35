/** What sinks of files have in common: their counters, and the sink around a file whose octets can be cut anywhere. */
import type { FlowRecordBatch, RecordSections } from '../../records/flow-layout.ts';
import type { CollectorStatistics, RecordSink } from '../contract/record-sink.ts';
import type { FileClock } from './file-clock.ts';
import type { RotatingFile } from './rotating-file.ts';

/** Counters of a sink that writes `file`. @param offered records so far */
export function fileStatistics(url: string, file: RotatingFile, offered: number): CollectorStatistics {
  const { records, failedRecords, writes, octets, errors } = file.statistics;
  return {
    url,
    messages: writes,
    octets,
    recordsOffered: offered,
    dataRecords: records,
    recordsFailed: failedRecords,
    recordsPending: offered - records - failedRecords,
    notExportable: { ipv6: 0, time: 0 },
    templateRecords: 0,
    optionsRecords: 0,
    errors: { ...errors },
    collectorDrops: null,
  };
}

/** Ends the last file; where nothing was written at all, one with what every file begins with. */
export async function endFile(file: RotatingFile, clock: FileClock): Promise<void> {
  if (file.isBegun || file.statistics.files > 0) await file.finish();
  else await file.finishEmpty(clock.nowMs);
}

interface RotatedSinkParts {
  readonly url: string;
  readonly file: RotatingFile;
  readonly clock: FileClock;
  /** What records must carry. */
  readonly needs: RecordSections;
  /** Records so far. */
  readonly offered: () => number;
  /**
   * Writes a batch to the file.
   * @param timed the batch with the time base that its times are to be written with
   * @returns what the caller waits for before the next batch
   */
  readonly write: (timed: FlowRecordBatch, batch: FlowRecordBatch) => Promise<void> | undefined;
}

/** A sink that writes each batch to the file as it comes, and begins new files by the clock. */
export function createRotatedSink(parts: RotatedSinkParts): RecordSink {
  const { url, file, clock, needs, offered, write } = parts;
  const rotateIfDue = () => {
    if (file.isDue(clock.nowMs)) void file.finish();
    // The file that begins now belongs to this moment.
    file.isDue(clock.nowMs);
  };
  return {
    url,
    needsEncapsulation: needs.encapsulation,
    needsHealth: needs.health,
    exportBatch: (batch) => {
      const timed = clock.update(batch);
      rotateIfDue();
      return write(timed, batch);
    },
    setInterfaces: () => {},
    flush: () => {
      if (clock.goesOn) rotateIfDue();
      file.flush();
    },
    end: () => endFile(file, clock),
    close: () => file.drain(),
    statistics: () => fileStatistics(url, file, offered()),
  };
}
