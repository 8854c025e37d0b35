/** SSH of one connection (RFC 4253 §4.2): the identification lines of both sides. A server may send other lines before. */

import { type ApplicationFacts, CONFIDENCE_PARSED, CONFIDENCE_SIGNATURE, nameApplication } from './facts.ts';
import type { InspectedPacket } from './inspected-packet.ts';
import { HAS_DIRECTION, type Inspector, WANTS_MORE } from './inspector.ts';
import type { Piece } from './stream-start.ts';
import { textAt } from './text.ts';

const LINE_OCTETS_MAX = 255;
const TEXT_OCTETS_MAX = 64;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BEGINNING = [...Buffer.from('SSH-')];
export const SSH_FIRST_OCTET = 0x53;

/** Whether an identification line begins here. */
export function isSsh({ octets, start, end }: Piece): boolean {
  if (start + BEGINNING.length + 3 > end) return false;
  for (let i = 0; i < BEGINNING.length; i++) if (octets[start + i] !== BEGINNING[i]) return false;
  return octets[start + 4]! >= 0x31 && octets[start + 4]! <= 0x32 && octets[start + 5] === 0x2e;
}

export class SshInspection implements Inspector {
  readonly #facts: ApplicationFacts;
  #lines = 0;

  constructor(facts: ApplicationFacts) {
    this.#facts = facts;
    nameApplication(facts, 'ssh', CONFIDENCE_SIGNATURE);
  }

  release(): void {}

  take(piece: Piece, packet: InspectedPacket): number {
    const { octets, start, end } = piece;
    const limit = end - start > LINE_OCTETS_MAX ? start + LINE_OCTETS_MAX : end;
    let at = start;
    while (at < limit && octets[at] !== LINE_FEED) at++;
    if (at === limit) return limit - start === LINE_OCTETS_MAX ? HAS_DIRECTION : WANTS_MORE;
    if (!isSsh(piece)) return HAS_DIRECTION;
    const to = octets[at - 1] === CARRIAGE_RETURN ? at - 1 : at;
    const text = textAt(octets, start, to, TEXT_OCTETS_MAX);
    if (packet.reverse) this.#facts.sshServerVersion = text;
    else this.#facts.sshClientVersion = text;
    this.#lines++;
    if (this.#lines === 2) nameApplication(this.#facts, 'ssh', CONFIDENCE_PARSED);
    return HAS_DIRECTION;
  }
}
