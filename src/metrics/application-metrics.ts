/**
 * What payload inspection knows of the traffic, as Prometheus metrics: by application, never by name or address, so that
 * the applications of a table bound the series. Octets count with every record of a flow; a flow, and what was found in
 * its first packets, counts once, with its last record.
 */
import { Counter, Histogram, Registry } from 'prom-client';
import { APPLICATIONS } from '../applications/applications.ts';
import { APPLICATION, APPLICATION_WORD } from '../records/application-layout.ts';
import { FLOW_END_REASON, type FlowRecordBatch } from '../records/flow-layout.ts';
import {
  FLOW_STATE,
  FORWARD_DOUBLE,
  OCTETS,
  REVERSE_DOUBLE,
  STATE_END_REASON_SHIFT,
} from '../records/flow-words.ts';
import { readApplicationNumber } from '../records/read-application.ts';
import { hasApplications } from '../records/record-sections.ts';

/** From an answer out of a cache on the same link to a resolver that is given up. */
const RESPONSE_SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];
const MICROSECONDS_PER_SECOND = 1e6;

const UNKNOWN = 'unknown';
const OTHER = 'other';
/** IANA's names of RCODEs (RFC 6895 §2.3) that resolvers answer with; all others are one. */
const RESPONSE_CODES: Readonly<Record<number, string>> = {
  0: 'NoError',
  1: 'FormErr',
  2: 'ServFail',
  3: 'NXDomain',
  4: 'NotImp',
  5: 'Refused',
  6: 'YXDomain',
  8: 'NXRRSet',
  9: 'NotAuth',
  16: 'BADVERS',
  23: 'BADCOOKIE',
};
/** Versions in ServerHello (RFC 8446 §4.2.1, RFC 9147 §5.3). */
const TLS_VERSIONS: Readonly<Record<number, string>> = {
  768: 'SSL 3.0',
  769: 'TLS 1.0',
  770: 'TLS 1.1',
  771: 'TLS 1.2',
  772: 'TLS 1.3',
  65279: 'DTLS 1.0',
  65277: 'DTLS 1.2',
  65276: 'DTLS 1.3',
};

const BY_APPLICATION = ['application'] as const;

export class ApplicationMetrics {
  /** All of these metrics, and no others. */
  readonly registry = new Registry();
  readonly #octets: Counter<'application'>;
  readonly #flows: Counter<'application'>;
  readonly #responses: Counter<'code'>;
  readonly #responseTime: Histogram;
  readonly #tlsFlows: Counter<'version'>;

  constructor() {
    const registers = [this.registry];
    this.#octets = new Counter({
      name: 'flowtap_application_flow_record_bytes_total',
      help: 'IP octets of flow records, both directions, by application.',
      labelNames: BY_APPLICATION,
      registers,
    });
    this.#flows = new Counter({
      name: 'flowtap_application_flows_total',
      help: 'Flows that have ended, by application.',
      labelNames: BY_APPLICATION,
      registers,
    });
    this.#responses = new Counter({
      name: 'flowtap_dns_responses_total',
      help: 'Flows of DNS whose first question was answered, by response code.',
      labelNames: ['code'],
      registers,
    });
    this.#responseTime = new Histogram({
      name: 'flowtap_dns_response_time_seconds',
      help: 'Time from the first question of a flow of DNS to its response.',
      buckets: RESPONSE_SECONDS,
      registers,
    });
    this.#tlsFlows = new Counter({
      name: 'flowtap_tls_flows_total',
      help: 'Flows of TLS, DTLS and QUIC by the version that the server chose.',
      labelNames: ['version'],
      registers,
    });
    // A series that begins at 0 shows its first growth in a rate.
    for (const code of [...Object.values(RESPONSE_CODES), OTHER]) this.#responses.inc({ code }, 0);
    for (const version of [...Object.values(TLS_VERSIONS), OTHER]) this.#tlsFlows.inc({ version }, 0);
  }

  /** Adds the records of a batch; does nothing where they carry no applications. */
  add(batch: FlowRecordBatch): void {
    if (!hasApplications(batch)) return;
    for (let i = 0; i < batch.count; i++) this.#addRecord(batch, i * batch.stride);
  }

  #addRecord({ words, doubles }: FlowRecordBatch, row: number): void {
    const number = words[row + APPLICATION_WORD + APPLICATION]!;
    const application = APPLICATIONS[number - 1]?.name ?? UNKNOWN;
    const at = row >>> 1;
    this.#octets.inc(
      { application },
      doubles[at + FORWARD_DOUBLE + OCTETS]! + doubles[at + REVERSE_DOUBLE + OCTETS]!,
    );
    const endReason = (words[row + FLOW_STATE]! >>> STATE_END_REASON_SHIFT) & 0xff;
    if (endReason !== FLOW_END_REASON.activeTimeout) this.#addFlow(words, row, application);
  }

  #addFlow(words: Int32Array, row: number, application: string): void {
    this.#flows.inc({ application });
    const code = readApplicationNumber(words, row, 'dnsResponseCode');
    if (code !== undefined) this.#responses.inc({ code: RESPONSE_CODES[code] ?? OTHER });
    const microseconds = readApplicationNumber(words, row, 'dnsResponseTimeMicroseconds');
    if (microseconds !== undefined) this.#responseTime.observe(microseconds / MICROSECONDS_PER_SECOND);
    const version = readApplicationNumber(words, row, 'tlsVersion');
    if (version !== undefined) this.#tlsFlows.inc({ version: TLS_VERSIONS[version] ?? OTHER });
  }
}
