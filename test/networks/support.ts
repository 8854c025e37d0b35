/** Databases of test/networks/databases, which make-databases.py has made, and what other readers find in them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseNetwork } from '../../src/base/addresses.ts';
import { networkWords } from '../../src/records/network.ts';

export const DATABASES_FOLDER = join(import.meta.dirname, 'databases');

export function databasePath(name: string): string {
  return join(DATABASES_FOLDER, name);
}

export function databaseOctets(name: string): Buffer {
  return readFileSync(databasePath(name));
}

/** A lookup by maxminddb: the value is null where the address is not in the database. */
export interface ExpectedLookup {
  readonly database: string;
  readonly address: string;
  readonly bits: number;
  // biome-ignore lint/suspicious/noExplicitAny: any JSON
  readonly value: any;
}

export function expectedLookups(): ExpectedLookup[] {
  const lines = readFileSync(join(DATABASES_FOLDER, 'expected.tsv'), 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => {
    const [database, address, bits, value] = line.split('\t');
    return { database: database!, address: address!, bits: Number(bits), value: JSON.parse(value!) };
  });
}

/** An address as four words, IPv4 in the first. */
export function addressWords(address: string): { words: Int32Array; isIPv6: boolean } {
  return networkWords(parseNetwork(address)!);
}
