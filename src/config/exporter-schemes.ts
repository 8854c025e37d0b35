/**
 * The schemes of exporter URLs: what stands behind the colon, the usual port, and which options each one reads. The
 * sinks themselves are made in export/sink-registry.ts.
 */
import { carries, EXPORT_PROTOCOLS, type ExporterProtocol } from '../export/contract/protocols.ts';
import {
  BIFLOW_OPTIONS,
  GROUP_OPTIONS,
  MESSAGE_OPTIONS,
  NETWORK_OPTIONS,
  QUEUE_OPTIONS,
  RECORD_OPTIONS,
  SESSION_OPTIONS,
  TLS_OPTIONS,
  UDP_OPTIONS,
  UDP_SPOOL_OPTIONS,
} from './options/exporters.ts';
import {
  FILE_COMPRESSION_OPTIONS,
  PARQUET_OPTIONS,
  RECORD_KIND_OPTIONS,
  ROTATION_OPTIONS,
} from './options/file-outputs.ts';
import { FLOW_MESSAGE_OPTIONS } from './options/flow-messages.ts';
import { KAFKA_OPTIONS } from './options/kafka.ts';
import type { ConfigOption } from './types/config-option.ts';

export interface ExporterScheme {
  /** `host`: `scheme://HOST[:PORT]`; `path`: `scheme:PATH`; `topic`: `scheme://HOST[:PORT][,HOST…]/TOPIC`. */
  readonly form: 'host' | 'path' | 'topic';
  /** Where the URL has none; 0 for files. */
  readonly defaultPort: number;
  /** In few words, for help and documents. */
  readonly help: string;
  readonly options: readonly ConfigOption[];
}

/** Options of everything that flow records can go to. */
export const COMMON_OPTIONS: readonly ConfigOption[] = [
  ...GROUP_OPTIONS,
  ...RECORD_OPTIONS,
  ...BIFLOW_OPTIONS,
  ...QUEUE_OPTIONS,
];
const UDP = [...MESSAGE_OPTIONS, ...NETWORK_OPTIONS, ...UDP_OPTIONS, ...COMMON_OPTIONS];
/** With templates, which a collector can be asked with whether it is there. */
const UDP_TEMPLATES = [...UDP, ...UDP_SPOOL_OPTIONS, ...SESSION_OPTIONS];
const TCP = [...MESSAGE_OPTIONS, ...NETWORK_OPTIONS, ...SESSION_OPTIONS, ...COMMON_OPTIONS];
/** Of files, which nothing is balanced to and nothing takes over from. */
const FILE = [...ROTATION_OPTIONS, ...RECORD_OPTIONS, ...BIFLOW_OPTIONS, ...QUEUE_OPTIONS];
const TEXT_FILE = [...FILE_COMPRESSION_OPTIONS, ...FILE];

/** Options are those that the scheme's sink reads; what the protocol cannot carry is left out of them below. */
const SCHEMES: Readonly<Record<ExporterProtocol, ExporterScheme>> = {
  // UDP ports: IANA's for IPFIX, the usual one for NetFlow.
  netflow5: {
    form: 'host',
    defaultPort: 2055,
    help: 'NetFlow v5 over UDP: IPv4 alone',
    options: UDP,
  },
  netflow9: {
    form: 'host',
    defaultPort: 2055,
    help: 'NetFlow v9 (RFC 3954) over UDP',
    options: UDP_TEMPLATES,
  },
  ipfix: { form: 'host', defaultPort: 4739, help: 'IPFIX (RFC 7011) over UDP', options: UDP_TEMPLATES },
  'ipfix+tcp': { form: 'host', defaultPort: 4739, help: 'IPFIX over TCP', options: TCP },
  'ipfix+tls': {
    form: 'host',
    defaultPort: 4740,
    help: 'IPFIX over TLS (RFC 7011 §11)',
    options: [...TCP, ...TLS_OPTIONS],
  },
  'ipfix-file': {
    form: 'path',
    defaultPort: 0,
    help: 'files of IPFIX messages (RFC 5655)',
    options: [...MESSAGE_OPTIONS, ...TEXT_FILE],
  },
  json: {
    form: 'path',
    defaultPort: 0,
    help: 'files of JSON, a flow a line',
    options: [...RECORD_KIND_OPTIONS, ...TEXT_FILE],
  },
  csv: {
    form: 'path',
    defaultPort: 0,
    help: 'files of CSV',
    options: [...RECORD_KIND_OPTIONS, ...TEXT_FILE],
  },
  parquet: {
    form: 'path',
    defaultPort: 0,
    help: 'Parquet files',
    options: [...RECORD_KIND_OPTIONS, ...PARQUET_OPTIONS, ...FILE],
  },
  protobuf: {
    form: 'path',
    defaultPort: 0,
    help: 'files of protobuf messages, each behind its length, as goflow2 writes them; see [kafka.md](kafka.md)',
    options: [...FLOW_MESSAGE_OPTIONS, ...TEXT_FILE],
  },
  kafka: {
    form: 'topic',
    defaultPort: 9092,
    help: 'Kafka, as protobuf messages or JSON in the way of goflow2; see [kafka.md](kafka.md)',
    options: [...KAFKA_OPTIONS, ...COMMON_OPTIONS],
  },
};

/** The schemes that there are. */
export const EXPORTER_PROTOCOLS = Object.keys(EXPORT_PROTOCOLS) as readonly ExporterProtocol[];

function withFittingOptions(protocol: ExporterProtocol): ExporterScheme {
  const scheme = SCHEMES[protocol];
  const options = scheme.options.filter(({ needs }) => needs === undefined || carries(protocol, needs));
  return { ...scheme, options };
}

/** By scheme, in the order in which documents show them. */
export const EXPORTER_SCHEMES = Object.fromEntries(
  EXPORTER_PROTOCOLS.map((protocol) => [protocol, withFittingOptions(protocol)]),
) as Readonly<Record<ExporterProtocol, ExporterScheme>>;
