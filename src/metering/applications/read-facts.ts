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

/**
 * Reads the values of a record from facts. One line for each, so that each reads one place of a known shape.
 * @param looks packets that were looked into
 * @param values receives them in the order of APPLICATION_FIELDS; undefined where one is not known
 */
export function readFacts(
  facts: ApplicationFacts,
  looks: number,
  values: (number | string | undefined)[],
): void {
  values[PLACE.applicationName] = facts.applicationName;
  values[PLACE.applicationConfidence] = facts.applicationConfidence;
  values[PLACE.serverName] = facts.serverName;
  values[PLACE.serverNameSource] = facts.serverNameSource;
  values[PLACE.inspectedPacketDeltaCount] = looks;
  values[PLACE.dnsQueryName] = facts.dnsQueryName;
  values[PLACE.dnsQueryType] = facts.dnsQueryType;
  values[PLACE.dnsResponseCode] = facts.dnsResponseCode;
  values[PLACE.dnsTransactionId] = facts.dnsTransactionId;
  values[PLACE.dnsAnswerCount] = facts.dnsAnswerCount;
  values[PLACE.dnsAnswers] = answersText(facts.dnsAnswers);
  values[PLACE.dnsMinimumTtl] = facts.dnsMinimumTtl;
  values[PLACE.dnsResponseTimeMicroseconds] = facts.dnsResponseTimeMicroseconds;
  values[PLACE.dnsFlags] = facts.dnsFlags;
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
  values[PLACE.httpRequestMethod] = facts.httpRequestMethod;
  values[PLACE.httpRequestHost] = facts.httpRequestHost;
  values[PLACE.httpStatusCode] = facts.httpStatusCode;
  values[PLACE.httpRequestTarget] = facts.httpRequestTarget;
  values[PLACE.httpMessageVersion] = facts.httpMessageVersion;
  values[PLACE.httpContentType] = facts.httpContentType;
  values[PLACE.httpReasonPhrase] = facts.httpReasonPhrase;
  values[PLACE.httpUserAgent] = facts.httpUserAgent;
  values[PLACE.sshClientVersion] = facts.sshClientVersion;
  values[PLACE.sshServerVersion] = facts.sshServerVersion;
}
