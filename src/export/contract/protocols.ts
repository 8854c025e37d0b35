/**
 * The protocol of each scheme of an exporter's URL: one row a scheme. The configuration's options, the sinks and the
 * check of templates all read these rows.
 */

/** What an exporter's records or its way to the collector can have; options name the one that they need. */
export type ExportFeature =
  /** Messages in datagrams, which are paced and may be lost. */
  | 'datagrams'
  /** Fields that a template names. */
  | 'templates'
  /** Options data besides the flows. */
  | 'optionsData'
  /** An exporter's address among the options data. */
  | 'exporterAddress'
  /** Records about both directions of a flow (RFC 5103). */
  | 'biflows';

interface ExportProtocolRow {
  /** Whose rules templates follow; undefined where the record is fixed. */
  readonly template: 'netflow9' | 'ipfix' | 'text' | undefined;
  readonly carries: readonly ExportFeature[];
  /** Whether there is a connection between exporter and collector. */
  readonly isConnected: boolean;
}

const IPFIX = ['templates', 'optionsData', 'exporterAddress', 'biflows'] as const;
const NETFLOW9 = ['datagrams', 'templates', 'optionsData'] as const;
const FIELDS = ['templates', 'biflows'] as const;

/** By scheme, in the order in which documents show them. */
export const EXPORT_PROTOCOLS = {
  netflow5: { template: undefined, carries: ['datagrams'], isConnected: false },
  netflow9: { template: 'netflow9', carries: NETFLOW9, isConnected: false },
  ipfix: { template: 'ipfix', carries: ['datagrams', ...IPFIX], isConnected: false },
  'ipfix+tcp': { template: 'ipfix', carries: IPFIX, isConnected: true },
  'ipfix+tls': { template: 'ipfix', carries: IPFIX, isConnected: true },
  'ipfix-file': { template: 'ipfix', carries: IPFIX, isConnected: false },
  json: { template: 'text', carries: FIELDS, isConnected: false },
  csv: { template: 'text', carries: FIELDS, isConnected: false },
  parquet: { template: 'text', carries: FIELDS, isConnected: false },
  protobuf: { template: 'text', carries: FIELDS, isConnected: false },
  kafka: { template: 'text', carries: FIELDS, isConnected: true },
} as const satisfies Readonly<Record<string, ExportProtocolRow>>;

/** Every way to write down flow records; the scheme of an exporter's URL. */
export type ExporterProtocol = keyof typeof EXPORT_PROTOCOLS;

/** Whether records or their way have what is asked for. */
export function carries(protocol: ExporterProtocol, feature: ExportFeature): boolean {
  const row: ExportProtocolRow = EXPORT_PROTOCOLS[protocol];
  return row.carries.includes(feature);
}
