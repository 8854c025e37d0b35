/** Publishes how far a replay's input has been read, and what of it is in no batch, in the meter's counters. */
import type { PacketSource } from '../../capture/source.ts';
import {
  INPUT_CONSUMED,
  INPUT_TOTAL,
  OCTETS_UNTIMED,
  PACKETS_UNTIMED,
  RECORDED_DROPS,
  RECORDS_OUT_OF_ORDER,
  RECORDS_TOO_LATE,
} from '../counters.ts';

/** @param isFirst of several meters that each read all of the input, one counts what concerns all of it */
export function publishInput(source: PacketSource, capture: Float64Array, isFirst: boolean): void {
  const { missing } = source;
  capture[INPUT_CONSUMED] = source.octetsConsumed;
  capture[INPUT_TOTAL] = source.octetsTotal ?? Number.NaN;
  capture[RECORDED_DROPS] = missing?.recordedDrops ?? 0;
  if (!isFirst) return;
  capture[RECORDS_OUT_OF_ORDER] = source.recordsOutOfOrder ?? 0;
  capture[RECORDS_TOO_LATE] = source.recordsTooLate ?? 0;
  capture[PACKETS_UNTIMED] = missing?.untimedPackets ?? 0;
  capture[OCTETS_UNTIMED] = missing?.untimedOctets ?? 0;
}
