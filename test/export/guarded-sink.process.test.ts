/** A sink that throws or rejects: counted and told, and the others and the next batch are served. */

import { describe, expect, it } from 'vitest';
import type { RecordSink } from '../../src/export/contract/record-sink.ts';
import { emptyStatistics } from '../../src/export/contract/statistics.ts';
import { GuardedSink } from '../../src/export/guarded-sink.ts';
import { NO_SECTIONS } from '../../src/records/record-sections.ts';
import { numberedBatch } from './spool/numbered-batches.ts';

/** A sink that fails every second batch, having counted `counted` of its records or not. */
function failingSink(fail: () => Promise<void>, counted: number): RecordSink {
  let offered = 0;
  let sent = 0;
  let batches = 0;
  const broken = () => Promise.reject(new Error('broken'));
  return {
    url: 'ipfix://192.0.2.1:2055',
    needs: NO_SECTIONS,
    exportBatch: (batch) => {
      if (++batches % 2 === 1) {
        offered += batch.count;
        sent += batch.count;
        return undefined;
      }
      offered += counted;
      return fail();
    },
    setInterfaces: () => {},
    flush: () => {
      throw new Error('no flush');
    },
    end: broken,
    close: broken,
    statistics: () => ({
      ...emptyStatistics('ipfix://192.0.2.1:2055'),
      recordsOffered: offered,
      dataRecords: sent,
      recordsPending: offered - sent,
    }),
  };
}

describe('GuardedSink', () => {
  it.each([
    ['throws', 0],
    ['throws', 40],
    ['rejects', 0],
    ['rejects', 100],
  ] as const)('goes on with a sink that %s, having counted %i records', async (how, counted) => {
    const fail = () => {
      if (how === 'rejects') return Promise.reject(new Error('no free slot'));
      throw new Error('no free slot');
    };
    const told: string[] = [];
    const sink = new GuardedSink(failingSink(fail, counted), false, (_level, _kind, message) =>
      told.push(message),
    );
    for (let b = 0; b < 4; b++) await sink.exportBatch(numberedBatch(b));
    sink.flush();
    await sink.end();
    await sink.close();
    const { recordsOffered, dataRecords, recordsPending, recordsDropped, errors, lastError } =
      sink.statistics();
    expect({ recordsOffered, dataRecords, recordsPending }).toEqual({
      recordsOffered: 400,
      dataRecords: 200,
      recordsPending: 2 * counted,
    });
    expect(recordsDropped).toEqual({ failed: 200 - 2 * counted });
    expect(errors.other).toBe(5);
    expect(lastError?.message).toBe('broken');
    expect(told.filter((line) => line.includes('no free slot'))).toHaveLength(2);
  });
});
