/** Which elements text, files and flow messages of an exporter have. */
import type { ExporterConfig, ExportingConfig } from './record-sink.ts';

/** What the default stands for where networks are known: with all that is known of them. */
const WITH_NETWORKS: readonly string[] = ['networks'];

/** The exporter's own templates, or those of all; messages of NetFlow and IPFIX have others (collector-options.ts). */
export function textTemplate(
  { template, hasNetworks = false }: ExportingConfig,
  { options: { templateIpv4, templateIpv6 } }: ExporterConfig,
): ExportingConfig['template'] {
  const shown = (names: readonly string[]) =>
    hasNetworks && names.join() === 'default' ? WITH_NETWORKS : names;
  return { ipv4: shown(templateIpv4 ?? template.ipv4), ipv6: shown(templateIpv6 ?? template.ipv6) };
}
