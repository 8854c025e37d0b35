/** Builds decoded packets for tests of the metering process, with no decoder in between. */
import {
  CONTROL_BITS,
  createDecodedBatch,
  DECODED_WORDS,
  DESTINATION_ADDRESS,
  DETAIL,
  DETAIL_FRAGMENT,
  DETAIL_LATER_FRAGMENT,
  type DecodedBatch,
  FRAGMENT_ID,
  FRAME_OCTETS,
  IP_OCTETS,
  KEY_OBSERVATION_POINT,
  KEY_PROTOCOL,
  LINK_OFFSET,
  PORTS,
  SOURCE_ADDRESS,
} from '../../src/records/decoded-batch.ts';

export interface TestPacket {
  source: number[] | number;
  destination: number[] | number;
  sourcePort: number;
  destinationPort: number;
  protocol: number;
  timeNs: number;
  octets: number;
  tcpFlags?: number;
  ttl?: number;
  tos?: number;
  vlan?: number;
  customerVlan?: number;
  pppoeSession?: number;
  point?: number;
  fragment?: 'first' | 'later';
  fragmentId?: number;
}

function putAddress(words: Int32Array, at: number, address: number[] | number): void {
  for (let w = 0; w < 4; w++)
    words[at + w] = typeof address === 'number' ? (w === 0 ? address : 0) : address[w]!;
}

/** Writes packets as one decoded batch. Arrays are IPv6 addresses (four words), numbers IPv4. */
export function decodedBatchOf(
  packets: readonly TestPacket[],
  capacity = Math.max(1, packets.length),
): DecodedBatch {
  const batch = createDecodedBatch(capacity);
  batch.words.fill(0xa5a5a5a5 | 0);
  batch.count = packets.length;
  batch.hasFragments = packets.some(({ fragment }) => fragment !== undefined);
  packets.forEach((packet, i) => {
    const at = i * DECODED_WORDS;
    const { words } = batch;
    const version = typeof packet.source === 'number' ? 4 : 6;
    putAddress(words, at + SOURCE_ADDRESS, packet.source);
    putAddress(words, at + DESTINATION_ADDRESS, packet.destination);
    words[at + PORTS] = (packet.sourcePort << 16) | packet.destinationPort;
    const customer = packet.customerVlan ?? 0;
    words[at + KEY_PROTOCOL] =
      packet.protocol | (version << 8) | ((packet.vlan ?? 0) << 16) | ((customer & 0xf) << 28);
    words[at + KEY_OBSERVATION_POINT] = (packet.point ?? 1) | ((customer >> 4) << 24);
    words[at + IP_OCTETS] = packet.octets;
    words[at + FRAME_OCTETS] = packet.octets + 14;
    words[at + CONTROL_BITS] =
      (packet.tcpFlags ?? 0) | ((packet.ttl ?? 64) << 16) | ((packet.tos ?? 0) << 24);
    words[at + DETAIL] =
      packet.fragment === undefined
        ? 0
        : DETAIL_FRAGMENT | (packet.fragment === 'later' ? DETAIL_LATER_FRAGMENT : 0);
    words[at + DETAIL] = words[at + DETAIL]! | ((packet.pppoeSession ?? 0) << 12);
    words[at + FRAGMENT_ID] = packet.fragmentId ?? 0;
    for (let w = FRAGMENT_ID - 1; w < DECODED_WORDS; w++) if (w !== FRAGMENT_ID) words[at + w] = 0;
    words[at + LINK_OFFSET] = -1;
    batch.timeNs[i] = packet.timeNs;
  });
  return batch;
}
