/**
 * Shares flows among the collectors of a group, so that both directions of a flow, and all of its pieces, go to the
 * same one. By rendezvous hashing: a collector that comes or goes moves only the flows that become or were its own.
 */
import type { FlowRecordBatch } from '../records/flow-layout.ts';
import { ADDRESS_A, ADDRESS_B, FLOW_PORTS, FLOW_PROTOCOL } from '../records/flow-layout.ts';
import { BatchBuffer } from './contract/batch-buffer.ts';

/** A mix of 32 bits (the finalizer of MurmurHash3). */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function hashText(text: string): number {
  let hash = 0x811c9dc5; // FNV-1a
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash);
}

function hashEndpoint(words: Int32Array, address: number, port: number): number {
  let hash = mix(port + 1);
  for (let w = 0; w < 4; w++) hash = mix(hash ^ words[address + w]!) + w;
  return hash | 0;
}

/** A hash of addresses, ports and protocol that is the same whichever side is the initiator. */
export function flowHash({ words }: FlowRecordBatch, row: number): number {
  const ports = words[row + FLOW_PORTS]!;
  const a = hashEndpoint(words, row + ADDRESS_A, ports >>> 16);
  const b = hashEndpoint(words, row + ADDRESS_B, ports & 0xffff);
  return mix((a + b) ^ (words[row + FLOW_PROTOCOL]! & 0xff));
}

export class FlowShare {
  readonly #seeds: readonly number[];
  #buffers: BatchBuffer[] = [];

  /** @param names of the collectors; which flow is whose depends on nothing else */
  constructor(names: readonly string[]) {
    this.#seeds = names.map(hashText);
  }

  /** @returns the records of each collector, in memory that is used again by the next call */
  split(batch: FlowRecordBatch): readonly FlowRecordBatch[] {
    const { stride, count } = batch;
    if (this.#buffers[0]?.stride !== stride || this.#buffers[0].capacity < count) {
      this.#buffers = this.#seeds.map(() => new BatchBuffer(stride, count));
    }
    for (const buffer of this.#buffers) buffer.clear();
    for (let i = 0; i < count; i++)
      this.#buffers[this.#owner(flowHash(batch, i * stride))]!.append(batch, i, i + 1);
    return this.#buffers;
  }

  #owner(hash: number): number {
    const seeds = this.#seeds;
    let owner = 0;
    let most = -1;
    for (let i = 0; i < seeds.length; i++) {
      const weight = mix(hash ^ seeds[i]!) >>> 0;
      if (weight > most) {
        most = weight;
        owner = i;
      }
    }
    return owner;
  }
}
