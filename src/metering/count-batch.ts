/** Counts what has been done to a batch, at its end. */
import * as engineWords from '../records/engine-words.ts';
import * as tableWords from '../records/table-words.ts';
import * as counting from './table/counters.ts';
import type { FlowTable } from './table/flow-table.ts';
import { healthOctetsTaken } from './table/path-health-table.ts';

/**
 * @param counters of the metering process
 * @param count packets of the batch
 * @param sums what the engine has added up of it; set to 0
 */
export function countBatch(
  counters: Float64Array,
  count: number,
  sums: Float64Array,
  table: FlowTable,
  clock: Float64Array,
): void {
  counters[counting.METERED_PACKETS] =
    counters[counting.METERED_PACKETS]! + count + sums[engineWords.SUMS_FURTHER]!;
  counters[counting.METERED_OCTETS] = counters[counting.METERED_OCTETS]! + sums[engineWords.SUMS_OCTETS]!;
  counters[counting.METERED_FRAME_OCTETS] =
    counters[counting.METERED_FRAME_OCTETS]! + sums[engineWords.SUMS_FRAME_OCTETS]!;
  sums.fill(0);
  const { state, active, applications, health, slotsTouched } = table;
  counters[counting.FLOWS_CREATED] = counters[counting.FLOWS_CREATED]! + state[tableWords.CREATED]!;
  state[tableWords.CREATED] = 0;
  counters[counting.FLOWS_ACTIVE] = active;
  if (state[tableWords.PEAK]! > counters[counting.FLOWS_PEAK]!)
    counters[counting.FLOWS_PEAK] = state[tableWords.PEAK]!;
  counters[counting.CLOCK_NS] = clock[tableWords.NOW_NS]!;
  if (health !== undefined) counters[counting.HEALTH_OCTETS] = healthOctetsTaken(health, slotsTouched);
  if (applications === undefined) return;
  const { names, context, inspectionPool } = applications;
  const { counts } = context;
  counters[counting.INSPECTIONS_ACTIVE] = inspectionPool.touched - inspectionPool.freedCount;
  for (let c = 0; c < counts.length; c++) counters[counting.INSPECTION + c] = counts[c]!;
  if (names !== undefined) counters[counting.DNS_NAMES_SIZE] = names.names.size;
}
