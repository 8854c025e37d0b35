/** Metrics of the exporting process: rows of the table of metrics (table.ts). */
import { snakeCase } from '../base/snake-case.ts';
import type { Metric, Sample } from './metric.ts';
import type { LiveState } from './state.ts';

type Collector = LiveState['collectors'][number];

const LABELS = ['collector', 'protocol'] as const;

/** The URL names a collector; its scheme is the protocol. */
function labelsOf({ url }: Collector): [collector: string, protocol: string] {
  return [url, url.slice(0, Math.max(0, url.indexOf(':')))];
}

function perCollector(
  name: string,
  type: Metric['type'],
  help: string,
  read: (collector: Collector) => number | null | undefined,
): Metric {
  return {
    name,
    type,
    help,
    labels: LABELS,
    samples: ({ collectors }) =>
      collectors.map((collector) => [read(collector) ?? Number.NaN, ...labelsOf(collector)]),
  };
}

function byReason(
  name: string,
  help: string,
  label: string,
  read: (collector: Collector) => Readonly<Record<string, number>>,
): Metric {
  return {
    name,
    type: 'counter',
    help,
    labels: [...LABELS, label],
    samples: ({ collectors }) =>
      collectors.flatMap((collector) =>
        Object.entries(read(collector)).map(
          ([reason, count]): Sample => [count, ...labelsOf(collector), reason],
        ),
      ),
  };
}

export const EXPORT_METRICS: readonly Metric[] = [
  perCollector(
    'flowtap_export_messages_total',
    'counter',
    'Messages that were sent.',
    ({ messages }) => messages,
  ),
  perCollector('flowtap_export_bytes_total', 'counter', 'Octets of those messages.', ({ octets }) => octets),
  byReason(
    'flowtap_export_records_total',
    'Records that were sent: flow records (data), templates, options data.',
    'kind',
    ({ dataRecords, templateRecords, optionsRecords }) => ({
      data: dataRecords,
      template: templateRecords,
      options: optionsRecords,
    }),
  ),
  perCollector(
    'flowtap_export_records_refused_total',
    'counter',
    'Of the flow records that were sent: those in datagrams of the 2 s before the host of the collector said that nobody listens on the port (ICMP). They are lost; only over UDP without a spool.',
    ({ recordsRefused }) => recordsRefused,
  ),
  perCollector(
    'flowtap_export_records_offered_total',
    'counter',
    'Flow records that were to be sent: sent, dropped and pending together.',
    ({ recordsOffered }) => recordsOffered,
  ),
  byReason(
    'flowtap_export_records_dropped_total',
    'Flow records that did not reach the wire: in messages that could not be sent (send_failed), given up before that, or of a kind that the protocol cannot carry.',
    'reason',
    ({ recordsFailed, notExportable, recordsDropped = {} }) => ({
      send_failed: recordsFailed,
      ...Object.fromEntries(
        Object.entries(recordsDropped).map(([reason, records]) => [snakeCase(reason), records]),
      ),
      ...Object.fromEntries(
        Object.entries(notExportable).map(([reason, records]) => [
          `${snakeCase(reason)}_not_exportable`,
          records,
        ]),
      ),
    }),
  ),
  byReason(
    'flowtap_export_errors_total',
    'Messages that could not be sent, refusals of messages that were sent over UDP (econnrefused), and sessions that could not be set up or were lost, by the reason given.',
    'reason',
    ({ errors }) => errors,
  ),
  perCollector(
    'flowtap_export_pending_records',
    'gauge',
    'Flow records that wait to be sent.',
    ({ recordsPending }) => recordsPending,
  ),
  perCollector(
    'flowtap_export_queued_records',
    'gauge',
    'Of these, flow records in the queue in memory of this collector.',
    ({ recordsQueued }) => recordsQueued,
  ),
  perCollector(
    'flowtap_export_spooled_records',
    'gauge',
    'Of these, flow records in the spool on disk.',
    ({ recordsSpooled }) => recordsSpooled,
  ),
  perCollector(
    'flowtap_export_spool_damaged_bytes_total',
    'counter',
    'Octets of the spool that could not be read any more. Flow records in them, as far as that is known, are dropped ones (spool_damaged).',
    ({ spoolDamagedOctets }) => spoolDamagedOctets,
  ),
  perCollector(
    'flowtap_export_records_repeated_total',
    'counter',
    'Flow records sent once more because a session ended before they were known to have arrived.',
    ({ recordsRepeated }) => recordsRepeated,
  ),
  perCollector(
    'flowtap_export_sessions_total',
    'counter',
    'Sessions, or sockets, opened.',
    ({ sessions }) => sessions,
  ),
  perCollector(
    'flowtap_export_connected',
    'gauge',
    '1 while the collector can be reached as far as is known, else 0.',
    ({ isUp }) => (isUp === undefined ? undefined : Number(isUp)),
  ),
  perCollector(
    'flowtap_export_collector_drops_total',
    'counter',
    "Datagrams that the collector's own socket dropped; known only for collectors on this machine.",
    ({ collectorDrops }) => collectorDrops,
  ),
  {
    name: 'flowtap_export_queue_batches',
    type: 'gauge',
    help: 'Batches of flow records between a worker and the exporting process.',
    labels: ['interface', 'ring'],
    samples: ({ workers }) =>
      workers.map(({ interface: name, ring, queue }) => [queue.batches, name, String(ring)]),
  },
  {
    name: 'flowtap_export_queue_capacity_batches',
    type: 'gauge',
    help: 'Batches that fit between them; when all are filled, a worker drops records and counts them.',
    labels: ['interface', 'ring'],
    samples: ({ workers }) =>
      workers.map(({ interface: name, ring, queue }) => [queue.capacity, name, String(ring)]),
  },
  {
    name: 'flowtap_export_queue_dropped_records_total',
    type: 'counter',
    help: 'Flow records dropped there; their packets are in flowtap_capture_packets_dropped_total as queue_full.',
    labels: ['interface', 'ring'],
    samples: ({ workers }) =>
      workers.map(({ interface: name, ring, queue }) => [queue.recordsDropped, name, String(ring)]),
  },
];
