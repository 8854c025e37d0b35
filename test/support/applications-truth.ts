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
function flowOf(flows: readonly InspectedFlow[], line: string): InspectedFlow | undefined {
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
const hostOf = ({ facts }: InspectedFlow) => facts.dnsQueryName ?? facts.serverName;

/** nDPI keeps the last 79 characters, and puts `_` or `?` for what no host name has. */
function isSameHost(ours: string | undefined, theirs: string): boolean {
  const last = ours?.slice(-theirs.length) ?? '';
  return (
    last.length === theirs.length &&
    [...theirs].every((character, i) => character === '_' || character === '?' || character === last[i])
  );
}

/** Where one flow differs from what others found of it, in words. */
function compareFlow(flows: readonly InspectedFlow[], truth: Truth['flows'][number]): string[] {
  const flow = flowOf(flows, truth.flow);
  if (flow === undefined) return [];
  const found: string[] = [];
  const [outer, inner] = truth.protocol.split('.');
  const first = outer === 'NetBIOS' && inner !== undefined ? inner : outer!;
  const expected = EQUAL_NAMES[first];
  const name = flow.facts.applicationName;
  if (expected !== undefined && !expected.includes(name ?? '-'))
    found.push(`${truth.flow}: ${first} is ${name}`);
  if (expected === undefined && name !== undefined && flow.facts.applicationConfidence! > 1)
    found.push(`${truth.flow}: ${first} is ${name}`);
  if (expected !== undefined && truth.hostName !== undefined && !isSameHost(hostOf(flow), truth.hostName))
    found.push(`${truth.flow}: host name ${truth.hostName} is ${hostOf(flow)}`);
  return found;
}

type Hello = Truth['clientHellos'][number];

const pairOf = ({ source, destination }: { source: string; destination: string }) =>
  [source, destination].sort().join(' ').replaceAll(/[[\]]/g, '');

/** Where a flow differs from what tshark's fields say of its first ClientHello, in words. */
function compareHello(flows: readonly InspectedFlow[], hello: Hello): string[] {
  const title = `${hello.transport} ${hello.source} > ${hello.destination}`;
  const flow = flows.find((one) => pairOf(one) === pairOf(hello));
  if (flow === undefined) return [`${title}: no flow`];
  const { tlsServerName, tlsAlpn, tlsJa4, tlsVersion = 0 } = flow.facts;
  const found: string[] = [];
  const name = hello.serverName?.toLowerCase();
  if (tlsServerName !== name) found.push(`${title}: server name ${name} is ${tlsServerName}`);
  if (tlsJa4 !== hello.ja4) found.push(`${title}: JA4 ${hello.ja4} is ${tlsJa4}`);
  const offered = hello.alpn.join() || undefined;
  // Up to TLS 1.2 the server's choice shows, and is told instead.
  const isChosen = tlsVersion < TLS_1_3 && tlsAlpn !== undefined && hello.alpn.includes(tlsAlpn);
  if (tlsAlpn !== offered && !isChosen) found.push(`${title}: ALPN ${offered} is ${tlsAlpn}`);
  return found;
}

/** All differences of a capture's flows. */
export function differences(flows: readonly InspectedFlow[], truth: Truth): string[] {
  const hellos = new Map<string, Hello>();
  for (const hello of truth.clientHellos) if (!hellos.has(pairOf(hello))) hellos.set(pairOf(hello), hello);
  return [
    ...truth.flows.flatMap((flow) => compareFlow(flows, flow)),
    ...[...hellos.values()].flatMap((hello) => compareHello(flows, hello)),
  ];
}
