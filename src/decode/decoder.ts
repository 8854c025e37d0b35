/**
 * The decoder: frames of a packet batch to work records (decoded-batch.ts), each frame either written out or counted
 * under one reason (reasons.ts). It allocates nothing per packet, never throws on what a frame holds, and reads no
 * octet outside the frame.
 *
 * What the numbers mean: IP_OCTETS is what the IP header says (total length; payload length + 40; jumbo option; where
 * it says 0, what the frame holds), FRAME_OCTETS is the frame on the wire, whatever was decapsulated.
 */

import type { Engine } from '../engine/engine.ts';
import {
  DECODED_WORDS,
  DETAIL,
  DETAIL_FRAGMENT,
  type DecodedBatch,
  ENCAPSULATION_WORDS,
  OFFSET_WORDS,
} from '../records/decoded-batch.ts';
import type { PacketBatch } from '../records/packet-batch.ts';
import {
  TUNNEL_KINDS,
  type TunnelName,
  UDP_TUNNEL_PORTS,
  type UdpTunnelName,
} from '../records/tunnel-kinds.ts';
import { createDecodeCounters, type DecodeCounters } from './counters.ts';
import { decodeFrame } from './decode-frame.ts';
import { createDecodeState, type DecodeState, startFrame } from './decode-state.ts';
import { decodeInEngine, type InEngine, isForEngine } from './engine-path.ts';
import { ACCEPTED, OTHER_ETHER_TYPE, UNSUPPORTED_LINK_TYPE } from './reasons.ts';
import { createTunnelProtocols } from './tunnel.ts';
import { UncommonFrames } from './uncommon-frames.ts';

export interface DecodeOptions {
  /** Tunnels to look into; packets in others are metered on the outer packet. Default: none. */
  readonly decapsulate?: Iterable<TunnelName>;
  /** Tunnels in tunnels that are looked into; default 8. */
  readonly tunnelDepthMax?: number;
  /**
   * What belongs to the flow key besides addresses, ports, protocol and observation point. Default: VLANs, both tags, and
   * the PPPoE session.
   */
  readonly flowKey?: { readonly tos: boolean; readonly vlan: boolean; readonly pppoe?: boolean };
  /** UDP ports of tunnels; what is not given is as in UDP_TUNNEL_PORTS. No port may belong to two tunnels looked into. */
  readonly udpPorts?: Partial<Readonly<Record<UdpTunnelName, readonly number[]>>>;
}

export interface Decoder {
  readonly counters: DecodeCounters;
  /** Decodes frames that lie in its memory, but the rarest; without, every frame takes the general path. */
  readonly inEngine: InEngine | undefined;
  /** Private to the decoder. */
  readonly state: DecodeState;
}

const TUNNEL_DEPTH_DEFAULT = 8;
/** Tunnels of which one end may use a port of its own: their port counts as source too. */
const EITHER_PORT: ReadonlySet<UdpTunnelName> = new Set(['l2tp', 'teredo']);

/**
 * A decoder with its own state; batches of one decoder may come from any source.
 * @param counters  counted up by every batch; placed in shared memory by whoever wants to read them elsewhere
 * @param engine  in whose memory batches lie; of others, every frame takes the general path
 */
export function createDecoder(
  options: DecodeOptions = {},
  counters: DecodeCounters = createDecodeCounters(),
  engine?: Engine,
): Decoder {
  const state = createDecodeState(engine?.allocate);
  const chosen = new Set(options.decapsulate ?? []);
  for (const name of chosen) state.tunnels |= 1 << TUNNEL_KINDS[name].number;
  state.tunnelDepthMax = options.tunnelDepthMax ?? TUNNEL_DEPTH_DEFAULT;
  state.tosMask = options.flowKey?.tos ? 0xff : 0;
  state.vlanMask = (options.flowKey?.vlan ?? true) ? 0xfff : 0;
  state.pppoeMask = (options.flowKey?.pppoe ?? true) ? 0xffff : 0;
  for (const name of Object.keys(UDP_TUNNEL_PORTS) as UdpTunnelName[]) {
    if (!chosen.has(name)) continue;
    const kind = TUNNEL_KINDS[name].number;
    for (const port of options.udpPorts?.[name] ?? UDP_TUNNEL_PORTS[name]) {
      state.udpTunnels[port] = EITHER_PORT.has(name) ? kind << 4 : kind;
    }
  }
  const inEngine = engine && {
    engine,
    uncommon: new UncommonFrames(engine, createTunnelProtocols(state), state.pppoeMask),
  };
  return { counters, inEngine, state };
}

/**
 * Decodes every frame of `batch` into `out`, in order, and counts it.
 * @param linkTypes  LINKTYPE_ number by interface index; at least as long as the batch's interfaces
 * @param out  overwritten; of at least the batch's capacity. Its encapsulation records are written if it has them.
 */
export function decodeBatch(
  decoder: Decoder,
  batch: PacketBatch,
  linkTypes: Int32Array,
  out: DecodedBatch,
): void {
  const octets = decodeFrames(decoder, batch, linkTypes, out);
  countAccepted(decoder.counters, out.count, octets);
}

/** Counts packets as accepted. @param octets of their frames on the wire */
export function countAccepted(counters: DecodeCounters, packets: number, octets: number): void {
  const { packetsByReason, octetsByReason } = counters;
  packetsByReason[ACCEPTED] = packetsByReason[ACCEPTED]! + packets;
  octetsByReason[ACCEPTED] = octetsByReason[ACCEPTED]! + octets;
}

/**
 * Decodes every frame of `batch` as `decodeBatch` does and counts those that it refuses. Whoever keeps only some of the
 * others calls `countAccepted` for these.
 * @param linkTypes  LINKTYPE_ number by interface index; at least as long as the batch's interfaces
 * @param out  overwritten; of at least the batch's capacity. Its encapsulation records are written if it has them.
 * @returns octets on the wire of the frames in `out`
 */
export function decodeFrames(
  decoder: Decoder,
  batch: PacketBatch,
  linkTypes: Int32Array,
  out: DecodedBatch,
): number {
  beginFrames(decoder, batch, linkTypes, out);
  return decodeRange(decoder, batch, out, 0, batch.count);
}

/** Sets a decoder up for the frames of `batch`, to be decoded a few at a time. @param linkTypes,out as of `decodeFrames` */
export function beginFrames(
  decoder: Decoder,
  batch: PacketBatch,
  linkTypes: Int32Array,
  out: DecodedBatch,
): void {
  const state = decoder.state;
  out.count = 0;
  out.hasFragments = false;
  state.acceptedOctets = 0;
  state.linkTypes = linkTypes;
  state.view = batch.view;
  state.outWords = out.words;
  state.outEncapsulation = out.encapsulation;
  state.outOffsets = out.offsets;
  // Common frames leave no encapsulation record of their own.
  if (out.encapsulation !== undefined) out.encapsulation.fill(0);
}

/**
 * Decodes the frames from index `from` up to `until` of the batch that the decoder was set up for, and adds them to `out`.
 * @returns octets on the wire of all frames in `out`
 */
export function decodeRange(
  decoder: Decoder,
  batch: PacketBatch,
  out: DecodedBatch,
  from: number,
  until: number,
): number {
  const { inEngine, state } = decoder;
  const isInEngine = inEngine !== undefined && isForEngine(inEngine.engine, batch, state.linkTypes, out);
  let index = from;
  while (true) {
    if (isInEngine) index = decodeInEngine(inEngine, state, batch, out, index, until);
    if (index >= until) break;
    decodeUncommonFrame(decoder, batch, out, index);
    index++;
  }
  if (isInEngine) inEngine.uncommon.end(out, decoder.counters);
  return state.acceptedOctets;
}

/** Sends frame `index` through the general path, and appends or counts it. */
function decodeUncommonFrame(decoder: Decoder, batch: PacketBatch, out: DecodedBatch, index: number): void {
  const state = decoder.state;
  const accepted = out.count;
  const wireLength = batch.wireLength[index]!;
  const interfaceIndex = batch.interfaceIndex[index]!;
  state.observationPoint = interfaceIndex + 1;
  state.outAt = accepted * DECODED_WORDS;
  state.outEncapsulationAt = accepted * ENCAPSULATION_WORDS;
  state.outOffsetsAt = accepted * OFFSET_WORDS;
  startFrame(state, batch.frameOffset[index]!, batch.capturedLength[index]!, wireLength);
  const reason = decodeFrame(state, state.linkTypes[interfaceIndex]!);
  if (reason !== ACCEPTED) {
    countRefused(decoder, reason, wireLength);
    if (reason === OTHER_ETHER_TYPE) countNumber(decoder.counters.packetsByEtherType, state.etherType);
    else if (reason === UNSUPPORTED_LINK_TYPE) {
      countNumber(decoder.counters.packetsByLinkType, state.linkTypes[interfaceIndex]!);
    }
    return;
  }
  if (state.notices !== 0) countNotices(decoder, state.notices);
  if ((out.words[state.outAt + DETAIL]! & DETAIL_FRAGMENT) !== 0) out.hasFragments = true;
  out.timeNs[accepted] = batch.timeNs[index]!;
  state.acceptedOctets += wireLength;
  out.count = accepted + 1;
}

function countRefused(decoder: Decoder, reason: number, wireLength: number): void {
  const packetsByReason = decoder.counters.packetsByReason;
  const octetsByReason = decoder.counters.octetsByReason;
  packetsByReason[reason] = packetsByReason[reason]! + 1;
  octetsByReason[reason] = octetsByReason[reason]! + wireLength;
}

/** Counts a refused frame by the number of 16 bits that it was refused for. */
function countNumber(counts: Float64Array, number: number): void {
  counts[number & 0xffff] = counts[number & 0xffff]! + 1;
}

/** Counts each notice whose bit is set. */
function countNotices(decoder: Decoder, notices: number): void {
  const packetsByNotice = decoder.counters.packetsByNotice;
  for (let bits = notices; bits !== 0; bits &= bits - 1) {
    const notice = 31 - Math.clz32(bits & -bits);
    packetsByNotice[notice] = packetsByNotice[notice]! + 1;
  }
}
