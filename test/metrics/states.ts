/** States of a probe for tests: every number different, so that a mixed-up one shows. */
import type { LiveState, WorkerState } from '../../src/metrics/state.ts';

export function workerState(name: string, ring: number, changes: Partial<WorkerState> = {}): WorkerState {
  return {
    interface: name,
    ring,
    isRunning: true,
    restarts: 2,
    capture: {
      packets: 1000,
      octets: 640_000,
      truncated: 11,
      unselected: 12,
      paused: 0,
      leftOut: 0,
      ringDrops: 13,
      ringFreezes: 14,
      faults: 19,
      ringBlocks: 64,
      ringBlocksUsed: 3,
      ringOctets: 67_108_864,
      pollWakeups: 15,
      superPackets: 16,
      superPacketSegments: 170,
      isUp: 1,
      reopened: 17,
      lastPacketSeconds: 1_700_000_000.25,
    },
    members: [],
    outcomes: [
      { name: 'accepted', kind: 'accepted', packets: 900, octets: 1, numbers: [] },
      { name: 'arp', kind: 'notIp', packets: 60, octets: 1, numbers: [] },
      { name: 'lldp', kind: 'notIp', packets: 2, octets: 1, numbers: [] },
      {
        name: 'otherEtherType',
        kind: 'notIp',
        packets: 6,
        octets: 1,
        numbers: [
          { number: 0x8902, name: '0x8902 (CFM)', packets: 4 },
          { number: 0x1234, name: '0x1234', packets: 2 },
        ],
      },
      { name: 'ipv4TooShort', kind: 'malformed', packets: 20, octets: 1, numbers: [] },
      { name: 'ipv4Truncated', kind: 'truncated', packets: 5, octets: 1, numbers: [] },
      { name: 'macsec', kind: 'unsupported', packets: 7, octets: 1, numbers: [] },
    ],
    notices: [{ name: 'fragmentFirst', packets: 18 }],
    metered: { packets: 1054, octets: 500_000 },
    flows: {
      created: 100,
      active: 21,
      peak: 50,
      capacity: 4096,
      tableOctets: 1_179_648,
      healthOctets: 65_536,
      expired: { idleTimeout: 31, activeTimeout: 32, endOfFlow: 33, forcedEnd: 34, lackOfResources: 35 },
    },
    inspection: {
      packets: 61,
      active: 62,
      refused: { no_inspection: 63, no_room: 64 },
      incomplete: { snapped: 65, limit: 66 },
    },
    fragments: { matched: 41, unmatched: 42, forgotten: 43 },
    dnsNames: { size: 44, counts: { remembered: 45, unasked: 46 } },
    queue: {
      batches: 1,
      capacity: 32,
      recordsTaken: 160,
      packetsTaken: 1000,
      recordsDropped: 5,
      packetsDropped: 44,
    },
    lost: { flows: 9, packets: 45 },
    ...changes,
  };
}

type Collector = LiveState['collectors'][number];

export function collectorState(url: string, changes: Partial<Collector> = {}): Collector {
  return {
    url,
    messages: 70,
    octets: 71_000,
    recordsOffered: 320,
    dataRecords: 300,
    recordsFailed: 12,
    recordsPending: 5,
    notExportable: { ipv6: 3, time: 2 },
    templateRecords: 4,
    optionsRecords: 6,
    errors: { econnrefused: 2, enetunreach: 0, ehostunreach: 0, emsgsize: 0, enobufs: 1, other: 0 },
    collectorDrops: null,
    ...changes,
  };
}

/** Figures of a named path, each different. */
const pathFigures = {
  flows: 201,
  octets: 202,
  packets: 203,
  roundTripMinMs: 204,
  roundTripMedianMs: 205,
  roundTripP95Ms: 206,
  segments: 207,
  lostSegments: 208,
  captureLostSegments: 209,
  stalledMs: 210,
  transfers: 211,
  transferMeanBitsPerSecond: 212,
  transferPeakBitsPerSecond: 213,
  verdicts: { 'loss-limited': 214 },
};

export function liveState(changes: Partial<LiveState> = {}): LiveState {
  return {
    version: '1.2.3',
    startedAtMs: 1_700_000_000_500,
    nowMs: 1_700_000_060_500,
    isReady: true,
    isStopping: false,
    isPaused: false,
    interfaces: [
      {
        name: 'eth0',
        samplingInterval: 100,
        droppedUnseen: 50,
        nic: { rx_dropped: 51, rx_missed_errors: 52, rx_fifo_errors: Number.NaN },
      },
    ],
    workers: [workerState('eth0', 0), workerState('eth0', 1)],
    collectors: [collectorState('ipfix://192.0.2.1:4739')],
    networks: {
      databases: [
        {
          file: '/var/lib/asn.mmdb',
          databaseType: 'Test-ASN',
          buildEpoch: 1_690_000_000,
          loadedAtMs: 1_700_000_000_600,
          octets: 305,
          nodes: 306,
          refused: 301,
          faults: 302,
        },
      ],
      ownNetworks: 307,
      addresses: 304,
      lookups: 303,
    },
    paths: [
      {
        path: 'here-there',
        direction: 'forward',
        total: pathFigures,
        latest: { path: 'here-there', direction: 'forward', startMs: 1_700_000_040_000, ...pathFigures },
      },
      { path: 'here-there', direction: 'reverse', total: pathFigures, latest: undefined },
    ],
    reload: { isSuccessful: true, succeededAtMs: 1_700_000_000_750 },
    ...changes,
  };
}
