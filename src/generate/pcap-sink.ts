/**
 * Writes frames to a classic pcap file: little-endian, nanoseconds, link type Ethernet
 * (draft-ietf-opsawg-pcap). Times are those of the batch, counted from the start of 2026, so that equal options give
 * equal octets.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { SystemCallError } from '../base/errors.ts';
import type { PacketBatch } from '../records/packet-batch.ts';
import type { FrameSink } from './frame-sink.ts';

const MAGIC_NANOSECONDS = 0xa1b23c4d;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const SNAP_LENGTH = 262_144;
const LINKTYPE_ETHERNET = 1;
const CHUNK_OCTETS = 1 << 20;
const BASE_SECONDS = Date.UTC(2026, 0, 1) / 1000;

export class PcapSink implements FrameSink {
  readonly errors: ReadonlyMap<string, number> = new Map();
  packets = 0;
  octets = 0;
  readonly #path: string;
  #fd: number | undefined;
  readonly #chunk = new Uint8Array(CHUNK_OCTETS + SNAP_LENGTH + RECORD_HEADER);
  readonly #view = new DataView(this.#chunk.buffer);
  #used = 0;

  /** @throws SystemCallError when the file cannot be made */
  constructor(path: string) {
    this.#path = path;
    this.#fd = this.#try('open', () => openSync(path, 'w'));
    const view = this.#view;
    view.setUint32(0, MAGIC_NANOSECONDS, true);
    view.setUint16(4, 2, true);
    view.setUint16(6, 4, true);
    view.setUint32(16, SNAP_LENGTH, true);
    view.setUint32(20, LINKTYPE_ETHERNET, true);
    this.#used = FILE_HEADER;
  }

  send(batch: PacketBatch, from: number, count: number): void {
    const { buffer, byteOffset } = batch.view;
    const view = this.#view;
    for (let i = from; i < from + count; i++) {
      const timeNs = batch.timeNs[i]!;
      const stored = batch.capturedLength[i]!;
      const octets = Math.max(stored, batch.wireLength[i]!);
      const at = this.#used;
      view.setUint32(at, BASE_SECONDS + Math.floor(timeNs / 1e9), true);
      view.setUint32(at + 4, timeNs % 1e9, true);
      view.setUint32(at + 8, stored, true);
      view.setUint32(at + 12, octets, true);
      this.#chunk.set(new Uint8Array(buffer, byteOffset + batch.frameOffset[i]!, stored), at + RECORD_HEADER);
      this.#used = at + RECORD_HEADER + stored;
      this.packets++;
      this.octets += octets;
      if (this.#used >= CHUNK_OCTETS) this.#flush();
    }
  }

  close(): void {
    const fd = this.#fd;
    if (fd === undefined) return;
    try {
      this.#flush();
    } finally {
      this.#fd = undefined;
      closeSync(fd);
    }
  }

  #flush(): void {
    let done = 0;
    const end = this.#used;
    this.#used = 0;
    while (done < end) {
      done += this.#try('write', () => writeSync(this.#fd!, this.#chunk, done, end - done));
    }
  }

  #try(call: string, body: () => number): number {
    try {
      return body();
    } catch (error) {
      const errno = (error as NodeJS.ErrnoException).code ?? String(error);
      throw new SystemCallError(this.#path, { call, errno });
    }
  }
}
