/** From the configuration of an exporter to what CollectorExporter wants to know: defaults, and the template's faults. */

import { ConfigError } from '../../base/errors.ts';
import { joinSections, type RecordSections } from '../../records/record-sections.ts';
import type { ExportClock } from '../contract/export-clock.ts';
import type { ExporterConfig, ExportingConfig } from '../contract/record-sink.ts';
import type { CollectorExporterOptions, ExportProtocol } from '../messages/exporter-options.ts';
import { exporterClasses, type RecordClasses } from '../messages/record-classes.ts';
import type { MessageArena } from '../transport/message-arena.ts';
import type { Transport } from '../transport/transport.ts';
import { CollectorExporter } from './collector-exporter.ts';

/** The longest message where nobody says otherwise, and the collector's address is not known yet. */
const MESSAGE_OCTETS = 1400;
/** Headers of a message and a set, and what sets are padded by. */
const MESSAGE_OVERHEAD: Readonly<Record<ExportProtocol, number>> = { netflow5: 24, netflow9: 30, ipfix: 20 };
const TEMPLATE_REFRESH_MS = 60_000;
const TEMPLATE_REFRESH_MESSAGES = 1000;

/** The messages that an exporter's URL asks for. */
function messageProtocol({ protocol }: ExporterConfig): ExportProtocol {
  return protocol === 'netflow5' || protocol === 'netflow9' ? protocol : 'ipfix';
}

/** Options of the exporter, complete. @param isReliable messages arrive, and in order: templates are sent once */
export function collectorOptions(
  config: ExportingConfig,
  to: ExporterConfig,
  isReliable: boolean,
): CollectorExporterOptions {
  const { options } = to;
  const protocol = messageProtocol(to);
  return {
    url: to.url,
    protocol,
    template: {
      ipv4: options.templateIpv4 ?? config.template.ipv4,
      ipv6: options.templateIpv6 ?? config.template.ipv6,
    },
    isBiflow: options.biflow ?? config.biflow,
    timestamps: config.timestamps,
    privateEnterpriseNumber: config.privateEnterpriseNumber,
    observationDomainId: config.observation.domainId,
    ingressInterface: config.observation.ingressInterface,
    egressInterface: config.observation.egressInterface,
    isReliable,
    templateRefreshMs: options.templateRefreshMs ?? TEMPLATE_REFRESH_MS,
    templateRefreshMessages: options.templateRefreshMessages ?? TEMPLATE_REFRESH_MESSAGES,
    optionsData: options.optionsData ?? (protocol === 'ipfix' ? 'statistics' : 'periodic'),
    ...(config.sampling === undefined ? {} : { sampling: config.sampling }),
    ...(options.samplingForms === undefined ? {} : { samplingForms: options.samplingForms }),
    ...(options.exporterAddress === undefined ? {} : { exporterAddress: options.exporterAddress }),
    ...(config.metering === undefined ? {} : { flowKey: config.metering.flowKey }),
    ...(config.anonymization === undefined ? {} : { anonymization: config.anonymization }),
    origin: config.origin ?? 'configuration',
  };
}

/** Sets have no parts in two messages (RFC 7011 §3.1): every record, those of templates too, has to fit into one. */
function checkRecordOctets(
  { protocol, url, origin }: CollectorExporterOptions,
  { templates, templateRecords }: RecordClasses,
  messageOctetsMax: number,
): void {
  const overhead = MESSAGE_OVERHEAD[protocol];
  const kinds = {
    'flow records': templates.map(({ recordOctets }) => recordOctets),
    'template records': templateRecords.map(({ length }) => length),
  };
  const faults = Object.entries(kinds).flatMap(([kind, all]) => {
    const needed = Math.max(0, ...all) + overhead;
    if (needed <= messageOctetsMax) return [];
    const found = `${kind} that need messages of ${needed} octets`;
    const allowed = `at most messageOctetsMax, ${messageOctetsMax} octets: raise it, or use fewer elements`;
    return [{ path: `${url} template`, found, allowed }];
  });
  if (faults.length > 0) throw new ConfigError(origin, faults);
}

/**
 * The optional sections of records that an exporter's templates read.
 * @throws ConfigError for faults in the templates
 */
export function sectionsOfTemplates(config: ExportingConfig, to: ExporterConfig): RecordSections {
  const options = collectorOptions(config, to, false);
  const { recordClasses } = exporterClasses(options);
  checkRecordOctets(options, recordClasses, to.options.messageOctetsMax ?? MESSAGE_OCTETS);
  return joinSections(recordClasses.templates.map(({ needs }) => needs));
}

/**
 * An exporter over any transport.
 * @throws ConfigError for faults in the templates
 */
export function createCollectorExporter(
  arena: MessageArena,
  transport: Transport,
  config: ExportingConfig,
  to: ExporterConfig,
  isReliable = false,
  clock?: ExportClock,
): CollectorExporter {
  const options = collectorOptions(config, to, isReliable);
  checkRecordOctets(options, exporterClasses(options).recordClasses, arena.slotOctets);
  return new CollectorExporter(arena, transport, clock === undefined ? options : { ...options, clock });
}
