/** Options of Kafka exporters, besides those that all exporters have. */
import type { ConfigOption } from '../types/config-option.ts';
import { choice, duration, SWITCH, text } from '../types/option-types.ts';
import { SESSION_OPTIONS, TLS_OPTIONS } from './exporters.ts';
import { FLOW_MESSAGE_OPTIONS } from './flow-messages.ts';

const AUTO = 'auto';
/** Of those of sessions, what a producer has too; its pauses between attempts are its own. */
const SESSION_PATHS: ReadonlySet<string> = new Set(['giveUpAfter', 'spoolDirectory', 'spoolOctets']);

export const KAFKA_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'format',
    type: choice(['protobuf', 'json']),
    default: 'protobuf',
    unit: '',
    help: "goflow2's protobuf messages with their length in front (config/flow.proto), or goflow2's JSON.",
  },
  {
    path: 'lengthPrefix',
    type: { ...SWITCH, allowed: 'true or false' },
    default: true,
    unit: '',
    help: "The length of each protobuf message stands in front of it, as goflow2 and ClickHouse's `Protobuf` have it.",
  },
  ...FLOW_MESSAGE_OPTIONS,
  {
    path: 'compression',
    type: choice(['none', 'gzip', 'snappy', 'lz4', 'zstd']),
    default: 'lz4',
    unit: '',
    help: 'Compression of record batches: lz4 and snappy cost least, zstd makes them smallest.',
  },
  {
    path: 'linger',
    type: duration(1, 60e3),
    default: 100,
    unit: '',
    help: 'Flow records wait this long at most for others to share a batch with.',
  },
  {
    path: 'requestTimeout',
    type: duration(100, 600e3),
    default: 10e3,
    unit: '',
    help: 'A request or connection without an answer is given up after this time, and made again.',
  },
  {
    path: 'clientId',
    type: text('letters, digits, dots, dashes and underscores', 'NAME', /^[\w.-]+$/),
    default: 'flowtap',
    unit: '',
    help: 'Name that the brokers see, in their logs and quotas.',
  },
  {
    path: 'autocreate',
    type: { ...SWITCH, allowed: 'true or false' },
    default: false,
    unit: '',
    help: 'Ask the brokers to create a topic that is not there, with as many partitions as they do by default.',
  },
  {
    path: 'tls',
    type: { ...SWITCH, allowed: 'true or false' },
    default: false,
    unit: '',
    help: 'Speak TLS with the brokers.',
  },
  {
    path: 'sasl',
    type: choice(['none', 'plain', 'scram-sha-256', 'scram-sha-512']),
    default: 'none',
    unit: '',
    help: 'How to authenticate; plain sends the password as it is, so use it with tls alone.',
  },
  {
    path: 'username',
    type: text('a text, or auto for none', 'NAME', /^.+$/),
    default: AUTO,
    unit: '',
    help: 'User for sasl.',
  },
  {
    path: 'passwordFile',
    type: text('the name of a file, or auto for none', 'FILE', /^.+$/),
    default: AUTO,
    unit: '',
    help: "File with the user's password, read anew for every connection; a line feed at its end does not count.",
  },
  ...SESSION_OPTIONS.filter(({ path }) => SESSION_PATHS.has(path)),
  ...TLS_OPTIONS,
];
