/**
 * What can go wrong between the sink and its brokers, as one reason that a person can act on. The client library nests
 * its errors (a failed request names failed connections, which name system errors): the innermost one that says
 * something counts.
 */
import { KAFKA_FAULT_REASONS, type KafkaFaultReason } from '../contract/fault-reasons.ts';

export interface KafkaFault {
  readonly reason: KafkaFaultReason;
  /** What the broker or the system said. */
  readonly message: string;
}

/** Errors of the protocol, by the name that Kafka gives them. */
const BY_PROTOCOL_ERROR: Readonly<Record<string, KafkaFaultReason>> = {
  SASL_AUTHENTICATION_FAILED: 'authentication',
  UNSUPPORTED_SASL_MECHANISM: 'authentication',
  ILLEGAL_SASL_STATE: 'authentication',
  TOPIC_AUTHORIZATION_FAILED: 'notAuthorized',
  CLUSTER_AUTHORIZATION_FAILED: 'notAuthorized',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'notAuthorized',
  UNKNOWN_TOPIC_OR_PARTITION: 'unknownTopic',
  UNKNOWN_TOPIC_ID: 'unknownTopic',
  INVALID_TOPIC_EXCEPTION: 'unknownTopic',
  LEADER_NOT_AVAILABLE: 'brokerUnreachable',
  NOT_LEADER_OR_FOLLOWER: 'brokerUnreachable',
  FENCED_LEADER_EPOCH: 'brokerUnreachable',
  BROKER_NOT_AVAILABLE: 'brokerUnreachable',
  NETWORK_EXCEPTION: 'brokerUnreachable',
  COORDINATOR_NOT_AVAILABLE: 'brokerUnreachable',
  COORDINATOR_LOAD_IN_PROGRESS: 'brokerUnreachable',
  KAFKA_STORAGE_ERROR: 'brokerUnreachable',
  REQUEST_TIMED_OUT: 'brokerTimeout',
  NOT_ENOUGH_REPLICAS: 'notReplicated',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'notReplicated',
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'producerLost',
  UNKNOWN_PRODUCER_ID: 'producerLost',
  INVALID_PRODUCER_EPOCH: 'producerLost',
  PRODUCER_FENCED: 'producerLost',
  MESSAGE_TOO_LARGE: 'tooLarge',
  RECORD_LIST_TOO_LARGE: 'tooLarge',
  INVALID_RECORD: 'rejected',
  INVALID_TIMESTAMP: 'rejected',
  POLICY_VIOLATION: 'rejected',
  UNSUPPORTED_COMPRESSION_TYPE: 'rejected',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'rejected',
};
const TLS_CODE = /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|EPROTO|HOSTNAME_MISMATCH)/;
const TLS_MESSAGE = /requires TLS|TLS handshake|secure TLS connection/;

interface ErrorLike {
  readonly message?: string;
  readonly code?: unknown;
  readonly apiId?: unknown;
  readonly errors?: readonly unknown[];
  readonly cause?: unknown;
}

/** The error and all those inside it, the innermost last. */
function chain(error: unknown, depth = 0): ErrorLike[] {
  if (typeof error !== 'object' || error === null || depth > 8) return [];
  const like = error as ErrorLike;
  return [
    like,
    ...(like.errors ?? []).flatMap((inner) => chain(inner, depth + 1)),
    ...chain(like.cause, depth + 1),
  ];
}

/** Reason of an error of the protocol, by its name. */
export function protocolReason(name: string): KafkaFaultReason {
  return BY_PROTOCOL_ERROR[name] ?? 'other';
}

function reasonOf(error: ErrorLike): KafkaFaultReason | undefined {
  const { code, apiId, message = '' } = error;
  if (typeof apiId === 'string') return protocolReason(apiId);
  if (code === 'PLT_KFK_AUTHENTICATION') return 'authentication';
  if ((typeof code === 'string' && TLS_CODE.test(code)) || TLS_MESSAGE.test(message)) return 'tls';
  if (message.startsWith('Unknown topic')) return 'unknownTopic';
  // The client's errors of this kind have the code of network errors.
  if (code === 'ETIMEDOUT' || /timed out/.test(message)) return 'brokerTimeout';
  if (code === 'PLT_KFK_NETWORK' || (typeof code === 'string' && /^(E[A-Z]+|EAI_\w+)$/.test(code))) {
    return 'brokerUnreachable';
  }
  return undefined;
}

/** The most telling reasons first: "brokerUnreachable" is what every nested error says. */
const TELLING: readonly KafkaFaultReason[] = KAFKA_FAULT_REASONS.toSorted(
  (a, b) => Number(a === 'brokerUnreachable') - Number(b === 'brokerUnreachable'),
);

/** What an error of the client library or the system means. */
export function faultOf(error: unknown): KafkaFault {
  const errors = chain(error);
  const reasons = errors.map(reasonOf);
  const reason = TELLING.find((candidate) => reasons.includes(candidate)) ?? 'other';
  const telling = errors.findLast((_, i) => reasons[i] === reason) ?? errors.at(-1);
  return { reason, message: telling?.message || String(error) };
}
