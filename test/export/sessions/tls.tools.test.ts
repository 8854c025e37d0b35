/** TLS sessions: certificates that are right, wrong, expired, for another name, and missing ones of our own. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsOptions } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/base/errors.ts';
import type { ExporterOptions } from '../../../src/export/contract/record-sink.ts';
import { createExportingProcess } from '../../../src/export/exporting-process.ts';
import { requireTools } from '../../support/tools.ts';
import { CONFIG } from '../exporter-support.ts';
import { numberedBatch, numbers, streamTo, until } from '../spool/numbered-batches.ts';
import { StreamCollector } from './stream-collector.ts';

let directory: string;
const file = (name: string) => join(directory, name);
const read = (name: string) => readFileSync(file(name));
const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'ignore' });

function authority(name: string): void {
  openssl(
    ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2'.split(' '),
    '-subj',
    `/CN=${name}`,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.pem`,
  );
}

/** A certificate by `ca`; with `days` -1 one that has expired. */
function certificate(name: string, ca: string, subjectAltName: string, days = 2): void {
  writeFileSync(file(`${name}.ext`), `subjectAltName=${subjectAltName}\n`);
  openssl(
    ...'req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'.split(' '),
    '-subj',
    `/CN=${name}`,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.csr`,
  );
  const dates =
    days > 0 ? ['-days', String(days)] : ['-not_before', '20200101000000Z', '-not_after', '20200201000000Z'];
  openssl(
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    '-CA',
    `${ca}.pem`,
    '-CAkey',
    `${ca}.key`,
    '-CAcreateserial',
    '-extfile',
    `${name}.ext`,
    '-out',
    `${name}.pem`,
    ...dates,
  );
}

/** openssl x509 knows exact dates only since 3.4; `openssl ca` always has. */
function expiredCertificate(name: string, ca: string): void {
  certificate(name, ca, 'IP:127.0.0.1');
  writeFileSync(file('index.txt'), '');
  writeFileSync(
    file('ca.cnf'),
    '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\n' +
      'default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n',
  );
  openssl(
    'ca',
    '-batch',
    '-config',
    'ca.cnf',
    '-cert',
    `${ca}.pem`,
    '-keyfile',
    `${ca}.key`,
    '-in',
    `${name}.csr`,
    '-startdate',
    '20200101000000Z',
    '-enddate',
    '20200201000000Z',
    '-extfile',
    `${name}.ext`,
    '-notext',
    '-out',
    `${name}.pem`,
  );
}

const collectors: StreamCollector[] = [];
async function listen(name: string, options: TlsOptions = {}) {
  const one = new StreamCollector({ cert: read(`${name}.pem`), key: read(`${name}.key`), ...options });
  collectors.push(one);
  return { one, port: await one.listen() };
}

/** How long a collector is tried that refuses: several times, on a busy machine too. */
const REFUSED = { giveUpAfterMs: 3000 };

/** Exports ten batches. @returns the counters and the lines that were printed */
async function run(port: number, options: ExporterOptions) {
  const lines: string[] = [];
  const to = streamTo(port, { giveUpAfterMs: 100_000, ...options }, 'ipfix+tls');
  const exporting = await createExportingProcess(CONFIG, [to], { log: (_, __, line) => lines.push(line) });
  for (let b = 0; b < 10; b++) await exporting.exportBatch(numberedBatch(b));
  const [counters] = await exporting.close();
  return { counters: counters!, lines };
}

const hasOpenssl = requireTools('TLS', 'openssl');

describe.skipIf(!hasOpenssl)('TLS', () => {
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'flowtap-tls-'));
    authority('ca');
    authority('other');
    certificate('good', 'ca', 'IP:127.0.0.1,DNS:collector.example.net');
    certificate('named', 'ca', 'DNS:collector.example.net');
    certificate('probe', 'ca', 'DNS:probe.example.net');
    certificate('stranger', 'other', 'DNS:probe.example.net');
    expiredCertificate('expired', 'ca');
  });
  afterAll(() => rmSync(directory, { recursive: true }));
  afterEach(async () => {
    for (const one of collectors.splice(0)) await one.kill();
  });

  it('brings every record, by version 1.3', async () => {
    const { one, port } = await listen('good');
    const { counters } = await run(port, { caFile: file('ca.pem') });
    expect(one.records).toEqual(numbers(1000));
    expect(counters).toMatchObject({ dataRecords: 1000, sessions: 1 });
    expect(one.versions).toEqual(['TLSv1.3']);
  });

  it('checks the name that serverName says', async () => {
    const { one, port } = await listen('named');
    const { counters } = await run(port, { caFile: file('ca.pem'), serverName: 'collector.example.net' });
    expect(one.records).toEqual(numbers(1000));
    expect(counters.dataRecords).toBe(1000);
  });

  it.each([
    ['by an unknown authority', 'good', false, /unable to|self.signed|verify/],
    ['that has expired', 'expired', true, /certificate has expired/],
    ['for another name', 'named', true, /IP: 127\.0\.0\.1 is not in the cert's list/],
  ])('refuses a certificate %s, says so once, and counts', async (_, name, ca, message) => {
    const { one, port } = await listen(name);
    const { counters, lines } = await run(port, { ...REFUSED, ...(ca ? { caFile: file('ca.pem') } : {}) });
    expect(one.records).toEqual([]);
    expect(counters.errors.tls).toBeGreaterThan(1);
    expect(counters).toMatchObject({
      recordsOffered: 1000,
      dataRecords: 0,
      recordsDropped: { unreachable: 1000 },
    });
    const told = lines.filter((line) => / tls /.test(line));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(message);
    expect(told[0]).toContain('check caFile, serverName and the dates');
  });

  it('shows its own certificate to a collector that wants one', async () => {
    const { one, port } = await listen('good', {
      requestCert: true,
      rejectUnauthorized: true,
      ca: read('ca.pem'),
    });
    const own = { caFile: file('ca.pem'), certificateFile: file('probe.pem'), keyFile: file('probe.key') };
    const { counters } = await run(port, own);
    expect(one.records).toEqual(numbers(1000));
    expect(counters.dataRecords).toBe(1000);
  });

  it.each([
    ['none', {}],
    ['a strange one', { certificateFile: 'stranger.pem', keyFile: 'stranger.key' }],
  ])('is refused with %s, and loses nothing silently', async (_, own) => {
    const { one, port } = await listen('good', {
      requestCert: true,
      rejectUnauthorized: true,
      ca: read('ca.pem'),
    });
    const files = Object.fromEntries(Object.entries(own).map(([option, name]) => [option, file(name)]));
    const { counters } = await run(port, { ...REFUSED, caFile: file('ca.pem'), ...files });
    expect(one.records).toEqual([]);
    expect(counters.dataRecords).toBe(0);
    expect(counters.recordsDropped).toEqual({ unreachable: 1000 });
    const { tls = 0, econnreset = 0, closed = 0, epipe = 0 } = counters.errors;
    expect(tls + econnreset + closed + epipe).toBeGreaterThan(0);
  });

  it('says at the start which file cannot be used', async () => {
    const to = (options: ExporterOptions) =>
      createExportingProcess(CONFIG, [streamTo(1, options, 'ipfix+tls')]);
    await expect(to({ caFile: file('nowhere.pem') })).rejects.toThrow(/caFile: found .*nowhere.pem: ENOENT/);
    await expect(to({ certificateFile: file('probe.pem'), keyFile: file('good.key') })).rejects.toThrow(
      ConfigError,
    );
  });

  it('comes back when the certificate has been renewed', async () => {
    const { one: expired, port } = await listen('expired');
    const to = streamTo(port, { caFile: file('ca.pem') }, 'ipfix+tls');
    const exporting = await createExportingProcess(CONFIG, [to]);
    await exporting.exportBatch(numberedBatch(0));
    await until(() => (exporting.statistics()[0]!.errors.tls ?? 0) > 0);
    await expired.kill();
    const renewed = new StreamCollector({ cert: read('good.pem'), key: read('good.key') });
    collectors.push(renewed);
    await renewed.listen(port);
    const [counters] = await exporting.close();
    expect(renewed.records).toEqual(numbers(100));
    expect(counters!.dataRecords).toBe(100);
  });
});
