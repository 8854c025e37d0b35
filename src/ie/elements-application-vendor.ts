/**
 * Applications under other makers' numbers, for dashboards that exist already: ntop's (nProbe), CERT's (YAF), CESNET's and
 * Flowmon's (ipfixprobe). Only where the meaning is the same. The profiles `nprobe`, `cert` and `cesnet` have them.
 */
import {
  APPLICATION_FIELDS,
  type ApplicationField,
  type ApplicationFieldName,
} from '../records/application-fields.ts';
import type { ApplicationKind } from '../records/application-kinds.ts';
import {
  APPLICATION_WORD,
  applicationPlace,
  ENGINE,
  ENGINE_NDPI,
  PORT,
  SELECTOR,
} from '../records/application-layout.ts';
import { type InformationElement, sharedWord } from './element.ts';
import { applicationSource, kindOf } from './elements-applications.ts';

const NTOP = 35632;
const CERT = 6871;
const CESNET = 8057;
const FLOWMON = 39499;
/** NetFlow v9 field of ntop's elements: this and their number. */
const NTOP_V9 = 57472;

type Maker = 'nprobe' | 'cert' | 'cesnet';
type NumberType = 'unsigned8' | 'unsigned16' | 'unsigned32';

interface Row {
  readonly enterpriseNumber: number;
  readonly id: number;
  readonly name: string;
  readonly field: ApplicationFieldName;
  /** Of a number. */
  readonly type?: NumberType;
  /** Of a text: octets of the longest value, which is the size in NetFlow v9. */
  readonly octetsMax?: number;
  readonly isList?: true;
  readonly description: string;
}

function fieldOf(name: ApplicationFieldName): ApplicationField {
  return APPLICATION_FIELDS[applicationPlace(name)]!;
}

function element({ field, type, octetsMax, enterpriseNumber, id, ...row }: Row): InformationElement {
  const source = applicationSource(applicationPlace(field), fieldOf(field));
  const v9 = enterpriseNumber === NTOP ? { v9Id: NTOP_V9 + id } : {};
  const size = type === undefined ? { octetsMax: octetsMax!, v9Octets: octetsMax! } : {};
  const kind = {
    type: type ?? 'string',
    unit: 'none',
    semantics: type === undefined ? 'default' : 'identifier',
  } as const;
  return { id, enterpriseNumber, ...v9, ...kind, ...size, ...row, inFull: false, source };
}

interface MadeRow {
  readonly element: InformationElement;
  readonly kind: ApplicationKind | undefined;
}

/** Rows of a maker. @returns of a number, its name behind the maker's, our field, its type or octets: a row */
function rowsOf(enterpriseNumber: number, maker: Maker) {
  return (
    id: number,
    name: string,
    field: ApplicationFieldName,
    size: NumberType | number,
    description: string,
    isList?: true,
  ): MadeRow => {
    const sized = typeof size === 'number' ? { octetsMax: size } : { type: size };
    const list = isList === undefined ? {} : { isList };
    const row = { enterpriseNumber, id, name: `${maker}${name}`, field, ...sized, ...list, description };
    return { element: element(row), kind: fieldOf(field).kind };
  };
}

const nprobe = rowsOf(NTOP, 'nprobe');
const cert = rowsOf(CERT, 'cert');
const cesnet = rowsOf(CESNET, 'cesnet');
const flowmon = rowsOf(FLOWMON, 'cesnet');

/** nDPI's number of what payload tells; 0 of a guess. */
const ndpiNumber = {
  ...sharedWord(APPLICATION_WORD + SELECTOR, 0, 0xffff),
  when: { word: APPLICATION_WORD + ENGINE, shift: 0, mask: -1, equals: ENGINE_NDPI },
};

const ROWS: readonly MadeRow[] = [
  {
    element: {
      id: 118,
      enterpriseNumber: NTOP,
      v9Id: NTOP_V9 + 118,
      name: 'nprobeL7Proto',
      type: 'unsigned16',
      unit: 'none',
      semantics: 'identifier',
      inFull: false,
      source: ndpiNumber,
      description: 'L7_PROTO: nDPI’s number of the application that payload tells; 0 where it is a guess.',
    },
    kind: undefined,
  },
  nprobe(119, 'L7ProtoName', 'applicationName', 16, 'L7_PROTO_NAME: applicationName.'),
  nprobe(180, 'HttpUrl', 'httpRequestTarget', 128, 'HTTP_URL: httpRequestTarget.'),
  nprobe(181, 'HttpRetCode', 'httpStatusCode', 'unsigned16', 'HTTP_RET_CODE: httpStatusCode.'),
  nprobe(183, 'HttpUserAgent', 'httpUserAgent', 128, 'HTTP_USER_AGENT: httpUserAgent.'),
  nprobe(187, 'HttpHost', 'httpRequestHost', 64, 'HTTP_HOST: httpRequestHost.'),
  nprobe(188, 'TlsServerName', 'tlsServerName', 48, 'TLS_SERVER_NAME: tlsServerName.'),
  nprobe(205, 'DnsQuery', 'dnsQueryName', 255, 'DNS_QUERY: dnsQueryName.'),
  nprobe(206, 'DnsQueryId', 'dnsTransactionId', 'unsigned16', 'DNS_QUERY_ID: dnsTransactionId.'),
  nprobe(207, 'DnsQueryType', 'dnsQueryType', 'unsigned8', 'DNS_QUERY_TYPE: dnsQueryType, 255 at most.'),
  nprobe(208, 'DnsRetCode', 'dnsResponseCode', 'unsigned8', 'DNS_RET_CODE: dnsResponseCode, 255 at most.'),
  nprobe(
    209,
    'DnsNumAnswers',
    'dnsAnswerCount',
    'unsigned8',
    'DNS_NUM_ANSWERS: dnsAnswerCount, 255 at most.',
  ),
  nprobe(352, 'DnsTtlAnswer', 'dnsMinimumTtl', 'unsigned32', 'DNS_TTL_ANSWER: dnsMinimumTtl.'),
  nprobe(360, 'HttpMethod', 'httpRequestMethod', 16, 'HTTP_METHOD: httpRequestMethod.'),
  nprobe(398, 'DnsResponse', 'dnsAnswers', 255, 'DNS_RESPONSE: dnsAnswers.', true),
  nprobe(493, 'TlsCipher', 'tlsCipherSuite', 'unsigned16', 'TLS_CIPHER: tlsCipherSuite.'),
  nprobe(495, 'TlsVersion', 'tlsVersion', 'unsigned16', 'TLS_VERSION: tlsVersion.'),
  nprobe(576, 'Ja4cHash', 'tlsJa4', 36, 'JA4C_HASH: tlsJa4.'),
  {
    element: {
      id: 33,
      enterpriseNumber: CERT,
      name: 'certSilkAppLabel',
      type: 'unsigned16',
      unit: 'none',
      semantics: 'identifier',
      inFull: false,
      source: sharedWord(APPLICATION_WORD + PORT, 0, 0xffff),
      description:
        'silkAppLabel: well-known port of the application that payload tells; 0 where it is a guess.',
    },
    kind: undefined,
  },
  cert(294, 'SslServerName', 'tlsServerName', 255, 'sslServerName: tlsServerName, in the main record.'),
  cesnet(1, 'DnsRcode', 'dnsResponseCode', 'unsigned8', 'DNSRCode: dnsResponseCode.'),
  cesnet(2, 'DnsName', 'dnsQueryName', 128, 'DNSName: dnsQueryName.'),
  cesnet(3, 'DnsQtype', 'dnsQueryType', 'unsigned16', 'DNSQType: dnsQueryType.'),
  cesnet(5, 'DnsRrttl', 'dnsMinimumTtl', 'unsigned32', 'DNSRRTTL: dnsMinimumTtl.'),
  cesnet(7, 'DnsRdata', 'dnsAnswers', 160, 'DNSRData: dnsAnswers.', true),
  cesnet(10, 'DnsTransactionId', 'dnsTransactionId', 'unsigned16', 'DNSTransactionID: dnsTransactionId.'),
  cesnet(14, 'DnsAnswers', 'dnsAnswerCount', 'unsigned16', 'DNSAnswers: dnsAnswerCount.'),
  cesnet(200, 'HttpMethod', 'httpRequestMethod', 16, 'HTTP method: httpRequestMethod.'),
  cesnet(808, 'TlsSni', 'tlsServerName', 255, 'TLSSNI: tlsServerName, of QUIC too.'),
  cesnet(809, 'TlsJa4', 'tlsJa4', 36, 'JA4: tlsJa4.'),
  cesnet(892, 'QuicVersion', 'quicVersion', 'unsigned32', 'QUIC version: quicVersion.'),
  flowmon(1, 'HttpHost', 'httpRequestHost', 64, 'Flowmon’s httpHost: httpRequestHost.'),
  flowmon(2, 'HttpUrl', 'httpRequestTarget', 128, 'Flowmon’s httpUrl: httpRequestTarget.'),
  flowmon(12, 'HttpStatusCode', 'httpStatusCode', 'unsigned16', 'Flowmon’s httpStatusCode.'),
  flowmon(20, 'HttpUserAgent', 'httpUserAgent', 128, 'Flowmon’s httpUserAgent.'),
  flowmon(333, 'TlsServerVersion', 'tlsVersion', 'unsigned16', 'Flowmon’s tlsServerVersion: tlsVersion.'),
  flowmon(337, 'TlsAlpn', 'tlsAlpn', 64, 'Flowmon’s tlsAlpn.'),
];

export const APPLICATION_VENDOR_ELEMENTS: readonly InformationElement[] = ROWS.map((one) => one.element);

/** The kinds of flow that have them, by name; of those that are not here, all. */
const VENDOR_KINDS: ReadonlyMap<string, ApplicationKind> = new Map(
  ROWS.flatMap(({ element: { name }, kind }): [string, ApplicationKind][] =>
    kind === undefined ? [] : [[name, kind]],
  ),
);

/** Whether flows of a kind of application can have an element, ours or another maker's. */
export function isOfKind(name: string, application: ApplicationKind = 'mixed'): boolean {
  const kind = kindOf(name) ?? VENDOR_KINDS.get(name) ?? application;
  return application === 'mixed' || kind === application;
}

/** Names of a maker's elements of applications. */
export function applicationVendorNames(maker: Maker): string[] {
  return APPLICATION_VENDOR_ELEMENTS.map(({ name }) => name).filter((name) => name.startsWith(maker));
}
