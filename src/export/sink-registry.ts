/**
 * Facts about each scheme of URL before there is a sink: which factory makes it, and what two of its sinks cannot have at
 * the same time. Factories are loaded on first use, so that nobody pays for what is not asked for.
 */
import { carries, type ExporterProtocol } from './contract/protocols.ts';
import type { ExporterConfig, ExportingConfig, SinkFactory } from './contract/record-sink.ts';

interface SinkKind {
  readonly load: () => Promise<SinkFactory>;
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
/** Files of named paths where the exporter asks for their records, else the flow records' own. */
function pathsOr(loadFlows: () => Promise<SinkFactory>): () => Promise<SinkFactory> {
  return async () => async (config, to, context) => {
    const isOfPaths = to.options.records === 'paths';
    const create = isOfPaths
      ? (await import('./files/path-file-sink.ts')).createPathFileSink
      : await loadFlows();
    return create(config, to, context);
  };
}

const loadText = pathsOr(async () => (await import('./files/text-file-sink.ts')).createTextFileSink);

const UDP = { exclusive: ['sourcePort', 'spoolDirectory'] };
const SPOOLED = { exclusive: ['spoolDirectory'] };
const FILE = { exclusive: [], isFile: true } as const;

const SINKS: Readonly<Record<ExporterProtocol, SinkKind>> = {
  netflow5: {
    load: async () => (await import('./sessions/udp-sink.ts')).createUdpSink,
    ...UDP,
  },
  netflow9: { load: loadUdp, ...UDP },
  ipfix: { load: loadUdp, ...UDP },
  'ipfix+tcp': { load: loadSession, ...SPOOLED },
  'ipfix+tls': { load: loadSession, ...SPOOLED },
  'ipfix-file': {
    load: async () => (await import('./files/ipfix-file-sink.ts')).createIpfixFileSink,
    ...FILE,
  },
  json: { load: loadText, ...FILE },
  csv: { load: loadText, ...FILE },
  parquet: {
    load: pathsOr(async () => (await import('./files/parquet-sink.ts')).createParquetSink),
    ...FILE,
  },
  protobuf: {
    load: async () => (await import('./files/protobuf-file-sink.ts')).createProtobufFileSink,
    ...FILE,
  },
  kafka: { load: async () => (await import('./kafka/create-sink.ts')).createKafkaSink, ...SPOOLED },
};

/** The factory for a scheme of URL. */
export function sinkFactory(protocol: ExporterProtocol): Promise<SinkFactory> {
  return SINKS[protocol].load();
}

/** Whether the exporter makes one data record of both directions of a flow: what its counters count in. */
export function makesBiflows(config: ExportingConfig, { protocol, options }: ExporterConfig): boolean {
  return (options.biflow ?? config.biflow) && carries(protocol, 'biflows');
}

/**
 * What no second sink can have while one of this exporter has it: a spool, a source port, the name of a file. Systemd's
 * directory is the spool's where the options name none.
 */
export function exclusivePlaces({ protocol, url, path, options }: ExporterConfig): string[] {
  const { exclusive, isFile } = SINKS[protocol];
  const places = isFile ? [`file ${path}`] : [];
  for (const name of exclusive) {
    const value = options[name] ?? (name === 'spoolDirectory' ? process.env.STATE_DIRECTORY : undefined);
    if (value === undefined) continue;
    // Every exporter has a folder of its own in the spool, whatever its options.
    places.push(name === 'spoolDirectory' ? `${name} ${value} ${url}` : `${name} ${value}`);
  }
  return places;
}
