/** The program that says how many octets of a frame are kept, and whether the engine would hand the frame to an inspection. */
import { compileProgram } from '../../../src/capture/selection/bpf.ts';
import { createDecoder, decodeBatch } from '../../../src/decode/decoder.ts';
import { createEngine } from '../../../src/engine/engine.ts';
import { createFirstLook } from '../../../src/metering/table/first-look.ts';
import * as decoded from '../../../src/records/decoded-batch.ts';
import * as engineWords from '../../../src/records/engine-words.ts';
import { int32Array, uint8Array } from '../../../src/records/memory.ts';
import { createPacketBatch } from '../../../src/records/packet-batch.ts';
import { TUNNEL_KINDS, type TunnelName, UDP_TUNNEL_PORTS } from '../../../src/records/tunnel-kinds.ts';
import { runClassicBpf } from '../../support/classic-bpf.ts';

const TCP = 6;
const UDP = 17;
export const ETHERNET = 1;
export const RAW = 101;
export const HEADERS = 256;
export const PAYLOAD = 2048;
const OCTETS_MAX = 262_144;

export const tunnelPorts = Object.values(UDP_TUNNEL_PORTS).flat();
/** Of the kinds of link that are read in tests; 147 is for private use. */
export const programs = new Map(
  [ETHERNET, RAW, 147].map((linkType) => [
    linkType,
    compileProgram({
      ...{ name: 'test', linkType, filter: '', randomInterval: 1, withoutOutgoing: false },
      ...{ snapLength: PAYLOAD, headersSnap: { octets: HEADERS, tunnelPorts } },
    }),
  ]),
);

/** Octets that are kept of a frame. */
export const kept = (frame: Uint8Array, linkType = ETHERNET) => runClassicBpf(programs.get(linkType)!, frame);

const engine = createEngine(0);
const places = int32Array(engine.allocate, engineWords.TABLE_PLACES);
places[engineWords.TABLE_FIRST_LOOK] = createFirstLook(engine.allocate).byteOffset;
engine.useTable(places.byteOffset);
const memory = uint8Array(engine.allocate, OCTETS_MAX);

const tunnels = Object.keys(TUNNEL_KINDS) as TunnelName[];
const decoder = createDecoder({ decapsulate: tunnels });
const out = decoded.createDecodedBatch(1, false, true);
const one = createPacketBatch(1);

/** Whether the engine would hand a frame over to an inspection. */
export function isWanted(frame: Uint8Array, linkType = ETHERNET): boolean {
  one.count = 1;
  one.view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  one.frameOffset[0] = 0;
  one.capturedLength[0] = frame.length;
  one.wireLength[0] = frame.length;
  decodeBatch(decoder, one, Int32Array.of(linkType), out);
  if (out.count === 0) return false;
  const { words, offsets } = out;
  const protocol = words[decoded.KEY_PROTOCOL]! & 0xff;
  const detail = words[decoded.DETAIL]!;
  if ((protocol !== TCP && protocol !== UDP) || (detail & decoded.DETAIL_LATER_FRAGMENT) !== 0) return false;
  const transport = offsets![decoded.TRANSPORT_OFFSET]!;
  const end = offsets![decoded.CAPTURED_END]!;
  if (protocol === TCP && transport + 20 > end) return false;
  const start = transport + (protocol === TCP ? (frame[transport + 12]! >>> 4) << 2 : 8);
  if (start >= end) return false;
  memory.set(frame.subarray(start, end));
  const ports = words[decoded.PORTS]!;
  const [from, to] = [memory.byteOffset, memory.byteOffset + end - start];
  return engine.saysNothing(protocol === TCP, ports >>> 16, ports & 0xffff, from, to) === 0;
}
