import { describe, expect, it } from 'vitest';
import { FAULT_REMEDIES, FaultReporter } from '../../src/export/faults.ts';
import { collectorState } from '../metrics/states.ts';

function linesOf(errors: Readonly<Record<string, number>>, recordsRepeated?: number): string[] {
  const lines: string[] = [];
  const repeated = recordsRepeated === undefined ? {} : { recordsRepeated };
  const state = collectorState('ipfix://h:1', { errors, ...repeated });
  new FaultReporter((level, _, message) => lines.push(`${level}: ${message}`)).look([state], 0);
  return lines;
}

describe('faults of a UDP collector', () => {
  it('are refusals of what was sent, or messages that were not', () => {
    expect(linesOf({ econnrefused: 3, enobufs: 1 })).toEqual([
      `warning: ipfix://h:1: 3 refusals by the collector's host: econnrefused; ${FAULT_REMEDIES.econnrefused}`,
      `warning: ipfix://h:1: 1 message not sent: enobufs; ${FAULT_REMEDIES.enobufs}`,
    ]);
    expect(linesOf({ econnrefused: 1 })[0]).toContain(": 1 refusal by the collector's host: econnrefused;");
  });

  it('name routes where there is none', () => {
    expect(linesOf({ enetunreach: 1 })).toEqual([
      'warning: ipfix://h:1: 1 message not sent: enetunreach; no route to the collector: check its address and this machine’s routes',
    ]);
  });
});

it('a session that is refused has failed', () => {
  expect(linesOf({ econnrefused: 2 }, 0)).toEqual([
    `warning: ipfix://h:1: 2 sessions failed: econnrefused; ${FAULT_REMEDIES.econnrefused}`,
  ]);
});
