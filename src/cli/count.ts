/** `flowtap count`: captures and discards, and says once a second what came. */

import type { ConfigFault } from '../base/errors.ts';
import { formatCount, formatCounted, formatOctets, formatSpan } from '../base/units.ts';
import type { FlowtapConfig } from '../config/config.ts';
import { observationPoints } from '../config/types/live-interfaces.ts';
import type { LiveCount, LiveCountOptions } from '../probe/live/count.ts';
import { snapLengthsOf } from '../probe/live/snap-length.ts';
import type { Arguments } from './command.ts';
import { type MergedConfig, mergeConfig } from './flag-config.ts';
import { LISTING, listingForm, valueFaults } from './flag-values.ts';
import { COUNT_DURATION } from './metering-flags.ts';
import { captureFaults } from './run-config.ts';

export type CountLive = (options: LiveCountOptions) => Promise<LiveCount>;

function oneInterface(merged: MergedConfig): ConfigFault[] {
  const { interfaces } = merged.config.live;
  const points = observationPoints(interfaces);
  if (points.length <= 1 && points[0]?.members === undefined) return captureFaults(merged);
  const path = merged.nameOf('live.interfaces');
  return [
    { path, found: interfaces.join(', '), allowed: 'one interface: count each in a process of its own' },
  ];
}

/** Milliseconds, of a value that is right. */
function durationOf(args: Arguments): number {
  const text = args.flags.get(COUNT_DURATION.name)?.at(-1);
  return text === undefined ? Number.POSITIVE_INFINITY : (COUNT_DURATION.type!.parse(text) as number);
}

function optionsOf(config: FlowtapConfig): LiveCountOptions['capture'] {
  const { live } = config;
  return {
    capture: live.capture,
    interface: live.interfaces[0]!,
    interfaceIndex: 0,
    blockOctets: live.ring.blockOctets,
    blocks: live.ring.blocks,
    blockTimeoutMs: live.ring.blockTimeoutMs,
    ...snapLengthsOf(config, undefined),
    filter: live.filter,
    sampling: live.sampling,
    promiscuous: live.promiscuous,
    outgoing: live.outgoing,
  };
}

/** What a source does not know is a question mark, never 0. */
function known(value: number): string {
  return Number.isNaN(value) ? '?' : formatCount(value);
}

function line(now: LiveCount, before: LiveCount | undefined): string {
  const ms = now.elapsedMs - (before?.elapsedMs ?? 0);
  const packets = now.packets - (before?.packets ?? 0);
  const octets = now.octets - (before?.octets ?? 0);
  const drops = now.drops - (before?.drops ?? 0);
  const rate = formatCounted(Math.round((packets * 1000) / ms), 'packets/s');
  const load = ((octets * 8) / ms / 1000).toFixed(1);
  return `${formatSpan(now.elapsedMs)}  ${rate}  ${load} Mbit/s  ${known(drops)} dropped\n`;
}

function summary(all: LiveCount): string {
  const { packets, octets, drops, unselected, elapsedMs, cpuMs } = all;
  const captured = packets + unselected;
  const share = captured + drops > 0 ? (100 * captured) / (captured + drops) : 100;
  const shown = Number.isNaN(share) ? '?' : share.toFixed(2);
  const each = captured > 0 ? `, ${Math.round((cpuMs * 1e6) / captured)} ns a packet` : '';
  const left = unselected > 0 ? `, ${formatCount(unselected)} not selected` : '';
  return (
    `${formatCounted(packets, 'packets')}, ${formatOctets(octets)} in ${formatSpan(elapsedMs)}${left}; ` +
    `${known(drops)} dropped, ${shown} % captured; ${formatSpan(cpuMs)} of processor time${each}\n`
  );
}

/** @returns the exit code */
export async function count(args: Arguments, load: () => Promise<CountLive>): Promise<number> {
  const faults = valueFaults([COUNT_DURATION, LISTING], args);
  const config = await mergeConfig('count', args, oneInterface, faults);
  const form = listingForm(args);
  const durationMs = durationOf(args);
  const countLive = await load();
  const abort = new AbortController();
  const stop = () => abort.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  let before: LiveCount | undefined;
  const all = await countLive({
    capture: optionsOf(config),
    durationMs,
    signal: abort.signal,
    onCount: (now) => {
      process.stdout.write(form === 'json' ? `${JSON.stringify(now)}\n` : line(now, before));
      before = now;
    },
    onLog: (message) => process.stderr.write(`flowtap: ${message}\n`),
  });
  process.stderr.write(summary(all));
  return 0;
}
