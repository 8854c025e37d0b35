/**
 * What payload inspection can tell of a flow, a row for each value: where records have it follows from its place in this
 * list (application-layout.ts), the information element from its name (ie/elements-applications.ts), and the fact that it
 * is filled from as well (src/applications/facts.ts).
 */

export interface ApplicationField {
  readonly name: string;
  /** Text: UTF-8, at most so many octets; missing: a number of 32 bits. */
  readonly octetsMax?: number;
  /** Text that tells whom or what somebody asked for, or by which program: anonymization drops it unless told otherwise. */
  readonly isName?: true;
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
  { name: 'dnsQueryName', octetsMax: 255, isName: true },
  { name: 'dnsQueryType' },
  { name: 'dnsResponseCode' },
  { name: 'dnsTransactionId' },
  { name: 'dnsAnswerCount' },
  { name: 'dnsAnswers', octetsMax: 255, isName: true },
  { name: 'dnsMinimumTtl' },
  { name: 'dnsResponseTimeMicroseconds' },
  { name: 'dnsFlags' },
  { name: 'tlsServerName', octetsMax: 255, isName: true },
  { name: 'tlsAlpn', octetsMax: 64 },
  { name: 'tlsClientVersion' },
  { name: 'tlsVersion' },
  { name: 'tlsCipherSuite' },
  { name: 'tlsKeyShareGroup' },
  { name: 'tlsJa4', octetsMax: 36 },
  { name: 'tlsFlags' },
  { name: 'tlsCertificateName', octetsMax: 128, isName: true },
  { name: 'tlsCertificateNotBefore' },
  { name: 'tlsCertificateNotAfter' },
  { name: 'quicVersion' },
  { name: 'httpRequestMethod', octetsMax: 16 },
  { name: 'httpRequestHost', octetsMax: 255, isName: true },
  { name: 'httpStatusCode' },
  { name: 'httpRequestTarget', octetsMax: 255, isName: true },
  { name: 'httpMessageVersion', octetsMax: 10 },
  { name: 'httpContentType', octetsMax: 64 },
  { name: 'httpReasonPhrase', octetsMax: 64 },
  { name: 'httpUserAgent', octetsMax: 128, isName: true },
  { name: 'sshClientVersion', octetsMax: 64 },
  { name: 'sshServerVersion', octetsMax: 64 },
] as const satisfies readonly ApplicationField[];

export type ApplicationFieldName = (typeof APPLICATION_FIELDS)[number]['name'];
