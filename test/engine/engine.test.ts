/**
 * The engine against what it must equal: its sources, and the functions in JavaScript that do the same to a single record.
 * What it decodes and reads is held against the general paths in test/decode and test/capture, what it meters against a
 * model in test/metering.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DIGEST_SECTION, sourcesDigest } from '../../src/engine/digest.ts';
import { createEngine } from '../../src/engine/engine.ts';
import { createPreparedBatch, KeyPreparer } from '../../src/metering/key-preparer.ts';
import { createHashSeeds, hashOfEntry, orderAndHashKeys } from '../../src/metering/table/flow-key.ts';
import {
  createDecodedBatch,
  DECODED_WORDS,
  DETAIL,
  DETAIL_PPPOE_SHIFT,
  HASH,
  KEY_OBSERVATION_POINT,
  KEY_PROTOCOL,
} from '../../src/records/decoded-batch.ts';
import { FLOW_STATE, STATE_PPPOE_SHIFT } from '../../src/records/flow-layout.ts';

const KEY = { mac: false, mpls: false, tunnel: false };
const RECORDS = 16;

/** The text of a module's custom section, found by its name. */
function sectionText(octets: Buffer, name: string): string {
  const at = octets.indexOf(Buffer.from(name));
  return at < 0 ? '' : octets.subarray(at + name.length).toString();
}

describe('the engine', () => {
  it('is compiled from the sources as they are (npm run engine)', () => {
    const octets = readFileSync(join(import.meta.dirname, '../../src/engine/engine.wasm'));
    expect(sectionText(octets, DIGEST_SECTION)).toBe(sourcesDigest());
  });

  it.each([true, false])(
    'orders and hashes keys as for a single record; interface in the key: %s',
    (isKey) => {
      const seeds = createHashSeeds({ interface: isKey });
      const engine = createEngine(0);
      const prepared = createPreparedBatch(RECORDS, KEY, engine);
      const preparer = new KeyPreparer(engine, seeds, KEY, new Float64Array(64));
      const alone = createDecodedBatch(RECORDS);
      const word = fc.oneof(fc.integer(), fc.constantFrom(0, 1, -1, 0x7fff_ffff, -0x8000_0000));
      const record = fc.record({
        words: fc.array(word, { minLength: DECODED_WORDS, maxLength: DECODED_WORDS }),
        isIPv4: fc.boolean(),
        isSameHost: fc.boolean(),
      });
      fc.assert(
        fc.property(fc.array(record, { minLength: 1, maxLength: RECORDS }), (records) => {
          for (const [i, { words, isIPv4, isSameHost }] of records.entries()) {
            const at = i * DECODED_WORDS;
            alone.words.set(words, at);
            if (isIPv4) for (const w of [1, 2, 3, 5, 6, 7]) alone.words[at + w] = 0;
            if (isSameHost) alone.words.copyWithin(at + 4, at, at + 4);
            alone.words[at + KEY_PROTOCOL] = (words[KEY_PROTOCOL]! & ~0xf00) | (isIPv4 ? 0x400 : 0x600);
            alone.words[at + DETAIL] = words[DETAIL]! & 0x7fff_ffff;
          }
          alone.count = prepared.count = records.length;
          prepared.words.set(alone.words);
          orderAndHashKeys(alone, seeds);
          preparer.prepare(prepared, new DataView(new ArrayBuffer(0)));
          const end = records.length * DECODED_WORDS;
          expect(prepared.words.subarray(0, end)).toEqual(alone.words.subarray(0, end));
          const entry = prepared.words.slice(0, DECODED_WORDS);
          entry[FLOW_STATE] =
            0x1234 | (((entry[DETAIL]! >>> DETAIL_PPPOE_SHIFT) & 0xffff) << STATE_PPPOE_SHIFT);
          expect(hashOfEntry(entry, 0, seeds)).toBe(entry[HASH]);
          entry[KEY_OBSERVATION_POINT] = entry[KEY_OBSERVATION_POINT]! ^ 1;
          expect(hashOfEntry(entry, 0, seeds) === entry[HASH]).toBe(!isKey);
        }),
        { numRuns: 1000 },
      );
    },
  );

  it('gives memory on cache lines, zeroed, and says when there is no more', () => {
    const engine = createEngine(1_000_000);
    for (const octets of [1, 100, 100_000]) {
      const { buffer, byteOffset } = engine.allocate(octets);
      expect(byteOffset % 64).toBe(0);
      const bytes = new Uint8Array(buffer, byteOffset, octets);
      expect(bytes.every((octet) => octet === 0)).toBe(true);
      bytes.fill(0xff);
    }
    expect(() => engine.allocate(10_000_000)).toThrow(/engine memory of \d+ octets is full/);
  });
});
