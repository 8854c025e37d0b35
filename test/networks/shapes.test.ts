/**
 * Databases in the shapes that their makers give them (make-databases.py): where each has its numbers, names and countries,
 * in which types, and how it says that something is not known. Which data an address has, maxminddb says
 * (mmdb-file.test.ts); what of it is told, this table does.
 */
import { expect, it } from 'vitest';
import { NetworkDatabase } from '../../src/networks/network-database.ts';
import { addressWords, databaseOctets, expectedLookups } from './support.ts';

/** 10.1.0.0/16 but for what is in it, of no country; 192.0.2.0/24, of China; 2001:db8::/32 but for 2001:db8:1::/48. */
const WITHIN_TEN = { as: 64_501, asName: 'Within Ten' };
const UNIT = { as: 64_496, asName: 'Unité de test 字 😀' };
const SIX = { as: 64_498, asName: 'Six' };
const CHINA = { country: 'CN' };

const text = ({ octets, words }: { readonly octets: number; readonly words: Int32Array }) =>
  Buffer.from(words.buffer, words.byteOffset, octets).toString('utf8');

/** All that a database tells of an address. */
function factsOf(database: NetworkDatabase, address: string) {
  const { words, isIPv6 } = addressWords(address);
  const { as, country, asName, city } = database.find(words, 0, isIPv6);
  const facts = {
    as: as || undefined,
    country: country === 0 ? undefined : String.fromCharCode(country & 0xff, country >>> 8),
    asName: text(asName) || undefined,
    city: text(city) || undefined,
  };
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}

it.each([
  ['MaxMind, with aliases of IPv4', 'aliases-28', WITHIN_TEN, UNIT, SIX],
  ['numbers of 64 bits', 'asn-u64-24', WITHIN_TEN, UNIT, SIX],
  ['numbers of 128 bits', 'asn-u128-24', WITHIN_TEN, UNIT, SIX],
  [
    'DB-IP, all in one',
    'dbip-full-32',
    { ...WITHIN_TEN, city: 'City' },
    { ...UNIT, ...CHINA, city: 'City CN' },
    { ...SIX, city: 'City' },
  ],
  ['IPinfo Lite', 'ipinfo-lite-32', WITHIN_TEN, { ...UNIT, ...CHINA }, SIX],
  ['IPinfo ASN', 'ipinfo-asn-28', WITHIN_TEN, { ...UNIT, ...CHINA }, SIX],
  [
    'IPinfo, nested',
    'ipinfo-nested-28',
    { ...WITHIN_TEN, city: 'City' },
    { ...UNIT, ...CHINA, city: 'City CN' },
    { ...SIX, city: 'City' },
  ],
  ['IPinfo location', 'ipinfo-location-24', {}, { ...CHINA, city: 'City CN' }, {}],
  ['IP2Location', 'ip2location-24', { as: 64_501 }, { ...UNIT, ...CHINA }, { as: 64_498 }],
])('%s', (_, file, within, unit, six) => {
  const database = new NetworkDatabase(databaseOctets(`${file}.mmdb`));
  expect(factsOf(database, '10.1.1.255')).toEqual(within);
  expect(factsOf(database, '192.0.2.9')).toEqual(unit);
  expect(factsOf(database, '2001:db8::5')).toEqual(six);
  expect(factsOf(database, '203.0.113.8')).toEqual({});
  expect(database.faults).toBe(0);
  // The address that maxminddb was asked for stands for the same data.
  const lookups = expectedLookups().filter(({ database: name }) => name === `${file}.mmdb`);
  expect(lookups.find(({ address }) => address === '10.1.1.255')!.value).not.toBeNull();
});

it.each(['::ffff:192.0.2.9', '2002:c000:209::', '2001:0:c000:209::', '::192.0.2.9'])(
  'of %s is what is told of the IPv4 address, where the database has aliases',
  (address) => {
    const database = new NetworkDatabase(databaseOctets('aliases-28.mmdb'));
    expect(factsOf(database, address)).toEqual(UNIT);
    const without = new NetworkDatabase(databaseOctets('asn-24.mmdb'));
    expect(factsOf(without, address)).toEqual(address.startsWith('::1') ? UNIT : {});
  },
);
