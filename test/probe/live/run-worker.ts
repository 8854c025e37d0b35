/**
 * Runs one or several live workers on an interface and prints what they counted and what their records say, as one JSON
 * object; messages go to standard error as they come, one a line. For tests, which start it in a network namespace:
 *
 *     node run-worker.ts '{"interface":"veth0b", "workers":1, …}'       any of LiveCaptureOptions; SIGTERM ends it
 *
 * SIGUSR1 makes it say `now` and the same object as at the end.
 */

import { Worker } from 'node:worker_threads';
import type { LiveCaptureOptions } from '../../../src/capture/live-options.ts';
import { shareSelection } from '../../../src/capture/selection/kernel-selection.ts';
import { createRecordQueue, RecordQueueReader } from '../../../src/metering/record-queue.ts';
import * as metering from '../../../src/metering/table/counters.ts';
import * as run from '../../../src/probe/counters.ts';
import type { LiveWorkerData, LiveWorkerMessage } from '../../../src/probe/live/messages.ts';
import * as layout from '../../../src/records/flow-layout.ts';
import { readHealth } from '../../../src/records/read-path-health.ts';
import { NO_SECTIONS } from '../../../src/records/record-sections.ts';

interface Wanted extends Partial<LiveCaptureOptions> {
  readonly interface: string;
  readonly workers?: number;
  readonly scale?: boolean;
  /** New timeouts, sent to the workers when SIGHUP comes. */
  readonly timeouts?: { idleTimeoutMs: number; activeTimeoutMs: number; tcpEndDelayMs: number };
  /** Systematic sampling in the kernel, shared by the workers. */
  readonly inKernel?: boolean;
  /** Measure path health, of which each flow then has the figures. */
  readonly health?: 'on' | 'off';
  /** Records are left in the queue until the end. */
  readonly holdRecords?: boolean;
}

const wanted = JSON.parse(process.argv[2]!) as Wanted;
const { workers = 1, scale = false, timeouts, holdRecords = false, inKernel = false, ...rest } = wanted;
const { health = 'off', ...options } = rest;
const capture: LiveCaptureOptions = {
  capture: 'ring',
  interfaceIndex: 0,
  blockOctets: 2 ** 20,
  blocks: 16,
  blockTimeoutMs: 10,
  snapLength: 256,
  promiscuous: true,
  outgoing: false,
  ...(workers > 1 ? { fanoutGroup: process.pid & 0xffff } : {}),
  ...options,
};

const flows: object[] = [];

function address(words: Int32Array, at: number): string {
  const word = words[at]! >>> 0;
  return [word >>> 24, (word >>> 16) & 0xff, (word >>> 8) & 0xff, word & 0xff].join('.');
}

async function readRecords(reader: RecordQueueReader): Promise<void> {
  for (let batch = await reader.next(); batch !== undefined; batch = await reader.next()) {
    const { words, doubles, stride, count } = batch;
    for (let i = 0; i < count; i++) {
      const at = i * stride;
      const direction = (line: number, word: number) => ({
        packets: doubles[at / 2 + line + layout.PACKETS]!,
        octets: doubles[at / 2 + line + layout.OCTETS]!,
        layer2Octets: doubles[at / 2 + line + layout.LAYER2_OCTETS]!,
        lengthMin: words[at + word + layout.LENGTH_MIN]!,
        lengthMax: words[at + word + layout.LENGTH_MAX]!,
        customerVlan: (words[at + word + layout.LABEL_CUSTOMER_VLAN]! >>> 20) & 0xfff,
      });
      flows.push({
        source: address(words, at + layout.ADDRESS_A),
        destination: address(words, at + layout.ADDRESS_B),
        ports: words[at + layout.FLOW_PORTS]! >>> 0,
        protocol: words[at + layout.FLOW_PROTOCOL]! & 0xff,
        vlan: (words[at + layout.FLOW_PROTOCOL]! >>> 16) & 0xfff,
        observationPoint: words[at + layout.FLOW_OBSERVATION_POINT]! & 0xffff,
        firstMs: batch.timeBaseSeconds * 1000 + doubles[at / 2 + layout.FLOW_FIRST_NS]! / 1e6,
        endReason: (words[at + layout.FLOW_STATE]! >>> layout.STATE_END_REASON_SHIFT) & 0xf,
        forward: direction(layout.FORWARD_DOUBLE, layout.FORWARD_WORD),
        reverse: direction(layout.REVERSE_DOUBLE, layout.REVERSE_WORD),
        health: readHealth(batch, at),
      });
    }
    reader.release();
  }
}

function countsOf(counters: run.RunCounters): Record<string, number | null> {
  const { capture: c, metering: m } = counters;
  const counts = {
    read: c[run.PACKETS_READ]!,
    octetsRead: c[run.OCTETS_READ]!,
    snapped: c[run.PACKETS_SNAPPED]!,
    drops: c[run.RING_DROPS]!,
    freezes: c[run.RING_FREEZES]!,
    faults: c[run.RING_FAULTS]!,
    unselected: c[run.PACKETS_UNSELECTED]!,
    paused: c[run.PACKETS_PAUSED]!,
    superPackets: c[run.SUPER_PACKETS]!,
    superPacketSegments: c[run.SUPER_PACKET_SEGMENTS]!,
    leftOut: c[run.PACKETS_LEFT_OUT]!,
    reopened: c[run.CAPTURE_REOPENED]!,
    isUp: c[run.INTERFACE_UP]!,
    waits: c[run.POLL_WAKEUPS]!,
    metered: m[metering.METERED_PACKETS]!,
    meteredOctets: m[metering.METERED_OCTETS]!,
    refused: counters.decode.packetsByReason.reduce((sum, n, reason) => (reason === 0 ? sum : sum + n), 0),
    recordsDropped: m[metering.RECORDS_DROPPED]!,
    recordsDroppedPackets: m[metering.RECORDS_DROPPED_PACKETS]!,
  };
  // JSON has no NaN.
  return Object.fromEntries(Object.entries(counts).map(([name, n]) => [name, Number.isNaN(n) ? null : n]));
}

const selection = inKernel ? shareSelection(capture, workers) : undefined;

const running = Array.from({ length: workers }, (_, ring) => {
  const counters = run.runCounters();
  const queue = createRecordQueue({ ...NO_SECTIONS, health: health === 'on' });
  const workerData: LiveWorkerData = {
    capture: { ...capture, kernelSelection: selection?.workers[ring] },
    decode: {},
    metering: {
      idleTimeoutMs: 15_000,
      activeTimeoutMs: 60_000,
      tcpEndDelayMs: 2_000,
      flowTableEntries: 65_536,
      flowKey: { vlan: true, tos: false, mac: false, mpls: false, tunnel: false } as never,
    },
    encapsulation: false,
    health,
    scale,
    queue,
    counters: counters.buffer,
  };
  const thread = new Worker(new URL('../../../src/probe/live/worker.ts', import.meta.url), { workerData });
  const ended = new Promise<void>((resolve) => thread.on('exit', () => resolve()));
  thread.on('message', (message: LiveWorkerMessage) => {
    const text = JSON.stringify(message, (_, value) => (typeof value === 'bigint' ? String(value) : value));
    process.stderr.write(`${text}\n`);
  });
  const reader = new RecordQueueReader(queue);
  const read = holdRecords ? ended.then(() => readRecords(reader)) : readRecords(reader);
  return { counters, thread, ended, read };
});
process.on('SIGTERM', () => {
  for (const { thread } of running) thread.postMessage({ kind: 'stop' });
});
process.on('SIGHUP', () => {
  for (const { thread } of running) thread.postMessage({ kind: 'metering', ...timeouts });
});
process.on('SIGUSR1', () => {
  const workers = running.map(({ counters }) => countsOf(counters));
  process.stderr.write(`now ${JSON.stringify({ workers, flows })}\n`);
});
await Promise.all(running.map(({ ended }) => ended));
await Promise.all(running.map(({ read }) => read));
process.stdout.write(
  `${JSON.stringify({ workers: running.map(({ counters }) => countsOf(counters)), flows })}\n`,
);
