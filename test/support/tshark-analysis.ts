/** tshark's own opinion of the TCP connections to a port: its `tcp.analysis` fields, counted. */
import { execFileSync } from 'node:child_process';

export interface TsharkAnalysis {
  /** Retransmissions of all its kinds: fast, spurious, by timeout. */
  readonly retransmissions: number;
  readonly outOfOrder: number;
  readonly zeroWindows: number;
  /** Most octets in flight. */
  readonly inFlightMax: number;
}

const FIELDS = [
  'tcp.analysis.retransmission',
  'tcp.analysis.spurious_retransmission',
  'tcp.analysis.out_of_order',
  'tcp.analysis.zero_window',
  'tcp.analysis.bytes_in_flight',
  'tcp.dstport',
];

/** @param port of the responder */
export function analyseWithTshark(file: string, port: number): TsharkAnalysis {
  const filter = `tcp.port == ${port}`;
  const fields = FIELDS.flatMap((field) => ['-e', field]);
  const output = execFileSync('tshark', ['-r', file, '-Y', filter, '-T', 'fields', ...fields], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const counts = { retransmissions: 0, outOfOrder: 0, zeroWindows: 0, inFlightMax: 0 };
  for (const line of output.split('\n')) {
    const [retransmission, spurious, outOfOrder, zeroWindow, inFlight, target] = line.split('\t');
    if (target === String(port)) {
      if (retransmission || spurious) counts.retransmissions++;
      if (outOfOrder) counts.outOfOrder++;
      counts.inFlightMax = Math.max(counts.inFlightMax, Number(inFlight ?? 0));
    } else if (zeroWindow) counts.zeroWindows++;
  }
  return counts;
}

/**
 * tshark's round trips of each connection, from what the initiator sent to its acknowledgement, in a capture beside the
 * initiator. tcpdump takes the connections out first, as tshark needs long for what it does not show.
 * @param ports of the responders
 * @returns the mean of each connection in ms; a connection without a sample is absent
 */
export function meanRoundTripsMs(file: string, ports: readonly number[]): number[] {
  const some = `${file}.some`;
  execFileSync('tcpdump', ['-r', file, '-w', some, '-Z', 'root', `tcp port (${ports.join(' or ')})`], {
    stdio: 'ignore',
  });
  const filter = `tcp.analysis.ack_rtt && tcp.srcport in {${ports.join(', ')}}`;
  const fields = ['tcp.stream', 'tcp.analysis.ack_rtt'].flatMap((field) => ['-e', field]);
  const output = execFileSync('tshark', ['-r', some, '-Y', filter, '-T', 'fields', ...fields], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const sums = new Map<string, { ms: number; samples: number }>();
  for (const line of output.trimEnd().split('\n')) {
    const [stream, seconds] = line.split('\t') as [string, string];
    const sum = sums.get(stream) ?? { ms: 0, samples: 0 };
    sums.set(stream, { ms: sum.ms + Number(seconds) * 1e3, samples: sum.samples + 1 });
  }
  return [...sums.values()].map(({ ms, samples }) => ms / samples);
}
