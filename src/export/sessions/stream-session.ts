/** A session over TCP or TLS: from a connection to a session, and from the stream's events to its end. */
import { createCollectorExporter } from '../collector/collector-options.ts';
import type { ExporterConfig, ExportingConfig } from '../contract/record-sink.ts';
import { MessageArena } from '../transport/message-arena.ts';
import { type CollectorConnection, connectStream, readTlsMaterial } from '../transport/stream-connection.ts';
import { StreamTransport } from '../transport/stream-transport.ts';
import { ExportSession, type OpenSession } from './export-session.ts';

/** A stream has no path MTU to fit: fewer headers, and still little to build at a time. */
const MESSAGE_OCTETS = 4096;

function streamSession(
  config: ExportingConfig,
  to: ExporterConfig,
  connection: CollectorConnection,
  { prepare, onProgress, onEnd }: Parameters<OpenSession>[0],
): ExportSession {
  const { stream, address, localAddress } = connection;
  const arena = new MessageArena(to.options.messageOctetsMax ?? MESSAGE_OCTETS);
  const transport = new StreamTransport(arena, stream, onProgress);
  const options = localAddress === undefined ? to.options : { exporterAddress: localAddress, ...to.options };
  const exporter = createCollectorExporter(arena, transport, config, { ...to, options }, true);
  prepare(exporter);
  const finish = async (waitMs: number) => {
    const closed = new Promise((resolve) => stream.once('close', resolve));
    exporter.endStream();
    stream.end();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, waitMs);
    });
    await Promise.race([closed, late]);
    clearTimeout(timer);
    stream.destroy();
  };
  const canAsk = connection.progress() !== undefined;
  const session = new ExportSession(
    {
      address,
      arena,
      exporter,
      ...(canAsk ? { progress: () => connection.progress() } : {}),
      finish,
      destroy: (error) => void stream.destroy(error),
    },
    onEnd,
  );
  const end = (error?: Error) => {
    transport.abandon();
    stream.destroy();
    session.ended(error);
  };
  stream.on('error', end);
  stream.on('close', () => end());
  stream.on('end', () => end());
  if (stream.destroyed) end();
  return session;
}

/** Sessions with a collector over TCP or TLS. */
export function streamSessions(config: ExportingConfig, to: ExporterConfig): OpenSession {
  return async (handlers) => {
    // Read anew each time, so that renewed certificates are taken.
    const tls = to.protocol === 'ipfix+tls' ? readTlsMaterial(to) : undefined;
    return streamSession(config, to, await connectStream(to, tls), handlers);
  };
}
