/**
 * Where an exporter over UDP waits for its collector: after the first templates, and for what became of the last
 * records.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { UdpTransport } from '../transport/udp-transport.ts';

/**
 * Collectors with several threads may decode a datagram before one that came earlier (GoFlow2): templates get this much
 * of a lead before the first records.
 */
const TEMPLATE_LEAD_MS = 50;
/** The lead begins once a collector on this host has read them, for which it is waited so long at most. */
const UNREAD_MAX_MS = 2000;
const UNREAD_LOOK_MS = 5;
/** A collector that refused templates has so long to refuse the last records, too, before they count as sent. */
const REFUSAL_MS = 300;
const REFUSAL_LOOK_MS = 20;

/** Lets a collector read the templates, and decode them. */
export async function leadOfTemplates(session: {
  readonly transport: UdpTransport;
  readonly isOver: boolean;
}): Promise<void> {
  const { transport } = session;
  const untilMs = performance.now() + UNREAD_MAX_MS;
  while (!session.isOver && transport.isUnread && performance.now() < untilMs) await delay(UNREAD_LOOK_MS);
  await delay(TEMPLATE_LEAD_MS);
  // What came of the announcement: the system would tell of it instead of sending the next message, the templates again.
  if (!session.isOver) transport.look();
}

/** Looks for the refusal of what was sent last; where the collector refused before, it is waited for. */
export async function hearRefusal(transport: UdpTransport): Promise<void> {
  const untilMs = performance.now() + REFUSAL_MS;
  await new Promise((resolve) => setImmediate(resolve));
  transport.look();
  while (transport.isUnheard && performance.now() < untilMs) {
    await delay(REFUSAL_LOOK_MS);
    transport.look();
  }
}
