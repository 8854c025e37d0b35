/** Selection in the worker (RFC 5475): which packets are taken. */
import { describe, expect, it } from 'vitest';
import { createLiveBatch, type LivePacketBatch } from '../../../src/capture/live-batch.ts';
import { createHashSelector, selectDecoded } from '../../../src/capture/selection/hash-selection.ts';
import { createSelector, selectFrames } from '../../../src/capture/selection/selection.ts';
import { createDecoder, type DecodeOptions, decodeFrames } from '../../../src/decode/decoder.ts';
import { createEngine } from '../../../src/engine/engine.ts';
import { createDecodedBatch } from '../../../src/records/decoded-batch.ts';
import { type AllocateMemory, allocateOnHeap, int32Array, uint8Array } from '../../../src/records/memory.ts';
import { ethernet, ipv4, ipv6, udp, withHeaderChecksum } from '../../support/frames.ts';

function batchOf(frames: readonly Uint8Array[], allocate: AllocateMemory = allocateOnHeap): LivePacketBatch {
  const batch = createLiveBatch(frames.length, allocate);
  const octets = frames.reduce((sum, frame) => sum + frame.length, 0);
  const memory = uint8Array(allocate, octets);
  let at = 0;
  frames.forEach((frame, i) => {
    memory.set(frame, at);
    batch.frameOffset[i] = at;
    batch.capturedLength[i] = frame.length;
    batch.wireLength[i] = frame.length;
    batch.timeNs[i] = i;
    at += frame.length;
  });
  batch.view = new DataView(memory.buffer, memory.byteOffset, octets);
  batch.count = frames.length;
  return batch;
}

const packet = (id: number, ttl = 64) =>
  ipv4(
    { source: '10.0.0.1', destination: '10.0.0.2', protocol: 17, id, ttl },
    udp(1, 2, [id & 0xff, id >> 8]),
  );

function selected(
  frames: readonly Uint8Array[],
  initialValue: number,
  decode: DecodeOptions = {},
  interval = 4,
): number[] {
  const engine = createEngine(2 ** 20);
  const batch = batchOf(frames, engine.allocate);
  const selector = createHashSelector({ method: 'hash', interval }, engine, initialValue)!;
  const decoded = createDecodedBatch(frames.length, false, true, engine.allocate);
  const linkTypes = int32Array(engine.allocate, 1).fill(1);
  const octets = decodeFrames(createDecoder(decode, undefined, engine), batch, linkTypes, decoded);
  const accepted = decoded.count;
  selectDecoded(selector, decoded, batch.view);
  expect(selector.packetsDropped + decoded.count).toBe(accepted);
  const kept = [...decoded.timeNs.slice(0, decoded.count)];
  expect(kept.reduce((sum, i) => sum + frames[i]!.length, selector.octetsDropped)).toBe(octets);
  return kept;
}

describe('selection', () => {
  it('takes every N-th packet, over the borders of batches', () => {
    const selector = createSelector({ method: 'systematic', interval: 3 }, ['random'])!;
    selector.skip = 1;
    const taken: number[] = [];
    for (let start = 0; start < 20; start += 5) {
      const batch = batchOf(Array.from({ length: 5 }, (_, i) => ethernet(packet(i))));
      selectFrames(selector, batch);
      for (let i = 0; i < batch.count; i++) taken.push(start + batch.timeNs[i]!);
    }
    expect(taken).toEqual([1, 4, 7, 10, 13, 16, 19]);
  });

  it('by hash takes the same packets at another place: other TTL, VLAN tag', () => {
    const ids = Array.from({ length: 400 }, (_, i) => i);
    const here = selected(
      ids.map((id) => ethernet(packet(id))),
      12345,
    );
    const there = selected(
      ids.map((id) => ethernet(packet(id, 12), { vlans: [9] })),
      12345,
    );
    expect(there).toEqual(here);
    expect(Math.abs(here.length - 100)).toBeLessThan(50);
    expect(
      selected(
        ids.map((id) => ethernet(packet(id))),
        54321,
      ),
    ).not.toEqual(here);
  });

  it('by hash sees the varying octets of IPv6, and nothing of what is not IP', () => {
    const frames = Array.from({ length: 200 }, (_, i) =>
      ethernet(
        ipv6(
          { source: `2001:db8::${i.toString(16)}`, destination: '2001:db8::1', nextHeader: 17 },
          udp(1, 2),
        ),
      ),
    );
    const count = selected(frames, 1).length;
    expect(count).toBeGreaterThan(20);
    expect(count).toBeLessThan(90);
    const arp = ethernet(new Uint8Array(46), { etherType: 0x0806 });
    expect(selected([arp, arp, arp.slice(0, 10)], 1)).toEqual([]);
  });

  const behind =
    (...headers: number[]) =>
    (inner: Uint8Array) =>
      Uint8Array.from([...ethernet(inner).subarray(0, 12), ...headers, ...inner]);
  const vxlan = (inner: Uint8Array) =>
    ethernet(
      ipv4(
        { source: '192.0.2.1', destination: '192.0.2.2', protocol: 17 },
        udp(7, 4789, Uint8Array.from([8, 0, 0, 0, 0, 0, 9, 0, ...ethernet(inner)])),
      ),
    );
  it.each([
    ['MPLS', behind(0x88, 0x47, 0, 1, 1, 64), {}],
    ['two labels', behind(0x88, 0x47, 0, 1, 0, 64, 0, 2, 1, 64), {}],
    ['PPPoE', behind(0x88, 0x64, 0x11, 0, 0, 1, 0, 32, 0, 0x21), {}],
    ['0x9100', behind(0x91, 0, 0, 5, 8, 0), {}],
    ['0x9200 and 802.1Q', behind(0x92, 0, 0, 5, 0x81, 0, 0, 6, 8, 0), {}],
    ['QinQ', behind(0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 8, 0), {}],
    ['PPPoE in a VLAN', behind(0x81, 0, 0, 5, 0x88, 0x64, 0x11, 0, 0, 1, 0, 32, 0, 0x21), {}],
    ['VXLAN', vxlan, { decapsulate: ['vxlan'] }],
  ] as const)('by hash takes the same packets behind %s as without it, 1 in 16', (_, wrap, decode) => {
    const packets = Array.from({ length: 1000 }, (_, id) => withHeaderChecksum(packet(id)));
    const plain = selected(
      packets.map((one) => ethernet(one)),
      12345,
      {},
      16,
    );
    expect(selected(packets.map(wrap), 12345, decode, 16)).toEqual(plain);
    // 62.5 is expected, with a standard deviation of 7.7.
    expect(Math.abs(plain.length - 62.5)).toBeLessThan(31);
  });

  it('is nobody’s business here where the kernel samples, or nothing does', () => {
    expect(createSelector({ method: 'random', interval: 10 }, ['random'])).toBeUndefined();
    expect(createSelector({ method: 'systematic', interval: 1 }, [])).toBeUndefined();
    expect(createSelector({ method: 'systematic', interval: 9 }, ['random', 'systematic'])).toBeUndefined();
    expect(createSelector(undefined, [])).toBeUndefined();
    const selector = createSelector({ method: 'random', interval: 10 }, [])!;
    const batch = batchOf(Array.from({ length: 2000 }, (_, i) => ethernet(packet(i))));
    selectFrames(selector, batch);
    expect(Math.abs(batch.count - 200)).toBeLessThan(100);
  });
});
