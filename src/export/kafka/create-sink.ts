/** From the configuration of a `kafka://` exporter to its sink: defaults, secrets and certificates from files. */
import { readFileSync } from 'node:fs';
import type { SASLMechanismValue } from '@platformatic/kafka';
import { ConfigError } from '../../base/errors.ts';
import type { ExporterConfig, ExportingConfig, RecordSink, SinkContext } from '../contract/record-sink.ts';
import { MessageEncoder } from '../flow-messages/message-encoder.ts';
import { flowMessageOptions } from '../flow-messages/message-options.ts';
import { openSpool } from '../spool/spool-folder.ts';
import type { ClusterOptions } from './kafka-cluster.ts';
import type { KafkaSinkOptions } from './kafka-options.ts';
import { KafkaSink } from './kafka-sink.ts';
import type { Compression } from './record-batch.ts';

const DEFAULT_PORT = 9092;
const DEFAULTS = {
  compression: 'lz4',
  lingerMs: 100,
  requestTimeoutMs: 10_000,
  giveUpAfterMs: 30_000,
  clientId: 'flowtap',
  autocreate: false,
  tls: false,
  sasl: 'none',
  tlsVersionMin: '1.3',
} as const;

/** Reads one option; what is `auto` is missing. */
class Options {
  readonly #to: ExporterConfig;
  readonly #origin: string;

  constructor(to: ExporterConfig, origin: string) {
    this.#to = to;
    this.#origin = origin;
  }

  text(name: string): string | undefined {
    const value = this.#to.options[name];
    return typeof value === 'string' && value !== 'auto' ? value : undefined;
  }

  known<Name extends keyof typeof DEFAULTS>(name: Name): unknown {
    return this.#to.options[name] ?? DEFAULTS[name];
  }

  number(name: 'lingerMs' | 'requestTimeoutMs' | 'giveUpAfterMs'): number {
    return Number(this.known(name));
  }

  /** The contents of the file that an option names; undefined where it names none. */
  file(name: string): string | undefined {
    const path = this.text(name);
    if (path === undefined) return undefined;
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      this.fault(name, `${path} (${(error as Error).message})`, 'a file that can be read');
    }
  }

  fault(name: string, found: string, allowed: string): never {
    throw new ConfigError(this.#origin, [{ path: `${this.#to.url} ${name}`, found, allowed }]);
  }
}

function saslOptions(options: Options): ClusterOptions['sasl'] {
  const sasl = options.known('sasl') as string;
  if (sasl === 'none') return undefined;
  const username = options.text('username');
  if (username === undefined) options.fault('username', 'nothing', `a user, for sasl ${sasl}`);
  if (options.file('passwordFile') === undefined) {
    options.fault('passwordFile', 'nothing', `a file with the password, for sasl ${sasl}`);
  }
  return {
    mechanism: sasl.toUpperCase() as SASLMechanismValue,
    username,
    // Read again for every connection, so that it can be changed.
    password: async () => options.file('passwordFile')!.replace(/\r?\n$/, ''),
  };
}

function tlsOptions(options: Options): ClusterOptions['tls'] {
  const names = ['caFile', 'certificateFile', 'keyFile', 'serverName'];
  if (options.known('tls') !== true) {
    const useless = names.find((name) => options.text(name) !== undefined);
    if (useless !== undefined) options.fault('tls', 'false', `true, with ${useless}`);
    return undefined;
  }
  const [ca, cert, key] = names.map((name) => (name.endsWith('File') ? options.file(name) : undefined));
  if ((cert === undefined) !== (key === undefined)) {
    options.fault('certificateFile', 'one of certificateFile and keyFile', 'both, or none');
  }
  const servername = options.text('serverName');
  return {
    minVersion: options.known('tlsVersionMin') === '1.2' ? 'TLSv1.2' : 'TLSv1.3',
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert, key }),
    ...(servername === undefined ? {} : { servername }),
  };
}

/** `host:port` of every broker that the URL names. */
function brokersOf({ host, port, moreHosts = [] }: ExporterConfig): string[] {
  const first = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return [first, ...moreHosts.map((more) => (/:\d+$/.test(more) ? more : `${more}:${DEFAULT_PORT}`))];
}

/**
 * What the sink is told.
 * @throws ConfigError for options that do not fit together, and files that cannot be read
 */
export function kafkaSinkOptions(config: ExportingConfig, to: ExporterConfig): KafkaSinkOptions {
  const origin = config.origin ?? 'configuration';
  const options = new Options(to, origin);
  const requestTimeoutMs = options.number('requestTimeoutMs');
  return {
    ...flowMessageOptions(config, to),
    cluster: {
      brokers: brokersOf(to),
      topic: to.path ?? '',
      clientId: options.known('clientId') as string,
      autocreate: options.known('autocreate') === true,
      requestTimeoutMs,
      connectTimeoutMs: Math.min(requestTimeoutMs, 5000),
      tls: tlsOptions(options),
      sasl: saslOptions(options),
    },
    compression: options.known('compression') as Compression,
    lingerMs: options.number('lingerMs'),
    giveUpAfterMs: options.number('giveUpAfterMs'),
  };
}

/**
 * A topic of Kafka. Brokers that are away are no fault: the records wait for them.
 * @throws ConfigError for faults in the templates or options, ExportError for a spool that cannot be used
 */
export async function createKafkaSink(
  config: ExportingConfig,
  to: ExporterConfig,
  context: SinkContext,
): Promise<RecordSink> {
  const options = kafkaSinkOptions(config, to);
  // Faults of the templates come before the spool is touched.
  const encoder = new MessageEncoder(options);
  return new KafkaSink(options, encoder, context, openSpool(to, context));
}
