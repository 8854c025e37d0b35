/** The frames of recipes stay within their places, and are told apart as the flows that were asked for. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completeSides } from '../../src/generate/flow-ranges.ts';
import type { Recipe } from '../../src/generate/recipe.ts';
import { headerOctets, RecipeFrames } from '../../src/generate/recipe-frames.ts';
import { createPacketBatch } from '../../src/records/packet-batch.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-generate-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('recipes', () => {
  it('never write outside a frame, whatever is asked for', () => {
    const range = (max: number) =>
      fc.record({ first: fc.integer({ min: 0, max }), count: fc.integer({ min: 1, max: 9 }) });
    fc.assert(
      fc.property(
        fc.constantFrom('tcp', 'udp', 'icmp') as fc.Arbitrary<Recipe['protocol']>,
        fc.constantFrom<4 | 6>(4, 6),
        fc.array(fc.integer({ min: 0, max: 4095 }), { maxLength: 2 }),
        fc.record({ mac: range(2 ** 40), port: range(60_000) }),
        fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 5 }),
        (protocol, version, vlans, side, payloads) => {
          const asked = { ...side, address: undefined };
          const sides = completeSides({ source: asked, destination: asked }, version, protocol, undefined);
          const shape = { protocol, vlans, ...sides };
          const frameOctets = payloads.map((octets) => headerOctets(shape) + octets);
          const recipe: Recipe = {
            ...shape,
            frameOctets,
            flows: 9,
            packetsPerFlow: 1,
            order: 'random',
            seed: 1,
            tcpFlags: 2,
          };
          const frames = new RecipeFrames(recipe, 4);
          const batch = createPacketBatch(4);
          frames.readBatch(batch);
          frames.readBatch(batch);
          for (let i = 0; i < batch.count; i++) {
            const end = batch.frameOffset[i]! + batch.capturedLength[i]!;
            expect(end).toBeLessThanOrEqual(batch.view.byteLength);
            const next = i + 1 < batch.count ? batch.frameOffset[i + 1]! : batch.view.byteLength;
            // The payload and what lies behind the frame is zero, whatever was in the slot before.
            const headersEnd = batch.frameOffset[i]! + headerOctets(shape);
            for (let at = headersEnd; at < next; at++) expect(batch.view.getUint8(at)).toBe(0);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
