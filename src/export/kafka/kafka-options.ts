/** What a `kafka://` exporter is told, brought into the shape that its parts take. */
import type { FlowMessageOptions } from '../flow-messages/message-options.ts';
import type { ClusterOptions } from './kafka-cluster.ts';
import type { Compression } from './record-batch.ts';

export interface KafkaSinkOptions extends FlowMessageOptions {
  readonly cluster: ClusterOptions;
  readonly compression: Compression;
  /** Longest that messages wait for others to share a batch with. */
  readonly lingerMs: number;
  /** How long an end or a replay waits for a cluster that takes nothing. */
  readonly giveUpAfterMs: number;
}
