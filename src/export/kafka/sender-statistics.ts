/** What a Kafka sender counts. The sender that takes its place goes on with the same. */

import type { KafkaFaultReason } from '../contract/fault-reasons.ts';
import type { KafkaFault } from './kafka-fault.ts';

export interface SenderStatistics {
  /** Requests' batches and octets that the brokers acknowledged, and the messages in them. */
  batches: number;
  octets: number;
  delivered: number;
  /** Messages that a broker will never take. */
  failed: number;
  /** Messages sent again because no answer came: the broker recognises them unless it lost its memory of us. */
  repeated: number;
  /** Messages sent again under a new producer id: these may be there twice. */
  perhapsTwice: number;
  /** Sessions with the cluster: producer ids. */
  sessions: number;
  /** What went wrong, by reason. */
  readonly faults: Partial<Record<KafkaFaultReason, number>>;
  lastFault: KafkaFault | undefined;
}

/** Nothing yet. */
export function createSenderStatistics(): SenderStatistics {
  const counts = {
    batches: 0,
    octets: 0,
    delivered: 0,
    failed: 0,
    repeated: 0,
    perhapsTwice: 0,
    sessions: 0,
  };
  return { ...counts, faults: {}, lastFault: undefined };
}
