/**
 * The engine's first look at payload beside the inspection that it spares: whatever it leaves out, an inspection knows
 * nothing of. Of any octets, of the examples of every application cut anywhere, and of every packet of the captures.
 */
import { basename } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlowInspection } from '../../../src/applications/flow-inspection.ts';
import { createInspectedPacket, type InspectedPacket } from '../../../src/applications/inspected-packet.ts';
import { InspectionContext } from '../../../src/applications/inspection-context.ts';
import { createEngine } from '../../../src/engine/engine.ts';
import { createFirstLook } from '../../../src/metering/table/first-look.ts';
import * as engineWords from '../../../src/records/engine-words.ts';
import { int32Array, uint8Array } from '../../../src/records/memory.ts';
import { EXAMPLES } from '../../support/application-examples.ts';
import { describeWithCaptures, sharedCaptures } from '../../support/captures.ts';
import { cases } from '../../support/cases.ts';
import { readPayloads } from '../../support/inspect-capture.ts';

const TCP = 6;
const UDP = 17;
const OCTETS_MAX = 70_000;

const engine = createEngine(0);
const places = int32Array(engine.allocate, engineWords.TABLE_PLACES);
places[engineWords.TABLE_FIRST_LOOK] = createFirstLook(engine.allocate).byteOffset;
engine.useTable(places.byteOffset);
const memory = uint8Array(engine.allocate, OCTETS_MAX);
const context = new InspectionContext();

/** Whether the engine leaves the packet out. */
function isLeftOut({ octets, start, end, protocol, sourcePort, destinationPort }: InspectedPacket): boolean {
  memory.set(octets.subarray(start, end));
  const from = memory.byteOffset;
  const to = from + end - start;
  return engine.saysNothing(protocol === TCP, sourcePort, destinationPort, from, to) !== 0;
}

/** Whether an inspection of the packet alone, as the first of its flow, keeps nothing of it and knows nothing. */
function saysNothing(packet: InspectedPacket): boolean {
  const inspection = new FlowInspection(context);
  const isNothing = !inspection.take(packet) && inspection.knowsNothing;
  inspection.finish();
  return isNothing;
}

function packetOf(octets: Iterable<number>, protocol: number, source: number, destination: number) {
  const packet = createInspectedPacket();
  packet.octets = Uint8Array.from(octets);
  packet.end = packet.octets.length;
  packet.protocol = protocol;
  packet.sourcePort = source;
  packet.destinationPort = destination;
  return packet;
}

const PORTS = [...new Set(EXAMPLES.map(({ port }) => port)), 443, 853, 5353, 137, 51_820, 1194, 40_000];
const anyPort = fc.oneof(fc.constantFrom(...PORTS), fc.nat(65_535));
/** Octets that protocols have in their headers, and any others. */
const anyOctet = fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 10, 0x16, 0x38, 0x40, 0x50, 0xff), fc.nat(255));
const anyPayload = fc.oneof(
  fc.array(anyOctet, { minLength: 1, maxLength: 40 }),
  fc.uint8Array({ minLength: 1, maxLength: 200 }),
  fc.integer({ min: 1, max: 300 }).map((length) => new Uint8Array(length)),
  fc
    .tuple(fc.constantFrom(...EXAMPLES), fc.nat(400), fc.array(fc.tuple(fc.nat(40), fc.nat(255))))
    .map(([{ octets }, length, changes]) => {
      const changed = Uint8Array.from(octets.slice(0, Math.max(1, length)));
      for (const [at, value] of changes) if (at < changed.length) changed[at] = value;
      return changed;
    }),
);

describe('the first look at payload', () => {
  it('leaves nothing out that an inspection would know or keep, whatever the octets and ports are', () => {
    const protocols = fc.constantFrom(TCP, UDP);
    fc.assert(
      fc.property(
        anyPayload,
        protocols,
        anyPort,
        anyPort,
        fc.boolean(),
        (octets, protocol, from, to, cut) => {
          const packet = packetOf(octets, protocol, from, to);
          packet.cut = cut;
          expect(isLeftOut(packet) && !saysNothing(packet)).toBe(false);
        },
      ),
      { numRuns: cases(20_000) },
    );
  });

  it('leaves no example of an application out, however it is cut, in either direction', () => {
    for (const { name, octets, port, transport } of EXAMPLES)
      for (let length = 1; length <= octets.length; length++)
        for (const [source, destination] of [
          [40_000, port],
          [port, 40_000],
          [40_000, 40_001],
        ] as const) {
          const protocol = transport === 'tcp' ? TCP : UDP;
          const packet = packetOf(octets.slice(0, length), protocol, source, destination);
          expect([name, length, isLeftOut(packet) && !saysNothing(packet)]).toEqual([name, length, false]);
        }
  });

  it.each([
    ['zeros to a port of TLS', new Array<number>(10).fill(0), TCP, 443],
    ['zeros over UDP', new Array<number>(22).fill(0), UDP, 443],
    ['octets that nothing begins with', new Array<number>(64).fill(0x99), TCP, 40_001],
    ['the same over UDP', new Array<number>(64).fill(0x77), UDP, 40_001],
  ])('leaves %s out', (_, octets, protocol, port) => {
    const packet = packetOf(octets, protocol, 40_000, port);
    expect([isLeftOut(packet), saysNothing(packet)]).toEqual([true, true]);
  });
});

const captures = sharedCaptures('real', 'hostile');

describeWithCaptures(captures, 'the first look at payload', () => {
  it.each(captures.map((file) => [basename(file), file]))('leaves nothing out of %s', async (_, file) => {
    const lost: string[] = [];
    await readPayloads(file, (packet, { source, destination }) => {
      packet.reverse = false;
      if (packet.start < packet.end && isLeftOut(packet) && !saysNothing(packet))
        lost.push(`${source} > ${destination}`);
    }).catch(() => {
      // Of files that end in the middle, and of such as are no captures, what was read counts.
    });
    expect(lost).toEqual([]);
  });
});
