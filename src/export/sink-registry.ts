/** Which factory makes the sink of an exporter. Loaded on first use, so that nobody pays for what is not asked for. */
import type { ExporterProtocol, SinkFactory } from './record-sink.ts';

/** With a spool, sessions are kept as over TCP. */
async function loadUdp(): Promise<SinkFactory> {
  const { createUdpSink } = await import('./sessions/udp-sink.ts');
  return async (config, to, context) => {
    if (to.options.spool !== true) return createUdpSink(config, to, context);
    return (await import('./sessions/session-sinks.ts')).createSpooledUdpSink(config, to, context);
  };
}

const SINKS: Readonly<Partial<Record<ExporterProtocol, () => Promise<SinkFactory>>>> = {
  netflow5: async () => (await import('./sessions/udp-sink.ts')).createUdpSink,
  netflow9: loadUdp,
  ipfix: loadUdp,
  'ipfix+tcp': async () => (await import('./sessions/session-sinks.ts')).createSessionSink,
  'ipfix+tls': async () => (await import('./sessions/session-sinks.ts')).createSessionSink,
  'ipfix-file': async () => (await import('./files/ipfix-file-sink.ts')).createIpfixFileSink,
  json: async () => (await import('./files/text-file-sink.ts')).createTextFileSink,
  csv: async () => (await import('./files/text-file-sink.ts')).createTextFileSink,
  parquet: async () => (await import('./files/parquet-sink.ts')).createParquetSink,
  kafka: async () => (await import('./kafka/create-sink.ts')).createKafkaSink,
};

/** The factory for a scheme of URL. @throws Error for one that the configuration does not know either */
export function sinkFactory(protocol: ExporterProtocol): Promise<SinkFactory> {
  const load = SINKS[protocol];
  if (load === undefined) throw new Error(`no such exporter: ${protocol}`);
  return load();
}
