/**
 * Path health under other makers' numbers, for dashboards that exist already: ntop's (nProbe), CERT's (YAF) and Cisco's
 * performance monitor. Only where the meaning is the same; see docs/path-health.md. Templates name them, or the profiles
 * `nprobe`, `cert` and `cisco`.
 */
import * as H from '../records/path-health-layout.ts';
import type { UnitName } from './abstract-types.ts';
import type { InformationElement, ValueSource } from './element.ts';
import { healthWord, otherHealthWord, sharedHealthWord } from './elements-path-health.ts';

const NTOP = 35632;
const CERT = 6871;
const CISCO = 9;
/** NetFlow v9 field of ntop's elements: this and their number. */
const NTOP_V9 = 57472;

function divided(source: ValueSource, divisor: number): ValueSource {
  return source.kind === 'word' ? { ...source, divisor } : source;
}

function nprobe(
  id: number,
  name: string,
  unit: UnitName,
  source: ValueSource,
  description: string,
  type: 'unsigned32' | 'unsigned16' | 'unsigned8' = 'unsigned32',
): InformationElement {
  const semantics = unit === 'packets' ? 'deltaCounter' : 'quantity';
  const numbers = { enterpriseNumber: NTOP, v9Id: NTOP_V9 + id };
  return { id, ...numbers, name, type, unit, semantics, source, description };
}

function cisco(id: number, name: string, source: ValueSource, description: string): InformationElement {
  const unit = name.endsWith('Milliseconds') ? 'milliseconds' : 'packets';
  const semantics = unit === 'packets' ? 'deltaCounter' : 'quantity';
  return { id, enterpriseNumber: CISCO, name, type: 'unsigned32', unit, semantics, source, description };
}

const server = sharedHealthWord(H.HANDSHAKE_SERVER_US, H.BIT_HANDSHAKE_SERVER);
const client = sharedHealthWord(H.HANDSHAKE_CLIENT_US, H.BIT_HANDSHAKE_CLIENT);

// biome-ignore format: one row, one element
export const VENDOR_ELEMENTS: readonly InformationElement[] = [
  nprobe(109, 'nprobeRetransmittedInPkts', 'packets', healthWord(H.RETRANSMITTED_SEGMENTS, H.VALID_SEQUENCE), 'RETRANSMITTED_IN_PKTS: segments of this direction sent again.'),
  nprobe(110, 'nprobeRetransmittedOutPkts', 'packets', otherHealthWord(H.RETRANSMITTED_SEGMENTS, H.VALID_SEQUENCE), 'RETRANSMITTED_OUT_PKTS: of the other direction.'),
  nprobe(111, 'nprobeOoorderInPkts', 'packets', otherHealthWord(H.OUT_OF_ORDER, H.VALID_SEQUENCE), 'OOORDER_IN_PKTS: late segments of the other direction, as nProbe documents it.'),
  nprobe(112, 'nprobeOoorderOutPkts', 'packets', healthWord(H.OUT_OF_ORDER, H.VALID_SEQUENCE), 'OOORDER_OUT_PKTS: late segments of this direction.'),
  nprobe(123, 'nprobeClientNwLatencyMs', 'milliseconds', divided(client, 2000), 'CLIENT_NW_LATENCY_MS: half of the round trip to the initiator, as nProbe has it.'),
  nprobe(124, 'nprobeServerNwLatencyMs', 'milliseconds', divided(server, 2000), 'SERVER_NW_LATENCY_MS: half of the round trip to the responder, as nProbe has it.'),
  nprobe(125, 'nprobeApplLatencyMs', 'milliseconds', divided(otherHealthWord(H.RESPONSE + 2, H.VALID_RESPONSE), 1000), 'APPL_LATENCY_MS: mean response time of the other side.'),
  nprobe(417, 'nprobeTcpWinMssIn', 'octets', healthWord(H.MSS_SCALE, H.VALID_MSS, 0, 0xffff), 'TCP_WIN_MSS_IN: maximum segment size of this direction.', 'unsigned16'),
  nprobe(418, 'nprobeTcpWinScaleIn', 'none', healthWord(H.MSS_SCALE, H.VALID_SCALE, 16, 0xffff), 'TCP_WIN_SCALE_IN: window scale of this direction.', 'unsigned8'),
  nprobe(421, 'nprobeTcpWinMssOut', 'octets', otherHealthWord(H.MSS_SCALE, H.VALID_MSS, 0, 0xffff), 'TCP_WIN_MSS_OUT: of the other direction.', 'unsigned16'),
  nprobe(422, 'nprobeTcpWinScaleOut', 'none', otherHealthWord(H.MSS_SCALE, H.VALID_SCALE, 16, 0xffff), 'TCP_WIN_SCALE_OUT: of the other direction.', 'unsigned8'),
  { id: 21, enterpriseNumber: CERT, name: 'certReverseFlowDeltaMilliseconds', type: 'unsigned32', unit: 'milliseconds', semantics: 'quantity', source: divided(server, 1000),
    description: 'reverseFlowDeltaMilliseconds: the initiator’s first packet to the responder’s first one, of TCP flows whose handshake was seen.' },
  cisco(9268, 'ciscoClientRetransmittedPackets', healthWord(H.RETRANSMITTED_SEGMENTS, H.VALID_SEQUENCE), 'Segments of this direction sent again.'),
  cisco(9292, 'ciscoResponses', otherHealthWord(H.RESPONSE, H.VALID_RESPONSE), 'Responses of the other side to data of this one.'),
  cisco(9304, 'ciscoResponseTimeMaximumMilliseconds', divided(otherHealthWord(H.RESPONSE + 3, H.VALID_RESPONSE), 1000), 'Greatest response time of the other side.'),
  cisco(9305, 'ciscoResponseTimeMinimumMilliseconds', divided(otherHealthWord(H.RESPONSE + 1, H.VALID_RESPONSE), 1000), 'Least response time of the other side.'),
  cisco(9317, 'ciscoClientNetworkTimeMaximumMilliseconds', divided(client, 1000), 'Round trip to the initiator, of the handshake.'),
  cisco(9318, 'ciscoClientNetworkTimeMinimumMilliseconds', divided(client, 1000), 'Round trip to the initiator, of the handshake.'),
  cisco(9320, 'ciscoServerNetworkTimeMaximumMilliseconds', divided(server, 1000), 'Round trip to the responder, of the handshake.'),
  cisco(9321, 'ciscoServerNetworkTimeMinimumMilliseconds', divided(server, 1000), 'Round trip to the responder, of the handshake.'),
];

/** Names of a maker's elements. */
export function vendorNames(prefix: 'nprobe' | 'cert' | 'cisco'): string[] {
  return VENDOR_ELEMENTS.map(({ name }) => name).filter((name) => name.startsWith(prefix));
}
