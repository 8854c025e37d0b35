/**
 * Opens two captures of an interface for each filter, one with the filter as libpcap compiled it, one with it in a
 * program that samples every second packet; prints how many packets came to each. For tests, in a namespace:
 *
 *     node compare-filters.ts '{"interface":"veth0b","filters":["udp", …]}'      `ready` when it captures; SIGTERM ends it
 */

import { RingCapture } from '../../../src/capture/live/ring-capture.ts';
import { createLiveBatch } from '../../../src/capture/live-batch.ts';
import { shareSelection } from '../../../src/capture/selection/kernel-selection.ts';

const wanted = JSON.parse(process.argv[2]!) as { interface: string; filters: string[] };
const options = {
  capture: 'ring' as const,
  interface: wanted.interface,
  interfaceIndex: 0,
  blockOctets: 2 ** 16,
  blocks: 8,
  blockTimeoutMs: 10,
  snapLength: 128,
  promiscuous: true,
  outgoing: true,
};
const sampling = { method: 'systematic' as const, interval: 2 };
const batch = createLiveBatch(64);

function drained(capture: RingCapture): number {
  let packets = 0;
  for (let count = capture.readBatch(batch); count > 0; count = capture.readBatch(batch)) packets += count;
  return packets;
}

const pairs = wanted.filters.map((filter) => {
  const selection = shareSelection({ capture: 'ring', sampling }, 1)!;
  const kernelSelection = selection.workers[0];
  return {
    filter,
    classic: new RingCapture({ ...options, filter }, 0),
    extended: new RingCapture({ ...options, filter, sampling, kernelSelection }, 0),
  };
});
process.stderr.write('ready\n');
const timer = setInterval(() => {}, 1000);
process.on('SIGTERM', () => {
  clearInterval(timer);
  const results = pairs.map(({ filter, classic, extended }) => ({
    filter,
    classic: drained(classic),
    selected: drained(extended),
    leftOut: extended.takeStatistics().leftOut,
  }));
  process.stdout.write(JSON.stringify(results));
});
