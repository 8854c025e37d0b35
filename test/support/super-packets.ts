/** Marks decoded packets as the super-packets that a ring would hand over. */
import type { Engine } from '../../src/engine/engine.ts';
import type { PreparedBatch } from '../../src/metering/key-preparer.ts';
import * as decoded from '../../src/records/decoded-words.ts';

const TCP = 6;
const UDP = 17;

/**
 * Marks the TCP segments and UDP datagrams of a batch with offsets that have more payload than `segmentOctets`.
 * @param view the memory of the frames, the engine's
 */
export function markSegments(
  engine: Engine,
  view: DataView,
  batch: PreparedBatch,
  segmentOctets: number,
): void {
  const { words, offsets, count } = batch;
  for (let i = 0; i < count; i++) {
    const at = i * decoded.DECODED_WORDS;
    const protocol = words[at + decoded.KEY_PROTOCOL]! & 0xff;
    if (protocol !== TCP && protocol !== UDP) continue;
    const frame = words[at + decoded.LINK_OFFSET]!;
    const places = i * decoded.OFFSET_WORDS;
    engine.markSegments(
      words.byteOffset + at * 4,
      view.byteOffset + frame,
      offsets![places + decoded.CAPTURED_END]! - frame,
      words[at + decoded.FRAME_OCTETS]!,
      view.byteOffset + offsets![places + decoded.TRANSPORT_OFFSET]!,
      protocol === UDP ? 1 : 0,
      segmentOctets,
      0,
    );
  }
}
