/** An exporter whose messages are kept, with the configuration that tests start from. */
import type { CollectorExporter } from '../../src/export/collector/collector-exporter.ts';
import { createCollectorExporter } from '../../src/export/collector/collector-options.ts';
import type {
  CollectorStatistics,
  ExporterConfig,
  ExportingConfig,
} from '../../src/export/contract/record-sink.ts';
import { MessageArena } from '../../src/export/transport/message-arena.ts';
import type { FlowRecordBatch } from '../../src/records/flow-layout.ts';
import { CollectingTransport } from './transport/collecting-transport.ts';

export const CONFIG: ExportingConfig = {
  template: { ipv4: ['default'], ipv6: ['default'] },
  biflow: false,
  timestamps: 'capture',
  privateEnterpriseNumber: 32473,
  observation: { domainId: 7, ingressInterface: 'auto', egressInterface: 0 },
};

export interface Exported {
  readonly messages: readonly Uint8Array[];
  readonly statistics: CollectorStatistics;
}

/** A collector that is never reached. */
export function collector(
  protocol: ExporterConfig['protocol'],
  options: ExporterConfig['options'] = {},
): ExporterConfig {
  return { protocol, host: '192.0.2.2', port: 2055, url: `${protocol}://192.0.2.2:2055`, options };
}

/** Exports batches to a transport that keeps the messages, in memory that was full of something else. */
export async function exportAll(
  batches: readonly FlowRecordBatch[],
  to: ExporterConfig,
  config: ExportingConfig = CONFIG,
  prepare: (exporter: CollectorExporter) => void = () => {},
): Promise<Exported> {
  const arena = new MessageArena(to.options.messageOctetsMax ?? 1400);
  arena.bytes.fill(0xa5);
  const transport = new CollectingTransport(arena);
  const exporter = createCollectorExporter(arena, transport, config, to);
  prepare(exporter);
  for (const batch of batches) await exporter.exportBatch(batch);
  await exporter.end();
  return { messages: transport.messages, statistics: exporter.statistics() };
}

export const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex');
