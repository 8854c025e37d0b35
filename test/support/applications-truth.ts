/**
 * Facts that others found in real captures: nDPI's protocol and host name of each flow, and what tshark's fields say of
 * each ClientHello, JA4 included; and how names of others map to ours.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beginsAsCapture, SHARED_PCAPS_FOLDER, sharedCaptures } from './captures.ts';
import type { InspectedFlow } from './inspect-capture.ts';

/** Our names for nDPI's; a protocol that is not here must not be named by its content. */
const EQUAL_NAMES: Readonly<Record<string, readonly string[]>> = {
  AVASTSecureDNS: ['dns'],
  BACnet: ['bacnet'],
  BGP: ['bgp'],
  BitTorrent: ['bittorrent'],
  DHCP: ['dhcp'],
  DNS: ['dns'],
  DTLS: ['dtls'],
  EthernetIP: ['ethernet-ip'],
  GTP: ['gtp'],
  HTTP: ['http'],
  HTTP_Proxy: ['http'],
  IPSec: ['ike'],
  Kerberos: ['kerberos'],
  LLMNR: ['llmnr'],
  MDNS: ['mdns'],
  Modbus: ['modbus'],
  NTP: ['ntp'],
  NetBIOS: ['netbios-ns'],
  POP3: ['pop3'],
  POPS: ['pop3'],
  QUIC: ['quic'],
  RDP: ['rdp'],
  RTCP: ['rtcp'],
  RTP: ['rtp'],
  S7CommPlus: ['s7comm'],
  SIP: ['sip'],
  SMBv23: ['smb'],
  SMTPS: ['smtp'],
  SNMP: ['snmp'],
  SOCKS: ['socks'],
  SSDP: ['ssdp'],
  SSH: ['ssh'],
  STUN: ['stun'],
  TFTP: ['tftp'],
  TLS: ['tls'],
  // A mesh of WireGuard.
  Tailscale: ['wireguard'],
  WebSocket: ['http'],
  WireGuard: ['wireguard'],
};

/** A flow and the facts that are told of it, without the number of packets that were looked into. */
export type ToldFlow = Omit<InspectedFlow, 'packetCount'>;

export interface Truth {
  readonly flows: readonly { readonly flow: string; readonly protocol: string; readonly hostName?: string }[];
  readonly clientHellos: readonly {
    readonly transport: string;
    readonly source: string;
    readonly destination: string;
    readonly serverName: string | null;
    readonly alpn: readonly string[];
    readonly ja4: string;
  }[];
}

const TRUTH_FILE = join(SHARED_PCAPS_FOLDER, '../applications-truth.json');
export const truths: Record<string, Truth> = existsSync(TRUTH_FILE)
  ? (JSON.parse(readFileSync(TRUTH_FILE, 'utf8')) as Record<string, Truth>)
  : {};
export const truthFiles = sharedCaptures('real').filter(
  (file) => basename(file) in truths && beginsAsCapture(file),
);

const TLS_1_3 = 0x0304;

/** nDPI prints every `:0:` of an address as `::`. */
const asPrinted = (endpoint: string) => endpoint.replaceAll(':0:', '::');

/** The flow that a line of the truth is about. */
function flowOf(flows: readonly ToldFlow[], line: string): ToldFlow | undefined {
  const [, protocol, source, destination] = /^(TCP|UDP) (\S+) > (\S+)/.exec(line) ?? [];
  if (protocol === undefined) return undefined;
  const number = protocol === 'TCP' ? 6 : 17;
  return flows.find(
    (flow) =>
      flow.protocol === number &&
      [flow.source, flow.destination].map(asPrinted).sort().join() === [source, destination].sort().join(),
  );
}

/** The host name of a flow as nDPI tells it: that of the question, else of the server. */
const hostOf = ({ facts }: ToldFlow) => facts.dnsQueryName ?? facts.serverName;

/** nDPI keeps the last 79 characters, and puts `_` or `?` for what no host name has. */
function isSameHost(ours: string | undefined, theirs: string): boolean {
  const last = ours?.slice(-theirs.length) ?? '';
  return (
    last.length === theirs.length &&
    [...theirs].every((character, i) => character === '_' || character === '?' || character === last[i])
  );
}

/** Where a flow differs from what others say of it. */
export interface Difference {
  /** As they call it. */
  readonly flow: string;
  readonly field: string;
  readonly ours: string | undefined;
  readonly theirs: string | undefined;
}

/** Where one flow differs from what nDPI found of it. */
function compareFlow(flows: readonly ToldFlow[], truth: Truth['flows'][number]): Difference[] {
  const flow = flowOf(flows, truth.flow);
  if (flow === undefined) return [];
  const found: Difference[] = [];
  const add = (field: string, ours: string | undefined, theirs: string) =>
    found.push({ flow: truth.flow, field, ours, theirs });
  const [outer, inner] = truth.protocol.split('.');
  const first = outer === 'NetBIOS' && inner !== undefined ? inner : outer!;
  const expected = EQUAL_NAMES[first];
  const name = flow.facts.applicationName;
  if (expected !== undefined && !expected.includes(name ?? '-')) add('applicationName', name, first);
  if (expected === undefined && name !== undefined && flow.facts.applicationConfidence! > 1)
    add('applicationName', name, first);
  if (expected !== undefined && truth.hostName !== undefined && !isSameHost(hostOf(flow), truth.hostName))
    add('serverName', hostOf(flow), truth.hostName);
  return found;
}

type Hello = Truth['clientHellos'][number];

const pairOf = ({ source, destination }: { source: string; destination: string }) =>
  [source, destination].sort().join(' ').replaceAll(/[[\]]/g, '');

/** Where a flow differs from what tshark's fields say of its first ClientHello. */
function compareHello(flows: readonly ToldFlow[], hello: Hello): Difference[] {
  const title = `${hello.transport} ${hello.source} > ${hello.destination}`;
  const flow = flows.find((one) => pairOf(one) === pairOf(hello));
  const { tlsServerName, tlsAlpn, tlsJa4, tlsVersion } = flow?.facts ?? {};
  const found: Difference[] = [];
  const compare = (field: string, ours: string | undefined, theirs: string | undefined) => {
    if (ours !== theirs) found.push({ flow: title, field, ours, theirs });
  };
  compare('tlsServerName', tlsServerName, hello.serverName?.toLowerCase());
  compare('tlsJa4', tlsJa4, hello.ja4);
  if (!isChosenAlpn(tlsAlpn, hello.alpn, tlsVersion))
    compare('tlsAlpn', tlsAlpn, hello.alpn.join() || undefined);
  return found;
}

/** Whether the server's choice stands for what the client offered: up to TLS 1.2 it shows, and is told instead. */
export function isChosenAlpn(ours: string | undefined, offered: readonly string[], version = 0): boolean {
  return version < TLS_1_3 && ours !== undefined && offered.includes(ours);
}

/** All differences of a capture's flows. */
export function differences(flows: readonly ToldFlow[], truth: Truth): Difference[] {
  const hellos = new Map<string, Hello>();
  for (const hello of truth.clientHellos) if (!hellos.has(pairOf(hello))) hellos.set(pairOf(hello), hello);
  return [
    ...truth.flows.flatMap((flow) => compareFlow(flows, flow)),
    ...[...hellos.values()].flatMap((hello) => compareHello(flows, hello)),
  ];
}
