/**
 * A session over UDP for an exporter with a spool. Nobody acknowledges, but the network says what it refuses: a session
 * begins once templates sent to the collector have not been refused for a while, and ends with the first refusal (ICMP
 * port, host or network unreachable, no route, no room on the interface). Silence says nothing: a collector whose
 * datagrams a firewall drops counts as there.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { ExportClock } from '../contract/export-clock.ts';
import type { SendErrorReason } from '../contract/fault-reasons.ts';
import type { ExporterConfig, ExportingConfig } from '../contract/record-sink.ts';
import { resolveCollector } from '../transport/collector-address.ts';
import { ExportSession, type OpenSession } from './export-session.ts';
import { openUdpExporter, type UdpExporter } from './udp-exporter.ts';

/** A refusal takes as long as the way to the collector and back. */
const PROBE_MS = 300;
const LOOK_MS = 50;

function refusal(reason: SendErrorReason): Error {
  const texts: Partial<Record<SendErrorReason, string>> = {
    econnrefused: 'nobody listens',
    enobufs: 'the network interface has no room',
  };
  const text = texts[reason] ?? 'the network refuses datagrams';
  return Object.assign(new Error(text), { code: reason.toUpperCase() });
}

/** Calls back with the first refusal that is not about one message alone, and stops. @returns stops it */
function watch({ transport }: UdpExporter, onRefused: (error: Error) => void): () => void {
  const timer = setInterval(() => transport.look(), LOOK_MS);
  timer.unref();
  const stop = () => {
    clearInterval(timer);
    transport.onRefused = undefined;
  };
  transport.onRefused = (reason) => {
    // Too long for the path: it would be so the next time, too.
    if (reason === 'emsgsize') return;
    stop();
    onRefused(refusal(reason));
  };
  return stop;
}

/** Sends templates and waits for what comes back. @throws Error when they are refused */
async function probe(opened: UdpExporter): Promise<void> {
  let refused: Error | undefined;
  const stop = watch(opened, (error) => {
    refused = error;
  });
  opened.exporter.announceTemplates();
  for (let ms = 0; ms < PROBE_MS && refused === undefined; ms += LOOK_MS) await delay(LOOK_MS);
  stop();
  if (refused !== undefined) throw refused;
}

function udpSession(
  opened: UdpExporter,
  address: string,
  { onEnd }: Parameters<OpenSession>[0],
): ExportSession {
  const { transport, exporter, arena } = opened;
  const end = (error?: Error) => {
    stop();
    transport.abandon();
    session.ended(error);
    void transport.close();
  };
  const finish = async (waitMs: number) => {
    exporter.endStream();
    const quietMs = performance.now() + Math.min(PROBE_MS, waitMs);
    while (performance.now() < quietMs && session.ending === undefined) await delay(LOOK_MS);
    if (session.ending === undefined) end();
  };
  const session = new ExportSession({ address, arena, exporter, finish, destroy: end }, onEnd);
  const stop = watch(opened, end);
  return session;
}

/** Sessions with a collector over UDP. Their clock goes on from one to the next, so that up times stay in line. */
export function udpSessions(config: ExportingConfig, to: ExporterConfig): OpenSession {
  const clock = new ExportClock(config.timestamps);
  return async (handlers) => {
    const sourceAddress = to.options.sourceAddress as string | undefined;
    const [address] = await resolveCollector(to.host, to.url, sourceAddress);
    const opened = await openUdpExporter(config, to, address!, clock);
    try {
      handlers.prepare(opened.exporter);
      await probe(opened);
      return udpSession(opened, address!.address, handlers);
    } catch (error) {
      opened.transport.abandon();
      await opened.transport.close();
      throw error;
    }
  };
}
