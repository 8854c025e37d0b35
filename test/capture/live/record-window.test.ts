/** Packets that a library has copied: the general way and the direct path read the same of them. */
import { describe, expect, it } from 'vitest';
import { RecordWindow } from '../../../src/capture/live/record-window.ts';
import { createLiveBatch } from '../../../src/capture/live-batch.ts';
import { createDecoder, decodeBatch } from '../../../src/decode/decoder.ts';
import { DirectPath } from '../../../src/decode/direct-path.ts';
import { createEngine } from '../../../src/engine/engine.ts';
import { createPreparedBatch, KeyPreparer } from '../../../src/metering/key-preparer.ts';
import { createHashSeeds } from '../../../src/metering/table/flow-key.ts';
import { DECODED_WORDS } from '../../../src/records/decoded-batch.ts';
import { int32Array } from '../../../src/records/memory.ts';
import { hex } from '../../decode/decode-support.ts';
import { FRAMES } from '../../decode/seed-frames.ts';

const OPTIONS = {
  capture: 'cap',
  interface: 'cap0',
  interfaceIndex: 2,
  blockOctets: 4096,
  blocks: 4,
  blockTimeoutMs: 10,
  snapLength: 0,
  promiscuous: false,
  outgoing: false,
} as const;
const WINDOW_OCTETS = 8 * 2 ** 20;
const BASE_SECONDS = 1_800_000_000;
const ETHERNET = 1;
const KEY = { mac: false, mpls: false, tunnel: false };

function createWindow() {
  const engine = createEngine(WINDOW_OCTETS);
  const memory = { ...engine.allocatePages(WINDOW_OCTETS), octets: WINDOW_OCTETS };
  return { engine, window: new RecordWindow(OPTIONS, ETHERNET, BASE_SECONDS, memory) };
}

describe('the window of a library that copies', () => {
  it('has the same packets taken directly and read in a batch', () => {
    const { engine, window } = createWindow();
    const names = ['ipv4Tcp', 'ipv6Tcp', 'vlanIpv4Tcp', 'ipv4Udp'] as const;
    for (const [i, name] of names.entries()) {
      const frame = hex(FRAMES[name]);
      expect(window.add(BASE_SECONDS + i, 1000 + i, frame, frame.length + 10 * i)).toBe(true);
    }
    const batch = createLiveBatch(16, engine.allocate);
    expect(window.readBatch(batch)).toBe(names.length);
    expect(window.isEmpty).toBe(true);
    expect([...batch.timeNs.subarray(0, 4)]).toEqual([1000, 1e9 + 1001, 2e9 + 1002, 3e9 + 1003]);
    const lengths = names.map((name, i) => hex(FRAMES[name]).length + 10 * i);
    expect([...batch.wireLength.subarray(0, 4)]).toEqual(lengths);

    const expected = createPreparedBatch(16, KEY, engine);
    const out = createPreparedBatch(16, KEY, engine);
    const preparer = new KeyPreparer(engine, createHashSeeds(), KEY, new Float64Array(64));
    decodeBatch(createDecoder(), batch, int32Array(engine.allocate, 16).fill(ETHERNET), expected);
    preparer.prepare(expected, batch.view);
    window.start = 0;
    const direct = new DirectPath(engine, createDecoder({}, undefined, engine), out, preparer.multipliers);
    expect(window.takeDirect(direct)).toBe(names.length);
    expect(window.isEmpty).toBe(true);
    expect(direct.view).toBe(window.view);
    const words = names.length * DECODED_WORDS;
    expect(out.words.subarray(0, words)).toEqual(expected.words.subarray(0, words));
    expect(out.timeNs.subarray(0, 4)).toEqual(expected.timeNs.subarray(0, 4));
  });

  it('says where there is no room, and begins anew once all has been handed out', () => {
    const { window } = createWindow();
    const frame = new Uint8Array(2 ** 20);
    for (let i = 0; i < 7; i++) expect(window.add(BASE_SECONDS, i, frame, frame.length)).toBe(true);
    expect(window.add(BASE_SECONDS, 7, frame, frame.length)).toBe(false);
    const batch = createLiveBatch(16);
    expect(window.readBatch(batch)).toBe(7);
    window.begin(0);
    expect(window.add(BASE_SECONDS, 8, frame, frame.length)).toBe(true);
  });

  it('reads nothing behind the last record', () => {
    const { window } = createWindow();
    window.add(BASE_SECONDS, 0, new Uint8Array(60), 60);
    const batch = createLiveBatch(16);
    for (const end of [0, 15, 16, 75]) {
      window.begin(end);
      expect(window.readBatch(batch)).toBe(0);
      expect(window.isEmpty).toBe(true);
    }
    window.begin(76);
    expect(window.readBatch(batch)).toBe(1);
  });
});
