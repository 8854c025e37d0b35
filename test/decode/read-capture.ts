/**
 * A small capture reader for the decoder's own tests: whole files in memory, classic pcap and pcapng, no error
 * handling, no times. It shares no code with src/capture, so that the two can disagree.
 */
import { readFileSync } from 'node:fs';

export interface CapturedFrame {
  linkType: number;
  bytes: Uint8Array;
  wireLength: number;
}

/** All frames of a capture file, in order. A damaged end is left out. */
export function readCapture(path: string): CapturedFrame[] {
  const bytes = readFileSync(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength < 24) return [];
  return view.getUint32(0) === 0x0a0d0d0a ? readPcapng(view) : readPcap(view);
}

function readPcap(view: DataView): CapturedFrame[] {
  const little = view.getUint8(0) !== 0xa1;
  const linkType = view.getUint32(20, little) & 0xffff;
  const frames: CapturedFrame[] = [];
  for (let offset = 24; offset + 16 <= view.byteLength; ) {
    const captured = view.getUint32(offset + 8, little);
    const wireLength = view.getUint32(offset + 12, little);
    if (offset + 16 + captured > view.byteLength) break;
    frames.push({ linkType, bytes: octets(view, offset + 16, captured), wireLength });
    offset += 16 + captured;
  }
  return frames;
}

function readPcapng(view: DataView): CapturedFrame[] {
  let little = true;
  let linkTypes: number[] = [];
  const frames: CapturedFrame[] = [];
  for (let offset = 0; offset + 12 <= view.byteLength; ) {
    const type = view.getUint32(offset, little);
    if (type === 0x0a0d0d0a) {
      little = view.getUint8(offset + 8) === 0x4d;
      linkTypes = [];
    }
    const length = view.getUint32(offset + 4, little);
    if (length < 12 || offset + length > view.byteLength) break;
    if (type === 1) linkTypes.push(view.getUint16(offset + 8, little));
    if (type === 6) {
      const linkType = linkTypes[view.getUint32(offset + 8, little)]!;
      const captured = view.getUint32(offset + 20, little);
      const wireLength = view.getUint32(offset + 24, little);
      frames.push({ linkType, bytes: octets(view, offset + 28, captured), wireLength });
    }
    if (type === 3) {
      const wireLength = view.getUint32(offset + 8, little);
      const bytes = octets(view, offset + 12, Math.min(wireLength, length - 16));
      frames.push({ linkType: linkTypes[0]!, bytes, wireLength });
    }
    offset += length;
  }
  return frames;
}

function octets(view: DataView, offset: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + offset, length);
}
