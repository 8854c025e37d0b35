/**
 * Where a live probe can lose something, one row each: how much of it the state tells, in words, and what can be done
 * about it. The watcher says in the log when a loss starts, now and then while it lasts, and when it has stopped; the
 * summary at the end adds them up.
 */

import type { Log, LogLevel } from '../../base/log.ts';
import { formatCounted } from '../../base/units.ts';
import type { FlowtapConfig } from '../../config/config.ts';
import { dropCounts, errorCounts, FAULT_REMEDIES } from '../../export/faults.ts';
import type { InterfaceState, LiveState, WorkerState } from '../../metrics/state.ts';

/** A count of one kind of loss at one place. */
export interface Loss {
  /** Kind and place: counts of the same key are compared over time. */
  readonly key: string;
  /** Where: an interface, a collector. */
  readonly subject: string;
  readonly count: number;
  /** To complete "N …". */
  readonly what: string;
  readonly remedy: string;
  /** How important it is in the log. */
  readonly level: LogLevel;
}

type Rows<T> = (state: T, config: FlowtapConfig) => readonly Omit<Loss, 'subject' | 'key'>[];

const NIC_REMEDIES: Readonly<Record<string, string>> = {
  rx_missed_errors: 'the card had no room: enlarge its rings (ethtool -G NAME rx N), spread its interrupts',
  rx_fifo_errors: 'the card had no room: enlarge its rings (ethtool -G NAME rx N), spread its interrupts',
  rx_dropped: 'raise the sysctl net.core.netdev_max_backlog, and net.core.netdev_budget',
};

const interfaceRows: Rows<InterfaceState> = ({ name, nic, droppedUnseen }) =>
  Object.entries(nic).map(([counter, count]) => {
    const isDropped = counter === 'rx_dropped';
    if (isDropped && Number.isNaN(droppedUnseen)) {
      return {
        count,
        what: 'packets in rx_dropped of the interface, which a filter or sampling keeps from being told apart: lost before the ring, or seen and of no use to the system',
        remedy: 'without live.filter and random sampling the probe tells them apart',
        level: 'info',
      };
    }
    return {
      count: isDropped ? droppedUnseen : count,
      what: `packets lost before the ring, says ${counter} of the interface`,
      remedy: (NIC_REMEDIES[counter] ?? '').replace('NAME', name),
      level: 'warning',
    };
  });

function outcomeRows({ outcomes }: WorkerState, config: FlowtapConfig): Omit<Loss, 'subject' | 'key'>[] {
  const refused = outcomes.filter(({ kind }) => kind !== 'accepted' && kind !== 'notIp');
  return refused.map(({ name, kind, packets }) => ({
    count: packets,
    what: `packets not metered: ${name}`,
    remedy:
      kind === 'truncated'
        ? `raise live.snapLength (--snap-length), now ${config.live.snapLength}`
        : 'docs/metrics.md names the reasons; a capture of such packets tells more',
    level: kind === 'truncated' ? 'warning' : 'info',
  }));
}

const workerRows: Rows<WorkerState> = (worker, config) => {
  const { capture, flows, queue, lost } = worker;
  const { live, metering } = config;
  return [
    {
      count: capture.ringDrops,
      what: 'packets lost, the ring was full',
      // Blocks are handed over half full too, when their time is over: the ring holds that much time at most.
      remedy: `raise live.ring.blocks (--ring-blocks), now ${live.ring.blocks}, live.ring.blockTimeout, or live.workers (--workers)`,
      level: 'warning',
    },
    {
      count: capture.faults,
      what: 'packets lost in blocks of the ring that made no sense',
      remedy:
        'a fault of the driver or of the kernel: try another live.ring.blockOctets, or live.capture libpcap',
      level: 'error',
    },
    {
      count: queue.recordsDropped,
      what: 'flow records lost, the exporting process is behind',
      remedy: 'raise export.rate (--export-rate), or look at the collectors: one may be slow',
      level: 'warning',
    },
    {
      count: flows.expired.lackOfResources,
      what: 'flows exported early, the flow table was full',
      remedy: `raise metering.flowTableEntries (--flow-table-entries), now ${metering.flowTableEntries}`,
      level: 'warning',
    },
    {
      count: lost.packets,
      what: 'packets lost with a worker that died',
      remedy: 'see what it died of, in the lines before',
      level: 'error',
    },
    ...outcomeRows(worker, config),
  ];
};

type Collector = LiveState['collectors'][number];

const collectorRows: Rows<Collector> = (collector) => {
  const { collectorDrops, notExportable, lastError, recordsRefused = 0 } = collector;
  return [
    ...errorCounts(collector).map(({ reason, count, what, remedy }) => ({
      count,
      what: `${what}: ${reason}`,
      remedy: [lastError?.reason === reason ? lastError.message : undefined, remedy]
        .filter(Boolean)
        .join('; '),
      level: 'warning' as const,
    })),
    ...dropCounts(collector).map(({ reason, count, what, remedy }) => ({
      count,
      what: `${what}: ${reason}`,
      remedy,
      level: 'warning' as const,
    })),
    {
      count: recordsRefused,
      what: 'flow records sent to a collector that refuses them',
      remedy: FAULT_REMEDIES.econnrefused!,
      level: 'warning',
    },
    {
      count: collectorDrops ?? Number.NaN,
      what: "messages dropped by the collector's socket",
      remedy: 'enlarge its buffer (sysctl net.core.rmem_max), or lower export.rate (--export-rate)',
      level: 'warning',
    },
    ...Object.entries(notExportable).map(([reason, count]) => ({
      count,
      what: `flow records that the protocol cannot carry: ${reason}`,
      remedy: 'use NetFlow v9 or IPFIX',
      level: 'info' as const,
    })),
  ];
};

function place<T>(rows: Rows<T>, subject: string, at: string, state: T, config: FlowtapConfig): Loss[] {
  return rows(state, config)
    .filter(({ count }) => !Number.isNaN(count))
    .map((row) => ({ ...row, subject, key: `${row.what} ${at}` }));
}

/** Every count of a loss, those of 0 included. */
export function lossesOf({ interfaces, workers, collectors }: LiveState, config: FlowtapConfig): Loss[] {
  return [
    ...interfaces.flatMap((one) => place(interfaceRows, one.name, one.name, one, config)),
    ...workers.flatMap((one) =>
      place(workerRows, one.interface, `${one.interface}/${one.ring}`, one, config),
    ),
    ...collectors.flatMap((one) => place(collectorRows, one.url, one.url, one, config)),
  ];
}

/** A loss that goes on is told of again after this time, and counts as over after this time without any more. */
const REPEAT_MS = 60_000;
const QUIET_MS = 10_000;

interface Watched {
  /** Count when it was last looked at, and when the loss began. */
  last: number;
  before: number;
  isLosing: boolean;
  startedAtMs: number;
  grewAtMs: number;
  toldAtMs: number;
}

export class LossWatcher {
  readonly #log: Log;
  readonly #watched = new Map<string, Watched>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Call this every second. @param nowMs milliseconds from any fixed point */
  look(losses: readonly Loss[], nowMs: number): void {
    for (const loss of losses) {
      const watched = this.#watched.get(loss.key) ?? {
        last: 0,
        before: 0,
        isLosing: false,
        startedAtMs: nowMs,
        grewAtMs: nowMs,
        toldAtMs: nowMs,
      };
      this.#watched.set(loss.key, watched);
      this.#follow(loss, watched, nowMs);
    }
  }

  #follow(loss: Loss, watched: Watched, nowMs: number): void {
    const { count } = loss;
    if (count > watched.last) {
      watched.grewAtMs = nowMs;
      if (!watched.isLosing) {
        watched.isLosing = true;
        watched.before = watched.last;
        watched.startedAtMs = nowMs;
        this.#tell(loss, `${formatCounted(count - watched.before, loss.what)}; ${loss.remedy}`);
        watched.toldAtMs = nowMs;
      } else if (nowMs - watched.toldAtMs >= REPEAT_MS) {
        const seconds = Math.round((nowMs - watched.startedAtMs) / 1000);
        this.#tell(
          loss,
          `${formatCounted(count - watched.before, loss.what)} in ${seconds} s, and it goes on; ${loss.remedy}`,
        );
        watched.toldAtMs = nowMs;
      }
    } else if (watched.isLosing && nowMs - watched.grewAtMs >= QUIET_MS) {
      watched.isLosing = false;
      const seconds = Math.max(1, Math.round((watched.grewAtMs - watched.startedAtMs) / 1000));
      const message = `over: ${formatCounted(count - watched.before, loss.what)}, within ${seconds} s`;
      this.#write('info', loss, message);
    }
    // A collector that was exchanged counts from 0 again.
    watched.last = count;
  }

  #tell(loss: Loss, message: string): void {
    this.#write(loss.level, loss, message);
  }

  #write(level: LogLevel, loss: Loss, message: string): void {
    this.#log.write(level, loss.key, `${loss.subject}: ${message}`, { total: loss.count });
  }
}
