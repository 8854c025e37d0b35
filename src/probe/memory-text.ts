/** What the parts of a probe take of memory at most, in words, before they take it. */
import { formatCounted, formatOctets } from '../base/units.ts';
import { isEnriching } from '../config/asked.ts';
import type { FlowtapConfig } from '../config/config.ts';
import type { ApplicationMemory } from '../metering/table/application-memory.ts';

/** Of one meter: payload inspection, and names by DNS; none where nothing is looked into. */
export function applicationParts(memory: ApplicationMemory): string[] {
  const { flows, inspectionOctets, dnsNameEntries, dnsNameOctets } = memory;
  if (flows === 0) return [];
  const inspection = `payload inspection up to ${formatOctets(inspectionOctets)} (${formatCounted(flows, 'flows')})`;
  if (dnsNameEntries === 0) return [inspection];
  const addresses = formatCounted(dnsNameEntries, 'addresses');
  return [inspection, `names by DNS ${formatOctets(dnsNameOctets)} (${addresses})`];
}

/** Octets that networks take: databases are in memory whole. Loads what reads them only where there are any. */
export async function networksOctets({ enrichment }: Pick<FlowtapConfig, 'enrichment'>): Promise<number> {
  if (!isEnriching(enrichment)) return 0;
  const { memoryOf } = await import('../networks/networks-memory.ts');
  return memoryOf(enrichment);
}

export function networksPart({ enrichment }: Pick<FlowtapConfig, 'enrichment'>, octets: number): string[] {
  const { databases, networks } = enrichment;
  if (octets === 0) return [];
  const what = [
    ...(databases.length === 0 ? [] : [formatCounted(databases.length, 'databases')]),
    ...(networks.length === 0 ? [] : [`${formatCounted(networks.length, 'networks')} of your own`]),
  ];
  return [`networks ${formatOctets(octets)} (${what.join(', ')})`];
}
