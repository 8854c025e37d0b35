/** What an announcer is to do: the options of its exporter that are about templates and options data. Only types. */
import type { CollectorExporterOptions } from '../messages/exporter-options.ts';

type OwnOptions =
  | 'observationDomainId'
  | 'privateEnterpriseNumber'
  | 'isReliable'
  | 'templateRefreshMs'
  | 'templateRefreshMessages'
  | 'optionsData'
  | 'sampling'
  | 'samplingForms'
  | 'exporterAddress'
  | 'flowKey'
  | 'ingressInterface'
  | 'anonymization';

export interface AnnouncerOptions extends Pick<CollectorExporterOptions, OwnOptions> {
  readonly isIpfix: boolean;
}
