/** What a ClientHello says becomes facts: for TLS, DTLS and QUIC alike. */

import type { ApplicationName } from './applications.ts';
import type { ClientHello } from './client-hello.ts';
import {
  type ApplicationFacts,
  NAME_FROM_QUIC,
  NAME_FROM_TLS,
  TLS_DATAGRAM,
  TLS_EARLY_DATA,
  TLS_ECH_OFFERED,
  TLS_HELLO_INCOMPLETE,
  TLS_PSK_OFFERED,
} from './facts.ts';
import type { InspectionContext } from './inspection-context.ts';
import { ja4Of } from './ja4.ts';

/** By the port of the server: services that are TLS from the first octet on. */
const BY_PORT: Readonly<Record<number, ApplicationName>> = {
  465: 'smtps',
  636: 'ldaps',
  853: 'dot',
  993: 'imaps',
  995: 'pop3s',
};

/** Ports at which servers speak TLS from the first octet on. */
export const TLS_PORTS: readonly number[] = [443, 8443, ...Object.keys(BY_PORT).map(Number)];

const IS_TLS_PORT = new Uint8Array(65_536);
for (const port of TLS_PORTS) IS_TLS_PORT[port] = 1;

/** The name of an application within TLS over TCP. */
export function tlsApplication(serverPort: number, alpn: string | undefined): ApplicationName {
  if (alpn === 'dot') return 'dot';
  return BY_PORT[serverPort] ?? 'tls';
}

/** Whether a server at this port speaks TLS from the first octet on. */
export function isTlsPort(port: number): boolean {
  return IS_TLS_PORT[port] === 1;
}

/** Writes the facts of a hello, whole or in part; a later part of the same hello writes them anew. */
export function tellHello(
  hello: ClientHello,
  transport: 't' | 'q' | 'd',
  facts: ApplicationFacts,
  context: InspectionContext,
): void {
  if (hello.serverName !== undefined) {
    facts.tlsServerName = hello.serverName;
    facts.serverName = hello.serverName;
    facts.serverNameSource = transport === 'q' ? NAME_FROM_QUIC : NAME_FROM_TLS;
  }
  if (hello.alpn !== undefined) facts.tlsAlpn = hello.alpn;
  facts.tlsFlags =
    (hello.offersEch ? TLS_ECH_OFFERED : 0) |
    (hello.offersPsk ? TLS_PSK_OFFERED : 0) |
    (hello.offersEarlyData ? TLS_EARLY_DATA : 0) |
    (transport === 'd' ? TLS_DATAGRAM : 0) |
    (hello.isComplete ? 0 : TLS_HELLO_INCOMPLETE);
  if (!hello.isComplete) return;
  facts.tlsClientVersion = hello.version;
  if (context.options.ja4) facts.tlsJa4 = ja4Of(hello, transport);
}
