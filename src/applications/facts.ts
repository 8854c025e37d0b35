/**
 * Facts that the first packets of a flow tell of its application: names, versions, answers. Keys are those of flowtap's
 * information elements and of IANA's, so that a value finds its element by its name. Nothing is computed here.
 */

import type { ApplicationName } from './applications.ts';

/** How sure the name of an application is; the values of the element `applicationConfidence`. */
export const CONFIDENCE_PORT = 1;
/** The first octets of one direction are those of the protocol. */
export const CONFIDENCE_SIGNATURE = 2;
/** Both directions, or several packets, fit together. */
export const CONFIDENCE_TWO_WAY = 3;
/** A message of the protocol was read to its end. */
export const CONFIDENCE_PARSED = 4;

/** Where `serverName` comes from; the values of the element `serverNameSource`. */
export const NAME_FROM_TLS = 1;
export const NAME_FROM_QUIC = 2;
export const NAME_FROM_HTTP = 3;
export const NAME_FROM_CERTIFICATE = 4;
export const NAME_FROM_CLIENTS_DNS = 5;
export const NAME_FROM_ANY_DNS = 6;

/** Bits of `tlsFlags`. */
export const TLS_ECH_OFFERED = 1;
export const TLS_HELLO_RETRY = 2;
export const TLS_PSK_OFFERED = 4;
export const TLS_EARLY_DATA = 8;
export const TLS_DATAGRAM = 16;
/** The ClientHello was not seen to its end: names may be there, `tlsJa4` is not. */
export const TLS_HELLO_INCOMPLETE = 32;

/** One address, alias or hint of a DNS response, in the order of the message. */
export interface DnsAnswer {
  /** RR type: 1 A, 28 AAAA, 5 CNAME; 64 and 65 for address hints of SVCB and HTTPS. */
  readonly type: number;
  /** An address in text (RFC 5952), or the name that a CNAME leads to. */
  readonly text: string;
  /** Seconds. */
  readonly timeToLive: number;
}

/**
 * Facts about one biflow; a value is undefined where it is unknown. Texts hold printable ASCII and Unicode, no control
 * characters, and have at most 1,020 characters (names of DNS with every octet escaped), others at most 256.
 * A class, so that all of them have one shape from the beginning on: whoever reads and writes them is the quicker for it.
 */
export class ApplicationFacts {
  applicationName?: ApplicationName;
  /** 1 … 4, as above. */
  applicationConfidence?: number;
  /** The best name of the server that there is. */
  serverName?: string;
  serverNameSource?: number;

  /** The first question of the flow, or the owner of the first answer where mDNS has no question: lower case, no dot at the end, the root is `.`; RFC 4343 §2.1 escapes. */
  dnsQueryName?: string;
  dnsQueryType?: number;
  dnsTransactionId?: number;
  /** Of the response to the first question, with the part of EDNS (RFC 6891 §6.1.3). */
  dnsResponseCode?: number;
  /** Header word of that response. */
  dnsFlags?: number;
  /** ANCOUNT of that response. */
  dnsAnswerCount?: number;
  /** Its first addresses and aliases, at most 8. */
  dnsAnswers?: readonly DnsAnswer[];
  /** The least TTL of its answers, seconds. */
  dnsMinimumTtl?: number;
  /** From the first question to its response; absent where only one of them was seen. */
  dnsResponseTimeMicroseconds?: number;

  /** Server name indication of the first ClientHello, lower case; with TLS_ECH_OFFERED the outer one. */
  tlsServerName?: string;
  /** The protocol that the server chose, where it shows, else those that the client offered, joined by commas. */
  tlsAlpn?: string;
  /** The newest version that the client offered. */
  tlsClientVersion?: number;
  /** The version that the server chose. */
  tlsVersion?: number;
  tlsCipherSuite?: number;
  tlsKeyShareGroup?: number;
  /** JA4 of the first ClientHello: 36 characters. */
  tlsJa4?: string;
  tlsFlags?: number;
  /** Common name of the subject of the server's certificate, else its first DNS name; shown up to TLS 1.2. */
  tlsCertificateName?: string;
  /** Seconds since 1970. */
  tlsCertificateNotBefore?: number;
  tlsCertificateNotAfter?: number;

  /** Of the client's first long header. */
  quicVersion?: number;

  httpRequestMethod?: string;
  /** Host, without its port. */
  httpRequestHost?: string;
  httpRequestTarget?: string;
  /** `HTTP/1.1`, as the request has it; of the response where no request was seen. */
  httpMessageVersion?: string;
  httpStatusCode?: number;
  httpReasonPhrase?: string;
  httpUserAgent?: string;
  /** Of the response, without parameters. */
  httpContentType?: string;

  /** Identification lines (RFC 4253 §4.2). */
  sshClientVersion?: string;
  sshServerVersion?: string;
}

/** Names the application, unless what is known is surer. */
export function nameApplication(facts: ApplicationFacts, name: ApplicationName, confidence: number): void {
  if ((facts.applicationConfidence ?? 0) >= confidence) return;
  facts.applicationName = name;
  facts.applicationConfidence = confidence;
}
