/**
 * The metrics, one row each: the registry, docs/metrics.md and the tests derive from it. Each reads the probe's state,
 * which is made from counters in shared memory when Prometheus asks: the workers do nothing for it. Rates are left to
 * Prometheus: `rate(flowtap_capture_packets_total[1m])` is packets per second.
 */

import { END_REASONS, type FlowEndReason } from '../ie/end-reasons.ts';
import { CAPTURE_METRICS } from './capture-metrics.ts';
import { EXPORT_METRICS } from './export-metrics.ts';
import { INSPECTION_METRICS } from './inspection-metrics.ts';
import type { Metric, Sample } from './metric.ts';
import { NAMED_PATH_METRICS } from './named-path-metrics.ts';
import { NETWORK_METRICS } from './network-metrics.ts';
import type { LiveState, WorkerState } from './state.ts';

const RING = ['interface', 'ring'] as const;

function perRing(read: (worker: WorkerState) => number): (state: LiveState) => Sample[] {
  return ({ workers }) => workers.map((worker) => [read(worker), worker.interface, String(worker.ring)]);
}

const FLOW_METRICS: readonly Metric[] = [
  {
    name: 'flowtap_flows_active',
    type: 'gauge',
    help: 'Flows in the flow table now.',
    labels: RING,
    samples: perRing(({ flows }) => flows.active),
  },
  {
    name: 'flowtap_flow_cache_capacity',
    type: 'gauge',
    help: 'Flows that the flow table holds; the next one pushes another out.',
    labels: RING,
    samples: perRing(({ flows }) => flows.capacity),
  },
  {
    name: 'flowtap_flow_cache_memory_bytes',
    type: 'gauge',
    help: 'Memory of the flow table, fixed at the start.',
    labels: RING,
    samples: perRing(({ flows }) => flows.tableOctets),
  },
  {
    name: 'flowtap_path_health_memory_bytes',
    type: 'gauge',
    help: 'Memory that path health has taken beside the flow table, as flows needed it.',
    labels: RING,
    samples: perRing(({ flows }) => flows.healthOctets),
  },
  {
    name: 'flowtap_flows_created_total',
    type: 'counter',
    help: 'Flows begun.',
    labels: RING,
    samples: perRing(({ flows }) => flows.created),
  },
  {
    name: 'flowtap_flows_expired_total',
    type: 'counter',
    help: 'Flow records made, by flowEndReason (IE 136).',
    labels: [...RING, 'reason'],
    samples: ({ workers }) =>
      workers.flatMap((worker) =>
        Object.entries(worker.flows.expired).map(([name, records]): Sample => {
          return [records, worker.interface, String(worker.ring), END_REASONS[name as FlowEndReason].label];
        }),
      ),
  },
  {
    name: 'flowtap_flow_cache_evictions_total',
    type: 'counter',
    help: 'Flows exported early because the table was full: raise metering.flowTableEntries.',
    labels: RING,
    samples: perRing(({ flows }) => flows.expired.lackOfResources),
  },
  {
    name: 'flowtap_flows_lost_total',
    type: 'counter',
    help: 'Flows that were in the table of a worker when it died.',
    labels: RING,
    samples: perRing(({ lost }) => lost.flows),
  },
  {
    name: 'flowtap_flow_packets_total',
    type: 'counter',
    help: 'Packets metered into flows; super-packets (GRO, LRO, TSO) count as the segments that they stand for.',
    labels: RING,
    samples: perRing(({ metered }) => metered.packets),
  },
  {
    name: 'flowtap_flow_bytes_total',
    type: 'counter',
    help: 'IP octets of the metered packets.',
    labels: RING,
    samples: perRing(({ metered }) => metered.octets),
  },
  {
    name: 'flowtap_flow_fragments_total',
    type: 'counter',
    help: 'Later fragments found to belong to their first one, whichever came first (matched), or counted to ports 0 since it did not come within a second (unmatched), and first ones pushed out of the fragment cache (forgotten).',
    labels: [...RING, 'result'],
    samples: ({ workers }) =>
      workers.flatMap((worker) =>
        Object.entries(worker.fragments).map(([result, fragments]): Sample => {
          return [fragments, worker.interface, String(worker.ring), result];
        }),
      ),
  },
  {
    name: 'flowtap_dns_names_addresses',
    type: 'gauge',
    help: 'Addresses that are remembered with the name that a client asked DNS for.',
    labels: RING,
    samples: perRing(({ dnsNames }) => dnsNames.size),
  },
  {
    name: 'flowtap_dns_names_total',
    type: 'counter',
    help: 'Names by DNS: addresses remembered, evicted or refused for lack of room, responses unasked or cut, flows looked up and found, addresses missed of other workers (docs/applications.md).',
    labels: [...RING, 'result'],
    samples: ({ workers }) =>
      workers.flatMap((worker) =>
        Object.entries(worker.dnsNames.counts).map(([result, count]): Sample => {
          return [count, worker.interface, String(worker.ring), result];
        }),
      ),
  },
];

const PROCESS_METRICS: readonly Metric[] = [
  {
    name: 'flowtap_build_info',
    type: 'gauge',
    help: 'Always 1; the labels tell the versions of flowtap and of Node.',
    labels: ['version', 'node'],
    samples: ({ version }) => [[1, version, process.versions.node]],
  },
  {
    name: 'flowtap_ready',
    type: 'gauge',
    help: '1 while every worker captures, as /readyz says.',
    labels: [],
    samples: ({ isReady }) => [[isReady ? 1 : 0]],
  },
  {
    name: 'flowtap_start_time_seconds',
    type: 'gauge',
    help: 'When this run started, Unix time.',
    labels: [],
    samples: ({ startedAtMs }) => [[startedAtMs / 1000]],
  },
  {
    name: 'flowtap_config_last_reload_successful',
    type: 'gauge',
    help: '1 if the configuration was right when it was last read, 0 if it was refused and the former one kept.',
    labels: [],
    samples: ({ reload }) => [[reload.isSuccessful ? 1 : 0]],
  },
  {
    name: 'flowtap_config_last_reload_success_timestamp_seconds',
    type: 'gauge',
    help: 'When a configuration was last taken over, Unix time.',
    labels: [],
    samples: ({ reload }) => [[reload.succeededAtMs / 1000]],
  },
];

/** Groups of metrics with their titles, in the order of the document. */
export const METRIC_GROUPS: readonly (readonly [title: string, metrics: readonly Metric[]])[] = [
  ['Capture and decoding', CAPTURE_METRICS],
  ['Flows', FLOW_METRICS],
  ['Export', EXPORT_METRICS],
  ['Payload inspection', INSPECTION_METRICS],
  ['Networks', NETWORK_METRICS],
  ['Named paths', NAMED_PATH_METRICS],
  ['Process', PROCESS_METRICS],
];

export const METRICS: readonly Metric[] = METRIC_GROUPS.flatMap(([, metrics]) => metrics);
