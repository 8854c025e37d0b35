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
