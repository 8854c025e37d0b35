/**
 * The kernel cuts frames as the program says when it is run apart, in classic BPF, behind a filter of libpcap's, and
 * translated for sampling in the kernel.
 */
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { openCaptures } from '../../../src/capture/files/capture-source.ts';
import { createPacketBatch } from '../../../src/records/packet-batch.ts';
import { describeInLab } from '../../lab/lab.ts';
import { capturesIn, PCAPS_FOLDER } from '../../support/captures.ts';
import { ethernet, ipv4, ipv6, tcp, udp } from '../../support/frames.ts';
import { sendFrames, useLink } from '../live/support.ts';
import { HEADERS, kept, PAYLOAD, tunnelPorts } from './payload-snap-support.ts';

const FRAME_OCTETS_MAX = 1514;
/** Source and destination of Ethernet. */
const ADDRESSES_OCTETS = 12;
const TAG_OCTETS = 4;

/** Frames of Ethernet of a capture. */
function framesOf(file: string): Uint8Array[] {
  const source = openCaptures([file]);
  const batch = createPacketBatch(256);
  const frames: Uint8Array[] = [];
  while (source.readBatch(batch) > 0)
    for (let i = 0; i < batch.count; i++) {
      const at = batch.view.byteOffset + batch.frameOffset[i]!;
      frames.push(new Uint8Array(batch.view.buffer, at, batch.capturedLength[i]!).slice());
    }
  source.close();
  return frames.filter(({ length }) => length >= 60 && length <= FRAME_OCTETS_MAX);
}

const fill = (length: number) => new Uint8Array(length).fill(0x99);
const V4 = { source: '192.0.2.1', destination: '192.0.2.2' };
const V6 = { source: '2001:db8::1', destination: '2001:db8::2' };
const download = tcp(443, 50_000, 0x18, fill(1200));
const tagged = ethernet(ipv4({ ...V4, protocol: 6, id: 1 }, download), { vlans: [10] });
const made = [
  ethernet(ipv4({ ...V4, protocol: 6, id: 2 }, download)),
  ethernet(ipv6({ ...V6, nextHeader: 6 }, download)),
  ethernet(ipv4({ ...V4, protocol: 6, id: 3 }, tcp(443, 50_000, 0x18, [0x16, 3, 3, ...fill(1200)]))),
  ethernet(ipv4({ ...V4, protocol: 6, id: 4 }, tcp(50_000, 443, 0x18, fill(1200)))),
  ethernet(ipv4({ ...V4, protocol: 17, id: 5 }, udp(443, 50_000, fill(1200)))),
  ethernet(ipv4({ ...V4, protocol: 17, id: 6 }, udp(53, 50_000, fill(1200)))),
  ethernet(ipv4({ ...V4, protocol: 17, id: 7, fragmentOffset: 1480 }, fill(1200))),
  ethernet(ipv4({ ...V4, protocol: 47, id: 8 }, fill(1200))),
];

/** A frame as it is captured: the kernel takes the tag of a VLAN out before the program runs, and the ring has it back. */
function captured(frame: Uint8Array): string {
  const isTagged = frame === tagged;
  const seen = isTagged
    ? Uint8Array.from([
        ...frame.subarray(0, ADDRESSES_OCTETS),
        ...frame.subarray(ADDRESSES_OCTETS + TAG_OCTETS),
      ])
    : frame;
  const octets = Math.min(seen.length, kept(seen)) + (isTagged ? TAG_OCTETS : 0);
  return `${frame.length} ${Buffer.from(frame.subarray(0, octets)).toString('hex')}`;
}

const files = capturesIn(`${PCAPS_FOLDER}/ipfixprobe`);

describeInLab([], 'frames that the kernel cuts while payload is inspected', () => {
  const link = useLink('snap');

  it(`are as long as the program says, of ${files.map((file) => basename(file)).join(', ')}`, async () => {
    const frames = [...made, tagged, ...files.flatMap(framesOf)];
    const expected = frames.map(captured);
    expect(expected.filter((text, i) => text.length < 2 * frames[i]!.length).length).toBeGreaterThan(5);
    const headersSnap = { octets: HEADERS, tunnelPorts };
    const isTcp = (frame: Uint8Array) => frame[12] === 8 && frame[13] === 0 && frame[23] === 6;
    const overTcp = frames.flatMap((frame, i) => (isTcp(frame) ? [expected[i]!] : []));
    const captures = [
      { headersSnap },
      { headersSnap, filter: 'ip proto 6' },
      { headersSnap, sampling: { method: 'systematic', interval: 2 } },
      {},
    ];
    const packets = [frames.length, overTcp.length, Math.floor(frames.length / 2), frames.length];
    const options = JSON.stringify({ interface: link.far, captures, packets });
    const running = link.right.start([
      process.execPath,
      `${import.meta.dirname}/captured-frames.ts`,
      options,
    ]);
    await running.waitForOutput(/ready/);
    await sendFrames(link.left, link.near, frames, frames.length);
    const { stdout } = await running.ended;
    const [all, filtered, sampled, whole] = JSON.parse(stdout) as string[][];
    // A filter for packets of IPv4 does not see what stands behind a tag in the frame; libpcap's sees it without.
    expect(all).toEqual(expected);
    expect(filtered!.filter((text) => text !== captured(tagged))).toEqual(overTcp);
    expect(sampled!.filter((text) => !expected.includes(text))).toEqual([]);
    expect(whole!.map((text) => text.length)).toEqual(
      frames.map(({ length }) => `${length} `.length + 2 * Math.min(length, PAYLOAD)),
    );
  });
});
