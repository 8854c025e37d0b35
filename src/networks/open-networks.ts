/**
 * Opens what the configuration says of networks: reads each database whole (Node has no memory maps), and makes one lookup
 * of them and of the networks of the user's own.
 */
import { readFile } from 'node:fs/promises';
import { ConfigError } from '../base/errors.ts';
import type { FlowtapConfig } from '../config/config.ts';
import { MmdbFault } from './mmdb-data.ts';
import { NetworkDatabase } from './network-database.ts';
import { NetworkLookup } from './network-lookup.ts';
import { OwnNetworkTable } from './own-network-table.ts';

const ALLOWED = 'a MaxMind DB file that tells autonomous systems, countries or cities (docs/networks.md)';

/** Files are read into one buffer; what is larger is no database of networks. */
const FILE_OCTETS_MAX = 2 ** 31 - 1;

/** What a compressed file begins with (RFC 1952 §2.3.1). */
const GZIP = [0x1f, 0x8b];

/** Reads a database. @throws Error whose message says what is wrong, without the file's name */
export async function readDatabase(file: string): Promise<NetworkDatabase> {
  let octets: Buffer;
  try {
    octets = await readFile(file);
  } catch (error) {
    throw new Error((error as NodeJS.ErrnoException).code ?? String(error));
  }
  if (octets[0] === GZIP[0] && octets[1] === GZIP[1]) throw new Error('compressed: unpack it (gunzip)');
  if (octets.length > FILE_OCTETS_MAX) throw new Error(`${octets.length} octets`);
  try {
    return new NetworkDatabase(octets);
  } catch (error) {
    if (error instanceof MmdbFault) throw new Error(error.message);
    throw error;
  }
}

/**
 * Opens each file, by `open`.
 * @throws ConfigError with each that cannot be used
 */
export async function openEach<T>(
  files: readonly string[],
  open: (file: string) => Promise<T>,
  origin = 'configuration',
): Promise<T[]> {
  const opened = await Promise.allSettled(files.map(open));
  const faults = opened.flatMap((result, i) => {
    if (result.status === 'fulfilled') return [];
    const found = `${files[i]}: ${(result.reason as Error).message}`;
    return [{ path: 'enrichment.databases', found, allowed: ALLOWED }];
  });
  if (faults.length > 0) throw new ConfigError(origin, faults);
  return opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

/** The lookup that a configuration asks for. */
export function lookupOf(
  { networks, prefixLengths }: FlowtapConfig['enrichment'],
  databases: readonly NetworkDatabase[],
): NetworkLookup {
  const own = networks.length === 0 ? undefined : new OwnNetworkTable(networks);
  return new NetworkLookup(own, databases, prefixLengths);
}
