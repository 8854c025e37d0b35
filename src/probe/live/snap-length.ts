/** How many octets of each frame a live capture keeps. */
import type { LiveCaptureOptions } from '../../capture/live-options.ts';
import type { FlowtapConfig } from '../../config/config.ts';
import type { TunnelName } from '../../records/tunnel-kinds.ts';

/** Headers of every frame, with tunnels and the options of TCP and IPv6. */
const HEADERS_OCTETS = 256;
/** A whole frame of Ethernet, with the first messages of TLS, QUIC and HTTP. */
const PAYLOAD_OCTETS = 2048;

type SnapConfig = {
  readonly live: Pick<FlowtapConfig['live'], 'snapLength'>;
  readonly decode: Pick<FlowtapConfig['decode'], 'decapsulate' | 'udpPorts'>;
};

/**
 * @param inspected what is looked for in payload; undefined: it is not looked into. Certificates come in segments that
 *   nothing tells from those of a download.
 */
export function snapLengthsOf(
  { live: { snapLength }, decode: { decapsulate, udpPorts } }: SnapConfig,
  inspected: { readonly certificate?: boolean } | undefined,
): Pick<LiveCaptureOptions, 'snapLength' | 'headersSnap'> {
  if (snapLength !== 'auto') return { snapLength };
  if (inspected === undefined) return { snapLength: HEADERS_OCTETS };
  if (inspected.certificate === true) return { snapLength: PAYLOAD_OCTETS };
  const tunnelPorts = Object.entries(udpPorts).flatMap(([tunnel, ports]) =>
    decapsulate.includes(tunnel as TunnelName) ? ports : [],
  );
  return { snapLength: PAYLOAD_OCTETS, headersSnap: { octets: HEADERS_OCTETS, tunnelPorts } };
}
