/** Countries and names in IPFIX, octet by octet: fixed texts of two octets, and texts behind their length (RFC 7011 §7). */
import { expect, it } from 'vitest';
import { Enrichment } from '../../src/networks/enrichment.ts';
import { NetworkDatabase } from '../../src/networks/network-database.ts';
import { NetworkLookup } from '../../src/networks/network-lookup.ts';
import { OwnNetworkTable } from '../../src/networks/own-network-table.ts';
import { CONFIG, collector, exportAll } from '../export/exporter-support.ts';
import { ipv4, recordBatch } from '../export/records.ts';
import { databaseOctets } from './support.ts';

const NAMES = ['sourceCountryCode', 'destinationCountryCode', 'sourceAsName', 'destinationNetworkName'];

/** The data sets of messages behind the headers of IPFIX, one after the other. */
function dataOf(messages: readonly Uint8Array[]): Buffer[] {
  return messages.flatMap((message) => {
    const octets = Buffer.from(message);
    const sets: Buffer[] = [];
    for (let at = 16; at < octets.length; at += octets.readUInt16BE(at + 2)) {
      if (octets.readUInt16BE(at) >= 256)
        sets.push(octets.subarray(at + 4, at + octets.readUInt16BE(at + 2)));
    }
    return sets;
  });
}

it('has them in the order of each direction', async () => {
  const databases = ['asn-24.mmdb', 'country-28.mmdb'].map(
    (name) => new NetworkDatabase(databaseOctets(name)),
  );
  const own = new OwnNetworkTable(['10.3.0.0/16;name=Réseau']);
  const enrichment = new Enrichment(new NetworkLookup(own, databases, true));
  const line = { packets: 1, octets: 40, firstNs: 0, lastNs: 1e6 };
  const ends = { source: ipv4('192.0.2.1'), destination: ipv4('10.3.0.1') };
  const flow = { ...ends, ipVersion: 4, protocol: 17, ports: [1, 2], forward: line, reverse: line } as const;
  const batch = recordBatch([flow], { timeBaseSeconds: 1_700_000_000, clockNs: 10e9, withNetworks: true });
  enrichment.apply(batch);
  const config = { ...CONFIG, template: { ipv4: NAMES, ipv6: NAMES } };
  const { messages } = await exportAll([batch], collector('ipfix', { optionsData: 'none' }), config);
  const text = (value: string) => Buffer.concat([Buffer.of(Buffer.byteLength(value)), Buffer.from(value)]);
  // Both records stand in one set, which is padded to four octets.
  const [set] = dataOf(messages);
  const forward = [Buffer.from('CNFR'), text('Unité de test 字 😀'), text('Réseau')];
  const reverse = [Buffer.from('FRCN'), text('Ten Networks'), text('')];
  const expected = Buffer.concat([...forward, ...reverse]);
  expect(set!.subarray(0, expected.length).toString('hex')).toBe(expected.toString('hex'));
  expect(set!.length - expected.length).toBeLessThan(4);
});
