/** What an announcer is to do. Only types. */
import type { AnonymizationConfig } from '../anonymization/anonymizer.ts';
import type { SamplingDescription, SamplingForm } from '../metering-statistics.ts';
import type { FlowKeyParts } from './options-templates.ts';

/**
 * When options data is sent: all of it with every announcement of templates; descriptions with the first one, after a
 * collector refused messages (so has probably been restarted) and when they change, and statistics from time to time; the
 * same without statistics; or nothing at all. In IPFIX options data counts in the sequence number (RFC 7011 §3.1), which
 * nfcapd up to now forgets: it reports a false failure for options data behind its first flow record. So `statistics`,
 * which sends little, is IPFIX's default, and `periodic` that of NetFlow v9, which counts messages.
 */
export type OptionsDataMode = 'periodic' | 'statistics' | 'once' | 'none';

export interface AnnouncerOptions {
  readonly isIpfix: boolean;
  readonly observationDomainId: number;
  readonly privateEnterpriseNumber: number;
  /** Nothing is lost on the way: each template is sent once (RFC 7011 §8.2), options data again when it changes. */
  readonly isReliable: boolean;
  readonly templateRefreshMs: number;
  readonly templateRefreshMessages: number;
  readonly optionsData: OptionsDataMode;
  /** Every packet where missing. */
  readonly sampling?: SamplingDescription;
  readonly samplingForms?: readonly SamplingForm[];
  readonly exporterAddress?: string;
  readonly flowKey?: FlowKeyParts;
  readonly ingressInterface: number | 'auto';
  readonly anonymization?: AnonymizationConfig;
}
