/** Metrics by application: octets of every record, flows and what was found in them once, names of hosts never. */
import { expect, it } from 'vitest';
import type { ApplicationFacts } from '../../src/applications/facts.ts';
import { writeFacts } from '../../src/metering/applications/write-facts.ts';
import { ApplicationMetrics } from '../../src/metrics/application-metrics.ts';
import { APPLICATION_WORD } from '../../src/records/application-layout.ts';
import { FLOW_END_REASON, type FlowRecordBatch } from '../../src/records/flow-layout.ts';
import { ipv4, recordBatch, type TestFlow } from '../export/records.ts';

const DNS: ApplicationFacts = {
  applicationName: 'dns',
  applicationConfidence: 4,
  dnsQueryName: 'secret.example',
  dnsResponseCode: 3,
  dnsResponseTimeMicroseconds: 15_000,
};
const TLS: ApplicationFacts = {
  applicationName: 'tls',
  applicationConfidence: 4,
  tlsServerName: 'secret.example',
  tlsVersion: 0x0304,
};

const flow = (endReason: number): TestFlow => ({
  source: ipv4('192.0.2.1'),
  destination: ipv4('198.51.100.1'),
  ipVersion: 4,
  protocol: 6,
  ports: [40_000, 443],
  endReason,
  forward: { packets: 3, octets: 1000, firstNs: 1, lastNs: 2 },
  reverse: { packets: 2, octets: 500, firstNs: 1, lastNs: 2 },
});

function batchOf(rows: readonly (readonly [endReason: number, facts: ApplicationFacts])[]): FlowRecordBatch {
  const batch = recordBatch(
    rows.map(([endReason]) => flow(endReason)),
    { withApplications: true },
  );
  for (const [i, [, facts]] of rows.entries())
    writeFacts(batch.words, i * batch.stride + APPLICATION_WORD, facts, 1);
  return batch;
}

async function samplesOf(metrics: ApplicationMetrics): Promise<string[]> {
  const text = await metrics.registry.metrics();
  expect(text).not.toMatch(/secret|192\.0\.2|198\.51/);
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

it('octets count with every record, a flow and its findings with the last one', async () => {
  const metrics = new ApplicationMetrics();
  const { activeTimeout, idleTimeout, endOfFlow } = FLOW_END_REASON;
  metrics.add(
    batchOf([
      [activeTimeout, TLS],
      [activeTimeout, TLS],
      [endOfFlow, TLS],
      [idleTimeout, DNS],
      [idleTimeout, { ...DNS, dnsResponseCode: 3841, dnsResponseTimeMicroseconds: 7_000_000 }],
      [idleTimeout, {}],
    ]),
  );
  const samples = await samplesOf(metrics);
  for (const line of [
    'flowtap_application_flow_record_bytes_total{application="tls"} 4500',
    'flowtap_application_flow_record_bytes_total{application="dns"} 3000',
    'flowtap_application_flow_record_bytes_total{application="unknown"} 1500',
    'flowtap_application_flows_total{application="tls"} 1',
    'flowtap_application_flows_total{application="dns"} 2',
    'flowtap_application_flows_total{application="unknown"} 1',
    'flowtap_dns_responses_total{code="NXDomain"} 1',
    'flowtap_dns_responses_total{code="other"} 1',
    'flowtap_dns_response_time_seconds_bucket{le="0.01"} 0',
    'flowtap_dns_response_time_seconds_bucket{le="0.02"} 1',
    'flowtap_dns_response_time_seconds_bucket{le="+Inf"} 2',
    'flowtap_tls_flows_total{version="TLS 1.3"} 1',
  ])
    expect(samples).toContain(line);
});

it('records without applications count nothing', async () => {
  const metrics = new ApplicationMetrics();
  metrics.add(recordBatch([flow(FLOW_END_REASON.idleTimeout)]));
  const samples = await samplesOf(metrics);
  expect(samples.filter((line) => !/ 0$/.test(line))).toEqual([]);
});
