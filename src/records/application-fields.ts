/**
 * What payload inspection can tell of a flow, a row for each value: where records have it follows from its place in this
 * list (application-layout.ts), the information element from its name (ie/elements-applications.ts), and the fact that it
 * is filled from as well (src/applications/facts.ts).
 */

export interface ApplicationField {
  readonly name: string;
  /** Text: UTF-8, at most so many octets; missing: a number of 32 bits. */
  readonly octetsMax?: number;
  /** Between the parts of a list: one that has no room for all of them has the first ones whole. */
  readonly separator?: string;
  /** Text that tells whom or what somebody asked for, or by which program: anonymization drops it unless told otherwise. */
  readonly isName?: true;
  /** Only flows of this kind have it; missing: of any. */
  readonly kind?: 'dns' | 'tls' | 'http' | 'ssh';
}

/**
 * Texts in the order of their worth: where all together are longer than a record has room for, the last are cut. A new row
 * goes to the end, so that records in spools stay readable.
 */
export const APPLICATION_FIELDS = [
  { name: 'applicationName', octetsMax: 23 },
  { name: 'applicationConfidence' },
  { name: 'serverName', octetsMax: 255, isName: true },
  { name: 'serverNameSource' },
  { name: 'inspectedPacketDeltaCount' },
  { name: 'dnsQueryName', octetsMax: 255, isName: true, kind: 'dns' },
  { name: 'dnsQueryType', kind: 'dns' },
  { name: 'dnsResponseCode', kind: 'dns' },
  { name: 'dnsTransactionId', kind: 'dns' },
  { name: 'dnsAnswerCount', kind: 'dns' },
  { name: 'dnsAnswers', octetsMax: 255, separator: ';', isName: true, kind: 'dns' },
  { name: 'dnsMinimumTtl', kind: 'dns' },
  { name: 'dnsResponseTimeMicroseconds', kind: 'dns' },
  { name: 'dnsFlags', kind: 'dns' },
  { name: 'tlsServerName', octetsMax: 255, isName: true, kind: 'tls' },
  { name: 'tlsAlpn', octetsMax: 64, separator: ',', kind: 'tls' },
  { name: 'tlsClientVersion', kind: 'tls' },
  { name: 'tlsVersion', kind: 'tls' },
  { name: 'tlsCipherSuite', kind: 'tls' },
  { name: 'tlsKeyShareGroup', kind: 'tls' },
  { name: 'tlsJa4', octetsMax: 36, kind: 'tls' },
  { name: 'tlsFlags', kind: 'tls' },
  { name: 'tlsCertificateName', octetsMax: 128, isName: true, kind: 'tls' },
  { name: 'tlsCertificateNotBefore', kind: 'tls' },
  { name: 'tlsCertificateNotAfter', kind: 'tls' },
  { name: 'quicVersion', kind: 'tls' },
  { name: 'httpRequestMethod', octetsMax: 16, kind: 'http' },
  { name: 'httpRequestHost', octetsMax: 255, isName: true, kind: 'http' },
  { name: 'httpStatusCode', kind: 'http' },
  { name: 'httpRequestTarget', octetsMax: 255, isName: true, kind: 'http' },
  { name: 'httpMessageVersion', octetsMax: 10, kind: 'http' },
  { name: 'httpContentType', octetsMax: 64, kind: 'http' },
  { name: 'httpReasonPhrase', octetsMax: 64, kind: 'http' },
  { name: 'httpUserAgent', octetsMax: 128, isName: true, kind: 'http' },
  { name: 'sshClientVersion', octetsMax: 64, kind: 'ssh' },
  { name: 'sshServerVersion', octetsMax: 64, kind: 'ssh' },
] as const satisfies readonly ApplicationField[];

export type ApplicationFieldName = (typeof APPLICATION_FIELDS)[number]['name'];
