/**
 * Applications as information elements: what payload inspection knows of a flow (docs/applications.md). IANA's first, then
 * flowtap's own. Both directions of a flow have the same values, so there are no reverse ones.
 */
import { APPLICATION_FIELDS, type ApplicationField } from '../records/application-fields.ts';
import type { ApplicationKind } from '../records/application-kinds.ts';
import {
  APPLICATION_WORD,
  applicationPlace,
  ENGINE,
  PRESENT,
  TEXTS,
  VALUES,
} from '../records/application-layout.ts';
import type { SemanticsName, UnitName } from './abstract-types.ts';
import type { InformationElement, ValueSource } from './element.ts';

type FieldName = (typeof APPLICATION_FIELDS)[number]['name'];

/** Where records have the value of a field. @param place of the field in APPLICATION_FIELDS */
export function applicationSource(place: number, { octetsMax }: ApplicationField): ValueSource {
  const word = APPLICATION_WORD + VALUES + place;
  const when = { word: APPLICATION_WORD + PRESENT + (place >>> 5), shift: place & 31, mask: 1, equals: 1 };
  if (octetsMax !== undefined)
    return { kind: 'text', forward: word, reverse: word, texts: APPLICATION_WORD + TEXTS, when };
  return { kind: 'word', forward: { word, shift: 0 }, reverse: { word, shift: 0 }, mask: -1, when };
}

type Row = Pick<InformationElement, 'id' | 'description'> &
  Partial<InformationElement> & { readonly name: FieldName };

/** An element of the field that has its name: text, or what the row says. */
function element(row: Row): InformationElement {
  const place = applicationPlace(row.name);
  const field: ApplicationField = APPLICATION_FIELDS[place]!;
  const { octetsMax } = field;
  const unit: UnitName = 'none';
  const semantics: SemanticsName = octetsMax === undefined ? 'identifier' : 'default';
  const texts = octetsMax === undefined ? {} : { octetsMax };
  return {
    type: 'string',
    unit,
    semantics,
    inFull: false,
    ...texts,
    ...row,
    source: applicationSource(place, field),
  };
}

const own = (row: Row): InformationElement => element({ ...row, isEnterprise: true });

// biome-ignore format: one row, one element
export const APPLICATION_ELEMENTS: readonly InformationElement[] = [
  { id: 95, name: 'applicationId', type: 'octetArray', octets: 5, unit: 'none', semantics: 'default', inFull: false, source: { kind: 'applicationId', forward: APPLICATION_WORD + ENGINE },
    description: 'Application as classification engine (22: nDPI’s registry; 3, a guess: IANA’s ports) and its selector in 4 octets (RFC 6759).' },
  element({ id: 96, name: 'applicationName', v9Octets: 24, description: 'Application, by the name of its service at IANA in lower case where it has one: dns, tls, http, quic, ssh.' }),
  element({ id: 457, name: 'httpStatusCode', type: 'unsigned16', description: 'Status of the first HTTP response.' }),
  element({ id: 459, name: 'httpRequestMethod', v9Octets: 8, description: 'Method of the first HTTP request.' }),
  element({ id: 460, name: 'httpRequestHost', v9Octets: 64, description: 'Host of the first HTTP request, without its port.' }),
  element({ id: 461, name: 'httpRequestTarget', v9Octets: 128, description: 'Target of the first HTTP request.' }),
  element({ id: 462, name: 'httpMessageVersion', v9Octets: 10, description: 'Version of the first HTTP message: HTTP/1.1.' }),
  element({ id: 468, name: 'httpUserAgent', v9Octets: 128, description: 'User agent of the first HTTP request.' }),
  element({ id: 469, name: 'httpContentType', v9Octets: 64, description: 'Content type of the first HTTP response, without parameters.' }),
  element({ id: 470, name: 'httpReasonPhrase', v9Octets: 64, description: 'Reason phrase of the first HTTP response.' }),
];

// biome-ignore format: one row, one element
export const OWN_APPLICATION_ELEMENTS: readonly InformationElement[] = [
  own({ id: 200, name: 'applicationConfidence', type: 'unsigned8', description: 'How sure the application is: 1 by port alone, 2 first octets, 3 both directions, 4 a message was read to its end.' }),
  own({ id: 201, name: 'serverName', description: 'The best name of the server that is known.' }),
  own({ id: 202, name: 'serverNameSource', type: 'unsigned8', description: 'Where serverName is from: 1 TLS, 2 QUIC, 3 HTTP, 4 certificate, 5 DNS answer to this client, 6 DNS answer to any client; 128 more where it is ambiguous.' }),
  own({ id: 203, name: 'inspectedPacketDeltaCount', type: 'unsigned8', unit: 'packets', semantics: 'deltaCounter', description: 'Packets whose payload was looked into.' }),
  own({ id: 210, name: 'dnsQueryName', description: 'Name of the first DNS question: lower case, no dot at the end, escapes of RFC 4343.' }),
  own({ id: 211, name: 'dnsQueryType', type: 'unsigned16', description: 'Type of the first DNS question.' }),
  own({ id: 212, name: 'dnsResponseCode', type: 'unsigned16', description: 'Response code to the first DNS question, with the part of EDNS.' }),
  own({ id: 213, name: 'dnsTransactionId', type: 'unsigned16', description: 'Transaction id of the first DNS message.' }),
  own({ id: 214, name: 'dnsAnswerCount', type: 'unsigned16', unit: 'entries', semantics: 'quantity', description: 'Answers to the first DNS question.' }),
  own({ id: 215, name: 'dnsAnswers', isList: true, description: 'Its first addresses and aliases, with semicolons between them; in JSON a list.' }),
  own({ id: 216, name: 'dnsMinimumTtl', type: 'unsigned32', unit: 'seconds', semantics: 'quantity', description: 'Least time to live of its answers.' }),
  own({ id: 217, name: 'dnsResponseTimeMicroseconds', type: 'unsigned32', unit: 'microseconds', semantics: 'quantity', description: 'From the first DNS question to its response.' }),
  own({ id: 224, name: 'dnsFlags', type: 'unsigned16', semantics: 'flags', description: 'Flags in the header of that response.' }),
  own({ id: 230, name: 'tlsServerName', description: 'Server name that the first ClientHello asks for, lower case.' }),
  own({ id: 231, name: 'tlsAlpn', description: 'Application protocol that the server chose, or those that the client offers, with commas between them.' }),
  own({ id: 232, name: 'tlsClientVersion', type: 'unsigned16', description: 'Newest version of TLS or DTLS that the client offers.' }),
  own({ id: 233, name: 'tlsVersion', type: 'unsigned16', description: 'Version that the server chose.' }),
  own({ id: 234, name: 'tlsCipherSuite', type: 'unsigned16', description: 'Cipher suite that the server chose.' }),
  own({ id: 235, name: 'tlsKeyShareGroup', type: 'unsigned16', description: 'Group of the key share that the server chose.' }),
  own({ id: 236, name: 'tlsJa4', description: 'JA4 fingerprint of the first ClientHello.' }),
  own({ id: 237, name: 'tlsFlags', type: 'unsigned8', semantics: 'flags', description: '1 encrypted ClientHello offered, 2 HelloRetryRequest, 4 PSK offered, 8 early data, 16 DTLS, 32 ClientHello not seen to its end.' }),
  own({ id: 238, name: 'tlsCertificateName', description: 'Common name of the server’s certificate, else its first DNS name; up to TLS 1.2.' }),
  own({ id: 239, name: 'tlsCertificateNotBefore', type: 'dateTimeSeconds', unit: 'seconds', semantics: 'default', description: 'Beginning of the validity of that certificate.' }),
  own({ id: 241, name: 'tlsCertificateNotAfter', type: 'dateTimeSeconds', unit: 'seconds', semantics: 'default', description: 'End of the validity of that certificate.' }),
  own({ id: 240, name: 'quicVersion', type: 'unsigned32', description: 'Version of the client’s first QUIC packet.' }),
  own({ id: 255, name: 'sshClientVersion', description: 'Identification line of the SSH client (RFC 4253 §4.2).' }),
  own({ id: 256, name: 'sshServerVersion', description: 'Identification line of the SSH server.' }),
];

/** Names of all of them, for profiles. */
export const APPLICATION_NAMES: readonly string[] = [
  ...APPLICATION_ELEMENTS,
  ...OWN_APPLICATION_ELEMENTS,
].map(({ name }) => name);

const KIND_OF_NAME = new Map<string, ApplicationKind>(
  APPLICATION_FIELDS.flatMap(({ name, kind }: ApplicationField) =>
    kind === undefined ? [] : [[name, kind]],
  ),
);

/** The kind of flow that has the element, or undefined where all can have it. */
export function kindOf(name: string): ApplicationKind | undefined {
  return KIND_OF_NAME.get(name);
}
