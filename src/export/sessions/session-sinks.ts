/** Collectors with sessions, by transport: what each needs before there is a sink for it. */

import { ConfigError } from '../../base/errors.ts';
import type { RecordSections } from '../../records/record-sections.ts';
import { sectionsOfTemplates } from '../collector/collector-options.ts';
import type { ExporterConfig, ExportingConfig, RecordSink, SinkContext } from '../contract/record-sink.ts';
import { openSpool } from '../spool/spool-folder.ts';
import { resolveCollector } from '../transport/collector-address.ts';
import { readTlsMaterial } from '../transport/stream-connection.ts';
import { SessionSink } from './session-sink.ts';
import { streamSessions } from './stream-session.ts';
import { udpSessions } from './udp-session.ts';

/** A collector on a busy machine can be seconds behind with what its system has acknowledged. */
const UNREAD_MS = 3000;
/** A collector over TLS 1.3 refuses our certificate only after the first records are on their way. */
const TLS_VERDICT_MS = 500;
/** Hosts limit how many ICMP messages they send, usually to one a second and receiver. */
const UDP_UNREAD_MS = 2000;

/** What can be known to be wrong before anything is opened. @returns what its templates want of flow records */
async function checkCollector(
  config: ExportingConfig,
  to: ExporterConfig,
  context: SinkContext,
): Promise<RecordSections> {
  if (context.whenFull === 'wait') await resolveCollector(to.host, to.url);
  return sectionsOfTemplates(config, to);
}

/**
 * A collector over TCP or TLS.
 * @throws ConfigError for faults in templates or certificates, ExportError for a spool that cannot be used, and in a
 *   replay for a name that does not resolve
 */
export async function createSessionSink(
  config: ExportingConfig,
  to: ExporterConfig,
  context: SinkContext,
): Promise<RecordSink> {
  const needs = await checkCollector(config, to, context);
  const isTls = to.protocol === 'ipfix+tls';
  if (isTls) readTlsMaterial(to);
  return new SessionSink(config, to, context, {
    open: streamSessions(config, to),
    spool: openSpool(to, context),
    needs,
    verdictMs: isTls ? TLS_VERDICT_MS : 0,
    unreadMs: UNREAD_MS,
  });
}

/**
 * A collector over UDP whose records wait in a spool while the network refuses them.
 * @throws ConfigError for faults in templates and a spool without a place, ExportError for one that cannot be used, and
 *   in a replay for a name that does not resolve
 */
export async function createSpooledUdpSink(
  config: ExportingConfig,
  to: ExporterConfig,
  context: SinkContext,
): Promise<RecordSink> {
  const needs = await checkCollector(config, to, context);
  const spool = openSpool(to, context);
  if (spool === undefined) {
    const allowed = 'true with spoolDirectory, and with spoolOctets above 0';
    throw new ConfigError(config.origin ?? 'configuration', [
      { path: `${to.url} spool`, found: 'true, and no place for it', allowed },
    ]);
  }
  return new SessionSink(config, to, context, {
    open: udpSessions(config, to),
    spool,
    needs,
    verdictMs: 0,
    unreadMs: UDP_UNREAD_MS,
  });
}
