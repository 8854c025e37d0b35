/**
 * How fast flow records are told their networks, and encoded with them: `node bench/networks.ts FILE.mmdb… [--seconds S]`.
 * Addresses are remembered ones (a thousand of them come again and again), those of many hosts (65,536, of which a few come
 * often), or never the same twice, so that each is looked up. Figures are of the processor time of this process.
 */
import { readFileSync } from 'node:fs';
import { createCollectorExporter } from '../src/export/collector/collector-options.ts';
import type { ExportingConfig } from '../src/export/contract/record-sink.ts';
import { MessageArena } from '../src/export/transport/message-arena.ts';
import { Enrichment } from '../src/networks/enrichment.ts';
import { NetworkDatabase } from '../src/networks/network-database.ts';
import { NetworkLookup } from '../src/networks/network-lookup.ts';
import { ADDRESS_A, ADDRESS_B, type FlowRecordBatch } from '../src/records/flow-layout.ts';
import { ipv4, recordBatch } from '../test/export/records.ts';
import { CollectingTransport } from '../test/export/transport/collecting-transport.ts';

const SECONDS_DEFAULT = 2;
const BATCH = 512;
const BATCHES = 64;
const FEW = 1000;
const MANY = 65_536;
const HASH_FACTOR = 0x9e3779b1 | 0;

const args = process.argv.slice(2);
const option = args.indexOf('--seconds');
const seconds = option < 0 ? SECONDS_DEFAULT : Number(args.splice(option, 2)[1]);

const CONFIG: ExportingConfig = {
  template: { ipv4: ['default'], ipv6: ['default'] },
  biflow: false,
  timestamps: 'capture',
  privateEnterpriseNumber: 32473,
  observation: { domainId: 1, ingressInterface: 'auto', egressInterface: 0 },
};

/** Numbers of hosts, by the number of a record's end. */
const HOSTS: Readonly<Record<string, (end: number) => number>> = {
  remembered: (end) => end % FEW,
  // Three of four are of the few that come often.
  'many hosts': (end) => (end % 4 === 0 ? Math.imul(end, HASH_FACTOR) >>> 16 : end % FEW) % MANY,
  'never twice': (end) => end,
};

function batches(withNetworks: boolean): FlowRecordBatch[] {
  const line = { packets: 10, octets: 5000, firstNs: 0, lastNs: 1e9 };
  const [source, destination] = [ipv4('10.0.0.1'), ipv4('10.0.0.2')];
  const flows = Array.from({ length: BATCH }, (_, i) => {
    return { source, destination, ipVersion: 4, protocol: 6, ports: [i, 443], forward: line } as const;
  });
  const options = { timeBaseSeconds: 1_700_000_000, clockNs: 3e9, withNetworks };
  return Array.from({ length: BATCHES }, () => recordBatch(flows, options));
}

/** Writes other addresses into a batch. @param from number of its first end */
function readdress(
  { words, stride, count }: FlowRecordBatch,
  from: number,
  host: (end: number) => number,
): void {
  for (let i = 0; i < count; i++) {
    words[i * stride + ADDRESS_A] = Math.imul(host(from + 2 * i), HASH_FACTOR);
    words[i * stride + ADDRESS_B] = Math.imul(host(from + 2 * i + 1), HASH_FACTOR);
  }
}

/** Takes batches for a while. @returns records a second of processor time */
function measure(
  all: readonly FlowRecordBatch[],
  host: (end: number) => number,
  take: (batch: FlowRecordBatch) => void,
): number {
  let microseconds = 0;
  let records = 0;
  for (let i = 0; microseconds < seconds * 1e6; i++) {
    const some = all[i % BATCHES]!;
    readdress(some, 2 * BATCH * i, host);
    const before = process.cpuUsage();
    take(some);
    const { user, system } = process.cpuUsage(before);
    // The first ones compile.
    if (i < BATCHES) continue;
    microseconds += user + system;
    records += some.count;
  }
  return records / (microseconds / 1e6);
}

const databases = args.map((file) => new NetworkDatabase(readFileSync(file)));
if (databases.length === 0) {
  process.stderr.write('node bench/networks.ts FILE.mmdb… [--seconds S]\n');
  process.exit(2);
}
for (const names of [false, true]) {
  const all = batches(names);
  for (const [name, host] of Object.entries(HOSTS)) {
    const enrichment = new Enrichment(new NetworkLookup(undefined, databases, true));
    const arena = new MessageArena(1400);
    const to = { protocol: 'ipfix', host: '127.0.0.1', port: 1, url: 'ipfix', options: {} } as const;
    const list = names ? ['networks'] : ['default'];
    const config = { ...CONFIG, template: { ipv4: list, ipv6: list } };
    const exporter = createCollectorExporter(arena, new CollectingTransport(arena, false), config, to);
    const encode = (batch: FlowRecordBatch) => void exporter.exportBatch(batch);
    const told = measure(all, host, (batch) => enrichment.apply(batch));
    const encoded = measure(all, host, encode);
    const both = measure(all, host, (batch) => {
      enrichment.apply(batch);
      encode(batch);
    });
    const share = (100 * enrichment.lookups) / enrichment.addresses;
    const rates = [told, encoded, both].map((rate) => `${(rate / 1e6).toFixed(2)} M/s`.padStart(10));
    const title = `${list[0]}, ${name}`.padEnd(24);
    process.stdout.write(
      `${title} told ${rates[0]}  encoded ${rates[1]}  both ${rates[2]}  looked up ${share.toFixed(0)} %\n`,
    );
  }
}
