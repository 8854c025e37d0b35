/**
 * Tells people about faults of exporters: one line for each kind, what it costs, and what to do; then silence for a
 * while.
 */
import { formatCounted } from '../base/units.ts';
import type { CollectorStatistics, SinkContext } from './contract/record-sink.ts';

/** What people can do, by the reason of an error or of dropped records. */
export const FAULT_REMEDIES: Readonly<Record<string, string>> = {
  econnrefused: 'nothing listens on that port: start the collector, or check the port',
  enetunreach: 'no route to the collector: check its address and this machine’s routes',
  ehostunreach: 'the collector does not answer on its network: check its address',
  emsgsize: 'larger than the path carries: lower messageOctetsMax',
  enobufs: 'the network interface is behind: lower the rate with --export-rate',
  eaddrinuse: 'another socket has this sourcePort: choose another one',
  econnreset: 'the collector broke the connection off: see its log',
  epipe: 'the collector closed the connection: see its log',
  etimedout: 'the collector does not answer: check its address, and firewalls on the way',
  closed: 'the collector closed the connection: see its log',
  dns: 'the name cannot be looked up: check it and the name servers, or give the address',
  tls: 'check caFile, serverName and the dates of the certificates',
  queueFull:
    'the collector is slower than the flows come: raise queueRecords, or share the load with balance',
  unreachable: 'the collector was away for longer than giveUpAfter; a spool would have kept them',
  stopped: 'they still waited when flowtap stopped; a spool would have kept them',
  failed: 'a fault of flowtap itself: please report what the log says about it',
  brokerUnreachable: 'check host and port, that the broker runs, and its advertised.listeners',
  brokerTimeout: 'check the load of the broker and the network; requestTimeout says how long is waited',
  authentication: 'check sasl, username and passwordFile against the listener of the broker',
  notAuthorized: 'let the user write to the topic (kafka-acls --add --producer --topic TOPIC)',
  unknownTopic: 'create the topic, or set autocreate=true',
  notReplicated: 'check the replicas of the topic against its min.insync.replicas',
  producerLost: 'nothing: the records are sent again, some may be there twice',
  tooLarge: 'raise max.message.bytes of the topic',
  rejected: 'see the log of the broker, and the compression and policies of the topic',
  spoolFull: 'the spool has reached spoolOctets: raise it, or bring the collector back',
  spoolFailed: 'the spool cannot be written: free space on its disk; until then records wait in memory alone',
  spoolDamaged:
    'part of the spool did not survive a crash or a fault of the disk: check the disk, *.damaged in the spool has the rest',
};

/**
 * To complete "N …": what errors of a reason count where messages go without a session. A refusal is no message that was
 * not sent: the system tells that the collector's host refused an earlier one in place of sending the next, which is sent
 * once more (udp(7)).
 */
function sendErrorWords(reason: string): string {
  return reason === 'econnrefused' ? "refusals by the collector's host" : 'messages not sent';
}

/** How often something went wrong for one reason. */
export interface FaultCount {
  readonly reason: string;
  readonly count: number;
  /** To complete "N …". */
  readonly what: string;
  /** What people can do. */
  readonly remedy: string;
}

function faultCount(reason: string, count: number, what: string): FaultCount {
  return { reason, count, what, remedy: FAULT_REMEDIES[reason] ?? 'see the reason' };
}

/** Errors of an exporter by reason, those that never came included. @param sessions what failed ones are called */
export function errorCounts(one: CollectorStatistics, sessions = 'failed connections'): FaultCount[] {
  const hasSessions = one.recordsRepeated !== undefined;
  return Object.entries(one.errors).map(([reason, count]) =>
    faultCount(reason, count, hasSessions ? sessions : sendErrorWords(reason)),
  );
}

/** Flow records given up before they were sent, by reason, those of 0 included. */
export function dropCounts({
  recordsDropped = {},
}: Pick<CollectorStatistics, 'recordsDropped'>): FaultCount[] {
  return Object.entries(recordsDropped).map(([reason, count]) =>
    faultCount(reason, count, 'flow records lost'),
  );
}

/** A line for the same kind comes no more often than this. */
const REPEAT_MS = 60_000;

interface Told {
  readonly atMs: number;
  /** The counter's value when the line was printed. */
  readonly count: number;
}

export class FaultReporter {
  readonly #log: SinkContext['log'];
  readonly #told = new Map<string, Told>();

  constructor(log: SinkContext['log']) {
    this.#log = log;
  }

  /**
   * Looks at the counters of every exporter, and prints a line for each that has grown. @param nowMs a monotonic clock
   */
  look(all: readonly CollectorStatistics[], nowMs: number): void {
    for (const one of all) {
      for (const fault of errorCounts(one, 'sessions failed')) {
        const message = one.lastError?.reason === fault.reason ? one.lastError.message : undefined;
        const detail = message === undefined ? '' : ` (${message})`;
        this.#tell(one.url, fault, detail, nowMs);
      }
      for (const fault of dropCounts(one)) this.#tell(one.url, fault, '', nowMs);
    }
  }

  #tell(url: string, { reason, count, what, remedy }: FaultCount, detail: string, nowMs: number): void {
    const key = `${url} ${reason}`;
    const told = this.#told.get(key);
    if (count <= (told?.count ?? 0)) return;
    if (told !== undefined && nowMs - told.atMs < REPEAT_MS) return;
    const more = count - (told?.count ?? 0);
    this.#told.set(key, { atMs: nowMs, count });
    this.#log('warning', key, `${url}: ${formatCounted(more, what)}: ${reason}${detail}; ${remedy}`);
  }
}
