/**
 * Captures as the kernel would have cut them while payload is inspected: no packet that the engine's first look would hand
 * over is cut to its headers, and inspection finds what it finds in whole frames.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openCaptures } from '../../../src/capture/files/capture-source.ts';
import { createPacketBatch, type PacketBatch } from '../../../src/records/packet-batch.ts';
import { describeWithCaptures, sharedCaptures } from '../../support/captures.ts';
import { type CapturedFrame, pcapFile } from '../../support/frames.ts';
import { inspectCapture } from '../../support/inspect-capture.ts';
import { ETHERNET, HEADERS, isWanted, kept, programs } from './payload-snap-support.ts';

/** Reads every frame of a capture; of files that end in the middle, what was read. */
async function readFrames(
  file: string,
  take: (batch: PacketBatch, i: number, linkType: number, timeBaseSeconds: number) => void,
) {
  const source = openCaptures([file]);
  const batch = createPacketBatch(1024);
  try {
    while (source.readBatch(batch) > 0 || (await source.more()))
      for (let i = 0; i < batch.count; i++)
        take(batch, i, source.interfaces[batch.interfaceIndex[i]!]!.linkType, source.timeBaseSeconds);
  } catch {
    // The rest is no capture.
  }
  source.close();
}

function frameAt({ view, frameOffset, capturedLength }: PacketBatch, i: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + frameOffset[i]!, capturedLength[i]!);
}

const captures = sharedCaptures('real', 'hostile');
const folder = mkdtempSync(join(tmpdir(), 'flowtap-snap-'));
afterAll(() => rmSync(folder, { recursive: true }));

describeWithCaptures(captures, 'frames cut to their headers', () => {
  it.each(captures.map((file) => [basename(file), file]))(
    'are none that %s has for the first look',
    async (_, file) => {
      const lost: string[] = [];
      await readFrames(file, (batch, i, linkType) => {
        if (!programs.has(linkType)) return;
        const frame = frameAt(batch, i);
        if (kept(frame, linkType) === HEADERS && isWanted(frame, linkType))
          lost.push(Buffer.from(frame.subarray(0, 80)).toString('hex'));
      });
      expect(lost).toEqual([]);
    },
  );
});

/** A capture of frames of one kind of link. */
interface Captured {
  linkType: number;
  readonly frames: CapturedFrame[];
  cut: number;
}

/** A capture as the kernel would have cut it. @returns undefined for one of which it would not cut a frame */
async function readCut(file: string): Promise<Captured | undefined> {
  const captured: Captured = { linkType: ETHERNET, frames: [], cut: 0 };
  await readFrames(file, (batch, i, linkType, timeBaseSeconds) => {
    if (!programs.has(linkType)) return;
    const frame = Uint8Array.from(frameAt(batch, i));
    const octets = Math.min(frame.length, kept(frame, linkType));
    if (octets < frame.length) captured.cut++;
    captured.linkType = linkType;
    const timeNs = BigInt(timeBaseSeconds) * 1_000_000_000n + BigInt(Math.round(batch.timeNs[i]!));
    captured.frames.push({ frame: frame.subarray(0, octets), timeNs, wireLength: batch.wireLength[i]! });
  });
  return captured.cut === 0 ? undefined : captured;
}

const real = sharedCaptures('real');

describeWithCaptures(real, 'an inspection of frames that are cut to their headers', () => {
  it.each(real.map((file) => [basename(file), file]))(
    'finds what it finds in whole ones: %s',
    async (name, file) => {
      const cut = await readCut(file);
      if (cut === undefined) return;
      const path = join(folder, `${name}.pcap`);
      writeFileSync(path, pcapFile(cut.frames, { linkType: cut.linkType }));
      const whole = await inspectCapture(file);
      const found = await inspectCapture(path);
      const facts = (flows: typeof whole) =>
        flows.map(({ source, destination, facts }) => [`${source} > ${destination}`, facts]);
      expect(facts(found)).toEqual(facts(whole));
    },
  );
});
