/** Direct blocks of pcapng in the engine: it is told of their interface before it reads any. */
import type { Engine } from '../engine/engine.ts';
import type { DirectBlocks } from './source.ts';

/** Octets of a block before its frame. */
export const BLOCK_FRAME = 28;
export const ENHANCED_PACKET_BLOCK = 6;

/** Says whose blocks the engine reads from now on. @param unitNs nanoseconds of a unit of its clock */
export function useBlocks(engine: Engine, unitNs: number, blocks: DirectBlocks): void {
  const { interfaceId, baseHigh, baseLow, startNs, endNs } = blocks;
  engine.useInterface(interfaceId, baseHigh, baseLow, unitNs, startNs, endNs);
}
