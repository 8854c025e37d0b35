/** TLS, SASL and authorization against a real broker: what is right gets through, what is wrong says what is wrong. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Admin } from '@platformatic/kafka';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CollectorStatistics } from '../../../src/export/contract/record-sink.ts';
import { createExportingProcess } from '../../../src/export/exporting-process.ts';
import { hasKafka, type KafkaBroker, startKafka } from '../../support/kafka-broker.ts';
import { requireTools } from '../../support/tools.ts';
import { CONFIG } from '../exporter-support.ts';
import { consumeAll } from './consumer.ts';
import { numberedBatch } from './load.ts';

const WHAT = 'a Kafka broker with TLS and SASL';
const canRun = hasKafka(WHAT) && requireTools(WHAT, 'kcat', 'keytool');
const RECORDS = 100;

describe.skipIf(!canRun)(WHAT, () => {
  const folder = mkdtempSync(join(tmpdir(), 'flowtap-secrets-'));
  const passwordFile = join(folder, 'password');
  const wrongFile = join(folder, 'wrong');
  let broker: KafkaBroker;

  beforeAll(async () => {
    writeFileSync(passwordFile, 'sesame-12\n');
    writeFileSync(wrongFile, 'open\n');
    broker = await startKafka({
      users: { probe: 'sesame-12' },
      properties: {
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'allow.everyone.if.no.acl.found': 'true',
        'super.users': 'User:ANONYMOUS',
      },
    });
  }, 360_000);
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await broker?.remove();
  });

  async function send(
    topic: string,
    options: Record<string, unknown>,
  ): Promise<CollectorStatistics & { lines: string }> {
    const lines: string[] = [];
    const url = `kafka://localhost:${broker.securePort}/${topic}`;
    const all = {
      autocreate: true,
      // Long enough for every answer of a broker that is slow; what is refused is waited for that long.
      giveUpAfterMs: 5000,
      requestTimeoutMs: 5000,
      username: 'probe',
      ...options,
    };
    const exporting = await createExportingProcess(
      CONFIG,
      [{ protocol: 'kafka', host: 'localhost', port: broker.securePort, path: topic, url, options: all }],
      { whenFull: 'wait', log: (_, __, line) => lines.push(line) },
    );
    await exporting.exportBatch(numberedBatch(0, RECORDS));
    const [statistics] = await exporting.close();
    return { ...statistics!, lines: lines.join('\n') };
  }
  const tls = () => ({ tls: true, caFile: broker.caFile });

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'])(
    'takes records of a user who authenticates by %s',
    async (sasl) => {
      const options = { ...tls(), sasl, passwordFile, giveUpAfterMs: 120_000 };
      const { dataRecords } = await send(`by-${sasl}`, options);
      expect(dataRecords).toBe(RECORDS);
      expect(await consumeAll(broker.address, `by-${sasl}`)).toHaveLength(RECORDS);
    },
  );

  it.each([
    ['plain', 'a wrong password'],
    ['scram-sha-512', 'a wrong password'],
  ])('refuses, by %s, %s', async (sasl) => {
    const { dataRecords, errors, recordsDropped, lines } = await send('refused', {
      ...tls(),
      sasl,
      passwordFile: wrongFile,
    });
    expect(dataRecords).toBe(0);
    expect(errors.authentication).toBeGreaterThan(0);
    expect(recordsDropped).toMatchObject({ unreachable: RECORDS });
    expect(lines).toMatch(/authentication .*check sasl, username and passwordFile/);
    expect(lines).not.toMatch(/sesame|open\b/);
  });

  it('is not believed without its authority', async () => {
    const { dataRecords, errors, lines } = await send('unbelieved', {
      tls: true,
      sasl: 'plain',
      passwordFile,
    });
    expect(dataRecords).toBe(0);
    expect(errors.tls).toBeGreaterThan(0);
    expect(lines).toMatch(/tls \(.*self.signed certificate/);
  });

  it('is not believed under another name', async () => {
    const { errors } = await send('misnamed', {
      ...tls(),
      serverName: 'other.example',
      sasl: 'plain',
      passwordFile,
    });
    expect(errors.tls).toBeGreaterThan(0);
  });

  it('cannot be talked to without TLS, which is said', async () => {
    const { dataRecords, errors } = await send('bare', { sasl: 'plain', passwordFile });
    expect(dataRecords).toBe(0);
    expect(Object.keys(errors)).not.toEqual([]);
  });

  it('refuses a user who may not write to the topic', async () => {
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [broker.address] });
    await admin.createTopics({ topics: ['closed'], partitions: 1, replicas: 1 });
    const acl = {
      resourceType: 2,
      resourceName: 'closed',
      resourcePatternType: 3,
      principal: 'User:somebody',
      host: '*',
      operation: 4,
      permissionType: 3,
    } as const;
    await admin.createAcls({ creations: [acl] });
    await admin.close();
    const { dataRecords, errors, lines } = await send('closed', { ...tls(), sasl: 'plain', passwordFile });
    expect(dataRecords).toBe(0);
    expect(errors.notAuthorized).toBeGreaterThan(0);
    expect(lines).toContain('let the user write to the topic');
  });

  it('finds a configuration that cannot work before it starts', async () => {
    await expect(send('x', { ...tls(), sasl: 'plain' })).rejects.toThrow(/passwordFile: found nothing/);
    await expect(send('x', { ...tls(), sasl: 'plain', passwordFile: join(folder, 'none') })).rejects.toThrow(
      /none/,
    );
    await expect(send('x', { caFile: broker.caFile })).rejects.toThrow(
      /tls: found false; allowed: true, with caFile/,
    );
    await expect(send('x', { tls: true, caFile: '/nowhere.pem' })).rejects.toThrow(/nowhere/);
  });
});
