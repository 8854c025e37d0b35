/** Opens the sockets of a transport over UDP, and what watches a collector on this host. */
import type { Socket } from 'node:dgram';
import { addressOctets } from '../../base/addresses.ts';
import { openSegmentedUdpSocket } from '../../sys/segmented-udp.ts';
import type { UdpEndpoint } from '../../sys/udp-diagnosis.ts';
import { isLocalAddress, type ResolvedAddress } from './collector-address.ts';
import type { MessageArena } from './message-arena.ts';
import { watchReceiver } from './receiver-queue.ts';
import { TokenBucket } from './token-bucket.ts';
import { connectUdp, type SocketSettings } from './udp-socket.ts';
import { UdpTransport } from './udp-transport.ts';

/** Asked of the system, which gives what it allows (net.core.wmem_max). */
const SEND_BUFFER_OCTETS = 4 << 20;
/** Messages a second to collectors whose receive queue cannot be watched. */
const UNWATCHED_RATE = 20_000;

/** Where a connected socket's datagrams come from. */
function localEnd(socket: Socket): UdpEndpoint {
  const { address, port } = socket.address();
  return { address: addressOctets(address), port };
}

/**
 * How many messages a second a collector may get at most.
 * @param asked by the configuration; undefined: as fast as it reads where that is seen, else UNWATCHED_RATE
 */
export function messageRate(asked: number | 'max' | undefined, isWatched: boolean): number {
  if (asked === undefined) return isWatched ? Number.POSITIVE_INFINITY : UNWATCHED_RATE;
  return asked === 'max' ? Number.POSITIVE_INFINITY : asked;
}

/**
 * Opens a transport.
 * @param options `rate` in messages a second, or 'max'; undefined: as messageRate decides
 * @throws ExportError where the socket cannot be opened
 */
export async function openUdpTransport(
  arena: MessageArena,
  options: {
    to: ResolvedAddress;
    port: number;
    url: string;
    rate: number | 'max' | undefined;
    settings?: SocketSettings;
  },
): Promise<UdpTransport> {
  const { to, port, url, settings = {} } = options;
  const socket = await connectUdp(to, port, settings, url);
  try {
    socket.setSendBufferSize(SEND_BUFFER_OCTETS);
  } catch {
    // The default buffer works too: sends wait a little more often.
  }
  const isLocal = isLocalAddress(to.address);
  // Only within a host: what a network card makes of segments is another matter, and paced anyway.
  const isPlain = Object.values(settings).every((value) => value === undefined);
  const segmented =
    isLocal && isPlain
      ? openSegmentedUdpSocket(addressOctets(to.address), port, arena.bytes, SEND_BUFFER_OCTETS)
      : undefined;
  const receiver = isLocal
    ? watchReceiver(segmented?.local ?? localEnd(socket), to.address, port)
    : undefined;
  const rate = messageRate(options.rate, receiver !== undefined);
  return new UdpTransport(arena, socket, new TokenBucket(rate), receiver, segmented);
}
