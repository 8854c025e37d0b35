/** The stages of a replay worker one after the other in this thread: captures in, flows and counters out. */
import { type CaptureOptions, openCaptures } from '../../src/capture/files/capture-source.ts';
import { countAccepted, createDecoder, decodeFrames } from '../../src/decode/decoder.ts';
import { createPreparedBatch, KeyPreparer } from '../../src/metering/key-preparer.ts';
import { MeteringProcess } from '../../src/metering/metering-process.ts';
import { METERED_FRAME_OCTETS, METERED_OCTETS, METERED_PACKETS } from '../../src/metering/table/counters.ts';
import { createHashSeeds } from '../../src/metering/table/flow-key.ts';
import { Share } from '../../src/probe/replay/share.ts';
import { int32Array } from '../../src/records/memory.ts';
import { createPacketBatch } from '../../src/records/packet-batch.ts';
import { CollectingSink, type TestFlow } from './flows.ts';
import { testEngine } from './metering.ts';
import { markSegments } from './super-packets.ts';

const FLOW_KEY = { mac: false, mpls: false, tunnel: false };

export interface PipelineOptions extends CaptureOptions {
  readonly batchCapacity?: number;
  readonly flowTableEntries?: number;
  readonly worker?: number;
  readonly workers?: number;
  readonly health?: 'on' | 'sampled';
  readonly activeTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
  readonly tcpEndDelayMs?: number;
  /** Frames lie outside the engine's memory while they are metered, as those of a ring do. */
  readonly framesOutside?: boolean;
  /** TCP segments of more payload are super-packets of segments with so much each, as a ring tells. */
  readonly segmentOctets?: number;
  readonly keepsLink?: boolean;
  /** Called behind each batch. */
  readonly onBatch?: (metering: MeteringProcess) => void;
}

export interface PipelineResult {
  readonly flows: readonly TestFlow[];
  readonly errors: readonly string[];
  readonly read: { packets: number; octets: number };
  readonly metered: { packets: number; octets: number; frameOctets: number };
  readonly refused: { packets: number; octets: number };
  /** Of all interfaces of the capture. */
  readonly linkTypes: readonly number[];
}

const copyOf = ({ buffer, byteOffset, byteLength }: DataView) =>
  new DataView(buffer.slice(byteOffset, byteOffset + byteLength));
const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, number) => total + number, 0);

export async function runPipeline(
  files: readonly string[],
  options: PipelineOptions = {},
): Promise<PipelineResult> {
  const { batchCapacity = 1024, flowTableEntries = 4096, worker = 0, workers = 1, health } = options;
  const { idleTimeoutMs = 15_000, activeTimeoutMs = 60_000, tcpEndDelayMs = 2_000 } = options;
  const engine = testEngine(flowTableEntries);
  const source = openCaptures(files, options, engine);
  const sink = new CollectingSink(options.keepsLink);
  const seeds = createHashSeeds();
  const metering = new MeteringProcess({
    idleTimeoutMs,
    activeTimeoutMs,
    ...(health === undefined ? {} : { health, allocate: engine.allocate }),
    tcpEndDelayMs,
    flowTableEntries,
    flowKey: FLOW_KEY,
    encapsulation: false,
    batchCapacity,
    engine,
    seeds,
    sink,
  });
  const preparer = new KeyPreparer(engine, seeds, FLOW_KEY, metering.counters);
  const decoder = createDecoder({}, undefined, engine);
  const batch = createPacketBatch(batchCapacity, engine.allocate);
  const prepared = createPreparedBatch(batchCapacity, FLOW_KEY, engine, { offsets: health !== undefined });
  const linkTypes = int32Array(engine.allocate, 65_536);
  const share = workers > 1 ? new Share(engine, batchCapacity, worker, workers) : undefined;
  const read = { packets: 0, octets: 0 };
  for (;;) {
    if (source.readBatch(batch) === 0) {
      if (!(await source.more())) break;
      continue;
    }
    source.interfaces.forEach(({ linkType }, i) => {
      linkTypes[i] = linkType;
    });
    read.packets += batch.count;
    read.octets += sum(batch.wireLength.subarray(0, batch.count));
    const all = decodeFrames(decoder, batch, linkTypes, prepared);
    const octets = share?.keep(prepared) ?? all;
    countAccepted(decoder.counters, prepared.count, octets);
    if (options.segmentOctets !== undefined)
      markSegments(engine, batch.view, prepared, options.segmentOctets);
    preparer.prepare(prepared, batch.view);
    metering.meter(prepared, options.framesOutside ? copyOf(batch.view) : batch.view);
    options.onBatch?.(metering);
  }
  source.close();
  const overdue = preparer.takeOverdue(Number.POSITIVE_INFINITY);
  if (overdue !== undefined) metering.meter(overdue, batch.view);
  metering.expireAll();
  const { packetsByReason, octetsByReason } = decoder.counters;
  return {
    flows: sink.flows,
    errors: source.errors.map(({ message }) => message),
    read,
    metered: {
      packets: metering.counters[METERED_PACKETS]!,
      octets: metering.counters[METERED_OCTETS]!,
      frameOctets: metering.counters[METERED_FRAME_OCTETS]!,
    },
    linkTypes: [...new Set(source.interfaces.map(({ linkType }) => linkType))],
    refused: { packets: sum(packetsByReason.subarray(1)), octets: sum(octetsByReason.subarray(1)) },
  };
}
