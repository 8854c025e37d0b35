/** Shape of what reads one protocol in a flow that was recognised as being of it. */

import type { InspectedPacket } from './inspected-packet.ts';
import type { Piece } from './stream-start.ts';

/** A message goes on behind the piece: hand it over again with more behind it. Of a datagram: the next one, please. */
export const WANTS_MORE = 0;
/** The piece was read; the next segment or datagram begins a new one. */
export const WANTS_NEXT = 1;
/** Nothing more of this direction is needed. */
export const HAS_DIRECTION = 2;
/** Everything that can be known is known, or nothing more can. */
export const HAS_ALL = 3;

export interface Inspector {
  /** Another protocol may begin in the same flow: TLS behind STARTTLS or CONNECT, DTLS and RTP behind STUN. */
  readonly isOuter?: boolean;
  /**
   * Reads a piece, and writes facts as soon as they are found, so that a message which never ends has told what it could.
   * @param piece a datagram, or the beginning of a direction of a stream
   * @param packet the packet that it came with, or whose octets made it longer
   * @returns one of the above
   */
  take(piece: Piece, packet: InspectedPacket): number;
  /** Gives back what it holds of shared things; it is not used afterwards. */
  release(): void;
}
