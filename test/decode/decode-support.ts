/**
 * For the decoder's tests: frames given as literal hex, and one work record as named fields.
 */

import { createDecodeCounters } from '../../src/decode/counters.ts';
import { createDecoder, type DecodeOptions, type Decoder, decodeBatch } from '../../src/decode/decoder.ts';
import { NOTICES } from '../../src/decode/notices.ts';
import { REASONS } from '../../src/decode/reasons.ts';
import { createEngine } from '../../src/engine/engine.ts';
import {
  CONTROL_BITS,
  createDecodedBatch,
  DECODED_WORDS,
  DESTINATION_ADDRESS,
  DETAIL,
  DETAIL_PRIORITY_SHIFT,
  ENCAPSULATION_WORDS,
  EXTENSION_HEADERS,
  FLOW_LABEL,
  FRAGMENT_ID,
  FRAME_OCTETS,
  IP_OCTETS,
  KEY_OBSERVATION_POINT,
  KEY_PROTOCOL,
  LINK_OFFSET,
  PORTS,
  SOURCE_ADDRESS,
} from '../../src/records/decoded-batch.ts';
import { int32Array } from '../../src/records/memory.ts';
import { createPacketBatch } from '../../src/records/packet-batch.ts';

/** Octets of hex text; blanks and `|` are for the reader. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replace(/[\s|]/g, ''), 'hex'));
}

/** One work record. Addresses as the text of their words, so that a difference is easy to read. */
export interface Decoded {
  source: string;
  destination: string;
  version: number;
  protocol: number;
  sourcePort: number;
  destinationPort: number;
  vlanId: number;
  customerVlanId: number;
  priority: number;
  observationPoint: number;
  tosInKey: number;
  ipOctets: number;
  frameOctets: number;
  controlBits: number;
  ttl: number;
  tos: number;
  detail: number;
  flowLabel: number;
  fragmentId: number;
  linkOffset: number;
  extensionHeaders: number;
}

export interface Outcome {
  /** `accepted` or the reason's name. */
  reason: string;
  notices: string[];
  packet: Decoded | undefined;
  words: number[];
  encapsulation: number[] | undefined;
}

/** Octets that surround a frame in its memory; nothing may depend on them. */
export const SURROUNDING = 64;

export interface FrameOptions extends DecodeOptions {
  linkType?: number;
  /** Octets captured; default: all. */
  captured?: number;
  /** Octets on the wire; default: all. */
  wire?: number;
  /** What fills the memory around the frame. */
  fill?: number;
  encapsulation?: boolean;
  /** The frame lies in an engine's memory, and is decoded by the engine if it is common; else by the general path. Default: true. */
  inEngine?: boolean;
}

const FRAME_MAX = 2 ** 19;
const DECODERS_OCTETS = 2 ** 24;
export const engine = createEngine(FRAME_MAX + DECODERS_OCTETS);
const IN_ENGINE = {
  memory: new Uint8Array(engine.buffer, engine.allocate(FRAME_MAX).byteOffset, FRAME_MAX),
  allocate: engine.allocate,
  batch: createPacketBatch(1, engine.allocate),
  linkTypes: int32Array(engine.allocate, 1),
  outs: [true, false].map((encapsulation) => createDecodedBatch(1, encapsulation, false, engine.allocate)),
};

/** Where a frame of `octets` lies, and what it is decoded with. */
function placesFor(octets: number, { inEngine = true, encapsulation = true }: FrameOptions) {
  if (!inEngine) {
    return {
      memory: new Uint8Array(octets),
      batch: createPacketBatch(1),
      linkTypes: new Int32Array(1),
      out: createDecodedBatch(1, encapsulation),
    };
  }
  return {
    ...IN_ENGINE,
    memory: IN_ENGINE.memory.subarray(0, octets),
    out: IN_ENGINE.outs[encapsulation ? 0 : 1]!,
  };
}

/** Of every frame in turn: to make a megabyte of counters takes longer than to decode a frame. */
const COUNTERS = createDecodeCounters();
const { packetsByReason, packetsByNotice } = COUNTERS;

const decoders = new Map<string, Decoder>();

/** A decoder of the options: one for each, since an engine's memory does not grow. It counts in COUNTERS, from 0. */
export function decoderFor(options: FrameOptions): Decoder {
  for (const counts of [packetsByReason, COUNTERS.octetsByReason, packetsByNotice]) counts.fill(0);
  const { decapsulate = [], tunnelDepthMax, flowKey, udpPorts, inEngine = true } = options;
  const name = JSON.stringify([[...decapsulate], tunnelDepthMax, flowKey, udpPorts, inEngine]);
  let decoder = decoders.get(name);
  if (decoder === undefined) {
    decoder = createDecoder(options, COUNTERS, inEngine ? engine : undefined);
    decoders.set(name, decoder);
  }
  return decoder;
}

/** Decodes one frame that lies in the middle of memory filled with 0xa5. */
export function decodeOne(frame: Uint8Array, options: FrameOptions = {}): Outcome {
  const captured = options.captured ?? frame.length;
  const { memory, batch, linkTypes, out } = placesFor(captured + 2 * SURROUNDING, options);
  memory.fill(options.fill ?? 0xa5);
  memory.set(frame.subarray(0, captured), SURROUNDING);
  batch.view = new DataView(memory.buffer, memory.byteOffset, memory.length);
  batch.count = 1;
  batch.frameOffset[0] = SURROUNDING;
  batch.capturedLength[0] = captured;
  batch.wireLength[0] = options.wire ?? frame.length;
  linkTypes[0] = options.linkType ?? 1;
  out.words.fill(0xa5a5a5a5 | 0);
  out.encapsulation?.fill(0xa5a5a5a5 | 0);
  decodeBatch(decoderFor(options), batch, linkTypes, out);
  const outcomes = REASONS.filter((row) => packetsByReason[row.code] !== 0);
  if (outcomes.length !== 1 || packetsByReason[outcomes[0]!.code] !== 1) {
    throw new Error(`not exactly one outcome: ${outcomes.map((row) => row.name)}`);
  }
  if (out.count !== packetsByReason[0]) throw new Error('count and counter differ');
  const words = Array.from(out.words.subarray(0, DECODED_WORDS));
  return {
    reason: outcomes[0]!.name,
    notices: NOTICES.filter((row) => packetsByNotice[row.code] !== 0).map((row) => row.name),
    packet: out.count === 1 ? decodedAt(out.words, 0) : undefined,
    words: out.count === 1 ? words : [],
    encapsulation:
      out.count === 1 && out.encapsulation !== undefined
        ? Array.from(out.encapsulation.subarray(0, ENCAPSULATION_WORDS))
        : undefined,
  };
}

/** The work record at word `at`, by name. */
export function decodedAt(words: Int32Array, at: number): Decoded {
  const word = (index: number): number => words[at + index]! >>> 0;
  const version = (word(KEY_PROTOCOL) >>> 8) & 0xff;
  return {
    source: addressText(words, at + SOURCE_ADDRESS, version),
    destination: addressText(words, at + DESTINATION_ADDRESS, version),
    version,
    protocol: word(KEY_PROTOCOL) & 0xff,
    vlanId: (word(KEY_PROTOCOL) >>> 16) & 0xfff,
    sourcePort: word(PORTS) >>> 16,
    destinationPort: word(PORTS) & 0xffff,
    observationPoint: word(KEY_OBSERVATION_POINT) & 0xffff,
    tosInKey: (word(KEY_OBSERVATION_POINT) >>> 16) & 0xff,
    ipOctets: word(IP_OCTETS),
    frameOctets: word(FRAME_OCTETS),
    controlBits: word(CONTROL_BITS) & 0xffff,
    ttl: (word(CONTROL_BITS) >>> 16) & 0xff,
    tos: word(CONTROL_BITS) >>> 24,
    detail: word(DETAIL) & 0xff,
    priority: (word(DETAIL) >>> DETAIL_PRIORITY_SHIFT) & 7,
    flowLabel: word(FLOW_LABEL) & 0xfffff,
    customerVlanId: word(FLOW_LABEL) >>> 20,
    fragmentId: word(FRAGMENT_ID),
    linkOffset: words[at + LINK_OFFSET]!,
    extensionHeaders: word(EXTENSION_HEADERS),
  };
}

/** Dotted IPv4, or an IPv6 address in tshark's (RFC 5952) spelling. */
export function addressText(words: Int32Array, at: number, version: number): string {
  const word = (index: number): number => words[at + index]! >>> 0;
  if (version === 4) {
    return [24, 16, 8, 0].map((shift) => (word(0) >>> shift) & 0xff).join('.');
  }
  const groups: string[] = [];
  for (let index = 0; index < 4; index++) {
    groups.push((word(index) >>> 16).toString(16), (word(index) & 0xffff).toString(16));
  }
  return compress(groups);
}

function compress(groups: string[]): string {
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  if (best.start < 0) return groups.join(':');
  const head = groups.slice(0, best.start).join(':');
  const tail = groups.slice(best.start + best.length).join(':');
  return `${head}::${tail}`;
}
