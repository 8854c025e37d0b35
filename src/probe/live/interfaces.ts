/**
 * The interfaces' own loss counters since the probe started: an interface that goes and comes back counts from 0 again,
 * so what is kept here only grows. And how much of rx_dropped the ring cannot have seen: Linux counts there, too, what
 * it handed to every packet socket and had no further use for, such as frames of a VLAN, PPPoE or MPLS on a mirror port.
 */

import type { FlowtapConfig } from '../../config/config.ts';
import { observationPoints } from '../../config/types/live-interfaces.ts';
import type { InterfaceState } from '../../metrics/state.ts';
import { interfacesOf } from '../../records/observation-points.ts';
import {
  interfaceLosses,
  interfaceTraffic,
  LOSS_COUNTERS,
  type LossCounter,
  type LossCounts,
  type TrafficCounts,
} from '../../sys/interface-statistics.ts';
import { MEMBER_PACKETS, MEMBER_WORDS, MEMBERS, PACKETS_READ, type RunCounters } from '../counters.ts';
import { packetsSeen } from '../statistics.ts';

/**
 * What the ring has got of a moment's packets stands in the workers' counters so much later, blocks and turns included.
 */
const SETTLED_MS = 1000;

/** A counter that begins with 0 again when its interface does. */
class Growth {
  #last: number;
  sum = 0;

  constructor(now: number) {
    this.#last = now;
  }

  /** @returns the sum of what was added; NaN while the counter was never readable */
  add(value: number): number {
    if (!Number.isNaN(value)) {
      // Smaller than before: another interface by this name, which began with 0.
      const before = Number.isNaN(this.#last) ? value : this.#last;
      this.sum += value >= before ? value - before : value;
      this.#last = value;
    }
    return Number.isNaN(this.#last) ? Number.NaN : this.sum;
  }
}

export interface InterfaceCounters {
  readonly losses: () => LossCounts;
  readonly traffic: () => TrafficCounts;
}

/** Counts of the interface at one moment, which wait until the workers must have counted the same packets. */
interface Moment {
  readonly atMs: number;
  readonly offered: number;
  readonly dropped: number;
}

export class InterfaceLosses {
  readonly #read: InterfaceCounters;
  readonly #withOutgoing: boolean;
  readonly #losses: ReadonlyMap<LossCounter, Growth>;
  readonly #received: Growth;
  readonly #sent: Growth;
  readonly #settledMs: number;
  #moment: Moment | undefined;
  /** Packets of the interface that no ring was open for. */
  #before = 0;
  #unseen = 0;
  #isFrozen = false;

  /**
   * @param options whether the ring sees what is sent, too; `read` and `settledMs` (time until a moment's packets are
   *   counted, default 1000) for tests
   */
  constructor(
    name: string,
    options: { outgoing?: boolean; read?: InterfaceCounters; settledMs?: number } = {},
  ) {
    const { read = { losses: () => interfaceLosses(name), traffic: () => interfaceTraffic(name) } } = options;
    this.#read = read;
    this.#withOutgoing = options.outgoing ?? false;
    this.#settledMs = options.settledMs ?? SETTLED_MS;
    const now = read.losses();
    this.#losses = new Map(LOSS_COUNTERS.map((counter) => [counter, new Growth(now[counter])]));
    const { rx_packets, tx_packets } = read.traffic();
    this.#received = new Growth(rx_packets);
    this.#sent = new Growth(tx_packets);
  }

  /** Packets lost since the start; NaN for a counter that was never readable. */
  counts(): Record<LossCounter, number> {
    const now = this.#read.losses();
    const entries = [...this.#losses].map(([counter, growth]) => [counter, growth.add(now[counter])]);
    return Object.fromEntries(entries) as Record<LossCounter, number>;
  }

  /**
   * A ring of the interface was opened: what came before is no loss.
   * @param seen packets that its rings have seen so far: read, left out by sampling, or dropped for want of room
   */
  opened(seen: number): void {
    const offered = this.#offered();
    if (!Number.isNaN(offered) && !Number.isNaN(seen)) this.#before = Math.max(this.#before, offered - seen);
    this.#moment = undefined;
  }

  /** The workers are about to stop: what the interface gets from now on is not looked at. */
  freeze(): void {
    this.#moment = this.#now(0);
    this.#isFrozen = true;
  }

  /**
   * How many packets rx_dropped counts that no ring can have seen; it only grows. It looks at counts of a second ago,
   * so it may be too low while packets come, and is exact at the end.
   * @param seen as for `opened`; NaN where it is not known, for the kernel filters or samples before it counts
   * @param nowMs on the monotonic clock
   */
  unseen(seen: number, nowMs: number): number {
    this.#moment ??= this.#now(nowMs);
    const { atMs, offered, dropped } = this.#moment;
    if (Number.isNaN(seen) || Number.isNaN(offered)) {
      this.#moment = undefined;
      return Number.NaN;
    }
    if (this.#isFrozen || nowMs - atMs >= this.#settledMs) {
      const missing = offered - this.#before - seen;
      this.#unseen = Math.max(this.#unseen, Math.min(dropped, missing));
      if (!this.#isFrozen) this.#moment = this.#now(nowMs);
    }
    return this.#unseen;
  }

  #now(atMs: number): Moment {
    return { atMs, offered: this.#offered(), dropped: this.counts().rx_dropped };
  }

  #offered(): number {
    const { rx_packets, tx_packets } = this.#read.traffic();
    const received = this.#received.add(rx_packets);
    const sent = this.#sent.add(tx_packets);
    return this.#withOutgoing ? received + sent : received;
  }
}

/** An interface that is watched, and where the counts of its packets are. */
interface Watched {
  readonly losses: InterfaceLosses;
  readonly point: string;
  /** Its place among the members of the group; undefined: it is an observation point of its own. */
  readonly member: number | undefined;
}

/** All interfaces of a probe, those of groups one by one. */
export class WatchedInterfaces {
  readonly #live: FlowtapConfig['live'];
  readonly #watched: ReadonlyMap<string, Watched>;
  readonly #countersOf: (point: string) => readonly RunCounters[];

  /** @param countersOf what the workers of an observation point have counted in all of their lives */
  constructor(live: FlowtapConfig['live'], countersOf: (point: string) => readonly RunCounters[]) {
    this.#live = live;
    const { outgoing } = live;
    const watched = observationPoints(live.interfaces).flatMap((point) =>
      interfacesOf(point).map((name, i): [string, Watched] => {
        const member = point.members === undefined ? undefined : i;
        return [name, { losses: new InterfaceLosses(name, { outgoing }), point: point.name, member }];
      }),
    );
    this.#watched = new Map(watched);
    this.#countersOf = countersOf;
  }

  /** A ring of the interface was opened. */
  opened(name: string): void {
    const watched = this.#watched.get(name);
    watched?.losses.opened(this.#seen(watched));
  }

  /** The workers are about to stop. */
  freeze(): void {
    for (const { losses } of this.#watched.values()) losses.freeze();
  }

  states(): InterfaceState[] {
    return [...this.#watched].map(([name, watched]) => ({
      name,
      samplingInterval: this.#live.sampling.interval,
      nic: watched.losses.counts(),
      droppedUnseen: watched.losses.unseen(this.#seen(watched), performance.now()),
    }));
  }

  /** Packets that the rings of an interface have seen; NaN where the kernel leaves some out that nobody counts. */
  #seen({ point, member }: Watched): number {
    const { filter, sampling } = this.#live;
    if (filter !== '' || (sampling.interval > 1 && sampling.method === 'random')) return Number.NaN;
    const counters = this.#countersOf(point);
    if (member === undefined) return packetsSeen(counters);
    // Whatever was lost in the ring of a group can have been this interface's: it is not called lost twice.
    const place = MEMBERS + member * MEMBER_WORDS + MEMBER_PACKETS;
    const read = (of: number) => counters.reduce((sum, { capture }) => sum + capture[of]!, 0);
    return packetsSeen(counters) - read(PACKETS_READ) + read(place);
  }
}
