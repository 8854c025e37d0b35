/** Opens what a session over UDP needs: memory for messages of a size that fits, a socket, and the exporter on top. */

import type { CollectorExporter } from '../collector/collector-exporter.ts';
import { createCollectorExporter } from '../collector/collector-options.ts';
import type { ExportClock } from '../contract/export-clock.ts';
import type { ExporterConfig, ExportingConfig } from '../contract/record-sink.ts';
import { addressTowards, type ResolvedAddress } from '../transport/collector-address.ts';
import { MessageArena } from '../transport/message-arena.ts';
import { openUdpTransport } from '../transport/open-udp-transport.ts';
import type { SocketSettings } from '../transport/udp-socket.ts';
import type { UdpTransport } from '../transport/udp-transport.ts';

/** Largest message: what every path carries unfragmented, or nearly so for IPv4; IPv6's least MTU less headers. */
const MESSAGE_OCTETS_IPV4 = 1400;
const MESSAGE_OCTETS_IPV6 = 1232;

export interface UdpExporter {
  readonly arena: MessageArena;
  readonly transport: UdpTransport;
  readonly exporter: CollectorExporter;
}

/**
 * Opens an exporter towards an address of the collector.
 * @param clock of an exporter that this one goes on from
 * @throws ExportError where the socket cannot be opened, ConfigError for faults in the templates
 */
export async function openUdpExporter(
  config: ExportingConfig,
  to: ExporterConfig,
  address: ResolvedAddress,
  clock?: ExportClock,
): Promise<UdpExporter> {
  const { port, url, options } = to;
  const usualOctets = address.family === 4 ? MESSAGE_OCTETS_IPV4 : MESSAGE_OCTETS_IPV6;
  const arena = new MessageArena(options.messageOctetsMax ?? usualOctets);
  const { sourceAddress, sourcePort, dscp, ttl } = options as SocketSettings;
  const transport = await openUdpTransport(arena, {
    to: address,
    port,
    url,
    rate: options.rate,
    settings: {
      ...(sourceAddress === undefined ? {} : { sourceAddress }),
      ...(sourcePort === undefined ? {} : { sourcePort }),
      ...(dscp === undefined ? {} : { dscp }),
      ...(ttl === undefined ? {} : { ttl }),
    },
  });
  const known = options.exporterAddress ?? (await addressTowards(address, port));
  const exporterOptions = known === undefined ? options : { ...options, exporterAddress: known };
  const own = { ...to, options: exporterOptions };
  return { arena, transport, exporter: createCollectorExporter(arena, transport, config, own, false, clock) };
}
