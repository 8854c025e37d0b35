/** The columns of the flows and of the talkers, one row each: title, what it is sorted by, what its cells show. */
import { make } from './dom.mjs';
import { address, both, count, end, figure, milliseconds, octets, share, span } from './format.mjs';
import { severity, verdictMark } from './verdicts.mjs';

const rateOf = (flow) => flow.bitsPerSecond + flow.reverseBitsPerSecond;

/**
 * `ask`: the order in which the daemon is asked for them; without it, those that are shown are put in order.
 * `isText`: words, in order from A to Z first, where a number's greatest comes first. `isHealth`: only where path health is measured.
 */
export const FLOW_COLUMNS = [
  { id: 'source', title: 'Initiator', isText: true, value: (flow) => end(flow, 'source') },
  { id: 'destination', title: 'Responder', isText: true, value: (flow) => end(flow, 'destination') },
  { id: 'protocol', title: 'Protocol', isText: true, value: (flow) => flow.protocolName },
  { id: 'interface', title: 'Interface', isText: true, value: (flow) => flow.interface },
  {
    id: 'rate',
    title: 'Mean rate',
    ask: 'rate',
    value: rateOf,
    show: (flow) => figure(rateOf(flow), 'bit/s'),
  },
  {
    id: 'octets',
    title: 'Octets',
    ask: 'octets',
    value: (flow) => both(flow, 'octetDeltaCount'),
    show: (flow) => octets(both(flow, 'octetDeltaCount')),
  },
  {
    id: 'packets',
    title: 'Packets',
    ask: 'packets',
    value: (flow) => both(flow, 'packetDeltaCount'),
    show: (flow) => count(both(flow, 'packetDeltaCount')),
  },
  {
    id: 'age',
    title: 'Age',
    value: (flow) => flow.ageMilliseconds,
    show: (flow) => span(flow.ageMilliseconds / 1000),
  },
  {
    id: 'rtt',
    title: 'Round trip',
    ask: 'rtt',
    isHealth: true,
    value: (flow) => flow.roundTripTimeMs?.mean ?? -1,
    show: (flow) => milliseconds(flow.roundTripTimeMs?.mean),
  },
  {
    id: 'loss',
    title: 'Lost',
    ask: 'loss',
    isHealth: true,
    value: (flow) => flow.lostPackets ?? -1,
    show: (flow) =>
      flow.lostPackets > 0
        ? `${count(flow.lostPackets)} (${share(flow.lostShare)})`
        : count(flow.lostPackets),
  },
  {
    id: 'verdict',
    title: 'Verdict',
    isText: true,
    isHealth: true,
    value: (flow) => severity(flow.verdict),
    show: (flow) => (flow.verdict === undefined ? '–' : verdictMark(flow.verdict)),
  },
];

const verdictsOf = ({ verdicts }) => [...verdicts].sort(([a], [b]) => severity(b) - severity(a));

export const TALKER_COLUMNS = [
  { id: 'address', title: 'Address', isText: true, value: ({ address: text }) => text },
  { id: 'rate', title: 'Mean rate', value: ({ rate }) => rate, show: ({ rate }) => figure(rate, 'bit/s') },
  { id: 'octets', title: 'Octets', value: ({ octets: all }) => all, show: ({ octets: all }) => octets(all) },
  { id: 'sent', title: 'Sent', value: ({ sent }) => sent, show: ({ sent }) => octets(sent) },
  {
    id: 'received',
    title: 'Received',
    value: ({ received }) => received,
    show: ({ received }) => octets(received),
  },
  { id: 'flows', title: 'Flows', value: ({ flows }) => flows, show: ({ flows }) => count(flows) },
  { id: 'peers', title: 'Peers', value: ({ peers }) => peers.size, show: ({ peers }) => count(peers.size) },
  {
    id: 'verdict',
    title: 'Verdicts',
    isText: true,
    isHealth: true,
    value: (talker) => severity(verdictsOf(talker)[0]?.[0]),
    show: (talker) =>
      make(
        'span',
        { class: 'marks' },
        verdictsOf(talker).map(([name, times]) => verdictMark(name, times)),
      ),
  },
];

/** Hosts of these flows, with the sums of each. */
export function talkersOf(flows) {
  const hosts = new Map();
  for (const flow of flows) {
    for (const [side, other] of [
      ['source', 'destination'],
      ['destination', 'source'],
    ]) {
      const name = address(flow, side);
      const host = hosts.get(name) ?? emptyTalker(name);
      hosts.set(name, host);
      const isSource = side === 'source';
      const [sent, received] = [flow.octetDeltaCount ?? 0, flow.reverseOctetDeltaCount ?? 0];
      host.sent += isSource ? sent : received;
      host.received += isSource ? received : sent;
      host.octets = host.sent + host.received;
      host.rate += rateOf(flow);
      host.flows++;
      host.peers.add(address(flow, other));
      if (flow.verdict !== undefined)
        host.verdicts.set(flow.verdict, (host.verdicts.get(flow.verdict) ?? 0) + 1);
    }
  }
  return [...hosts.values()];
}

function emptyTalker(name) {
  return {
    address: name,
    sent: 0,
    received: 0,
    octets: 0,
    rate: 0,
    flows: 0,
    peers: new Set(),
    verdicts: new Map(),
  };
}
