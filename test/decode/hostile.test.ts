/** Captures that were made to crash readers: whatever a frame holds, it has one outcome. */
import { expect, it } from 'vitest';
import { TUNNEL_KINDS, type TunnelName } from '../../src/records/tunnel-kinds.ts';
import { describeWithCaptures, sharedCaptures } from '../support/captures.ts';
import { decodeOne } from './decode-support.ts';
import { readCapture } from './read-capture.ts';

const files = sharedCaptures('hostile');

describeWithCaptures(files, 'hostile captures', () => {
  it('each frame has one outcome, which neither its surroundings nor the path taken change', () => {
    const decapsulate = Object.keys(TUNNEL_KINDS) as TunnelName[];
    let frames = 0;
    for (const file of files) {
      for (const { bytes, linkType, wireLength } of readCapture(file)) {
        const options = { linkType, wire: wireLength, decapsulate };
        const outcome = decodeOne(bytes, options);
        expect(decodeOne(bytes, { ...options, fill: 0x60 })).toEqual(outcome);
        expect(decodeOne(bytes, { ...options, inEngine: false })).toEqual(outcome);
        const plain = { linkType, wire: wireLength };
        expect(decodeOne(bytes, { ...plain, inEngine: false })).toEqual(decodeOne(bytes, plain));
        frames++;
      }
    }
    expect(frames).toBeGreaterThan(1000);
  });
});
