/**
 * What a configuration asks for, where several values say it together. Types alone are imported: threads that have their
 * configuration from another one do not load the tables of options for it.
 */
import type { FlowtapConfig } from './config.ts';

/** Whether anything is known of the networks of addresses. */
export function isEnriching({ databases, networks }: FlowtapConfig['enrichment']): boolean {
  return databases.length + networks.length > 0;
}

/** Whether names by DNS are asked for, not only where a table shows them. */
export function asksForDnsNames({ applications: { dnsNames } }: FlowtapConfig): boolean {
  return dnsNames !== 'auto' && dnsNames !== 'off';
}

/** How many meters so many workers are: of two, one reads and the other one meters. */
export function metersOf({ workers }: FlowtapConfig['replay']): number {
  return workers === 'auto' || workers <= 2 ? 1 : workers;
}
