/**
 * Which frames the engine decides itself, and which it leaves to the general path; that both say the same of any frame is
 * for test/decode/properties.test.ts.
 */
import { expect, it } from 'vitest';
import { createDecoder, type DecodeOptions, type Decoder } from '../../src/decode/decoder.ts';
import { decodeInEngine } from '../../src/decode/engine-path.ts';
import { createEngine } from '../../src/engine/engine.ts';
import { createDecodedBatch } from '../../src/records/decoded-batch.ts';
import { int32Array, uint8Array } from '../../src/records/memory.ts';
import { createPacketBatch } from '../../src/records/packet-batch.ts';
import { hex } from '../decode/decode-support.ts';
import { FRAMES, UNCOMMON_FRAMES } from '../decode/seed-frames.ts';

const ALL = { ...FRAMES, ...UNCOMMON_FRAMES };
type Name = keyof typeof ALL;

const engine = createEngine(4096);
const memory = uint8Array(engine.allocate, 1024);
const batch = createPacketBatch(1, engine.allocate);
const linkTypes = int32Array(engine.allocate, 1).fill(1);
batch.view = new DataView(memory.buffer, memory.byteOffset, memory.length);

/** Whether the engine decides about a frame. @returns also how many packets it accepts */
function decide(decoder: Decoder, frame: Uint8Array, encapsulation: boolean) {
  const out = createDecodedBatch(1, encapsulation, false, engine.allocate);
  memory.set(frame);
  batch.capturedLength[0] = batch.wireLength[0] = frame.length;
  decoder.state.linkTypes = linkTypes;
  const isDecided = decodeInEngine(decoder.inEngine!, decoder.state, batch, out, 0, 1) === 1;
  decoder.inEngine!.uncommon.end(out, decoder.counters);
  return { isDecided, packets: out.count, hasFragments: out.hasFragments };
}

const leftOf = (options: DecodeOptions, encapsulation = false): string[] => {
  const decoder = createDecoder(options, undefined, engine);
  const names = Object.keys(ALL) as Name[];
  return names.filter((name) => !decide(decoder, hex(ALL[name]), encapsulation).isDecided);
};

it('decides about every frame but those in which a guess is needed', () => {
  expect(leftOf({})).toEqual(['mplsPseudowire']);
});

it('leaves labels and PPPoE where they are kept', () => {
  expect(leftOf({}, true)).toEqual([
    'mplsIpv4',
    'mplsPseudowire',
    'pppoeIpv6',
    'qinqPppoeIcmp',
    'pppoeControl',
    'mplsIpv6',
  ]);
});

it('leaves packets whose protocol or port announces a tunnel that is looked into', () => {
  const guessed = 'mplsPseudowire';
  expect(leftOf({ decapsulate: ['6in4'] })).toEqual([guessed, 'ipip6in6', '6in4']);
  expect(leftOf({ decapsulate: ['ipip'] })).toEqual([guessed, 'ipip', 'ipip6in6', 'ipip4in6', '6in4']);
  expect(leftOf({ decapsulate: ['vxlan'] })).toEqual([guessed, 'vxlan', 'vxlanOverIpv6Vlan']);
});

it('counts what it refuses by its reason, and notices of what it accepts', () => {
  const decoder = createDecoder({}, undefined, engine);
  const { packetsByReason, octetsByReason, packetsByNotice } = decoder.counters;
  const refused = { arp: 1, lldp: 3, spanningTree: 4, pppoeDiscovery: 10, pppoeControl: 15 } as const;
  for (const [name, reason] of Object.entries(refused)) {
    const frame = hex(UNCOMMON_FRAMES[name as keyof typeof refused]);
    expect(decide(decoder, frame, false)).toEqual({ isDecided: true, packets: 0, hasFragments: false });
    expect([packetsByReason[reason], octetsByReason[reason]]).toEqual([1, frame.length]);
  }
  const fragments = { ipv4FirstFragment: 4, ipv4LaterFragment: 5, ipv6LaterFragment: 5, ipv6Fragment: 4 };
  for (const [name, notice] of Object.entries(fragments)) {
    const before = packetsByNotice[notice]!;
    const found = decide(decoder, hex(ALL[name as Name]), false);
    expect(found).toEqual({ isDecided: true, packets: 1, hasFragments: true });
    expect(packetsByNotice[notice]).toBe(before + 1);
  }
  expect(decide(decoder, hex(FRAMES.ipv4Icmp), false).hasFragments).toBe(false);
});

it('counts nothing of frames that will be decoded again', () => {
  const decoder = createDecoder({}, undefined, engine);
  const { uncommon } = decoder.inEngine!;
  const out = createDecodedBatch(1, false, false, engine.allocate);
  memory.set(hex(UNCOMMON_FRAMES.arp));
  batch.capturedLength[0] = batch.wireLength[0] = hex(UNCOMMON_FRAMES.arp).length;
  decoder.state.linkTypes = linkTypes;
  decodeInEngine(decoder.inEngine!, decoder.state, batch, out, 0, 1);
  uncommon.forget();
  uncommon.end(out, decoder.counters);
  expect(decoder.counters.packetsByReason.some((count) => count !== 0)).toBe(false);
});
