/** Frame check sequences: where a capture says that frames end with one, its octets are no part of their length. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openCaptures } from '../../../src/capture/files/capture-source.ts';
import { createPacketBatch } from '../../../src/records/packet-batch.ts';
import { FCS, FRAME, PRESENT, pcap, pcapng, WHOLE } from './fcs-captures.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-fcs-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Captured and original length of the only frame. */
function lengthsOf(bytes: Buffer): [captured: number, wire: number] {
  const file = join(folder, 'capture');
  writeFileSync(file, bytes);
  const source = openCaptures([file]);
  const batch = createPacketBatch();
  expect(source.readBatch(batch)).toBe(1);
  expect(source.errors).toEqual([]);
  source.close();
  return [batch.capturedLength[0]!, batch.wireLength[0]!];
}

it.each<[string, Buffer, [number, number]]>([
  ['pcap header', pcap(PRESENT, WHOLE, 56), [52, 52]],
  ['pcap header, big-endian', pcap(PRESENT, WHOLE, 56, false), [52, 52]],
  ['pcap header, two octets', pcap(0x1400_0001, WHOLE, 56), [54, 54]],
  ['pcap header, snapped before it', pcap(PRESENT, FRAME.subarray(0, 40), 56), [40, 52]],
  ['pcap header, snapped within it', pcap(PRESENT, WHOLE.subarray(0, 54), 56), [52, 52]],
  ['pcap header, a length without its bit', pcap(0x2000_0001, WHOLE, 56), [56, 56]],
  ['pcap header, frame of less than that', pcap(PRESENT, FCS.subarray(0, 3), 3), [0, 0]],
  ['if_fcslen', pcapng({ interfaceFcs: 4 }), [52, 52]],
  ['if_fcslen in bits', pcapng({ interfaceFcs: 32 }), [52, 52]],
  ['if_fcslen, simple packet', pcapng({ interfaceFcs: 4, kind: 'simple' }), [52, 52]],
  ['if_fcslen, obsolete packet', pcapng({ interfaceFcs: 4, kind: 'obsolete' }), [52, 52]],
  ['epb_flags', pcapng({ flags: 4 << 5 }), [52, 52]],
  ['pack_flags', pcapng({ flags: 4 << 5, kind: 'obsolete' }), [52, 52]],
  ['epb_flags over if_fcslen', pcapng({ interfaceFcs: 4, flags: (2 << 5) | 1 }), [54, 54]],
  ['epb_flags that say nothing of it', pcapng({ interfaceFcs: 4, flags: 1 }), [52, 52]],
  ['nothing', pcapng({}), [56, 56]],
])('%s', (_, bytes, lengths) => expect(lengthsOf(bytes)).toEqual(lengths));
