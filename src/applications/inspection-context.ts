/** Options, counters and buffers that the inspections of all flows of one meter share. */

import { StreamBuffers } from './stream-buffer.ts';

export interface InspectionOptions {
  /** How much of a request's target is told: nothing, the path, or the path with its query. */
  readonly httpTarget: 'none' | 'path' | 'full';
  /** Read the subject and validity of servers' certificates (up to TLS 1.2). */
  readonly certificate: boolean;
  /** Work out JA4 fingerprints. */
  readonly ja4: boolean;
  /** Name what was not recognised by its ports, with CONFIDENCE_PORT. */
  readonly portGuess: boolean;
  /** Buffers for messages that come in several packets, 4 KiB each; made when first used. */
  readonly bufferCount: number;
}

export const INSPECTION_DEFAULTS: InspectionOptions = {
  httpTarget: 'path',
  certificate: false,
  ja4: true,
  portGuess: true,
  bufferCount: 1024,
};

/** Counts of what inspection did and could not do, in the order of INSPECTION_COUNTS. */
export const COUNT_PACKETS = 0;
export const COUNT_SNAPPED = 1;
export const COUNT_MALFORMED = 2;
export const COUNT_TOO_LONG = 3;
export const COUNT_NO_BUFFER = 4;
export const COUNT_LIMIT = 5;

/** Names and meanings of the counts. */
export const INSPECTION_COUNTS: readonly { readonly name: string; readonly help: string }[] = [
  { name: 'packets', help: 'packets whose payload was looked into' },
  { name: 'snapped', help: 'messages not read to their end because the capture cut the packet' },
  { name: 'malformed', help: 'messages of a recognised protocol that break its rules' },
  { name: 'too_long', help: 'messages longer than the 4,096 octets that are kept of a direction' },
  { name: 'no_buffer', help: 'messages in several packets that found no free buffer' },
  { name: 'limit', help: 'flows whose inspection ended at the limit of packets or octets' },
];

export class InspectionContext {
  readonly options: InspectionOptions;
  readonly buffers: StreamBuffers;
  /** One for each row of INSPECTION_COUNTS. */
  readonly counts = new Float64Array(INSPECTION_COUNTS.length);

  constructor(options: Partial<InspectionOptions> = {}) {
    this.options = { ...INSPECTION_DEFAULTS, ...options };
    this.buffers = new StreamBuffers(this.options.bufferCount);
  }

  count(which: number): void {
    this.counts[which]! += 1;
  }
}
