/** Opens a live capture of the kind that was asked for. What only one kind needs is loaded with it. */

import type { LiveCaptureOptions } from '../live-options.ts';
import type { LiveCapture } from './live-capture.ts';
import type { RingMemory } from './ring-walk.ts';

/**
 * What opens the interface: now, and again after it was lost.
 * @param memory where a ring is to lie: memory of an engine, on pages that hold nothing else
 * @returns a function that throws CaptureError
 */
export async function liveOpener(
  options: LiveCaptureOptions,
  timeBaseSeconds: number,
  memory?: RingMemory,
): Promise<() => LiveCapture> {
  switch (options.capture) {
    case 'ring': {
      const { RingCapture } = await import('./ring-capture.ts');
      return () => new RingCapture(options, timeBaseSeconds, memory);
    }
    case 'libpcap': {
      const { LibpcapCapture } = await import('./libpcap-capture.ts');
      return () => new LibpcapCapture(options, timeBaseSeconds);
    }
    case 'cap': {
      const { CapCapture } = await import('./cap-capture.ts');
      return () => new CapCapture(options, timeBaseSeconds);
    }
  }
}
