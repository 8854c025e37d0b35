/** What an exporter of messages wants to know; collector-options.ts makes it of the configuration. Only types. */
import type { AnonymizationConfig } from '../anonymization/anonymizer.ts';
import type { ExportClock } from '../contract/export-clock.ts';
import type { SamplingDescription, SamplingForm } from '../contract/metering-statistics.ts';
import type { FlowKeyParts, OptionsDataMode } from '../contract/options-content.ts';

export type ExportProtocol = 'netflow5' | 'netflow9' | 'ipfix';

/** What an exporter is to do; see config/flowtap.yaml for the meaning of each. */
export interface CollectorExporterOptions {
  readonly url: string;
  readonly protocol: ExportProtocol;
  readonly template: { readonly ipv4: readonly string[]; readonly ipv6: readonly string[] };
  readonly isBiflow: boolean;
  readonly timestamps: 'capture' | 'now';
  /** The clock of an exporter that this one goes on from, so that times stay in line. */
  readonly clock?: ExportClock;
  readonly privateEnterpriseNumber: number;
  readonly observationDomainId: number;
  readonly ingressInterface: number | 'auto';
  readonly egressInterface: number;
  /** Messages arrive, and in order (TCP): templates are sent once, before their first use. */
  readonly isReliable: boolean;
  readonly templateRefreshMs: number;
  readonly templateRefreshMessages: number;
  /** When options data is sent. */
  readonly optionsData: OptionsDataMode;
  /** How packets were selected; every one where missing. */
  readonly sampling?: SamplingDescription;
  /** Forms that sampling is announced in; missing: those that most collectors read. */
  readonly samplingForms?: readonly SamplingForm[];
  /** Announced as the exporter's address, where it is known. */
  readonly exporterAddress?: string;
  readonly flowKey?: FlowKeyParts;
  readonly anonymization?: AnonymizationConfig;
  /** For faults of the templates. */
  readonly origin: string;
}
