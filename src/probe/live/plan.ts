/**
 * What a live probe will be made of, worked out from its configuration before anything is opened: the workers of each
 * interface, what each is told, and the memory that all of it takes.
 */

import { NAME_LOG_OCTETS } from '../../applications/name-log.ts';
import type { FlowtapConfig } from '../../config/config.ts';
import { observationPoints } from '../../config/types/live-interfaces.ts';
import { hasKeyExtension } from '../../metering/key-preparer.ts';
import { BATCHES, RECORDS_PER_BATCH } from '../../metering/record-queue.ts';
import { type ApplicationMemory, applicationMemory } from '../../metering/table/application-memory.ts';
import { flowTableOctets } from '../../metering/table/flow-table.ts';
import { type RecordSections, recordStride } from '../../records/record-sections.ts';
import { applicationOptions } from '../application-options.ts';
import { sectionsOf } from '../record-sections.ts';
import type { LiveWorkerData } from './messages.ts';
import { snapLengthsOf } from './snap-length.ts';

/** Workers for one interface that `auto` does not go beyond. */
const AUTO_WORKERS_MAX = 16;

/** One worker before it has queue and counters. */
export interface PlannedWorker {
  /** Number within its interface, from 0. */
  readonly ring: number;
  readonly data: Omit<LiveWorkerData, 'queue' | 'counters'>;
}

export interface LivePlan {
  readonly workers: readonly PlannedWorker[];
  readonly workersPerInterface: number;
  /** Octets of one worker: zero where the capture has no ring. */
  readonly ringOctets: number;
  /** With what applications take. */
  readonly tableOctets: number;
  /** Of these, what applications take. */
  readonly applications: ApplicationMemory;
  readonly queueOctets: number;
  /** The most that path health takes besides, as flows need it. */
  readonly healthOctetsMax: number;
  /** Of all workers together, what path health takes left out. */
  readonly totalOctets: number;
}

/**
 * Workers for each interface: `auto` leaves a core to the exporting process and divides the others.
 * @param cores that this process may use
 */
export function workersPerInterface(config: FlowtapConfig, cores: number): number {
  const { workers, interfaces, capture } = config.live;
  if (workers !== 'auto') return workers;
  // Only the ring divides the packets of an interface; and by what a tunnel shows outside, not by what is in it.
  if (capture !== 'ring' || config.decode.decapsulate.length > 0) return 1;
  const each = Math.floor((cores - 1) / Math.max(1, interfaces.length));
  return Math.min(AUTO_WORKERS_MAX, Math.max(1, each));
}

/**
 * Whether interfaces that are not there at the start are waited for. @param isService a service manager started the
 * probe
 */
export function waitsForInterfaces({ live }: FlowtapConfig, isService: boolean): boolean {
  return live.waitForInterfaces === 'on' || (live.waitForInterfaces === 'auto' && isService);
}

/**
 * How path health is measured where it is wanted. Of sampled packets nothing but ICMP errors can be told: not worth a stop
 * at each packet unless a template reads it.
 */
function howHealth({ live }: FlowtapConfig, needs: RecordSections): 'on' | 'sampled' | 'off' {
  if (live.sampling.interval === 1) return 'on';
  return needs.health ? 'sampled' : 'off';
}

/** The kernel's number of the group in which an interface's workers share its packets: not 0, and ours alone. */
function fanoutGroup(pid: number, interfaceIndex: number): number {
  return ((pid * 31 + interfaceIndex) % 65_535) + 1;
}

/** What a worker's table takes. @param isShared whether there are other workers, who tell each other names by DNS */
function tableMemory(
  table: Parameters<typeof flowTableOctets>[0],
  isShared: boolean,
): Pick<LivePlan, 'tableOctets' | 'applications' | 'healthOctetsMax'> {
  const octets = flowTableOctets({ ...table, health: 'off' });
  const applications = applicationMemory(table.capacity, table.applications);
  const logOctets = isShared && applications.dnsNameEntries > 0 ? NAME_LOG_OCTETS : 0;
  return {
    tableOctets: octets + logOctets,
    applications: { ...applications, dnsNameOctets: applications.dnsNameOctets + logOctets },
    healthOctetsMax: flowTableOctets(table) - octets,
  };
}

/**
 * @param needs what some template reads of records' optional parts
 * @throws ConfigError where a template reads path health, which is switched off
 */
export function planLive(
  config: FlowtapConfig,
  needs: RecordSections,
  { cores, pid, isService = false }: { cores: number; pid: number; isService?: boolean },
): LivePlan {
  const { live, metering, decode } = config;
  const wanted = sectionsOf(config, needs);
  const health = wanted.health ? howHealth(config, needs) : 'off';
  const sections = { ...wanted, health: health !== 'off' };
  const { encapsulation, networks } = sections;
  const applications = sections.applications ? applicationOptions(config, false) : undefined;
  const each = workersPerInterface(config, cores);
  const workers = observationPoints(live.interfaces).flatMap(({ name, members }, interfaceIndex) =>
    Array.from(
      { length: each },
      (_, ring): PlannedWorker => ({
        ring,
        data: {
          capture: {
            capture: live.capture,
            interface: name,
            ...(members === undefined ? {} : { members }),
            waitForInterface: waitsForInterfaces(config, isService),
            interfaceIndex,
            ...{ blockOctets: live.ring.blockOctets, blocks: live.ring.blocks },
            blockTimeoutMs: live.ring.blockTimeoutMs,
            ...snapLengthsOf(config, applications),
            filter: live.filter,
            sampling: live.sampling.interval === 1 ? undefined : live.sampling,
            ...{ promiscuous: live.promiscuous, outgoing: live.outgoing },
            fanoutGroup: each === 1 ? undefined : fanoutGroup(pid, interfaceIndex),
          },
          decode: { ...decode, flowKey: metering.flowKey },
          metering,
          ...{ encapsulation, networks, health },
          ...(applications === undefined ? {} : { applications }),
          scale: live.sampling.scale,
        },
      }),
    ),
  );
  const ringOctets = live.capture === 'ring' ? live.ring.blocks * live.ring.blockOctets : 0;
  const table = {
    capacity: metering.flowTableEntries,
    keyExtension: hasKeyExtension(metering.flowKey),
    ...{ encapsulation, applications },
  };
  const memory = tableMemory({ ...table, health }, workers.length > 1);
  const queueOctets = BATCHES * RECORDS_PER_BATCH * recordStride(sections) * 4;
  return {
    workers,
    workersPerInterface: each,
    ringOctets,
    ...memory,
    queueOctets,
    totalOctets: workers.length * (ringOctets + memory.tableOctets + queueOctets),
  };
}
