/**
 * A real Kafka broker for tests: Apache Kafka's own jars from Maven Central, one process in KRaft mode (broker and
 * controller), on loopback, with a small heap; stopped by its process id. Jars are fetched once into a cache outside the
 * repository. To have one by hand: `node test/support/kafka-broker.ts`, which prints its address and stops with Ctrl-C.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { warnSkipped } from './skipped.ts';
import { hasTool } from './tools.ts';

/** Runs on Java 17. */
const KAFKA_VERSION = '4.1.1';
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'flowtap-test');
const JARS = join(CACHE, `kafka-${KAFKA_VERSION}`);
/** Classes of a broker that has started, so that the next ones start in a third of the time (Java's class data sharing). */
const ARCHIVE = `${JARS}.jsa`;
const FETCH_LIMIT_MS = 240_000;
const START_LIMIT_MS = 120_000;
const HEAP = ['-Xms256m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>flowtap</groupId><artifactId>kafka-broker</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`;

/** Fetches the jars if they are not there. @returns why they cannot be had, or undefined */
function fetchJars(): string | undefined {
  if (existsSync(JARS)) return undefined;
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'fetch-'));
  try {
    writeFileSync(join(folder, 'pom.xml'), POM);
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', '-DoutputDirectory=jars'];
    execFileSync('mvn', ['-q', '-B', ...goal], { cwd: folder, stdio: 'pipe', timeout: FETCH_LIMIT_MS });
    renameSync(join(folder, 'jars'), JARS);
  } catch (error) {
    // Another run may have been quicker.
    if (!existsSync(JARS))
      return `Apache Kafka from Maven Central (${(error as Error).message.slice(0, 200)})`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return undefined;
}

let missing: string | null | undefined;

/** Whether a broker can be started here; warns that `what` is skipped where not. */
export function hasKafka(what: string): boolean {
  if (missing === undefined) {
    const tools = ['java', 'mvn'].filter((name) => !hasTool(name));
    missing = tools.length > 0 ? tools.join(', ') : (fetchJars() ?? null);
  }
  if (missing !== null) warnSkipped(what, missing);
  return missing === null;
}

/** A TCP port of 127.0.0.1 that nothing listened on a moment ago. */
export function freeTcpPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

export interface KafkaOptions {
  /** Lines of server.properties, besides those that every broker needs. */
  readonly properties?: Readonly<Record<string, string | number>>;
  /** Adds a listener with TLS and SASL on `securePort`, and these users, whose password is known to SCRAM and PLAIN. */
  readonly users?: Readonly<Record<string, string>>;
}

export interface KafkaBroker {
  /** Without TLS or a password, and with both. */
  readonly port: number;
  readonly securePort: number;
  /** PEM file of the authority that the secure listener's certificate comes from: itself. */
  readonly caFile: string;
  /** `host:port` for clients. */
  readonly address: string;
  /** Starts it again where it was stopped or killed; resolves when it takes requests. */
  start(): Promise<void>;
  /** Stops it in order, or kills it. Resolves when the process is gone. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Sends a signal and leaves it at that. */
  signal(signal: NodeJS.Signals): void;
  log(): string;
  /** Kills it and removes its data. */
  remove(): Promise<void>;
}

const STORE_PASSWORD = 'changeit';

/** A certificate for localhost, as a store for the broker and as PEM for clients. */
function makeCertificate(folder: string): { store: string; caFile: string } {
  const store = join(folder, 'broker.p12');
  const common = ['-alias', 'broker', '-keystore', store, '-storepass', STORE_PASSWORD];
  const names = ['-dname', 'CN=localhost', '-ext', 'san=dns:localhost,ip:127.0.0.1', '-validity', '30'];
  execFileSync('keytool', ['-genkeypair', '-keyalg', 'RSA', '-storetype', 'PKCS12', ...common, ...names], {
    stdio: 'pipe',
  });
  const caFile = join(folder, 'ca.pem');
  execFileSync('keytool', ['-exportcert', '-rfc', ...common, '-file', caFile], { stdio: 'pipe' });
  return { store, caFile };
}

function secureProperties(store: string, users: Readonly<Record<string, string>>): Record<string, string> {
  const plain = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`);
  const login = (module: string, rest = '') => `org.apache.kafka.common.security.${module} required ${rest};`;
  return {
    'ssl.keystore.location': store,
    'ssl.keystore.password': STORE_PASSWORD,
    'ssl.keystore.type': 'PKCS12',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'listener.name.secure.plain.sasl.jaas.config': login('plain.PlainLoginModule', plain.join(' ')),
    'listener.name.secure.scram-sha-256.sasl.jaas.config': login('scram.ScramLoginModule'),
    'listener.name.secure.scram-sha-512.sasl.jaas.config': login('scram.ScramLoginModule'),
  };
}

/** Resolves when the process has ended. */
function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

function spawnBroker(java: readonly string[], properties: string): ChildProcess {
  return spawn('java', [...HEAP, ...java, 'kafka.Kafka', properties], { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Resolves when it takes requests; rejects with the end of its log when it does not come to that. */
function started(child: ChildProcess, onText: (text: string) => void): Promise<void> {
  let log = '';
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`the Kafka broker ${why}:\n${log.slice(-3000)}`));
    const limit = setTimeout(() => fail(`is not up after ${START_LIMIT_MS} ms`), START_LIMIT_MS);
    child.once('exit', () => fail('ended'));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (text: Buffer) => {
        log += text;
        onText(String(text));
        if (!log.includes('Kafka Server started')) return;
        clearTimeout(limit);
        resolve();
      });
    }
  });
}

/** Starts and stops a broker once to write down its classes. */
async function makeArchive(java: readonly string[], properties: string, folder: string): Promise<void> {
  const made = join(folder, 'classes.jsa');
  const child = spawnBroker([`-XX:ArchiveClassesAtExit=${made}`, ...java], properties);
  await started(child, () => {});
  child.kill('SIGTERM');
  await ended(child);
  copyFileSync(made, `${ARCHIVE}.${process.pid}`);
  renameSync(`${ARCHIVE}.${process.pid}`, ARCHIVE);
}

/**
 * Makes a broker with empty storage and starts it. Ask `hasKafka` first.
 * @throws Error with the end of its log when it does not come up
 */
export async function startKafka({ properties = {}, users }: KafkaOptions = {}): Promise<KafkaBroker> {
  const folder = mkdtempSync(join(tmpdir(), 'flowtap-kafka-'));
  const [port, controller, securePort] = [await freeTcpPort(), await freeTcpPort(), await freeTcpPort()];
  const hasUsers = users !== undefined;
  const { store, caFile } = hasUsers ? makeCertificate(folder) : { store: '', caFile: '' };
  const secure = hasUsers ? `,SECURE://localhost:${securePort}` : '';
  const all: Record<string, string | number> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}${secure}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}${secure}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL',
    'log.dirs': join(folder, 'data'),
    'num.partitions': 4,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'controlled.shutdown.enable': 'false',
    ...(hasUsers ? secureProperties(store, users) : {}),
    ...properties,
  };
  const file = join(folder, 'server.properties');
  writeFileSync(
    file,
    Object.entries(all)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  const java = ['-cp', join(JARS, '*')];
  const scram = Object.entries(users ?? {}).flatMap(([name, password]) =>
    [256, 512].flatMap((bits) => ['--add-scram', `SCRAM-SHA-${bits}=[name=${name},password=${password}]`]),
  );
  execFileSync(
    'java',
    [...java, 'kafka.tools.StorageTool', 'format', '-t', 'MkU3OEVBNTcwNTJENDM2Qg', '-c', file, ...scram],
    { stdio: 'pipe' },
  );
  if (!existsSync(ARCHIVE)) await makeArchive(java, file, folder);
  const logFile = join(folder, 'broker.log');
  let child: ChildProcess | undefined;
  let log = '';
  const start = async () => {
    log = '';
    const process = spawn('java', [...HEAP, ...java, 'kafka.Kafka', file], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = process;
    const up = new Promise<void>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`the Kafka broker ${why}:\n${log.slice(-3000)}`));
      const limit = setTimeout(() => fail(`is not up after ${START_LIMIT_MS} ms`), START_LIMIT_MS);
      process.once('exit', () => fail('ended'));
      for (const stream of [process.stdout, process.stderr]) {
        stream.on('data', (text: Buffer) => {
          log += text;
          if (!log.includes('Kafka Server started')) return;
          clearTimeout(limit);
          resolve();
        });
      }
    });
    await up;
  };
  const stop = async (signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM') => {
    child?.kill(signal);
    if (child !== undefined) await ended(child);
    writeFileSync(logFile, log);
  };
  const remove = async () => {
    child?.kill('SIGCONT');
    await stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    port,
    securePort,
    caFile,
    address: `127.0.0.1:${port}`,
    start,
    stop,
    signal: (signal) => child?.kill(signal),
    log: () => log || readFileSync(logFile, 'utf8'),
    remove,
  };
}

if (import.meta.main) {
  if (!hasKafka('the broker')) process.exit(1);
  const broker = await startKafka();
  process.stdout.write(`kafka://${broker.address}\n`);
  const stop = () => void broker.remove().then(() => process.exit(0));
  process.once('SIGINT', stop).once('SIGTERM', stop);
}
