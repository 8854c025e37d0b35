/**
 * How a probe is, as one object for programs: who it is, what is in effect, and for each interface, worker and collector
 * what came, what was metered and what was lost. Counts are since the start; null: the source cannot know. The names are
 * IANA's where there are some. docs/openapi.yaml describes it.
 */
import { type FlowtapConfig, fieldPath } from '../config/config.ts';
import { CONFIG_OPTIONS } from '../config/schema.ts';
import { concerns } from '../config/types/config-option.ts';
import { type OptionValue, writtenValue } from '../config/types/option-types.ts';
import { balanceOf } from '../metrics/balance.ts';
import type { InterfaceState, LiveState, WorkerState } from '../metrics/state.ts';

/** A loss in words: `count` of `what`, at `subject`, and what can be done about it. */
export interface LossInWords {
  readonly subject: string;
  readonly count: number;
  readonly what: string;
  readonly remedy: string;
  readonly level: string;
}

/** Clients of the stream of events. */
export interface ListenerCounts {
  readonly open: number;
  /** Refused since there were as many as can be; let go since they did not read. */
  readonly refused: number;
  readonly letGo: number;
}

type Tree = Record<string, unknown>;

/** Options of the configuration in effect by path, as they stand in a file. Files with keys and passwords have their names. */
function configurationOf(config: FlowtapConfig): Tree {
  const values: Tree = {};
  for (const option of CONFIG_OPTIONS) {
    if (!concerns(option, 'run')) continue;
    let value: unknown = config;
    for (const key of fieldPath(option).split('.')) value = (value as Tree)[key];
    values[option.path] = writtenValue(option.type, value as OptionValue) ?? null;
  }
  // Without the options of each, so without what they may tell of others.
  values.exporters = config.exporters.map(({ url }) => url.replace(/\?.*$/, ''));
  return values;
}

/** Frames refused by reason; reasons without any are left out. */
function refusedOf({ outcomes }: WorkerState): Tree {
  const refused = outcomes.filter(({ kind, packets }) => kind !== 'accepted' && packets > 0);
  return Object.fromEntries(refused.map(({ name, packets }) => [name, packets]));
}

function workerOf(worker: WorkerState): Tree {
  const { capture, flows, inspection, queue, lost, metered } = worker;
  return {
    interface: worker.interface,
    ring: worker.ring,
    isRunning: worker.isRunning,
    restarts: worker.restarts,
    packetTotalCount: capture.packets,
    octetTotalCount: capture.octets,
    meteredPackets: metered.packets,
    meteredOctets: metered.octets,
    notSelectedPackets: capture.unselected + capture.leftOut,
    pausedPackets: capture.paused,
    refusedPackets: refusedOf(worker),
    droppedPackets: {
      ringFull: capture.ringDrops,
      ringFault: capture.faults,
      queueFull: queue.packetsDropped,
      workerLost: lost.packets,
    },
    superPackets: capture.superPackets,
    superPacketSegments: capture.superPacketSegments,
    ringBlocks: capture.ringBlocks,
    ringBlocksUsed: capture.ringBlocksUsed,
    ringOctets: capture.ringOctets,
    flowTable: {
      activeFlows: flows.active,
      peakFlows: flows.peak,
      capacity: flows.capacity,
      createdFlows: flows.created,
      octets: flows.tableOctets,
      expired: flows.expired,
      lostFlows: lost.flows,
    },
    inspection: {
      packets: inspection.packets,
      activeFlows: inspection.active,
      refusedFlows: { noInspection: inspection.refused.no_inspection, noRoom: inspection.refused.no_room },
      incomplete: inspection.incomplete,
    },
    recordQueue: {
      batches: queue.batches,
      capacity: queue.capacity,
      recordsTaken: queue.recordsTaken,
      recordsDropped: queue.recordsDropped,
    },
  };
}

function sumOf(workers: readonly WorkerState[], read: (worker: WorkerState) => number): number {
  return workers.reduce((sum, worker) => sum + read(worker), 0);
}

function interfaceOf({ name, samplingInterval, nic }: InterfaceState, all: readonly WorkerState[]): Tree {
  const workers = all.filter((worker) => worker.interface === name);
  return {
    name,
    samplingInterval,
    isUp: workers.some(({ capture }) => capture.isUp === 1),
    packetTotalCount: sumOf(workers, ({ capture }) => capture.packets),
    octetTotalCount: sumOf(workers, ({ capture }) => capture.octets),
    meteredPackets: sumOf(workers, ({ metered }) => metered.packets),
    meteredOctets: sumOf(workers, ({ metered }) => metered.octets),
    droppedPackets: sumOf(
      workers,
      ({ capture, queue, lost }) =>
        (capture.ringDrops || 0) + (capture.faults || 0) + queue.packetsDropped + lost.packets,
    ),
    activeFlows: sumOf(workers, ({ flows }) => flows.active),
    reopened: sumOf(workers, ({ capture }) => capture.reopened),
    interfaceCounters: nic,
  };
}

function collectorOf(collector: LiveState['collectors'][number]): Tree {
  const { url, isUp, lastError } = collector;
  return {
    url,
    isUp: isUp ?? null,
    exportedMessageTotalCount: collector.messages,
    exportedOctetTotalCount: collector.octets,
    exportedFlowRecordTotalCount: collector.dataRecords,
    recordsOffered: collector.recordsOffered,
    recordsPending: collector.recordsPending,
    recordsFailed: collector.recordsFailed,
    recordsRefused: collector.recordsRefused ?? 0,
    recordsDropped: collector.recordsDropped ?? {},
    notExportable: collector.notExportable,
    recordsSpooled: collector.recordsSpooled ?? 0,
    errors: collector.errors,
    lastError: lastError === undefined ? null : { ...lastError },
  };
}

/** Losses of something, without what only the log needs. */
export function lossesInWords(losses: readonly LossInWords[]): LossInWords[] {
  return losses
    .filter(({ count }) => count > 0)
    .map(({ subject, count, what, remedy, level }) => ({ subject, count, what, remedy, level }));
}

/** Databases with how old they are, so that a stale one is seen. */
function networksOf({ networks, nowMs }: LiveState): Tree {
  const { databases, ownNetworks, addresses, lookups } = networks;
  return {
    databases: databases.map(({ buildEpoch, loadedAtMs, ...rest }) => ({
      ...rest,
      builtAt: buildEpoch === 0 ? null : new Date(buildEpoch * 1e3).toISOString(),
      ageSeconds: buildEpoch === 0 ? null : Math.floor(nowMs / 1e3 - buildEpoch),
      loadedAt: new Date(loadedAtMs).toISOString(),
    })),
    ownNetworks,
    addresses,
    lookups,
  };
}

function accountOf(state: LiveState): Tree {
  const { offered, refused, unselected, paused, lost, inRecords, rest } = balanceOf(state);
  return {
    offeredPackets: offered,
    refusedPackets: refused,
    notSelectedPackets: unselected,
    pausedPackets: paused,
    lostPackets: lost,
    packetsInRecords: inRecords,
    packetsInTables: rest,
  };
}

/** @param losses all that the probe can lose; those of nothing are left out */
export function statusOf(
  state: LiveState,
  config: FlowtapConfig,
  losses: readonly LossInWords[],
  listeners: ListenerCounts,
): Record<string, unknown> {
  const {
    version,
    startedAtMs,
    nowMs,
    isReady,
    isStopping,
    isPaused,
    interfaces,
    workers,
    collectors,
    reload,
  } = state;
  return {
    version,
    nodeVersion: process.versions.node,
    processId: process.pid,
    startedAt: new Date(startedAtMs).toISOString(),
    uptimeSeconds: Math.floor((nowMs - startedAtMs) / 1e3),
    isReady,
    isStopping,
    isPaused,
    configuration: configurationOf(config),
    configurationReadAt: new Date(reload.succeededAtMs).toISOString(),
    isConfigurationAccepted: reload.isSuccessful,
    account: accountOf(state),
    interfaces: interfaces.map((one) => interfaceOf(one, workers)),
    workers: workers.map(workerOf),
    collectors: collectors.map(collectorOf),
    networks: networksOf(state),
    losses: lossesInWords(losses),
    listeners: { ...listeners },
  };
}
