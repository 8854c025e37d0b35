/**
 * The exporting process (RFC 7011 §2): sends every batch of flow records to every collector, each with its own
 * protocol, templates, transport and sequence numbers, and none faster than the slowest lets it.
 */

import type { FlowRecordBatch } from '../metering/flow-layout.ts';
import type { OptionsDataMode } from './announcer.ts';
import { isLocalAddress, resolveCollector } from './collector-address.ts';
import { CollectorExporter, type CollectorStatistics, type ExportProtocol } from './collector-exporter.ts';
import { MessageArena } from './message-arena.ts';
import type { InterfaceDescription } from './options-data.ts';
import type { Transport } from './transport.ts';
import { openUdpTransport } from './udp-transport.ts';

/** Largest message: what every path carries unfragmented, or nearly so for IPv4; IPv6's least MTU less headers. */
const MESSAGE_OCTETS_IPV4 = 1400;
const MESSAGE_OCTETS_IPV6 = 1232;
/** Messages a second to collectors whose receive queue cannot be watched. */
const REMOTE_RATE = 20_000;
const TEMPLATE_REFRESH_MS = 60_000;
const TEMPLATE_REFRESH_MESSAGES = 1000;
/** The event loop gets its turn after so many batches, however fast they come. */
const BATCHES_PER_TURN = 32;
/** Records wait this long at most for others to share their message with. */
const FLUSH_MS = 1000;

/** Options of one collector; what is missing is up to the exporting process. */
export interface ExporterOptions {
  /** Messages a second. */
  readonly rate?: number | 'max';
  readonly messageOctetsMax?: number;
  readonly templateRefreshMs?: number;
  readonly templateRefreshMessages?: number;
  /** When sampling rate, interface names and the like are sent. */
  readonly optionsData?: OptionsDataMode;
}

/** A collector; config/exporters.ts reads it from URLs and files. */
export interface ExporterConfig {
  readonly protocol: ExportProtocol;
  readonly host: string;
  readonly port: number;
  readonly url: string;
  readonly options: ExporterOptions;
}

/** What all collectors share. */
export interface ExportingConfig {
  readonly template: { readonly ipv4: readonly string[]; readonly ipv6: readonly string[] };
  /** RFC 5103 records in IPFIX. NetFlow has none, so its collectors get uniflows all the same. */
  readonly biflow: boolean;
  readonly timestamps: 'capture' | 'now';
  readonly privateEnterpriseNumber: number;
  readonly observation: {
    readonly domainId: number;
    readonly ingressInterface: number | 'auto';
    readonly egressInterface: number;
  };
  /** For faults of the templates: `command line` or the configuration file's name. */
  readonly origin?: string;
}

export interface ExportingProcess {
  /** Whether a template reads the encapsulation part of records: the metering process must keep it then. */
  readonly needsEncapsulation: boolean;
  /**
   * Exports a batch to all collectors.
   * @returns undefined when its memory may be reused at once, or a promise of that moment. Do not call again before it.
   */
  exportBatch(batch: FlowRecordBatch): Promise<void> | undefined;
  /**
   * Announces names of interfaces with the next templates. Only the first 400 that have one are.
   * @param interfaces by index: number 0 is observation point 1
   */
  setInterfaces(interfaces: readonly { readonly name: string }[]): void;
  /** Sends messages that are not full yet. It happens by itself every second. */
  flush(): void;
  /** Sends the rest, waits until it is sent, and frees the sockets. @returns the final counters */
  close(): Promise<CollectorStatistics[]>;
  /** Counters of each collector so far. */
  statistics(): CollectorStatistics[];
}

async function openExporter(config: ExportingConfig, to: ExporterConfig): Promise<CollectorExporter> {
  const address = await resolveCollector(to.host, to.url);
  const { options } = to;
  const usualOctets = address.family === 4 ? MESSAGE_OCTETS_IPV4 : MESSAGE_OCTETS_IPV6;
  const arena = new MessageArena(options.messageOctetsMax ?? usualOctets);
  const rate = options.rate ?? (isLocalAddress(address.address) ? 'max' : REMOTE_RATE);
  const transport = await openUdpTransport(arena, { to: address, port: to.port, url: to.url, rate });
  try {
    return createCollectorExporter(arena, transport, config, to);
  } catch (error) {
    await transport.close();
    throw error;
  }
}

/**
 * An exporter over any transport, for tests and measurements; `createExportingProcess` is for everything else.
 * @throws ConfigError for faults in the templates
 */
export function createCollectorExporter(
  arena: MessageArena,
  transport: Transport,
  config: ExportingConfig,
  to: ExporterConfig,
): CollectorExporter {
  const { options } = to;
  return new CollectorExporter(arena, transport, {
    url: to.url,
    protocol: to.protocol,
    template: config.template,
    isBiflow: config.biflow,
    timestamps: config.timestamps,
    privateEnterpriseNumber: config.privateEnterpriseNumber,
    observationDomainId: config.observation.domainId,
    ingressInterface: config.observation.ingressInterface,
    egressInterface: config.observation.egressInterface,
    templateRefreshMs: options.templateRefreshMs ?? TEMPLATE_REFRESH_MS,
    templateRefreshMessages: options.templateRefreshMessages ?? TEMPLATE_REFRESH_MESSAGES,
    optionsData: options.optionsData ?? (to.protocol === 'ipfix' ? 'once' : 'periodic'),
    origin: config.origin ?? 'configuration',
  });
}

/**
 * Opens all collectors.
 * @throws ConfigError for faults in the templates, ExportError for a collector that cannot be opened
 */
export async function createExportingProcess(
  config: ExportingConfig,
  collectors: readonly ExporterConfig[],
): Promise<ExportingProcess> {
  const exporters: CollectorExporter[] = [];
  try {
    for (const collector of collectors) exporters.push(await openExporter(config, collector));
  } catch (error) {
    await Promise.all(exporters.map((exporter) => exporter.close()));
    throw error;
  }
  const flush = () => {
    for (const exporter of exporters) exporter.flush();
  };
  let batches = 0;
  const timer = setInterval(flush, FLUSH_MS).unref();
  return {
    needsEncapsulation: exporters.some((exporter) => exporter.needsEncapsulation),
    exportBatch: (batch) => {
      const pending = exportToAll(exporters, batch);
      if (pending !== undefined || ++batches % BATCHES_PER_TURN !== 0) return pending;
      return new Promise((resolve) => setImmediate(resolve));
    },
    setInterfaces: (interfaces) => {
      // With a configured ingressInterface, no flow has the numbers that these names belong to.
      if (config.observation.ingressInterface !== 'auto') return;
      const named = interfaces
        .map(({ name }, i): InterfaceDescription => ({ ifIndex: i + 1, name, description: name }))
        .filter(({ name }) => name !== '');
      for (const exporter of exporters) exporter.setInterfaces(named);
    },
    flush,
    statistics: () => exporters.map((exporter) => exporter.statistics()),
    close: async () => {
      clearInterval(timer);
      await Promise.all(exporters.map((exporter) => exporter.end()));
      const statistics = exporters.map((exporter) => exporter.statistics());
      await Promise.all(exporters.map((exporter) => exporter.close()));
      return statistics;
    },
  };
}

/** Hands the batch to every exporter; all encode at once, and whoever has to wait is waited for together. */
function exportToAll(
  exporters: readonly CollectorExporter[],
  batch: FlowRecordBatch,
): Promise<void> | undefined {
  let waiting: Promise<void>[] | undefined;
  for (const exporter of exporters) {
    const pending = exporter.exportBatch(batch);
    if (pending !== undefined) (waiting ??= []).push(pending);
  }
  return waiting && Promise.all(waiting).then(() => undefined);
}
