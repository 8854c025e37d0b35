/** How each value of a record is read from the facts of a flow: a function for each, so that each reads one place. */
import { TYPE_CNAME } from '../../applications/dns-message.ts';
import type { ApplicationFacts, DnsAnswer } from '../../applications/facts.ts';
import type { ApplicationFieldName } from '../../records/application-fields.ts';

/** @param looks packets that were looked into. @returns undefined where the value is not known */
type ReadFact = (facts: ApplicationFacts, looks: number) => number | string | undefined;

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

export const READ_FACT: Readonly<Record<ApplicationFieldName, ReadFact>> = {
  applicationName: (facts) => facts.applicationName,
  applicationConfidence: (facts) => facts.applicationConfidence,
  serverName: (facts) => facts.serverName,
  serverNameSource: (facts) => facts.serverNameSource,
  inspectedPacketDeltaCount: (_, looks) => looks,
  dnsQueryName: (facts) => facts.dnsQueryName,
  dnsQueryType: (facts) => facts.dnsQueryType,
  dnsResponseCode: (facts) => facts.dnsResponseCode,
  dnsTransactionId: (facts) => facts.dnsTransactionId,
  dnsAnswerCount: (facts) => facts.dnsAnswerCount,
  dnsAnswers: (facts) => answersText(facts.dnsAnswers),
  dnsMinimumTtl: (facts) => facts.dnsMinimumTtl,
  dnsResponseTimeMicroseconds: (facts) => facts.dnsResponseTimeMicroseconds,
  dnsFlags: (facts) => facts.dnsFlags,
  tlsServerName: (facts) => facts.tlsServerName,
  tlsAlpn: (facts) => facts.tlsAlpn,
  tlsClientVersion: (facts) => facts.tlsClientVersion,
  tlsVersion: (facts) => facts.tlsVersion,
  tlsCipherSuite: (facts) => facts.tlsCipherSuite,
  tlsKeyShareGroup: (facts) => facts.tlsKeyShareGroup,
  tlsJa4: (facts) => facts.tlsJa4,
  tlsFlags: (facts) => facts.tlsFlags,
  tlsCertificateName: (facts) => facts.tlsCertificateName,
  tlsCertificateNotBefore: (facts) => facts.tlsCertificateNotBefore,
  tlsCertificateNotAfter: (facts) => facts.tlsCertificateNotAfter,
  quicVersion: (facts) => facts.quicVersion,
  httpRequestMethod: (facts) => facts.httpRequestMethod,
  httpRequestHost: (facts) => facts.httpRequestHost,
  httpStatusCode: (facts) => facts.httpStatusCode,
  httpRequestTarget: (facts) => facts.httpRequestTarget,
  httpMessageVersion: (facts) => facts.httpMessageVersion,
  httpContentType: (facts) => facts.httpContentType,
  httpReasonPhrase: (facts) => facts.httpReasonPhrase,
  httpUserAgent: (facts) => facts.httpUserAgent,
  sshClientVersion: (facts) => facts.sshClientVersion,
  sshServerVersion: (facts) => facts.sshServerVersion,
};
