/** Networks of addresses that are replaced: nothing stays that tells more of them than the configuration allows. */
import { expect, it } from 'vitest';
import { type AnonymizationConfig, createAnonymizer } from '../../../src/export/anonymization/anonymizer.ts';
import { FlowText } from '../../../src/ie/flow-text.ts';
import { Enrichment } from '../../../src/networks/enrichment.ts';
import { NetworkDatabase } from '../../../src/networks/network-database.ts';
import { NetworkLookup } from '../../../src/networks/network-lookup.ts';
import { OwnNetworkTable } from '../../../src/networks/own-network-table.ts';
import { NETWORK_WORD, NETWORK_WORDS } from '../../../src/records/network-layout.ts';
import { addressWords, databaseOctets } from '../../networks/support.ts';
import { recordBatch } from '../records.ts';

const CONFIG: AnonymizationConfig = {
  method: 'truncate',
  keyFile: '',
  ipv4PrefixLength: 16,
  ipv6PrefixLength: 32,
  macAddresses: 'keep',
  names: 'drop',
  networks: 'keep',
};
const AS = { bgpSourceAsNumber: 64_496, bgpDestinationAsNumber: 64_496 };
const COUNTRY = { sourceCountryCode: 'CN', destinationCountryCode: 'CN' };
const AS_NAME = 'Unité de test 字 😀';
const AS_NAMES = { sourceAsName: AS_NAME, destinationAsName: AS_NAME };
const LENGTHS = { sourceIPv4PrefixLength: 24, destinationIPv4PrefixLength: 24 };
const OWN = {
  ...{ sourceNetworkName: 'campus', destinationNetworkName: 'campus' },
  ...{ sourceSiteName: 'Lyon', destinationSiteName: 'Lyon' },
  ...{ sourceCityName: 'City of CN', destinationCityName: 'City of CN' },
};

/** What a line of a flow within 192.0.2.0/24 says of networks, and the text that stays in its record. */
function anonymized(changes: Partial<AnonymizationConfig>) {
  const databases = ['asn-24.mmdb', 'city-32.mmdb'].map((name) => new NetworkDatabase(databaseOctets(name)));
  const own = new OwnNetworkTable(['192.0.2.0/24;name=campus;site=Lyon']);
  const source = [...addressWords('192.0.2.1').words] as [number, number, number, number];
  const forward = { packets: 1, octets: 40, firstNs: 0, lastNs: 0 };
  const flow = { source, destination: source, ipVersion: 4, protocol: 17, ports: [1, 2], forward } as const;
  const batch = recordBatch([flow], { withNetworks: true });
  new Enrichment(new NetworkLookup(own, databases, true)).apply(batch);
  createAnonymizer({ ...CONFIG, ...changes })?.apply(batch);
  const template = { ipv4: ['networks'], ipv6: ['networks'] };
  const values = { observationDomainId: 0, ingressInterface: 'auto', egressInterface: 0 } as const;
  const text = new FlowText({ form: 'json', template, biflow: false, values });
  const line = JSON.parse(text.batch(batch).toString()) as Record<string, unknown>;
  const known = Object.entries(line).filter(([key]) =>
    /As|Country|PrefixLength|(Network|Site|City)Name/.test(key),
  );
  const words = batch.words.subarray(NETWORK_WORD, NETWORK_WORD + NETWORK_WORDS);
  const octets = Buffer.from(
    Uint8Array.from(new Uint8Array(words.buffer, words.byteOffset, words.byteLength)),
  );
  return { known: Object.fromEntries(known), octets: octets.toString() };
}

it('keep autonomous systems and countries, and lose prefix lengths and names of their own', () => {
  const { known, octets } = anonymized({});
  expect(known).toEqual({ ...AS, ...AS_NAMES, ...COUNTRY });
  // Dropped names do not lie in the record's memory either, which may go to a spool.
  for (const gone of ['campus', 'Lyon', 'City']) expect(octets).not.toContain(gone);
  expect(octets).toContain(AS_NAME);
});

it('lose all of it where networks are to be dropped', () => {
  const { known, octets } = anonymized({ networks: 'drop' });
  expect(known).toEqual({});
  expect(octets).not.toContain(AS_NAME);
});

it('keep names where they are to be kept, and lose prefix lengths all the same', () => {
  expect(anonymized({ names: 'keep' }).known).toEqual({ ...AS, ...AS_NAMES, ...COUNTRY, ...OWN });
  expect(anonymized({ names: 'keep', networks: 'drop' }).known).toEqual(OWN);
});

it('keep everything where only MAC addresses are replaced', () => {
  const { known } = anonymized({ method: 'none', macAddresses: 'zero', networks: 'drop' });
  expect(known).toEqual({ ...AS, ...AS_NAMES, ...LENGTHS, ...COUNTRY, ...OWN });
});
