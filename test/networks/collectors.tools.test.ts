/**
 * Networks as others read them: nfdump finds the numbers and prefix lengths in NetFlow v5, v9 and IPFIX that mmdblookup,
 * the reader of libmaxminddb, finds in the databases; tshark a number that has no room in NetFlow v5.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Enrichment } from '../../src/networks/enrichment.ts';
import { NetworkDatabase } from '../../src/networks/network-database.ts';
import { NetworkLookup } from '../../src/networks/network-lookup.ts';
import { CONFIG, collector, exportAll } from '../export/exporter-support.ts';
import { tshark } from '../export/messages/outside-tools.ts';
import { ipv4, recordBatch } from '../export/records.ts';
import { PCAPS_FOLDER } from '../support/captures.ts';
import { startNfcapd } from '../support/nfcapd.ts';
import { runFlowtap } from '../support/run-flowtap.ts';
import { describeWithTools } from '../support/tools.ts';
import { databaseOctets, databasePath } from './support.ts';

interface Found {
  readonly as: number;
  readonly bits: number;
}

const NOTHING: Found = { as: 0, bits: 0 };

/** What mmdblookup finds of an address. */
function mmdblookup(file: string, address: string): Found {
  let text: string;
  try {
    text = execFileSync('mmdblookup', ['-v', '--file', file, '--ip', address], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    // It fails where there is nothing.
    return NOTHING;
  }
  const as = Number(/"autonomous_system_number":\s*(\d+)/.exec(text)?.[1]);
  const bits = Number(/Record prefix length: (\d+)/.exec(text)?.[1]);
  // In a tree of IPv6 it counts the bits above an IPv4 address, too.
  return { as, bits: address.includes(':') ? bits : bits - 96 };
}

describeWithTools(['nfcapd', 'nfdump', 'mmdblookup'], 'nfdump', () => {
  it.each(['netflow5', 'netflow9', 'ipfix'])(
    'reads numbers and prefix lengths of both ends in %s',
    async (scheme) => {
      const file = databasePath('asn-24.mmdb');
      const known = new Map<string, Found>();
      // nfcapd 1.7.1 leaves the prefix lengths of NetFlow v5 out; tshark reads them, below.
      const kept = ({ as, bits }: Found) => ({ as, bits: scheme === 'netflow5' ? 0 : bits });
      const lookup = (address: string): Found => {
        const found = known.get(address) ?? mmdblookup(file, address);
        known.set(address, found);
        return found;
      };
      const nfcapd = await startNfcapd();
      const run = await runFlowtap([
        ...['replay', join(PCAPS_FOLDER, 'demo.pcapng'), '-q', '-o', 'none', '--mmdb', file],
        ...['-e', `${scheme}://127.0.0.1:${nfcapd.port}`],
      ]);
      const { records } = await nfcapd.stop();
      expect(run.exitCode, run.stderr).toBe(0);
      const flows = records.filter(({ type }) => type === 'FLOW');
      expect(flows.length).toBeGreaterThan(100);
      for (const flow of flows) {
        const from = String(flow.src4_addr ?? flow.src6_addr);
        const to = String(flow.dst4_addr ?? flow.dst6_addr);
        const ends = [
          { as: Number(flow.src_as ?? 0), bits: Number(flow.src_mask ?? 0) },
          { as: Number(flow.dst_as ?? 0), bits: Number(flow.dst_mask ?? 0) },
        ];
        expect([from, to, ends]).toEqual([from, to, [kept(lookup(from)), kept(lookup(to))]]);
      }
      expect([...known.values()].some(({ as }) => as > 0)).toBe(true);
    },
  );
});

describeWithTools(['tshark'], 'tshark', () => {
  it.each([
    ['netflow5', ['23456', '64500', '25', '9']],
    ['netflow9', ['4200000001', '64500', '25', '9']],
    ['ipfix', ['4200000001', '64500', '25', '9']],
  ] as const)('reads %s: AS_TRANS where a number has no room', async (protocol, expected) => {
    const enrichment = new Enrichment(
      new NetworkLookup(undefined, [new NetworkDatabase(databaseOctets('asn-24.mmdb'))], true),
    );
    const forward = { packets: 1, octets: 40, firstNs: 0, lastNs: 1e6 };
    const ends = { source: ipv4('10.1.2.200'), destination: ipv4('10.200.0.1') };
    const batch = recordBatch([{ ...ends, ipVersion: 4, protocol: 17, ports: [1, 2], forward }], {
      timeBaseSeconds: 1_700_000_000,
      clockNs: 10e9,
    });
    enrichment.apply(batch);
    const { messages } = await exportAll([batch], collector(protocol, { optionsData: 'none' }));
    const fields = ['cflow.srcas', 'cflow.dstas', 'cflow.srcmask', 'cflow.dstmask'];
    const text = tshark(messages, ['-T', 'fields', ...fields.flatMap((field) => ['-e', field])]);
    expect(text.trim().split('\n').at(-1)!.split('\t')).toEqual(expected);
  });

  it('reads countries and names of the profile networks in NetFlow v9, under ntop’s numbers', async () => {
    const databases = ['asn-24.mmdb', 'city-32.mmdb'].map(
      (name) => new NetworkDatabase(databaseOctets(name)),
    );
    const forward = { packets: 1, octets: 40, firstNs: 0, lastNs: 1e6 };
    const ends = { source: ipv4('192.0.2.1'), destination: ipv4('10.1.2.3') };
    const batch = recordBatch([{ ...ends, ipVersion: 4, protocol: 17, ports: [1, 2], forward }], {
      timeBaseSeconds: 1_700_000_000,
      clockNs: 10e9,
      withNetworks: true,
    });
    new Enrichment(new NetworkLookup(undefined, databases, true)).apply(batch);
    const template = { ipv4: ['networks'], ipv6: ['networks'] };
    const to = collector('netflow9', { optionsData: 'none' });
    const { messages } = await exportAll([batch], to, { ...CONFIG, template });
    const text = tshark(messages, ['-V']);
    expect(text).not.toMatch(/malformed|\[Expert/i);
    expect(text).toContain('Country where the src IP is located: CN');
    expect(text).toContain('Country where the dst IP is located: DE');
    expect(text).toContain('City where the src IP is located: City of CN');
    expect(text).toContain('City where the dst IP is located: City of DE');
    // tshark writes what the locale has no letter for in its own way.
    expect(text).toMatch(/: Unit.+ de test/);
    expect(text).toContain('Within Ten');
  });
});
