/** How much memory applications take beside a flow table (application-table.ts), told before they take it. */
import { DNS_LEARNER_OCTETS } from '../../applications/dns-learner.ts';
import { dnsNamesOctets } from '../../applications/dns-names.ts';
import { INSPECTION_DEFAULTS } from '../../applications/inspection-context.ts';
import { STREAM_OCTETS_MAX } from '../../applications/stream-buffer.ts';
import { APPLICATION_WORDS } from '../../records/application-layout.ts';
import { FIRST_LOOK_OCTETS } from '../../records/engine-words.ts';
import {
  type ApplicationOptions,
  CONTINUED_FLOWS,
  CONTINUED_WORDS,
  DNS_NAME_ENTRIES,
} from './application-table.ts';

/** Octets of an inspection at work: its object, and what lies on the JavaScript heap for it. */
const INSPECTION_OCTETS = 1024;

/** Octets that applications take at most beside a flow table, and what for. */
export interface ApplicationMemory {
  /** Flows that are looked into at a time, and flows of which something is known. */
  readonly flows: number;
  readonly inspectionOctets: number;
  /** Addresses that are remembered with a name by DNS; 0: no names are. */
  readonly dnsNameEntries: number;
  readonly dnsNameOctets: number;
}

/** @param slots of the flow table */
export function applicationMemory(slots: number, options: ApplicationOptions | undefined): ApplicationMemory {
  if (options === undefined) return { flows: 0, inspectionOctets: 0, dnsNameEntries: 0, dnsNameOctets: 0 };
  const flows = Math.min(slots, options.flows);
  const { bufferCount = INSPECTION_DEFAULTS.bufferCount, dnsNames } = options;
  const entries = dnsNames === undefined ? 0 : (options.dnsNameEntries ?? DNS_NAME_ENTRIES);
  const each = INSPECTION_OCTETS + APPLICATION_WORDS * 4 + 2 * 4;
  const continued = CONTINUED_FLOWS * (CONTINUED_WORDS * 4 + 8);
  return {
    flows,
    inspectionOctets:
      flows * each + slots * 4 + bufferCount * STREAM_OCTETS_MAX + continued + FIRST_LOOK_OCTETS,
    dnsNameEntries: entries,
    dnsNameOctets: entries === 0 ? 0 : slots * 4 + DNS_LEARNER_OCTETS + dnsNamesOctets(entries),
  };
}
