/** How many octets of each frame a live capture keeps. */

/** Headers of every frame, with tunnels and the options of TCP and IPv6. */
const HEADERS_OCTETS = 256;
/** A whole frame of Ethernet, with the first messages of TLS, QUIC and HTTP. */
const PAYLOAD_OCTETS = 2048;

/** @param inspects payload is looked into */
export function snapLengthOf(
  { snapLength }: { readonly snapLength: number | 'auto' },
  inspects: boolean,
): number {
  if (snapLength !== 'auto') return snapLength;
  return inspects ? PAYLOAD_OCTETS : HEADERS_OCTETS;
}
