/**
 * Captures an interface with each of several options; prints the frames that came to each as they were captured. For
 * tests, in a namespace:
 *
 *     node captured-frames.ts '{"interface":"veth0b","captures":[{"filter":"udp"}, …],"packets":[10, …]}'
 *
 * `ready` when it captures; ends when so many have come to each, or by SIGTERM: a list of ["WIRE LENGTH hex", …] for each.
 */
import { RingCapture } from '../../../src/capture/live/ring-capture.ts';
import { createLiveBatch } from '../../../src/capture/live-batch.ts';
import type { LiveCaptureOptions } from '../../../src/capture/live-options.ts';
import { shareSelection } from '../../../src/capture/selection/kernel-selection.ts';

const wanted = JSON.parse(process.argv[2]!) as {
  interface: string;
  captures: Partial<LiveCaptureOptions>[];
  packets: number[];
};
const options = {
  capture: 'ring' as const,
  interface: wanted.interface,
  interfaceIndex: 0,
  blockOctets: 2 ** 20,
  blocks: 8,
  blockTimeoutMs: 10,
  snapLength: 2048,
  promiscuous: true,
  outgoing: false,
};
const batch = createLiveBatch(64);
const captures = wanted.captures.map((own) => {
  const { sampling } = own;
  const kernelSelection = shareSelection(
    { capture: 'ring', ...(sampling === undefined ? {} : { sampling }) },
    1,
  )?.workers[0];
  return { ring: new RingCapture({ ...options, ...own, kernelSelection }, 0), frames: [] as string[] };
});

function drain(): void {
  for (const { ring, frames } of captures) {
    for (let count = ring.readBatch(batch); count > 0; count = ring.readBatch(batch)) {
      for (let i = 0; i < count; i++) {
        const at = batch.view.byteOffset + batch.frameOffset[i]!;
        const frame = Buffer.from(batch.view.buffer as ArrayBuffer, at, batch.capturedLength[i]!);
        frames.push(`${batch.wireLength[i]} ${frame.toString('hex')}`);
      }
    }
  }
}

function end(): void {
  process.stdout.write(JSON.stringify(captures.map(({ frames }) => frames)), () => process.exit(0));
}

process.on('SIGTERM', end);
process.stderr.write('ready\n');
setInterval(() => {
  drain();
  if (captures.every(({ frames }, i) => frames.length >= wanted.packets[i]!)) end();
}, 20);
