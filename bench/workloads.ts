/** The workloads of docs/benchmarks.md by name: captures that are made, one of real traffic, and that one in other formats. */
import type { WorkloadOptions } from './workload.ts';

const COMMON = { packets: 5_000_000, ipv6Share: 0, packetsPerSecond: 1_000_000, skew: 0.9, seed: 1 };

/** Made traffic (workload.ts). */
export const MADE: Readonly<Record<string, WorkloadOptions>> = {
  '64B-100k': { ...COMMON, flows: 100_000, frameOctets: 64, storedOctets: 64 },
  '64B-1M': { ...COMMON, flows: 1_000_000, frameOctets: 64, storedOctets: 64 },
  '1500B-1k': { ...COMMON, flows: 1_000, skew: 0, frameOctets: 1500, storedOctets: 128 },
  '1500B-whole': {
    ...COMMON,
    packets: 2_000_000,
    flows: 1_000,
    skew: 0,
    frameOctets: 1500,
    storedOctets: 1500,
  },
};

/** Real traffic (real.ts), and what other file of it there is. */
export const REAL_PACKETS = 3_000_000;
export const REAL = 'real';
/** Copies of `real` by the tool that writes them. */
export const REAL_COPIES: Readonly<Record<string, (from: string, to: string) => readonly string[]>> = {
  'real.pcapng': (from, to) => ['editcap', '-F', 'pcapng', from, to],
  'real.pcap.gz': (from, to) => ['sh', '-c', `gzip -c '${from}' >'${to}'`],
};

export const WORKLOAD_NAMES: readonly string[] = [...Object.keys(MADE), REAL, ...Object.keys(REAL_COPIES)];
