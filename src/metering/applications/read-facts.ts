/** How the values of a record are read from the facts of a flow. */
import { TYPE_CNAME } from '../../applications/dns-message.ts';
import type { ApplicationFacts, DnsAnswer } from '../../applications/facts.ts';
import { APPLICATION_FIELDS, type ApplicationFieldName } from '../../records/application-fields.ts';

const SEMICOLON = ';';
const SEMICOLON_ESCAPED = '\\059';

/** As one text: no part has a semicolon of its own, which only a name can have. */
function answersText(answers: readonly DnsAnswer[] | undefined): string | undefined {
  if (answers === undefined || answers.length === 0) return undefined;
  let all = '';
  for (let i = 0; i < answers.length; i++) {
    const { text, type } = answers[i]!;
    const isName = type === TYPE_CNAME && text.includes(SEMICOLON);
    const part = isName ? text.replaceAll(SEMICOLON, SEMICOLON_ESCAPED) : text;
    all = i === 0 ? part : all.concat(SEMICOLON, part);
  }
  return all;
}

type Places = Readonly<Record<ApplicationFieldName, number>>;
const PLACE = Object.fromEntries(APPLICATION_FIELDS.map(({ name }, place) => [name, place])) as Places;

type Values = (number | string | undefined)[];

/** Kinds of values, a bit for each; a flow has those of few, and the others are passed over. */
export const KIND_BITS = { any: 1, dns: 2, tls: 4, http: 8, ssh: 16 } as const;

function readDns(facts: ApplicationFacts, values: Values): number {
  const any =
    facts.dnsQueryName ??
    facts.dnsQueryType ??
    facts.dnsResponseCode ??
    facts.dnsTransactionId ??
    facts.dnsAnswerCount ??
    facts.dnsAnswers ??
    facts.dnsMinimumTtl ??
    facts.dnsResponseTimeMicroseconds ??
    facts.dnsFlags;
  if (any === undefined) return 0;
  values[PLACE.dnsQueryName] = facts.dnsQueryName;
  values[PLACE.dnsQueryType] = facts.dnsQueryType;
  values[PLACE.dnsResponseCode] = facts.dnsResponseCode;
  values[PLACE.dnsTransactionId] = facts.dnsTransactionId;
  values[PLACE.dnsAnswerCount] = facts.dnsAnswerCount;
  values[PLACE.dnsAnswers] = answersText(facts.dnsAnswers);
  values[PLACE.dnsMinimumTtl] = facts.dnsMinimumTtl;
  values[PLACE.dnsResponseTimeMicroseconds] = facts.dnsResponseTimeMicroseconds;
  values[PLACE.dnsFlags] = facts.dnsFlags;
  return KIND_BITS.dns;
}

function readTls(facts: ApplicationFacts, values: Values): number {
  const any =
    facts.tlsServerName ??
    facts.tlsAlpn ??
    facts.tlsClientVersion ??
    facts.tlsVersion ??
    facts.tlsCipherSuite ??
    facts.tlsKeyShareGroup ??
    facts.tlsJa4 ??
    facts.tlsFlags ??
    facts.tlsCertificateName ??
    facts.tlsCertificateNotBefore ??
    facts.tlsCertificateNotAfter ??
    facts.quicVersion;
  if (any === undefined) return 0;
  values[PLACE.tlsServerName] = facts.tlsServerName;
  values[PLACE.tlsAlpn] = facts.tlsAlpn;
  values[PLACE.tlsClientVersion] = facts.tlsClientVersion;
  values[PLACE.tlsVersion] = facts.tlsVersion;
  values[PLACE.tlsCipherSuite] = facts.tlsCipherSuite;
  values[PLACE.tlsKeyShareGroup] = facts.tlsKeyShareGroup;
  values[PLACE.tlsJa4] = facts.tlsJa4;
  values[PLACE.tlsFlags] = facts.tlsFlags;
  values[PLACE.tlsCertificateName] = facts.tlsCertificateName;
  values[PLACE.tlsCertificateNotBefore] = facts.tlsCertificateNotBefore;
  values[PLACE.tlsCertificateNotAfter] = facts.tlsCertificateNotAfter;
  values[PLACE.quicVersion] = facts.quicVersion;
  return KIND_BITS.tls;
}

function readHttp(facts: ApplicationFacts, values: Values): number {
  const any =
    facts.httpRequestMethod ??
    facts.httpRequestHost ??
    facts.httpStatusCode ??
    facts.httpRequestTarget ??
    facts.httpMessageVersion ??
    facts.httpContentType ??
    facts.httpReasonPhrase ??
    facts.httpUserAgent;
  if (any === undefined) return 0;
  values[PLACE.httpRequestMethod] = facts.httpRequestMethod;
  values[PLACE.httpRequestHost] = facts.httpRequestHost;
  values[PLACE.httpStatusCode] = facts.httpStatusCode;
  values[PLACE.httpRequestTarget] = facts.httpRequestTarget;
  values[PLACE.httpMessageVersion] = facts.httpMessageVersion;
  values[PLACE.httpContentType] = facts.httpContentType;
  values[PLACE.httpReasonPhrase] = facts.httpReasonPhrase;
  values[PLACE.httpUserAgent] = facts.httpUserAgent;
  return KIND_BITS.http;
}

function readSsh(facts: ApplicationFacts, values: Values): number {
  const any = facts.sshClientVersion ?? facts.sshServerVersion;
  if (any === undefined) return 0;
  values[PLACE.sshClientVersion] = facts.sshClientVersion;
  values[PLACE.sshServerVersion] = facts.sshServerVersion;
  return KIND_BITS.ssh;
}

/**
 * Reads the values of a record from facts. One line for each, so that each reads one place of a known shape.
 * @param looks packets that were looked into
 * @param values receives those of the kinds that there are any of, in the order of APPLICATION_FIELDS; undefined where one
 *   is not known
 * @returns these kinds, KIND_BITS
 */
export function readFacts(facts: ApplicationFacts, looks: number, values: Values): number {
  values[PLACE.applicationName] = facts.applicationName;
  values[PLACE.applicationConfidence] = facts.applicationConfidence;
  values[PLACE.serverName] = facts.serverName;
  values[PLACE.serverNameSource] = facts.serverNameSource;
  values[PLACE.inspectedPacketDeltaCount] = looks;
  return (
    KIND_BITS.any |
    readDns(facts, values) |
    readTls(facts, values) |
    readHttp(facts, values) |
    readSsh(facts, values)
  );
}
