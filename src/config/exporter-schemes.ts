/**
 * The schemes of exporter URLs: what stands behind the colon, the usual port, and which options each one reads. The
 * sinks themselves are export/sink-registry.ts's.
 */
import type { ExporterProtocol } from '../export/contract/record-sink.ts';
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
import { FILE_COMPRESSION_OPTIONS, PARQUET_OPTIONS, ROTATION_OPTIONS } from './options/file-outputs.ts';
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

/** Without those that only datagrams need: pacing, and templates that may be lost. */
const UNPACED_MESSAGE_OPTIONS = MESSAGE_OPTIONS.filter(
  ({ path }) => path !== 'rate' && !path.startsWith('templateRefresh'),
);
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
const TCP = [...UNPACED_MESSAGE_OPTIONS, ...NETWORK_OPTIONS, ...SESSION_OPTIONS, ...COMMON_OPTIONS];
/** NetFlow v5 has one record, and NetFlow no biflows. */
const without = (options: readonly ConfigOption[], ...paths: string[]) =>
  options.filter((option) => !paths.includes(option.path));

/** Of files, which nothing is balanced to and nothing takes over from. */
const FILE = [...ROTATION_OPTIONS, ...RECORD_OPTIONS, ...BIFLOW_OPTIONS, ...QUEUE_OPTIONS];
const TEXT_FILE = [...FILE_COMPRESSION_OPTIONS, ...FILE];

/** By scheme, in the order in which documents show them. */
export const EXPORTER_SCHEMES: Readonly<Partial<Record<ExporterProtocol, ExporterScheme>>> = {
  // UDP ports: IANA's for IPFIX, the usual one for NetFlow.
  netflow5: {
    form: 'host',
    defaultPort: 2055,
    help: 'NetFlow v5 over UDP: IPv4 alone',
    options: without(
      UDP,
      ...['templateIpv4', 'templateIpv6', 'biflow', 'optionsData', 'samplingForms', 'exporterAddress'],
    ),
  },
  netflow9: {
    form: 'host',
    defaultPort: 2055,
    help: 'NetFlow v9 (RFC 3954) over UDP',
    options: without(UDP_TEMPLATES, 'biflow', 'exporterAddress'),
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
    options: [...UNPACED_MESSAGE_OPTIONS, ...TEXT_FILE],
  },
  json: { form: 'path', defaultPort: 0, help: 'files of JSON, a flow a line', options: TEXT_FILE },
  csv: { form: 'path', defaultPort: 0, help: 'files of CSV', options: TEXT_FILE },
  parquet: {
    form: 'path',
    defaultPort: 0,
    help: 'Parquet files',
    options: [...PARQUET_OPTIONS, ...FILE],
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
export const EXPORTER_PROTOCOLS = Object.keys(EXPORTER_SCHEMES) as readonly ExporterProtocol[];

/** @throws Error for a scheme that is none of EXPORTER_PROTOCOLS */
export function exporterScheme(protocol: ExporterProtocol): ExporterScheme {
  const scheme = EXPORTER_SCHEMES[protocol];
  if (scheme === undefined) throw new Error(`no such exporter: ${protocol}`);
  return scheme;
}
