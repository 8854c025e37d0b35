/**
 * MaxMind DB files, made by mmdb_writer and looked up by maxminddb (make-databases.py): every value and prefix is the same
 * here, in trees of each record size. Broken files are refused or give nothing, and never a crash, a loop or a value from
 * outside the file.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MmdbData, MmdbFault } from '../../src/networks/mmdb-data.ts';
import { MmdbFile, NOT_FOUND } from '../../src/networks/mmdb-file.ts';
import { NetworkDatabase } from '../../src/networks/network-database.ts';
import { cases } from '../support/cases.ts';
import { addressWords, databaseOctets, expectedLookups } from './support.ts';

const LOOKUPS = expectedLookups();
const NAMES = [...new Set(LOOKUPS.map(({ database }) => database))];

describe.each(NAMES)('%s', (name) => {
  const file = new MmdbFile(databaseOctets(name));

  it('has the values and prefixes that maxminddb finds', () => {
    const lookups = LOOKUPS.filter(({ database }) => database === name);
    expect(lookups.length).toBeGreaterThan(50);
    for (const { address, bits, value } of lookups) {
      const { words, isIPv6 } = addressWords(address);
      const offset = file.find(words, 0, isIPv6);
      const found = offset === NOT_FOUND ? null : file.data.read(offset);
      // Maps are without a prototype.
      expect([address, JSON.parse(JSON.stringify(found))]).toEqual([address, value]);
      if (value !== null) expect([address, file.bits]).toEqual([address, bits]);
    }
  });

  it('has the single values behind keys', () => {
    for (const { address, value } of LOOKUPS.filter((one) => one.database === name && one.value !== null)) {
      const { words, isIPv6 } = addressWords(address);
      const offset = file.find(words, 0, isIPv6);
      for (const path of [
        ['autonomous_system_number'],
        ['autonomous_system_organization'],
        ['asn'],
        ['country'],
        ['country', 'iso_code'],
        ['city', 'names', 'en'],
        ['location', 'latitude'],
        ['traits', 'is_anycast'],
        ['nothing'],
        ['city', 'names', 'en', 'beyond'],
      ]) {
        const wanted = path.reduce((part, key) => part?.[key], value);
        expect(file.data.find(offset, path)).toEqual(typeof wanted === 'object' ? undefined : wanted);
      }
    }
  });
});

it('says of what make and age a file is', () => {
  const { metadata } = new MmdbFile(databaseOctets('country-28.mmdb'));
  expect(metadata).toMatchObject({
    databaseType: 'Test-Country',
    buildEpoch: 1_760_000_000,
    ipVersion: 6,
    recordSize: 28,
  });
});

it('has no IPv6 address in a database of IPv4', () => {
  const file = new MmdbFile(databaseOctets('ipv4-28.mmdb'));
  expect(file.find(addressWords('2001:db8::1').words, 0, true)).toBe(NOT_FOUND);
});

describe('a file that is no database', () => {
  const octets = databaseOctets('asn-24.mmdb');
  const marker = octets.lastIndexOf('MaxMind.com');

  /** The file with the octets of a text in its metadata replaced. */
  function changed(text: string, behind: number, value: readonly number[]): Buffer {
    const copy = Buffer.from(octets);
    const at = copy.indexOf(text, marker) + text.length + behind;
    Buffer.from(value).copy(copy, at);
    return copy;
  }

  it.each([
    ['nothing', Buffer.alloc(0), /no metadata/],
    ['text', Buffer.from('GeoLite2-ASN,1.0.0.0/24'), /no metadata/],
    ['one that ends in its metadata', octets.subarray(0, marker + 40), /ends behind|offset/],
    ['one without its end', octets.subarray(0, marker - 20), /no metadata/],
    // A record size is an unsigned16 of one octet.
    ['records of 25 bits', changed('record_size', 1, [25]), /records of 25 bits/],
    ['more nodes than octets', octets.subarray(1000), /nodes of 6 octets in a file of/],
    ['a tree and data that do not meet', octets.subarray(6), /no zeroes between/],
    ['IP version 5', changed('ip_version', 1, [5]), /ip_version 5/],
    ['another version', changed('binary_format_major_version', 1, [3]), /binary_format_major_version 3/],
  ])('is told: %s', (_what, broken, message) => {
    expect(() => new NetworkDatabase(broken)).toThrow(MmdbFault);
    expect(() => new NetworkDatabase(broken)).toThrow(message);
  });

  it('is told: one that tells nothing of networks', () => {
    expect(() => new NetworkDatabase(databaseOctets('other-24.mmdb'))).toThrow(/Test-Other, which tells no/);
  });
});

describe('data that breaks the rules', () => {
  const read = (...octets: number[]) => new MmdbData(Uint8Array.from(octets)).read(0);
  /** A map of one key, `a`, and the value. */
  const map = (...value: number[]) => [0xe1, 0x41, 0x61, ...value];

  it.each([
    ['a pointer to itself', [0x20, 0x00]],
    ['a pointer to a pointer', [0x20, 0x02, 0x20, 0x04, 0x41, 0x61]],
    ['a pointer behind the end', [0x20, 0x50]],
    ['a map that holds itself', map(0x20, 0x00)],
    ['a list that holds itself', [0x02, 0x04, 0x20, 0x00, 0x20, 0x00]],
    ['a text longer than the data', [0x5d, 0xff, 0x61]],
    ['a map of more than there is', [0xff, 0xff, 0xff, 0xff, 0x41, 0x61, 0x41, 0x61]],
    ['a number of five octets', [0xc5, 1, 2, 3, 4, 5]],
    ['a double of four', [0x64, 1, 2, 3, 4]],
    ['a type that there is none of', [0x01, 0x20, 0x00]],
    ['a key that is a number', [0xe1, 0xa1, 0x01, 0xa1, 0x01]],
    ['nothing', []],
  ])('is a fault: %s', (_what, octets) => {
    expect(() => read(...octets)).toThrow(MmdbFault);
    // Nor does looking for a key in it take longer or end otherwise.
    const data = new MmdbData(Uint8Array.from(octets));
    try {
      expect(data.find(0, ['b', 'c'])).toBeUndefined();
    } catch (error) {
      expect(error).toBeInstanceOf(MmdbFault);
    }
  });

  it('is read in bounded steps where lists of pointers hold lists of pointers', () => {
    // Thirty lists of two pointers to the next one each: 2^30 values, if somebody read them all.
    const octets = Array.from({ length: 30 }, (_, i) => {
      const next = (i + 1) * 6;
      return [0x02, 0x04, 0x20 | (next >>> 8), next & 0xff, 0x20 | (next >>> 8), next & 0xff];
    }).flat();
    expect(() => read(...octets, 0x41, 0x61)).toThrow(MmdbFault);
  });
});

describe('any change to a file', () => {
  const files = NAMES.map(databaseOctets);
  const addresses = LOOKUPS.slice(0, 60).map(({ address }) => addressWords(address));

  /** Opens what may be no database and looks addresses up. */
  function use(octets: Buffer): void {
    let database: NetworkDatabase;
    try {
      database = new NetworkDatabase(octets);
    } catch (error) {
      expect(error).toBeInstanceOf(MmdbFault);
      return;
    }
    for (const { words, isIPv6 } of addresses) {
      const { as, country, asName, city } = database.find(words, 0, isIPv6);
      expect(Number.isInteger(as) && as >= 0 && as <= 0xffffffff).toBe(true);
      expect(country >= 0 && country <= 0xffff).toBe(true);
      for (const name of [asName, city]) expect(name.octets <= 64 && name.words.length <= 16).toBe(true);
    }
  }

  it('is refused or looked up in, in bounded time', () => {
    const change = fc.record({
      file: fc.constantFrom(...files),
      places: fc.array(fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), octet: fc.nat(255) }), {
        maxLength: 12,
      }),
      keep: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
      behind: fc.uint8Array({ maxLength: 40 }),
    });
    fc.assert(
      fc.property(change, ({ file, places, keep, behind }) => {
        const copy = Buffer.from(file);
        for (const { at, octet } of places) copy[Math.floor(at * (copy.length - 1))] = octet;
        use(Buffer.concat([copy.subarray(0, Math.ceil(keep * copy.length)), behind]));
      }),
      { numRuns: cases(1000) },
    );
  });

  it('is refused or looked up in where the tree leads in circles', () => {
    for (const file of files) {
      const copy = Buffer.from(file);
      // Every node leads to the first one.
      const { nodeCount, recordSize } = new MmdbFile(file).metadata;
      copy.fill(0, 0, (nodeCount * recordSize) / 4);
      use(copy);
    }
  });
});
