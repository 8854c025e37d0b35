/** Why something could not be delivered, as counters and people know it. export/faults.ts says what to do about each. */

/**
 * Why messages could not be sent or were refused, or a session not be set up or kept: the name of the system's error; `closed` by the
 * collector; `dns`: its name is unknown; `tls`: a certificate or the handshake is wrong.
 */
export const SEND_ERROR_REASONS = [
  'econnrefused',
  'enetunreach',
  'ehostunreach',
  'emsgsize',
  'enobufs',
  'eaddrinuse',
  'econnreset',
  'epipe',
  'etimedout',
  'closed',
  'dns',
  'tls',
  'other',
] as const;

export type SendErrorReason = (typeof SEND_ERROR_REASONS)[number];

/** What can go wrong between a topic's sink and its brokers. */
export const KAFKA_FAULT_REASONS = [
  'brokerUnreachable',
  'brokerTimeout',
  'tls',
  'authentication',
  'notAuthorized',
  'unknownTopic',
  'notReplicated',
  'producerLost',
  'tooLarge',
  'rejected',
  'other',
] as const;

export type KafkaFaultReason = (typeof KAFKA_FAULT_REASONS)[number];
