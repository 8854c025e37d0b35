/** Which factory makes the sink of an exporter. Loaded on first use, so that nobody pays for what is not asked for. */
import type { ExporterProtocol, SinkFactory } from './record-sink.ts';

const SINKS: Readonly<Partial<Record<ExporterProtocol, () => Promise<SinkFactory>>>> = {
  netflow5: async () => (await import('./udp-sink.ts')).createUdpSink,
  netflow9: async () => (await import('./udp-sink.ts')).createUdpSink,
  ipfix: async () => (await import('./udp-sink.ts')).createUdpSink,
  'ipfix+tcp': async () => (await import('./session-sink.ts')).createSessionSink,
  'ipfix+tls': async () => (await import('./session-sink.ts')).createSessionSink,
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
