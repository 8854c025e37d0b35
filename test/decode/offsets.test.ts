/** Where the decoder says that headers stand: the common path and the general one agree, and both stay in the frame. */
import { describe, expect, it } from 'vitest';
import { CAPTURE_OCTETS, openCaptures } from '../../src/capture/files/capture-source.ts';
import { createDecoder, decodeBatch } from '../../src/decode/decoder.ts';
import { createEngine } from '../../src/engine/engine.ts';
import {
  CAPTURED_END,
  createDecodedBatch,
  DECODED_WORDS,
  IP_OCTETS,
  IP_OFFSET,
  OFFSET_WORDS,
  TRANSPORT_OFFSET,
} from '../../src/records/decoded-batch.ts';
import { int32Array } from '../../src/records/memory.ts';
import { createPacketBatch } from '../../src/records/packet-batch.ts';
import { capturesIn, PCAPS_FOLDER, sharedCaptures } from '../support/captures.ts';

const files = [...capturesIn(PCAPS_FOLDER), ...sharedCaptures('real')];

describe('header offsets', () => {
  it('are the same on both paths, and within what was captured', async () => {
    let packets = 0;
    for (const file of files) {
      const engine = createEngine(CAPTURE_OCTETS);
      const source = openCaptures([file], {}, engine);
      const batch = createPacketBatch(64, engine.allocate);
      const [common, general] = [engine, undefined].map((decodesIn) => ({
        decoder: createDecoder({}, undefined, decodesIn),
        out: createDecodedBatch(64, false, true, engine.allocate),
      }));
      const linkTypes = int32Array(engine.allocate, 65_536);
      for (;;) {
        if (source.readBatch(batch) === 0) {
          if (!(await source.more())) break;
          continue;
        }
        source.interfaces.forEach(({ linkType }, i) => {
          linkTypes[i] = linkType;
        });
        for (const one of [common!, general!]) decodeBatch(one.decoder, batch, linkTypes, one.out);
        const { out } = common!;
        const end = out.count * OFFSET_WORDS;
        expect(out.offsets!.slice(0, end), file).toEqual(general!.out.offsets!.slice(0, end));
        for (let i = 0; i < out.count; i++) {
          const [ip, transport, captured] = [IP_OFFSET, TRANSPORT_OFFSET, CAPTURED_END].map(
            (word) => out.offsets![i * OFFSET_WORDS + word]!,
          );
          const version = out.words[i * DECODED_WORDS + 9]! >>> 8;
          expect(batch.view.getUint8(ip!) >>> 4, file).toBe(version & 0xf);
          expect(transport!, file).toBeGreaterThan(ip!);
          expect(captured!, file).toBeLessThanOrEqual(batch.view.byteLength);
          expect(captured! - ip!, file).toBeLessThanOrEqual(out.words[i * DECODED_WORDS + IP_OCTETS]! >>> 0);
          packets++;
        }
      }
      source.close();
    }
    expect(packets).toBeGreaterThan(100);
  }, 300_000);
});
