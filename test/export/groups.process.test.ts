/** Several collectors: replicated, balanced, failing over and back; added, changed and removed while records flow. */

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { FlowtapError } from '../../src/base/errors.ts';
import type { ExporterConfig, SinkContext } from '../../src/export/contract/record-sink.ts';
import { createExportingProcess } from '../../src/export/exporting-process.ts';
import { FlowShare, flowHash } from '../../src/export/flow-share.ts';
import { NO_SECTIONS } from '../../src/records/record-sections.ts';
import { CONFIG } from './exporter-support.ts';
import { recordBatch, type TestFlow } from './records.ts';
import { StreamCollector } from './sessions/stream-collector.ts';
import { numberedBatch, numbers, streamTo, unique, until } from './spool/numbered-batches.ts';

const LIVE: SinkContext = { whenFull: 'drop', log: () => {} };
const collectors: StreamCollector[] = [];
async function collector(port = 0) {
  const one = new StreamCollector();
  collectors.push(one);
  return { one, port: await one.listen(port) };
}
afterEach(async () => {
  for (const one of collectors.splice(0)) await one.kill();
});

/** Flow `i` of many, from either side. */
function flow(i: number, isReversed: boolean, octets = 40): TestFlow {
  const ends = [
    { address: [(0x0a00_0000 + i * 7919) | 0, 0, 0, 0], port: 1024 + (i % 60_000) },
    { address: [0xc000_0200 | 0, 0, 0, 0], port: 443 },
  ] as const;
  const [a, b] = isReversed ? [ends[1], ends[0]] : ends;
  return {
    source: a.address,
    destination: b.address,
    ipVersion: 4,
    protocol: 6,
    ports: [a.port, b.port],
    forward: { packets: 1, octets, firstNs: 0, lastNs: 0 },
  };
}

describe('a balance group', () => {
  const names = ['ipfix://a:1', 'ipfix://b:1', 'ipfix://c:1'];
  const flows = numbers(6000);
  const owners = (share: FlowShare, isReversed: boolean) => {
    const batch = recordBatch(flows.map((i) => flow(i, isReversed, i)));
    const owner = new Map<number, number>();
    share.split(batch).forEach((part, o) => {
      for (let r = 0; r < part.count; r++) owner.set(part.doubles[(r * part.stride) / 2 + 8]!, o);
    });
    return flows.map((i) => owner.get(i)!);
  };

  it('gives both directions of a flow to the same collector, and each collector its part', () => {
    const forward = owners(new FlowShare(names), false);
    expect(owners(new FlowShare(names), true)).toEqual(forward);
    for (const o of [0, 1, 2]) {
      const share = forward.filter((owner) => owner === o).length / flows.length;
      expect(share).toBeGreaterThan(0.3);
      expect(share).toBeLessThan(0.37);
    }
  });

  it('moves only the flows of a collector that leaves', () => {
    const before = owners(new FlowShare(names), false);
    const after = owners(new FlowShare(names.slice(0, 2)), false);
    for (const i of flows) if (before[i] !== 2) expect(after[i]).toBe(before[i]);
  });

  it('tells flows apart by ports and protocol', () => {
    const base = flow(1, false);
    const others = [base, { ...base, ports: [1, 2] as const }, { ...base, protocol: 17 }];
    const batch = recordBatch(others);
    const hashes = others.map((_, i) => flowHash(batch, i * batch.stride));
    expect(new Set(hashes).size).toBe(3);
  });

  it.each(['wait', 'drop'] as const)('delivers each record once, to one of them (%s)', async (whenFull) => {
    const [a, b] = [await collector(), await collector()];
    const to = [streamTo(a.port, { balance: 'g' }), streamTo(b.port, { balance: 'g' })];
    const exporting = await createExportingProcess(CONFIG, to, { ...LIVE, whenFull });
    for (let n = 0; n < 20; n++) {
      await exporting.exportBatch(
        recordBatch(numbers(100).map((i) => flow(n * 100 + i, n % 2 === 0, n * 100 + i))),
      );
    }
    const counters = await exporting.close();
    expect([...a.one.records, ...b.one.records].sort((x, y) => x - y)).toEqual(numbers(2000));
    expect(a.one.records.length).toBeGreaterThan(800);
    expect(counters.map((one) => one.dataRecords)).toEqual([a.one.records.length, b.one.records.length]);
  });
});

describe('a failover group', () => {
  it.each(['wait', 'drop'] as const)(
    'takes over with what was not delivered, and goes back (%s)',
    async (whenFull) => {
      const [a, b] = [await collector(), await collector()];
      const to = [streamTo(a.port, { failover: 'g' }), streamTo(b.port, { failover: 'g' })];
      const exporting = await createExportingProcess(CONFIG, to, { ...LIVE, whenFull });
      await until(() => a.one.sessions.length === 1 && b.one.sessions.length === 1);
      let n = 0;
      const send = async (batches: number) => {
        for (const end = n + batches; n < end; n++) await exporting.exportBatch(numberedBatch(n));
      };
      await send(20);
      exporting.flush();
      await until(() => a.one.records.length === 2000);
      expect(b.one.records).toEqual([]);
      // The second before it dies may go out again, so a pause makes the figures exact.
      await delay(1300);
      await a.one.kill();
      await send(20);
      await until(() => exporting.statistics()[0]!.isUp === false);
      exporting.flush();
      await until(() => unique([...a.one.records, ...b.one.records]).length === 4000);
      const { one: back } = await collector(a.port);
      await until(() => exporting.statistics()[0]!.isUp === true);
      const before = b.one.records.length;
      await send(10);
      const counters = await exporting.close();
      expect(unique([...a.one.records, ...b.one.records, ...back.records])).toEqual(numbers(5000));
      expect(back.records).toEqual(numbers(5000).slice(4000));
      expect(b.one.records.length).toBe(before);
      expect(counters).toHaveLength(2);
      for (const one of counters) expect(one.recordsOffered).toBe(one.dataRecords);
    },
  );

  it.each(['wait', 'drop'] as const)(
    'takes over from Kafka, with all that waited for it (%s)',
    async (whenFull) => {
      const { one, port } = await collector();
      const nobody = await collector();
      await nobody.one.kill();
      const kafka: ExporterConfig = {
        protocol: 'kafka',
        host: '127.0.0.1',
        port: nobody.port,
        path: 'flows',
        url: `kafka://127.0.0.1:${nobody.port}/flows`,
        options: { failover: 'g', lingerMs: 10 },
      };
      const exporting = await createExportingProcess(CONFIG, [kafka, streamTo(port, { failover: 'g' })], {
        ...LIVE,
        whenFull,
      });
      for (let b = 0; b < 60; b++) await exporting.exportBatch(numberedBatch(b));
      await until(() => exporting.statistics()[0]!.isUp === false);
      for (let b = 60; b < 80; b++) await exporting.exportBatch(numberedBatch(b));
      await until(() => one.records.length >= 8000);
      const [first, second] = await exporting.close();
      expect([...one.records].sort((x, y) => x - y)).toEqual(numbers(8000));
      expect(first).toMatchObject({ recordsOffered: 0, recordsPending: 0, dataRecords: 0 });
      expect(second).toMatchObject({ recordsOffered: 8000, recordsPending: 0, dataRecords: 8000 });
    },
  );

  it('over UDP goes by what the network refuses', async () => {
    const open = async (port = 0) => {
      const socket = createSocket('udp4');
      // Those with records: templates are sent to everybody at once.
      const messages: Buffer[] = [];
      socket.on('message', (message) => message.length > 900 && messages.push(message));
      socket.bind(port, '127.0.0.1');
      await once(socket, 'listening');
      return { socket, messages, port: socket.address().port };
    };
    const shut = async (socket: Socket) => {
      socket.close();
      await once(socket, 'close');
    };
    const to = (port: number): ExporterConfig => ({
      protocol: 'ipfix',
      host: '127.0.0.1',
      port,
      url: `ipfix://127.0.0.1:${port}`,
      options: { failover: 'g' },
    });
    const [a, b] = [await open(), await open()];
    const exporting = await createExportingProcess(CONFIG, [to(a.port), to(b.port)], LIVE);
    const send = () => {
      void exporting.exportBatch(numberedBatch(0));
      exporting.flush();
    };
    send();
    await until(() => a.messages.length > 0);
    expect(b.messages).toHaveLength(0);
    await shut(a.socket);
    for (let i = 0; b.messages.length === 0 && i < 100; i++) {
      send();
      await delay(50);
    }
    expect(b.messages.length).toBeGreaterThan(0);
    const again = await open(a.port);
    await until(() => exporting.statistics()[0]!.isUp === true);
    again.messages.length = 0;
    await delay(300);
    send();
    await until(() => again.messages.length > 0);
    await exporting.close();
    await shut(again.socket);
    await shut(b.socket);
  });
});

describe('a reload', () => {
  it.each(['wait', 'drop'] as const)('changes collectors without a gap (%s)', async (whenFull) => {
    const [kept, removed, added, changed] = [
      await collector(),
      await collector(),
      await collector(),
      await collector(),
    ];
    const first = [streamTo(kept.port), streamTo(removed.port), streamTo(changed.port)];
    const exporting = await createExportingProcess(CONFIG, first, { ...LIVE, whenFull });
    const send = async (from: number, to: number) => {
      for (let b = from; b < to; b++) {
        await exporting.exportBatch(numberedBatch(b));
        await delay(1);
      }
    };
    await send(0, 50);
    const second = [
      streamTo(kept.port),
      streamTo(changed.port, { messageOctetsMax: 600 }),
      streamTo(added.port),
    ];
    await Promise.all([send(50, 100), exporting.reconfigure(CONFIG, second)]);
    await send(100, 150);
    const counters = await exporting.close();
    expect(counters.map(({ url }) => url)).toEqual(second.map(({ url }) => url));
    expect(kept.one.records).toEqual(numbers(15_000));
    expect(kept.one.sessions).toHaveLength(1);
    expect(changed.one.sessions).toHaveLength(2);
    expect(changed.one.records).toEqual(numbers(15_000));
    // The removed one has everything up to the change, the added one everything from it on.
    expect(removed.one.records).toEqual(numbers(removed.one.records.length));
    expect(removed.one.records.length).toBeGreaterThanOrEqual(5000);
    expect(added.one.records).toEqual(numbers(15_000).slice(15_000 - added.one.records.length));
    expect(added.one.records.length + removed.one.records.length).toBe(15_000);
  });

  // Another one, the same one with a wrong template, one that is changed well before one that cannot be, and one whose
  // spool changes its place: it has to end before its successor can have what is in it.
  const wrongReloads = (port: number, spooledPort: number, directory: string) => {
    const spooled = streamTo(spooledPort, { spoolDirectory: directory });
    const first = [streamTo(port), spooled];
    return {
      first,
      wrong: [
        [...first, streamTo(1, { templateIpv4: ['noSuchElement'] })],
        [streamTo(port, { templateIpv4: ['noSuchElement'] })],
        [streamTo(port, { messageOctetsMax: 600 }), streamTo(spooledPort, { spoolDirectory: '/dev/null' })],
        [
          streamTo(port, { messageOctetsMax: 600 }),
          streamTo(spooledPort, { spoolDirectory: directory, templateIpv4: ['noSuchElement'] }),
        ],
      ],
    };
  };

  it.each(['wait', 'drop'] as const)('that is wrong changes nothing (%s)', async (whenFull) => {
    const { one, port } = await collector();
    const { one: spooled, port: spooledPort } = await collector();
    const directory = mkdtempSync(join(tmpdir(), 'flowtap-reload-'));
    const { first, wrong } = wrongReloads(port, spooledPort, directory);
    const exporting = await createExportingProcess(CONFIG, first, { ...LIVE, whenFull });
    let b = 0;
    const send = async (batches: number) => {
      for (const end = b + batches; b < end; ) {
        await exporting.exportBatch(numberedBatch(b++));
        await delay(1);
      }
    };
    await send(5);
    for (const exporters of wrong) {
      // Records come before, while and after the change fails.
      const sending = send(20);
      await expect(exporting.reconfigure(CONFIG, exporters)).rejects.toThrow(FlowtapError);
      await sending;
    }
    const good = [streamTo(port, { messageOctetsMax: 700 }), { ...first[1]! }];
    await Promise.all([send(20), exporting.reconfigure(CONFIG, good)]);
    const counters = await exporting.close();
    const all = numbers(b * 100);
    expect(one.records).toEqual(all);
    expect(unique(spooled.records)).toEqual(all);
    for (const { recordsOffered, dataRecords, recordsPending, recordsDropped = {} } of counters) {
      expect({ recordsOffered, dataRecords, recordsPending }).toEqual({
        recordsOffered: all.length,
        dataRecords: all.length,
        recordsPending: 0,
      });
      expect(Object.values(recordsDropped).every((count) => count === 0)).toBe(true);
    }
    rmSync(directory, { recursive: true });
  });

  it('whose spool cannot be used, and neither the former one any more, keeps records until it can', async () => {
    const { one, port } = await collector();
    const directory = mkdtempSync(join(tmpdir(), 'flowtap-reload-'));
    const first = [streamTo(port, { spoolDirectory: directory })];
    const exporting = await createExportingProcess(CONFIG, first, LIVE);
    for (let b = 0; b < 10; b++) await exporting.exportBatch(numberedBatch(b));
    await until(() => one.records.length === 1000);
    // Anything but a folder there.
    const away = `${directory}-away`;
    renameSync(directory, away);
    writeFileSync(directory, '');
    const changed = [streamTo(port, { spoolDirectory: directory, messageOctetsMax: 600 })];
    await expect(exporting.reconfigure(CONFIG, changed)).rejects.toThrow(FlowtapError);
    for (let b = 10; b < 20; b++) await exporting.exportBatch(numberedBatch(b));
    expect(exporting.statistics()[0]).toMatchObject({ recordsOffered: 2000, recordsQueued: 1000 });
    rmSync(directory);
    renameSync(away, directory);
    await until(() => exporting.statistics()[0]!.recordsQueued === 0);
    const [counters] = await exporting.close();
    expect(one.records).toEqual(numbers(2000));
    expect(counters).toMatchObject({ recordsOffered: 2000, dataRecords: 2000, recordsPending: 0 });
    rmSync(directory, { recursive: true });
  });

  it('keeps the totals of a sink that it replaces, also of what is still in the spool', async () => {
    const { one, port } = await collector();
    await one.kill();
    const directory = mkdtempSync(join(tmpdir(), 'flowtap-reload-'));
    const to = (messageOctetsMax: number) => [
      streamTo(port, { spoolDirectory: directory, messageOctetsMax }),
    ];
    const exporting = await createExportingProcess(CONFIG, to(1400), LIVE);
    for (let b = 0; b < 10; b++) await exporting.exportBatch(numberedBatch(b));
    await exporting.reconfigure(CONFIG, to(600));
    expect(exporting.statistics()[0]).toMatchObject({
      recordsOffered: 1000,
      recordsPending: 1000,
      dataRecords: 0,
    });
    for (let b = 10; b < 15; b++) await exporting.exportBatch(numberedBatch(b));
    const { one: back } = await collector(port);
    await until(() => unique(back.records).length === 1500);
    const [counters] = await exporting.close();
    expect(counters).toMatchObject({ recordsOffered: 1500, dataRecords: 1500, recordsPending: 0 });
    expect(unique(back.records)).toEqual(numbers(1500));
    rmSync(directory, { recursive: true });
  });

  const file = (protocol: ExporterConfig['protocol'], templateIpv4: readonly string[]): ExporterConfig => {
    const isKafka = protocol === 'kafka';
    return {
      protocol,
      host: isKafka ? '127.0.0.1' : '',
      port: isKafka ? 1 : 0,
      path: isKafka ? 'flows' : join(tmpdir(), `flowtap-${process.pid}-%s.${protocol}`),
      url: `${protocol}:reload`,
      options: { templateIpv4, templateIpv6: ['minimal'] },
    };
  };
  const kinds = ['json', 'csv', 'parquet', 'kafka', 'ipfix-file'] as const;
  it.each(kinds)('refuses elements that workers do not keep: %s', async (protocol) => {
    const exporting = await createExportingProcess(CONFIG, [], LIVE);
    const keeps = NO_SECTIONS;
    for (const [element, found] of [
      ['mplsTopLabelStackSection', /tunnels or MPLS.*restart/s],
      ['tunnelKind', /tunnels or MPLS.*restart/s],
      ['tcpHandshakeState', /path health.*restart/s],
      ['applicationName', /applications.*restart/s],
    ] as const) {
      const to = file(protocol, [element, 'packetDeltaCount']);
      await expect(exporting.reconfigure(CONFIG, [to], keeps)).rejects.toThrow(found);
    }
    expect(exporting.statistics()).toEqual([]);
    await exporting.reconfigure(CONFIG, [file(protocol, ['packetDeltaCount'])], keeps);
    expect(exporting.statistics()).toHaveLength(1);
    await exporting.close();
  });
});
