/**
 * Flows of times that no one message can say: more than 2^32 ms of up time apart, or 2^32 µs before the export time. Each
 * comes out at its own time, or is counted, as nfdump and tshark read it. Nothing is clamped, nothing wraps.
 */
import { expect, it } from 'vitest';
import { createExportingProcess } from '../../../src/export/exporting-process.ts';
import { describeWithTools } from '../../support/tools.ts';
import { CONFIG, collector, exportAll } from '../exporter-support.ts';
import { recordBatch, type TestFlow } from '../records.ts';
import { collectWithNfcapd, tshark } from './outside-tools.ts';

const DAY_MS = 86_400_000;
const BASE_SECONDS = 1_700_000_000;
/** Ages in ms since the time base, out of order and up to 400 days apart; and those of a clock that jumps back and forth. */
const STARTS_MS = [
  0,
  1500,
  60 * DAY_MS,
  3 * DAY_MS,
  400 * DAY_MS,
  400 * DAY_MS - 7,
  49.6 * DAY_MS,
  99 * DAY_MS,
  12,
];

const flowAt = (startMs: number, i: number, spanMs = 250): TestFlow => ({
  source: [0x0a000001, 0, 0, 0],
  destination: [0x0a000002, 0, 0, 0],
  ipVersion: 4,
  protocol: 17,
  ports: [1000 + i, 53],
  forward: { packets: 2, octets: 100, firstNs: startMs * 1e6, lastNs: (startMs + spanMs) * 1e6 },
});
const batchOf = (flows: readonly TestFlow[], clockMs: number) =>
  recordBatch(flows, { timeBaseSeconds: BASE_SECONDS, clockNs: clockMs * 1e6 });

const UP_TIMES = [
  'sourceIPv4Address',
  'destinationIPv4Address',
  'sourceTransportPort',
  'destinationTransportPort',
  'protocolIdentifier',
  'packetDeltaCount',
  'octetDeltaCount',
  'flowStartSysUpTime',
  'flowEndSysUpTime',
];

const iso = (ms: number) => new Date(BASE_SECONDS * 1000 + ms).toISOString().slice(0, -1);

describeWithTools(['nfcapd', 'nfdump', 'tshark'], 'flows that are far apart', () => {
  it.each([
    ['netflow5', undefined],
    ['netflow9', undefined],
    ['netflow9', UP_TIMES],
    ['ipfix', [...UP_TIMES, 'systemInitTimeMilliseconds']],
  ] as const)('%s keeps the times of each (template %j)', async (protocol, template) => {
    const expected = STARTS_MS.map((ms, i) => [1000 + i, iso(ms), iso(ms + 250)]);
    const { flows } = await collectWithNfcapd(async (port) => {
      const url = `${protocol}://127.0.0.1:${port}`;
      const options = template === undefined ? {} : { templateIpv4: template };
      const exporting = await createExportingProcess(CONFIG, [
        { protocol, host: '127.0.0.1', port, url, options },
      ]);
      // Half of them in one batch, as the metering process hands them over when the clock has jumped; the rest one by one.
      const all = STARTS_MS.map((ms, i) => flowAt(ms, i));
      await exporting.exportBatch(batchOf(all.slice(0, 5), 400 * DAY_MS + 5000));
      for (let i = 5; i < all.length; i++) {
        await exporting.exportBatch(batchOf([all[i]!], STARTS_MS[i]! + 300));
      }
      const [counters] = await exporting.close();
      expect(counters).toMatchObject({
        recordsOffered: all.length,
        dataRecords: all.length,
        recordsPending: 0,
      });
    });
    const found = flows
      .filter((flow) => flow.type === 'FLOW')
      // nfdump 1.7.1 takes one for the other in IPFIX; tshark does not, see the next test.
      .map((flow) => [Number(flow.src_port), ...[String(flow.first), String(flow.last)].sort()])
      .sort(([a], [b]) => Number(a) - Number(b));
    expect(found).toEqual(expected);
  });

  // nfdump 1.7.1 does not read the start of options data.
  it('ipfix announces the start that up times count from anew wherever it moves', async () => {
    const all = STARTS_MS.map((ms, i) => flowAt(ms, i));
    const to = collector('ipfix', { templateIpv4: UP_TIMES });
    const { messages } = await exportAll([batchOf(all, 400 * DAY_MS + 5000)], to);
    const text = tshark(messages, ['-V', '-O', 'cflow']);
    let initMs = Number.NaN;
    const found: number[] = [];
    for (const [, label, value] of text.matchAll(/^\s+(System Init Time|StartTime|EndTime): (.*)$/gm)) {
      if (label === 'System Init Time') initMs = Date.parse(value!.replace(/(\.\d{3})\d*/, '$1'));
      else found.push(initMs + 1000 * Number.parseFloat(value!) - BASE_SECONDS * 1000);
    }
    expect(found).toEqual(STARTS_MS.flatMap((ms) => [ms, ms + 250]));
  });

  it('counts a flow that lasts longer than up times can say, and sends the others', async () => {
    for (const protocol of ['netflow5', 'netflow9'] as const) {
      const flows = [flowAt(0, 0), flowAt(10, 1, 50 * DAY_MS), flowAt(20, 2)];
      const { messages, statistics } = await exportAll([batchOf(flows, 51 * DAY_MS)], collector(protocol));
      expect(statistics).toMatchObject({
        recordsOffered: 3,
        dataRecords: 2,
        recordsPending: 0,
        notExportable: { ipv6: 0, time: 1 },
      });
      const ports = tshark(messages, ['-T', 'fields', '-e', 'cflow.srcport']);
      expect(ports.match(/\d+/g)).toEqual(['1000', '1002']);
    }
  });

  it('dates a message of delta microseconds so that they can say its flows', async () => {
    const names = ['sourceTransportPort', 'flowStartDeltaMicroseconds', 'flowEndDeltaMicroseconds'];
    const to = collector('ipfix', { templateIpv4: names });
    const hours = [0, 1, 3, 24, 24 * 400];
    const flows = hours.map((hour, i) => flowAt(hour * 3_600_000, i));
    const tooLong = flowAt(0, 9, 2 * 3_600_000);
    const { messages, statistics } = await exportAll(
      [batchOf([...flows, tooLong], 24 * 400 * 3_600_000 + 9000)],
      to,
    );
    expect(statistics).toMatchObject({ recordsOffered: 6, dataRecords: 5, notExportable: { time: 1 } });
    const text = tshark(messages, ['-V', '-O', 'cflow']);
    const valuesOf = (label: string) =>
      [...text.matchAll(new RegExp(`^\\s+${label}: (.*)$`, 'gm'))].map(([, it]) => it!);
    const times = (label: string) =>
      valuesOf(label).map((time) => Date.parse(time.replace(/(\.\d{3})\d*/, '$1')));
    expect(valuesOf('SrcPort')).toEqual(hours.map((_, i) => String(1000 + i)));
    const expected = hours.map((hour) => (BASE_SECONDS + hour * 3600) * 1000);
    expect(times('StartTime')).toEqual(expected);
    expect(times('EndTime')).toEqual(expected.map((ms) => ms + 250));
  });
});
