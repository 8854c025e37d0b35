/** What an announcer is to do. Only types. */
import type { AnonymizationConfig } from '../anonymization/anonymizer.ts';
import type { SamplingDescription, SamplingForm } from '../contract/metering-statistics.ts';
import type { FlowKeyParts, OptionsDataMode } from '../contract/options-content.ts';

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
