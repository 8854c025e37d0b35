/** Opens a live capture of the kind that was asked for. What only one kind needs is loaded with it. */

import type { LiveCaptureOptions } from '../live-options.ts';
import type { CaptureMemory } from './capture-memory.ts';
import type { LiveCapture } from './live-capture.ts';

/**
 * What opens the interface: now, and again after it was lost.
 * @param memory of an engine, on pages that hold nothing else: of `windowOctets` (capture-memory.ts) at least, and of a
 *   ring's size where it is to lie there. Without, packets lie elsewhere
 * @returns a function that throws CaptureError
 */
export async function liveOpener(
  options: LiveCaptureOptions,
  timeBaseSeconds: number,
  memory?: CaptureMemory,
): Promise<() => LiveCapture> {
  switch (options.capture) {
    case 'ring': {
      const { RingCapture } = await import('./ring-capture.ts');
      return () => new RingCapture(options, timeBaseSeconds, memory);
    }
    case 'libpcap': {
      const { LibpcapCapture } = await import('./libpcap-capture.ts');
      return () => new LibpcapCapture(options, timeBaseSeconds, memory);
    }
    case 'cap': {
      const { CapCapture } = await import('./cap-capture.ts');
      return () => new CapCapture(options, timeBaseSeconds, memory);
    }
  }
}
