/** Metrics of capture and decoding: rows of the table of metrics (table.ts). */
import type { Metric, Sample } from './metric.ts';
import type { LiveState, MemberState, OutcomeState, WorkerState } from './state.ts';

const RING = ['interface', 'ring'] as const;

function perRing(
  name: string,
  type: Metric['type'],
  help: string,
  read: (worker: WorkerState) => number,
): Metric {
  return {
    name,
    type,
    help,
    labels: RING,
    samples: ({ workers }) => workers.map((worker) => [read(worker), worker.interface, String(worker.ring)]),
  };
}

function perMember(
  name: string,
  type: Metric['type'],
  help: string,
  read: (member: MemberState) => number,
): Metric {
  return {
    name,
    type,
    help: `${help} Of each interface of a group in live.interfaces, which other metrics of packets know by its group.`,
    labels: ['interface', 'group', 'ring'],
    samples: ({ workers }) =>
      workers.flatMap(({ interface: group, ring, members }) =>
        members.map((member): Sample => [read(member), member.interface, group, String(ring)]),
      ),
  };
}

/** Values of all workers of each interface added up by name. */
function sumByInterface(
  { workers }: LiveState,
  read: (worker: WorkerState) => readonly (readonly [name: string, count: number])[],
): Sample[] {
  const sums = new Map<string, Map<string, number>>();
  for (const worker of workers) {
    const ofInterface = sums.get(worker.interface) ?? new Map<string, number>();
    sums.set(worker.interface, ofInterface);
    for (const [name, count] of read(worker)) ofInterface.set(name, (ofInterface.get(name) ?? 0) + count);
  }
  return [...sums].flatMap(([name, counts]) => [...counts].map(([key, count]): Sample => [count, name, key]));
}

/** What the kinds of outcomes are called in labels. */
const RESULT_LABELS: Readonly<Record<string, string>> = {
  accepted: 'metered',
  notIp: 'not_ip',
  malformed: 'malformed',
  truncated: 'truncated',
  unsupported: 'unsupported',
};

function outcomesOf(worker: WorkerState, isWanted: (outcome: OutcomeState) => boolean) {
  return worker.outcomes.filter(isWanted).map(({ name, packets }) => [name, packets] as const);
}

const PACKET_METRICS: readonly Metric[] = [
  perRing(
    'flowtap_capture_packets_total',
    'counter',
    'Frames read from the capture; rate() of it is packets per second.',
    ({ capture }) => capture.packets,
  ),
  perRing(
    'flowtap_capture_bytes_total',
    'counter',
    'Octets of those frames as they were on the wire, whatever the snap length.',
    ({ capture }) => capture.octets,
  ),
  {
    name: 'flowtap_capture_packets_dropped_total',
    type: 'counter',
    help: 'Packets lost after the kernel offered them: the ring was full (ring_full) or a block of it made no sense (ring_fault), the exporting process was behind (queue_full), a worker died (worker_lost).',
    labels: [...RING, 'reason'],
    samples: ({ workers }) =>
      workers.flatMap(({ interface: name, ring, capture, queue, lost }): Sample[] => [
        [capture.ringDrops, name, String(ring), 'ring_full'],
        [capture.faults, name, String(ring), 'ring_fault'],
        [queue.packetsDropped, name, String(ring), 'queue_full'],
        [lost.packets, name, String(ring), 'worker_lost'],
      ]),
  },
  {
    name: 'flowtap_interface_lost_packets_total',
    type: 'counter',
    help: "Packets that the interface's own counters (/sys/class/net/*/statistics) say were lost since the start, before they reached the ring; drivers may count one packet under several of them, and rx_dropped has packets, too, that the ring saw and the system had no use for: the log tells of those that no ring can have seen.",
    labels: ['interface', 'counter'],
    samples: ({ interfaces }) =>
      interfaces.flatMap(({ name, nic }) =>
        Object.entries(nic).map(([counter, packets]): Sample => [packets, name, counter]),
      ),
  },
  perRing(
    'flowtap_capture_packets_truncated_total',
    'counter',
    'Frames longer than the snap length; their lengths are counted in full all the same.',
    ({ capture }) => capture.truncated,
  ),
  perRing(
    'flowtap_capture_packets_unselected_total',
    'counter',
    'Frames that systematic or hash-based sampling left out; those that random sampling in the kernel does are not seen.',
    ({ capture }) => capture.unselected + capture.leftOut,
  ),
  perRing(
    'flowtap_capture_packets_paused_total',
    'counter',
    'Frames read and left out while metering was paused (flowtap ctl pause).',
    ({ capture }) => capture.paused,
  ),
  perRing(
    'flowtap_capture_super_packets_total',
    'counter',
    'Frames that stand for several (GRO, LRO, TSO).',
    ({ capture }) => capture.superPackets,
  ),
  perRing(
    'flowtap_capture_super_packet_segments_total',
    'counter',
    'Packets that those stand for.',
    ({ capture }) => capture.superPacketSegments,
  ),
];

const MEMBER_METRICS: readonly Metric[] = [
  perMember(
    'flowtap_capture_member_packets_total',
    'counter',
    'Frames read from the capture.',
    ({ packets }) => packets,
  ),
  perMember(
    'flowtap_capture_member_bytes_total',
    'counter',
    'Octets of those frames on the wire.',
    ({ octets }) => octets,
  ),
  perMember(
    'flowtap_capture_member_up',
    'gauge',
    '1 while the interface delivers packets, 0 while it is down or gone.',
    ({ isUp }) => isUp,
  ),
  perMember(
    'flowtap_capture_member_reopened_total',
    'counter',
    'Times that the interface was captured again after it had been lost.',
    ({ reopened }) => reopened,
  ),
];

const RING_METRICS: readonly Metric[] = [
  perRing(
    'flowtap_capture_ring_freezes_total',
    'counter',
    'Times that the kernel found the ring full and froze it.',
    ({ capture }) => capture.ringFreezes,
  ),
  perRing('flowtap_capture_ring_blocks', 'gauge', 'Blocks of the ring.', ({ capture }) => capture.ringBlocks),
  perRing(
    'flowtap_capture_ring_blocks_used',
    'gauge',
    'Blocks that are filled and not yet read; near flowtap_capture_ring_blocks, packets are about to be lost.',
    ({ capture }) => capture.ringBlocksUsed,
  ),
  perRing(
    'flowtap_capture_ring_memory_bytes',
    'gauge',
    'Memory of the ring.',
    ({ capture }) => capture.ringOctets,
  ),
  perRing(
    'flowtap_capture_poll_wakeups_total',
    'counter',
    'Times that the worker slept until the kernel woke it.',
    ({ capture }) => capture.pollWakeups,
  ),
  perRing(
    'flowtap_capture_last_packet_timestamp_seconds',
    'gauge',
    'Time of the latest packet, Unix time; absent before the first.',
    ({ capture }) => capture.lastPacketSeconds,
  ),
  perRing(
    'flowtap_capture_interface_up',
    'gauge',
    '1 while the interface delivers packets, 0 while it is down or gone.',
    ({ capture }) => capture.isUp,
  ),
  perRing(
    'flowtap_capture_reopened_total',
    'counter',
    'Times that the capture was opened again after the interface had been lost.',
    ({ capture }) => capture.reopened,
  ),
  perRing(
    'flowtap_worker_running',
    'gauge',
    '1 while the worker captures, 0 while it waits to be started again.',
    ({ isRunning }) => (isRunning ? 1 : 0),
  ),
  perRing(
    'flowtap_worker_restarts_total',
    'counter',
    'Times that the worker died or hung and was started again.',
    ({ restarts }) => restarts,
  ),
  {
    name: 'flowtap_sampling_interval',
    type: 'gauge',
    help: 'One packet in so many is metered; 1: all. Counters are never scaled by it.',
    labels: ['interface'],
    samples: ({ interfaces }) => interfaces.map(({ name, samplingInterval }) => [samplingInterval, name]),
  },
];

const hexOf = (etherType: number) => `0x${etherType.toString(16).padStart(4, '0')}`;

const DECODE_METRICS: readonly Metric[] = [
  {
    name: 'flowtap_decode_packets_total',
    type: 'counter',
    help: 'Frames by what became of them: metered, or why not.',
    labels: ['interface', 'result'],
    samples: (state) =>
      sumByInterface(state, ({ outcomes }) =>
        outcomes.map(({ kind, packets }) => [RESULT_LABELS[kind] ?? kind, packets] as const),
      ),
  },
  {
    name: 'flowtap_decode_errors_total',
    type: 'counter',
    help: 'Frames not metered because they are malformed, cut by the snap length, or of a kind that is not decoded.',
    labels: ['interface', 'reason'],
    samples: (state) =>
      sumByInterface(state, (worker) =>
        outcomesOf(worker, ({ kind }) => kind !== 'accepted' && kind !== 'notIp'),
      ),
  },
  {
    name: 'flowtap_decode_non_ip_packets_total',
    type: 'counter',
    help: 'Frames without an IP packet, by what they carry.',
    labels: ['interface', 'protocol'],
    samples: (state) => sumByInterface(state, (worker) => outcomesOf(worker, ({ kind }) => kind === 'notIp')),
  },
  {
    name: 'flowtap_decode_other_ether_type_packets_total',
    type: 'counter',
    help: 'Frames of otherEtherType by EtherType: those that were once among the ten most frequent of a worker, 32 at most of each; all together are in flowtap_decode_non_ip_packets_total.',
    labels: ['interface', 'ether_type'],
    samples: (state) =>
      sumByInterface(state, ({ outcomes }) =>
        outcomes
          .filter(({ name }) => name === 'otherEtherType')
          .flatMap(({ numbers }) => numbers.map(({ number, packets }) => [hexOf(number), packets] as const)),
      ),
  },
  {
    name: 'flowtap_decode_notices_total',
    type: 'counter',
    help: 'Metered packets with something odd about them: fragments, cut or malformed transport headers, tunnels that cannot be read.',
    labels: ['interface', 'notice'],
    samples: (state) =>
      sumByInterface(state, ({ notices }) => notices.map(({ name, packets }) => [name, packets] as const)),
  },
];

export const CAPTURE_METRICS: readonly Metric[] = [
  ...PACKET_METRICS,
  ...MEMBER_METRICS,
  ...RING_METRICS,
  ...DECODE_METRICS,
];
