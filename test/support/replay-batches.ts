/** Captures metered as a replay does, with its own batches, in this thread. */

import { openCaptures } from '../../src/capture/files/capture-source.ts';
import { MeteringProcess } from '../../src/metering/metering-process.ts';
import { createHashSeeds } from '../../src/metering/table/flow-key.ts';
import {
  FIRST_PACKET_NS,
  LAST_PACKET_NS,
  OCTETS_READ,
  PACKETS_READ,
  runCounters,
} from '../../src/probe/counters.ts';
import { ReplayBatches } from '../../src/probe/replay/batches.ts';
import { KEY_OBSERVATION_POINT } from '../../src/records/decoded-batch.ts';
import { DECODED_WORDS } from '../../src/records/decoded-words.ts';
import { NO_SECTIONS } from '../../src/records/record-sections.ts';
import { CollectingSink, type TestFlow } from './flows.ts';
import { testEngine } from './metering.ts';

const FLOW_KEY = { mac: false, mpls: false, tunnel: false, vlan: true, tos: false };

export interface ReplayedCaptures {
  readonly flows: readonly TestFlow[];
  readonly errors: readonly string[];
  readonly read: { packets: number; octets: number };
  /** Batches that went from records to keys in one call. */
  readonly directBatches: number;
  /** Records that named an interface which nobody had been told of. */
  readonly untold: number;
  /** Earliest and latest packet of the captures, nanoseconds since the time base. */
  readonly firstNs: number;
  readonly lastNs: number;
}

export async function replayCaptures(
  files: readonly string[],
  { flowTableEntries = 4096, capacity = 1024, worker = 0, workers = 1, key = {}, encapsulation = false } = {},
): Promise<ReplayedCaptures> {
  const engine = testEngine(flowTableEntries);
  const source = openCaptures(files, {}, engine);
  const counters = runCounters();
  const sink = new CollectingSink(true);
  const seeds = createHashSeeds();
  const flowKey = { ...FLOW_KEY, ...key };
  let told = 0;
  const batches = new ReplayBatches(
    source,
    engine,
    {
      decode: {},
      flowKey,
      sections: { ...NO_SECTIONS, encapsulation },
      worker,
      workers,
      capacity,
      seeds,
    },
    counters,
    (interfaces) => {
      told = interfaces.length;
    },
  );
  const metering = new MeteringProcess({
    idleTimeoutMs: 15_000,
    activeTimeoutMs: 60_000,
    tcpEndDelayMs: 2_000,
    flowTableEntries,
    flowKey,
    encapsulation,
    batchCapacity: capacity,
    engine,
    seeds,
    sink,
  });
  let untold = 0;
  let directBatches = 0;
  for (;;) {
    if (!batches.read()) {
      if (!(await source.more())) break;
      continue;
    }
    const prepared = batches.prepare();
    const { words, count } = prepared;
    if (Number.isNaN(batches.timeNs)) directBatches++;
    for (let i = 0; i < count; i++) {
      if ((words[i * DECODED_WORDS + KEY_OBSERVATION_POINT]! & 0xffff) > told) untold++;
    }
    metering.meter(prepared, batches.view);
  }
  source.close();
  const overdue = batches.takeOverdue(Number.POSITIVE_INFINITY);
  if (overdue !== undefined) metering.meter(overdue, batches.view);
  metering.expireAll();
  const { capture } = counters;
  return {
    flows: sink.flows,
    errors: source.errors.map(({ message }) => message),
    read: { packets: capture[PACKETS_READ]!, octets: capture[OCTETS_READ]! },
    untold,
    directBatches,
    firstNs: capture[FIRST_PACKET_NS]!,
    lastNs: capture[LAST_PACKET_NS]!,
  };
}
