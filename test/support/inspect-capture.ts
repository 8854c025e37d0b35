/**
 * Hands the packets of a capture to payload inspection, one `FlowInspection` for each biflow: reading and decoding are
 * flowtap's own, the flow table is a Map. A fragment that is no first one is left out, as its ports are not known here.
 */

import { guessApplication } from '../../src/applications/applications.ts';
import { type ApplicationFacts, CONFIDENCE_PORT, nameApplication } from '../../src/applications/facts.ts';
import { FlowInspection } from '../../src/applications/flow-inspection.ts';
import { createInspectedPacket, type InspectedPacket } from '../../src/applications/inspected-packet.ts';
import { InspectionContext, type InspectionOptions } from '../../src/applications/inspection-context.ts';
import { openCaptures } from '../../src/capture/files/capture-source.ts';
import { createDecoder, decodeBatch } from '../../src/decode/decoder.ts';
import { putIPv4, putIPv6 } from '../../src/ie/text-octets.ts';
import {
  CAPTURED_END,
  createDecodedBatch,
  DECODED_WORDS,
  DESTINATION_ADDRESS,
  DETAIL,
  DETAIL_FRAGMENT,
  DETAIL_LATER_FRAGMENT,
  type DecodedBatch,
  IP_OCTETS,
  IP_OFFSET,
  KEY_PROTOCOL,
  OFFSET_WORDS,
  PORTS,
  SOURCE_ADDRESS,
  TRANSPORT_OFFSET,
} from '../../src/records/decoded-batch.ts';
import { createPacketBatch, type PacketBatch } from '../../src/records/packet-batch.ts';

const TCP = 6;
const UDP = 17;
const TCP_SYN = 0x02;

/** One biflow, from the side that sent its first packet. */
export interface InspectedFlow {
  /** `192.0.2.1:53` or `[2001:db8::1]:53`. */
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly facts: ApplicationFacts;
  /** Packets that were looked into. */
  readonly packetCount: number;
}

interface OpenFlow {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly inspection: FlowInspection;
  isDone: boolean;
}

function endpoint(words: Int32Array, at: number, version: number, port: number): string {
  const text = new Uint8Array(48);
  const end = version === 4 ? putIPv4(text, 0, words[at]!) : putIPv6(text, 0, words, at);
  const address = Buffer.from(text.subarray(0, end)).toString('latin1');
  return version === 4 ? `${address}:${port}` : `[${address}]:${port}`;
}

/** A packet as it is handed over, with the ends of its flow. */
interface CapturedPayload {
  readonly source: string;
  readonly destination: string;
  readonly vlan: number;
}

/** Hands over every packet of TCP and UDP in a capture, with payload or without. */
export async function readPayloads(
  file: string,
  take: (packet: InspectedPacket, payload: CapturedPayload) => void,
): Promise<void> {
  const source = openCaptures([file]);
  const decoder = createDecoder();
  const batch = createPacketBatch(1024);
  const decoded = createDecodedBatch(1024, false, true);
  const linkTypes = new Int32Array(65_536);
  for (;;) {
    if (source.readBatch(batch) === 0) {
      if (!(await source.more())) break;
      continue;
    }
    source.interfaces.forEach(({ linkType }, i) => {
      linkTypes[i] = linkType;
    });
    decodeBatch(decoder, batch, linkTypes, decoded);
    for (let i = 0; i < decoded.count; i++) readPayload(batch, decoded, i, take);
  }
  source.close();
}

/** Inspects every flow of a capture. @param context whose counts tell of all of them */
export async function inspectCapture(
  file: string,
  options: Partial<InspectionOptions> = {},
  context = new InspectionContext(options),
): Promise<InspectedFlow[]> {
  const flows = new Map<string, OpenFlow>();
  await readPayloads(file, (packet, payload) => inspectPayload(packet, payload, flows, context));
  return [...flows.values()].map((flow) => {
    const { source, destination, protocol, inspection } = flow;
    const facts = inspection.finish();
    if (inspection.packetCount === 0) guess(flow, facts);
    return { source, destination, protocol, facts, packetCount: inspection.packetCount };
  });
}

const portOf = (text: string) => Number(text.slice(text.lastIndexOf(':') + 1));

/** A flow without payload has its ports alone. */
function guess({ source, destination, protocol }: OpenFlow, facts: ApplicationFacts): void {
  const name = guessApplication(protocol, portOf(source), portOf(destination));
  if (name !== undefined) nameApplication(facts, name, CONFIDENCE_PORT);
}

const packet = createInspectedPacket();

function inspectPayload(
  packet: InspectedPacket,
  { source, destination, vlan }: CapturedPayload,
  flows: Map<string, OpenFlow>,
  context: InspectionContext,
): void {
  const { protocol } = packet;
  const key = `${protocol} ${vlan} ${[source, destination].sort().join(' ')}`;
  let flow = flows.get(key);
  if (flow === undefined) {
    flow = { source, destination, protocol, inspection: new FlowInspection(context), isDone: false };
    flows.set(key, flow);
  }
  packet.reverse = flow.source !== source;
  if (!flow.isDone) flow.isDone = flow.inspection.take(packet);
}

function readPayload(
  { view }: PacketBatch,
  decoded: DecodedBatch,
  index: number,
  take: (packet: InspectedPacket, payload: CapturedPayload) => void,
): void {
  const { words, offsets } = decoded;
  const at = index * DECODED_WORDS;
  const protocol = words[at + KEY_PROTOCOL]! & 0xff;
  const version = (words[at + KEY_PROTOCOL]! >>> 8) & 0xf;
  if ((protocol !== TCP && protocol !== UDP) || (words[at + DETAIL]! & DETAIL_LATER_FRAGMENT) !== 0) return;
  packet.sourcePort = words[at + PORTS]! >>> 16;
  packet.destinationPort = words[at + PORTS]! & 0xffff;
  const source = endpoint(words, at + SOURCE_ADDRESS, version, packet.sourcePort);
  const destination = endpoint(words, at + DESTINATION_ADDRESS, version, packet.destinationPort);
  const vlan = words[at + KEY_PROTOCOL]! >>> 16;
  const transport = offsets![index * OFFSET_WORDS + TRANSPORT_OFFSET]!;
  const ip = offsets![index * OFFSET_WORDS + IP_OFFSET]!;
  packet.octets = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  packet.end = offsets![index * OFFSET_WORDS + CAPTURED_END]!;
  packet.cut = packet.end - ip < words[at + IP_OCTETS]! || (words[at + DETAIL]! & DETAIL_FRAGMENT) !== 0;
  packet.start = transport + 8;
  packet.protocol = protocol;
  packet.timeNs = decoded.timeNs[index]!;
  if (protocol === TCP) {
    if (packet.end - transport < 20) return;
    const isSyn = (view.getUint8(transport + 13) & TCP_SYN) !== 0;
    packet.start = transport + 4 * (view.getUint8(transport + 12) >>> 4);
    packet.sequence = view.getUint32(transport + 4) + (isSyn ? 1 : 0);
  }
  take(packet, { source, destination, vlan });
}
