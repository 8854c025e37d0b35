/** How much memory networks take: the files of their databases, what is known of their data, and the table of addresses. */
import { stat } from 'node:fs/promises';
import type { FlowtapConfig } from '../config/config.ts';
import { ENRICHMENT_OCTETS } from './enrichment.ts';
import { INDEX_OCTETS } from './mmdb-file.ts';
import { FACTS_OCTETS } from './network-database.ts';

/** @returns octets; a file that is not there takes none */
export async function memoryOf({
  databases,
}: Pick<FlowtapConfig['enrichment'], 'databases'>): Promise<number> {
  const sizes = await Promise.all(databases.map(sizeOf));
  return sizes.reduce((sum, size) => sum + size + INDEX_OCTETS + FACTS_OCTETS, ENRICHMENT_OCTETS);
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch {
    return 0;
  }
}
