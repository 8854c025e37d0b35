/**
 * Loss by path: a path is a pair of networks, /24 of IPv4 and /48 of IPv6, in the direction of the data. Bounded: when
 * there are too many, those that lost nothing and carried least are let go.
 */
import { formatIPv4, formatIPv6 } from '../output/addresses.ts';
import type { Diagnosed } from './describe.ts';
import type { Transfer } from './transfer.ts';
import type { Judgement } from './verdict.ts';

const PATHS_MAX = 8192;
/** Segments from which on a share of lost ones says something. */
const SEGMENTS_MIN = 100;

export interface PathFigures {
  /** `192.0.2.0/24 → 198.51.100.0/24`. */
  readonly name: string;
  flows: number;
  /** Segments of TCP, packets with RFC 8250. */
  segments: number;
  lostPackets: number;
  octets: number;
  /** Least round-trip time, NaN when none was measured. */
  rttMinMs: number;
}

function networkText({ initiator, responder, isIPv6 }: Transfer, isResponder: boolean): string {
  const words = isResponder ? responder : initiator;
  if (!isIPv6) return `${formatIPv4(words[0]! & 0xffffff00)}/24`;
  return `${formatIPv6(Int32Array.of(words[0]!, words[1]! & 0xffff0000, 0, 0), 0)}/48`;
}

export class Paths {
  readonly #byName = new Map<string, PathFigures>();
  /** Paths that were let go. */
  forgotten = 0;

  add({ transfer, forward, reverse }: Diagnosed): void {
    if (forward !== undefined) this.#addDirection(transfer, forward, false);
    if (reverse !== undefined) this.#addDirection(transfer, reverse, true);
  }

  #addDirection(transfer: Transfer, { measures }: Judgement, isReverse: boolean): void {
    const { data, rttMs, lostShare, flow } = measures;
    const segments = data.segments > 0 ? data.segments : Number.isNaN(lostShare) ? 0 : data.packets;
    if (segments === 0 || Number.isNaN(data.lostPackets) || flow.isSampled) return;
    const name = `${networkText(transfer, isReverse)} → ${networkText(transfer, !isReverse)}`;
    let path = this.#byName.get(name);
    if (path === undefined) {
      if (this.#byName.size >= PATHS_MAX) this.#forget();
      path = { name, flows: 0, segments: 0, lostPackets: 0, octets: 0, rttMinMs: Number.NaN };
      this.#byName.set(name, path);
    }
    path.flows++;
    path.segments += segments;
    path.lostPackets += data.lostPackets;
    path.octets += data.octets;
    if (!(rttMs.min >= path.rttMinMs)) path.rttMinMs = rttMs.min;
  }

  #forget(): void {
    const worst = [...this.#byName.values()].sort(
      (a, b) => b.lostPackets - a.lostPackets || b.segments - a.segments,
    );
    for (const { name } of worst.slice(PATHS_MAX / 2)) this.#byName.delete(name);
    this.forgotten += worst.length - PATHS_MAX / 2;
  }

  /** Paths that lost packets, the greatest share first. */
  worst(count: number): PathFigures[] {
    const share = ({ lostPackets, segments }: PathFigures) => lostPackets / Math.max(segments, SEGMENTS_MIN);
    return [...this.#byName.values()]
      .filter(({ lostPackets }) => lostPackets > 0)
      .sort((a, b) => share(b) - share(a) || b.segments - a.segments)
      .slice(0, count);
  }
}
