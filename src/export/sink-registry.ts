/**
 * Facts about each scheme of URL before there is a sink: which factory makes it, whether its records can say
 * both directions, and what two of its sinks cannot have at the same time. Factories are loaded on first use, so that
 * nobody pays for what is not asked for.
 */
import type {
  ExporterConfig,
  ExporterProtocol,
  ExportingConfig,
  SinkFactory,
} from './contract/record-sink.ts';

interface SinkKind {
  readonly load: () => Promise<SinkFactory>;
  /** Whether one of its records can be about both directions of a flow (RFC 5103). */
  readonly hasBiflows: boolean;
  /** Options that name something of which one sink at a time has the use. */
  readonly exclusive: readonly string[];
  /** Whether it writes to the file of its path. */
  readonly isFile?: true;
}

/** With a spool, sessions are kept as over TCP. */
async function loadUdp(): Promise<SinkFactory> {
  const { createUdpSink } = await import('./sessions/udp-sink.ts');
  return async (config, to, context) => {
    if (to.options.spool !== true) return createUdpSink(config, to, context);
    return (await import('./sessions/session-sinks.ts')).createSpooledUdpSink(config, to, context);
  };
}

const loadSession = async () => (await import('./sessions/session-sinks.ts')).createSessionSink;
const loadText = async () => (await import('./files/text-file-sink.ts')).createTextFileSink;

const UDP = { exclusive: ['sourcePort', 'spoolDirectory'] };
const SPOOLED = { hasBiflows: true, exclusive: ['spoolDirectory'] };
const FILE = { hasBiflows: true, exclusive: [], isFile: true } as const;

const SINKS: Readonly<Partial<Record<ExporterProtocol, SinkKind>>> = {
  netflow5: {
    load: async () => (await import('./sessions/udp-sink.ts')).createUdpSink,
    hasBiflows: false,
    ...UDP,
  },
  netflow9: { load: loadUdp, hasBiflows: false, ...UDP },
  ipfix: { load: loadUdp, hasBiflows: true, ...UDP },
  'ipfix+tcp': { load: loadSession, ...SPOOLED },
  'ipfix+tls': { load: loadSession, ...SPOOLED },
  'ipfix-file': {
    load: async () => (await import('./files/ipfix-file-sink.ts')).createIpfixFileSink,
    ...FILE,
  },
  json: { load: loadText, ...FILE },
  csv: { load: loadText, ...FILE },
  parquet: { load: async () => (await import('./files/parquet-sink.ts')).createParquetSink, ...FILE },
  protobuf: {
    load: async () => (await import('./files/protobuf-file-sink.ts')).createProtobufFileSink,
    ...FILE,
  },
  kafka: { load: async () => (await import('./kafka/create-sink.ts')).createKafkaSink, ...SPOOLED },
};

function sinkKind(protocol: ExporterProtocol): SinkKind {
  const kind = SINKS[protocol];
  if (kind === undefined) throw new Error(`no such exporter: ${protocol}`);
  return kind;
}

/** The factory for a scheme of URL. @throws Error for one that the configuration does not know either */
export function sinkFactory(protocol: ExporterProtocol): Promise<SinkFactory> {
  return sinkKind(protocol).load();
}

/** Whether the exporter makes one data record of both directions of a flow: what its counters count in. */
export function makesBiflows(config: ExportingConfig, { protocol, options }: ExporterConfig): boolean {
  return (options.biflow ?? config.biflow) && sinkKind(protocol).hasBiflows;
}

/**
 * What no second sink can have while one of this exporter has it: a spool, a source port, the name of a file. Systemd's
 * directory is the spool's where the options name none.
 */
export function exclusivePlaces({ protocol, url, path, options }: ExporterConfig): string[] {
  const { exclusive, isFile } = sinkKind(protocol);
  const places = isFile ? [`file ${path}`] : [];
  for (const name of exclusive) {
    const value = options[name] ?? (name === 'spoolDirectory' ? process.env.STATE_DIRECTORY : undefined);
    if (value === undefined) continue;
    // Every exporter has a folder of its own in the spool, whatever its options.
    places.push(name === 'spoolDirectory' ? `${name} ${value} ${url}` : `${name} ${value}`);
  }
  return places;
}
