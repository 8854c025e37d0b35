/**
 * Networks of both ends in flow records: what databases say (as maxminddb finds it in them), networks of the user's own that
 * win, names as far as there is room for them, and a table of addresses that forgets and never mixes them up.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlowText } from '../../src/ie/flow-text.ts';
import { encodeName, NO_NAME } from '../../src/networks/encoded-name.ts';
import { Enrichment } from '../../src/networks/enrichment.ts';
import { NetworkDatabase } from '../../src/networks/network-database.ts';
import { NetworkLookup } from '../../src/networks/network-lookup.ts';
import { OwnNetworkTable } from '../../src/networks/own-network-table.ts';
import { recordBatch } from '../export/records.ts';
import { cases } from '../support/cases.ts';
import { addressWords, databaseOctets, expectedLookups } from './support.ts';

type Line = Readonly<Record<string, string | number>>;

const LOOKUPS = expectedLookups();

interface Setting {
  readonly databases?: readonly string[];
  readonly networks?: readonly string[];
  readonly prefixLengths?: boolean;
}

function enrichmentOf({ databases = [], networks = [], prefixLengths = true }: Setting): Enrichment {
  const own = networks.length === 0 ? undefined : new OwnNetworkTable(networks);
  const opened = databases.map((name) => new NetworkDatabase(databaseOctets(name)));
  return new Enrichment(new NetworkLookup(own, opened, prefixLengths));
}

/** Flows between pairs of addresses, enriched, as JSON of both directions. */
function linesOf(enrichment: Enrichment, pairs: readonly (readonly [string, string])[]): Line[][] {
  const flows = pairs.map(([from, to]) => {
    const [a, b] = [addressWords(from), addressWords(to)];
    const direction = { packets: 1, octets: 40, firstNs: 0, lastNs: 0 };
    const ends = { source: [...a.words] as never, destination: [...b.words] as never };
    const ipVersion = a.isIPv6 ? 6 : 4;
    return {
      ipVersion,
      protocol: 17,
      ports: [1, 2],
      ...ends,
      forward: direction,
      reverse: direction,
    } as const;
  });
  const batch = recordBatch(flows, { withNetworks: true });
  enrichment.apply(batch);
  const text = new FlowText({
    form: 'json',
    template: { ipv4: ['networks'], ipv6: ['networks'] },
    biflow: false,
    values: { observationDomainId: 0, ingressInterface: 'auto', egressInterface: 0 },
  });
  const lines = text
    .batch(batch)
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  return pairs.map((_pair, i) => lines.slice(2 * i, 2 * i + 2));
}

/** The values of a line that begin so, without that. */
function endOf(line: Line, end: 'source' | 'destination'): Line {
  const bgp = end === 'source' ? 'bgpSource' : 'bgpDestination';
  return Object.fromEntries(
    Object.entries(line).flatMap(([key, value]) => {
      if (key === `${bgp}AsNumber`) return [['as', value]];
      const [, name] =
        new RegExp(
          `^${end}(?:IPv[46])?(AsName|CountryCode|NetworkName|SiteName|CityName|PrefixLength)$`,
        ).exec(key) ?? [];
      return name === undefined ? [] : [[name, value]];
    }),
  );
}

const one = (enrichment: Enrichment, address: string): Line =>
  endOf(linesOf(enrichment, [[address, address.includes(':') ? '::1' : '255.0.0.1']])[0]![0]!, 'source');

/** A name as records have it: at most 64 octets, cut at the end of a character. */
function cut(name: string): string {
  let text = name;
  while (Buffer.byteLength(text) > 64) text = text.slice(0, -1);
  return text;
}

describe('databases', () => {
  it.each(['asn-24.mmdb', 'ipinfo-24.mmdb', 'ipv4-28.mmdb'])('%s tells autonomous systems', (name) => {
    const enrichment = enrichmentOf({ databases: [name] });
    for (const { address, bits, value } of LOOKUPS.filter((lookup) => lookup.database === name)) {
      const as = value?.autonomous_system_number ?? Number(value?.asn?.slice(2));
      const asName = value?.autonomous_system_organization ?? value?.as_name;
      const country = value?.country_code === undefined ? {} : { CountryCode: 'LU' };
      const expected = value === null ? {} : { as, PrefixLength: bits, ...country, AsName: cut(asName) };
      expect([address, one(enrichment, address)]).toEqual([address, expected]);
    }
  });

  it.each(['country-28.mmdb', 'city-32.mmdb'])(
    '%s tells countries and cities, and no prefix of them',
    (name) => {
      const enrichment = enrichmentOf({ databases: [name] });
      for (const { address, value } of LOOKUPS.filter((lookup) => lookup.database === name)) {
        const code = value?.country?.iso_code ?? value?.registered_country?.iso_code;
        const city = value?.city === undefined ? {} : { CityName: value.city.names.en };
        const expected = value === null ? {} : { CountryCode: code, ...city };
        expect([address, one(enrichment, address)]).toEqual([address, expected]);
      }
    },
  );

  it('tell together what each knows, the first of two that tell the same', () => {
    const enrichment = enrichmentOf({ databases: ['country-28.mmdb', 'newer-24.mmdb', 'asn-24.mmdb'] });
    expect(one(enrichment, '192.0.2.1')).toEqual({
      as: 64_497,
      AsName: 'Newer',
      CountryCode: 'CN',
      PrefixLength: 24,
    });
  });

  it('are asked for both ends, and the other direction has them the other way round', () => {
    const enrichment = enrichmentOf({ databases: ['asn-24.mmdb', 'country-28.mmdb'] });
    const [forward, reverse] = linesOf(enrichment, [['192.0.2.1', '198.51.100.1']])[0]!;
    const [here, there] = [endOf(forward!, 'source'), endOf(forward!, 'destination')];
    expect(here).toMatchObject({ as: 64_496, CountryCode: 'CN', AsName: 'Unité de test 字 😀' });
    expect(there).toMatchObject({ as: 64_497, CountryCode: 'US' });
    expect([endOf(reverse!, 'source'), endOf(reverse!, 'destination')]).toEqual([there, here]);
  });

  it('give no prefix lengths where these are switched off', () => {
    const enrichment = enrichmentOf({ databases: ['asn-24.mmdb'], prefixLengths: false });
    expect(one(enrichment, '192.0.2.1')).not.toHaveProperty('PrefixLength');
  });
});

describe('own networks', () => {
  const networks = [
    '10.0.0.0/8;name=campus;as=65000;site=Lyon',
    '10.1.0.0/16;name=lab',
    '10.1.2.3/32;site=Beijing',
    '192.0.2.0/24;as=64496;name=partner',
    '2001:db8::/32;name=six;as=64498',
    '0.0.0.0/0;name=everyone else',
  ];
  const enrichment = enrichmentOf({ networks, databases: ['asn-24.mmdb', 'country-28.mmdb'] });

  it('win over databases, the longest prefix that fits', () => {
    expect(one(enrichment, '10.9.9.9')).toEqual({
      ...{ as: 65_000, PrefixLength: 8, NetworkName: 'campus', SiteName: 'Lyon', CountryCode: 'FR' },
    });
    expect(one(enrichment, '10.1.9.9')).toEqual({
      ...{ as: 64_501, AsName: 'Within Ten', PrefixLength: 16, NetworkName: 'lab', CountryCode: 'FR' },
    });
    expect(one(enrichment, '10.1.2.3')).toMatchObject({
      PrefixLength: 32,
      SiteName: 'Beijing',
      CountryCode: 'DE',
    });
    expect(one(enrichment, '203.0.113.99')).toEqual({ NetworkName: 'everyone else' });
    expect(one(enrichment, '2001:db8:7::1')).toMatchObject({
      as: 64_498,
      NetworkName: 'six',
      PrefixLength: 32,
    });
  });

  it('have the name of their autonomous system where a database tells the same number, and no other’s', () => {
    expect(one(enrichment, '192.0.2.1')).toMatchObject({ as: 64_496, AsName: 'Unité de test 字 😀' });
    expect(one(enrichment, '10.9.9.9')).not.toHaveProperty('AsName');
  });
});

describe('the table of addresses', () => {
  it('asks once for an address that comes again', () => {
    const enrichment = enrichmentOf({ databases: ['asn-24.mmdb'] });
    linesOf(
      enrichment,
      Array.from({ length: 50 }, () => ['192.0.2.1', '10.0.0.1'] as const),
    );
    expect([enrichment.addresses, enrichment.lookups]).toEqual([100, 2]);
  });

  it('gives each address its own, however many come, in whatever order', () => {
    const setting = { databases: ['asn-24.mmdb'], networks: ['10.7.0.0/16;name=seven'] };
    const enrichment = enrichmentOf(setting);
    const ipv4 = fc
      .tuple(fc.constantFrom(10, 192, 198, 203), fc.constantFrom(0, 1, 7, 51), fc.nat(255), fc.nat(255))
      .map((octets) => octets.join('.'));
    const ipv6 = fc
      .tuple(fc.nat(3), fc.nat(0xffff))
      .map(([a, b]) => `2001:db8:${a.toString(16)}::${b.toString(16)}`);
    const pairs = fc.oneof(
      fc.array(fc.tuple(ipv4, ipv4), { minLength: 1, maxLength: 20 }),
      fc.array(fc.tuple(ipv6, ipv6), { minLength: 1, maxLength: 20 }),
    );
    fc.assert(
      fc.property(pairs, (some) => {
        // A table that has seen nothing else says the same.
        expect(linesOf(enrichment, some)).toEqual(linesOf(enrichmentOf(setting), some));
      }),
      { numRuns: cases(60) },
    );
  });

  it('knows an address anew after it has seen more of them than it has places for', () => {
    // Each address of 10.0.0.0/15 has a name of its own: twice as many as are remembered.
    const count = 2 ** 17;
    const name = (word: number) => encodeName(`n${word}`);
    const find = (words: Int32Array, at: number) => {
      return { as: 0, name: name(words[at]!), site: NO_NAME, bits: 32 };
    };
    const own = { find } as unknown as OwnNetworkTable;
    const enrichment = new Enrichment(new NetworkLookup(own, [], true));
    const flow = { ipVersion: 4, protocol: 17, ports: [1, 2] } as const;
    const forward = { packets: 1, octets: 40, firstNs: 0, lastNs: 0 };
    const rows = 512;
    const source = [0, 0, 0, 0] as [number, number, number, number];
    const flows = Array.from({ length: rows }, () => ({ ...flow, source, destination: source, forward }));
    const batch = recordBatch(flows, { withNetworks: true });
    for (let from = 0; from < count; from += 2 * rows) {
      for (let i = 0; i < rows; i++) {
        batch.words[i * batch.stride] = 0x0a000000 + from + 2 * i;
        batch.words[i * batch.stride + 4] = 0x0a000000 + from + 2 * i + 1;
      }
      enrichment.apply(batch);
    }
    expect(enrichment.lookups).toBe(count);
    const [[line]] = linesOf(enrichment, [['10.0.0.0', '10.0.0.1']]) as [[Line, Line]];
    expect(line).toMatchObject({
      sourceNetworkName: `n${0x0a000000}`,
      destinationNetworkName: `n${0x0a000001}`,
    });
  });

  it('forgets what it knew when other networks are taken over', () => {
    const enrichment = enrichmentOf({ databases: ['asn-24.mmdb'] });
    expect(one(enrichment, '192.0.2.1')).toMatchObject({ as: 64_496 });
    const newer = new NetworkDatabase(databaseOctets('newer-24.mmdb'));
    enrichment.replace(new NetworkLookup(undefined, [newer], true));
    expect(one(enrichment, '192.0.2.1')).toMatchObject({ as: 64_497, AsName: 'Newer' });
  });

  it('writes numbers alone into records without a place for names', () => {
    const enrichment = enrichmentOf({ databases: ['asn-24.mmdb'] });
    const { words } = addressWords('192.0.2.1');
    const flow = { ipVersion: 4, protocol: 17, ports: [1, 2] } as const;
    const forward = { packets: 1, octets: 40, firstNs: 0, lastNs: 0 };
    const ends = { source: [...words] as never, destination: [...words] as never };
    const batch = recordBatch([{ ...flow, ...ends, forward }]);
    enrichment.apply(batch);
    expect([...batch.words.subarray(56, 60)]).toEqual([64_496, 64_496, 0, 24 | (24 << 8)]);
  });
});

it('names of somebody else reach no line of text with control characters', () => {
  const { octets, words } = encodeName('Evil\n\u001b[31mNet\u0085"');
  const text = Buffer.from(words.buffer, 0, octets).toString();
  expect(text).toBe('Evil  [31mNet "');
});
