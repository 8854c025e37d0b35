/** What holds for any records: nothing is lost or made up, messages keep their size, sequence numbers have no gaps. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCollectorExporter } from '../../../src/export/collector/collector-options.ts';
import { MessageArena } from '../../../src/export/transport/message-arena.ts';
import { INFORMATION_ELEMENTS } from '../../../src/ie/elements.ts';
import { compileTemplate } from '../../../src/ie/templates.ts';
import { CONFIG, collector, exportAll } from '../exporter-support.ts';
import { recordBatch, type TestDirection, type TestFlow } from '../records.ts';
import { CollectingTransport } from '../transport/collecting-transport.ts';

const word = fc.integer();
const timeNs = fc.double({ min: -1e9, max: 1e15, noNaN: true }).map(Math.floor);
const direction: fc.Arbitrary<TestDirection> = fc.record({
  packets: fc.integer({ min: 0, max: 2 ** 33 }),
  octets: fc.integer({ min: 0, max: 2 ** 34 }),
  firstNs: timeNs,
  lastNs: timeNs,
  tcpFlags: fc.nat(0xfff),
  ttl: fc.tuple(fc.nat(255), fc.nat(255)),
  lengths: fc.tuple(fc.nat(0x7fffffff), fc.nat(0x7fffffff)),
});
const flow: fc.Arbitrary<TestFlow> = fc.record({
  source: fc.array(word, { minLength: 4, maxLength: 4 }),
  destination: fc.array(word, { minLength: 4, maxLength: 4 }),
  ipVersion: fc.constantFrom(4 as const, 6 as const),
  protocol: fc.constantFrom(1, 6, 17, 58, 255),
  ports: fc.tuple(fc.nat(0xffff), fc.nat(0xffff)),
  vlan: fc.nat(0xfff),
  forward: direction,
  reverse: direction,
});
const batches = fc.array(fc.array(flow, { maxLength: 60 }), { minLength: 1, maxLength: 4 });

const protocols = fc.constantFrom('netflow5' as const, 'netflow9' as const, 'ipfix' as const);

/** Walks the sets of a message by their own lengths. @returns octets of each data set's records, padding included */
function dataSets(message: Buffer, headerOctets: number): { id: number; octets: number; at: number }[] {
  const sets: { id: number; octets: number; at: number }[] = [];
  let at = headerOctets;
  while (at < message.length) {
    const octets = message.readUInt16BE(at + 2);
    expect(octets).toBeGreaterThan(4);
    expect(at + octets).toBeLessThanOrEqual(message.length);
    sets.push({ id: message.readUInt16BE(at), octets: octets - 4, at: at + 4 });
    at += octets;
  }
  expect(at).toBe(message.length);
  return sets;
}

describe('an exporter', () => {
  it('sends each direction with packets once, in whole messages without gaps', async () => {
    await fc.assert(
      fc.asyncProperty(
        batches,
        protocols,
        fc.integer({ min: 512, max: 3000 }),
        async (all, protocol, octetsMax) => {
          const to = collector(protocol, { messageOctetsMax: octetsMax });
          const { messages, statistics } = await exportAll(
            all.map((flows) => recordBatch(flows)),
            to,
          );
          const lines = all
            .flat()
            .flatMap((one) => [one.forward!, one.reverse!].map((line) => ({ one, line })));
          const sent = lines.filter(({ line }) => line.packets > 0);
          const isV5 = protocol === 'netflow5';
          const carried = sent.filter(({ one }) => !isV5 || one.ipVersion === 4);
          expect(statistics.recordsOffered).toBe(
            statistics.dataRecords + statistics.recordsFailed + statistics.notExportable.ipv6,
          );
          expect(statistics.notExportable.ipv6).toBe(sent.length - carried.length);
          if (!isV5) expect(statistics.dataRecords).toBe(carried.length);
          let sequence = 0;
          let octets = 0;
          for (const message of messages.map((one) => Buffer.from(one))) {
            expect(message.length).toBeLessThanOrEqual(octetsMax);
            octets += message.length;
            if (isV5) {
              const count = message.readUInt16BE(2);
              expect(message.readUInt32BE(16)).toBe(sequence);
              expect(message.length).toBe(24 + 48 * count);
              expect(count).toBeLessThanOrEqual(30);
              sequence += count;
            } else if (protocol === 'netflow9') {
              dataSets(message, 20);
              expect(message.length % 4).toBe(0);
              expect(message.readUInt32BE(12)).toBe(sequence++);
            } else {
              expect(message.readUInt16BE(2)).toBe(message.length);
              dataSets(message, 16);
            }
          }
          expect(octets).toBe(statistics.octets);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('keeps the sums of counters in NetFlow v5, and its last packets before its up time', async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (all) => {
        const { messages } = await exportAll(
          all.map((flows) => recordBatch(flows)),
          collector('netflow5'),
        );
        let packets = 0;
        let octets = 0;
        for (const message of messages.map((one) => Buffer.from(one))) {
          for (let at = 24; at < message.length; at += 48) {
            packets += message.readUInt32BE(at + 16);
            octets += message.readUInt32BE(at + 20);
            expect(message.readUInt32BE(at + 28)).toBeLessThanOrEqual(message.readUInt32BE(4));
          }
        }
        const lines = all.flat().filter((one) => one.ipVersion === 4);
        const carried = lines
          .flatMap((one) => [one.forward!, one.reverse!])
          .filter((line) => line.packets > 0);
        expect(packets).toBe(carried.reduce((sum, line) => sum + line.packets, 0));
        // A flow with fewer packets than it would need records saturates: no such packets exist.
        const real = carried.filter((line) => line.octets / line.packets <= 0xffffffff);
        expect(octets).toBeGreaterThanOrEqual(real.reduce((sum, line) => sum + line.octets, 0));
      }),
      { numRuns: 60 },
    );
  });

  it('writes nothing outside its records, whatever the template', async () => {
    const names = INFORMATION_ELEMENTS.filter((element) => element.source.kind !== 'padding').map(
      ({ name }) => name,
    );
    const lists = fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(batches, lists, fc.boolean(), async (all, list, biflow) => {
        const template = [...list, 'protocolIdentifier:1'].filter(
          (name, i, array) => array.indexOf(name) === i,
        );
        if (list.includes('protocolIdentifier')) template.pop();
        const config = { ...CONFIG, biflow, template: { ipv4: template, ipv6: template } };
        const options = { withHealth: true, withApplications: true, withNetworks: true };
        const prepared = all.map((flows) => recordBatch(flows, options));
        const { messages } = await exportAll(prepared, collector('ipfix', { optionsData: 'none' }), config);
        const sizes = [4, 6].flatMap((ipVersion) =>
          [false, true].map(
            (withReverse) =>
              compileTemplate(template, { protocol: 'ipfix', ipVersion: ipVersion as 4 | 6, withReverse })
                .recordOctets,
          ),
        );
        // IPFIX is not padded: each data set is a whole number of records of one of the templates.
        for (const message of messages.slice(1).map((one) => Buffer.from(one))) {
          for (const set of dataSets(message, 16)) {
            if (set.id < 256) continue;
            expect(sizes.some((octets) => set.octets % octets === 0)).toBe(true);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('announces templates before their data, again after a while, and waits for a slow transport', async () => {
    const arena = new MessageArena(1400);
    const transport = new CollectingTransport(arena);
    const to = collector('ipfix', { templateRefreshMessages: 100, optionsData: 'periodic' });
    const exporter = createCollectorExporter(arena, transport, CONFIG, to);
    const one: TestFlow = {
      source: [1, 0, 0, 0],
      destination: [2, 0, 0, 0],
      ipVersion: 4,
      protocol: 6,
      ports: [1, 2],
      forward: { packets: 1, octets: 40, firstNs: 0, lastNs: 0 },
    };
    const batch = recordBatch(Array.from({ length: 500 }, () => one));
    for (let i = 0; i < 40; i++) await exporter.exportBatch(batch);
    await exporter.end();
    const announcements = transport.messages.flatMap((message, i) => (message[17] === 2 ? [i] : []));
    expect(announcements.slice(0, 2)[0]).toBe(0);
    // The second one early, since the first may have been lost; then within a batch of every hundred.
    expect(announcements[1]).toBeLessThan(60);
    for (let i = 2; i < announcements.length; i++) {
      expect(announcements[i]! - announcements[i - 1]!).toBeLessThan(100 + 40);
    }
    // RFC 7011 §3.1: data records, those of options included, before this message.
    let sequence = 0;
    for (const message of transport.messages.map((octets) => Buffer.from(octets))) {
      expect(message.readUInt32BE(8)).toBe(sequence);
      for (const set of dataSets(message, 16)) {
        if (set.id >= 256) sequence += set.octets % 84 === 0 ? set.octets / 84 : 1;
      }
    }
    expect(sequence).toBe(20_000 + exporter.statistics().optionsRecords);
  });
});
