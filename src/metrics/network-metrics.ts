/** The metrics of databases of networks: rows of the table of metrics (table.ts). */
import type { NetworkDatabaseState } from '../records/network-state.ts';
import type { Metric } from './metric.ts';
import type { LiveState } from './state.ts';

const MS_PER_SECOND = 1e3;

function perDatabase(
  name: string,
  type: Metric['type'],
  help: string,
  read: (database: NetworkDatabaseState, state: LiveState) => number,
): Metric {
  return {
    name: `flowtap_network_database_${name}`,
    type,
    help,
    labels: ['database'],
    samples: (state) => state.networks.databases.map((database) => [read(database, state), database.file]),
  };
}

/** When it was made; NaN where it does not say. */
const builtAt = ({ buildEpoch }: NetworkDatabaseState) => (buildEpoch === 0 ? Number.NaN : buildEpoch);

export const NETWORK_METRICS: readonly Metric[] = [
  perDatabase(
    'build_timestamp_seconds',
    'gauge',
    'When the database that is in use was made, as it says itself, Unix time.',
    builtAt,
  ),
  perDatabase(
    'age_seconds',
    'gauge',
    'How long ago that was: one that nobody updates grows old.',
    (database, { nowMs }) => nowMs / MS_PER_SECOND - builtAt(database),
  ),
  perDatabase(
    'loaded_timestamp_seconds',
    'gauge',
    'When it was taken over, Unix time.',
    ({ loadedAtMs }) => loadedAtMs / MS_PER_SECOND,
  ),
  perDatabase('bytes', 'gauge', 'Octets of the file, all of them in memory.', ({ octets }) => octets),
  perDatabase(
    'nodes',
    'gauge',
    'Nodes of its search tree: how finely it divides the addresses.',
    ({ nodes }) => nodes,
  ),
  perDatabase(
    'refused_total',
    'counter',
    'Files that were to replace it and could not be used: the former database stays, and the log says why.',
    ({ refused }) => refused,
  ),
  perDatabase(
    'faults_total',
    'counter',
    'Data of the database that breaks the rules of its format: the addresses of it are unknown.',
    ({ faults }) => faults,
  ),
  {
    name: 'flowtap_network_addresses_total',
    type: 'counter',
    help: 'Addresses of flow records whose networks were asked for.',
    labels: [],
    samples: ({ networks }) => [[networks.addresses]],
  },
  {
    name: 'flowtap_network_lookups_total',
    type: 'counter',
    help: 'Of these, addresses that were not remembered and had to be looked up.',
    labels: [],
    samples: ({ networks }) => [[networks.lookups]],
  },
];
