/** What a `kafka://` exporter is told, brought into the shape that its parts take. */
import type { ClusterOptions } from './kafka-cluster.ts';
import type { MessageValues } from './message-columns.ts';
import type { HeadValues } from './message-head.ts';
import type { Compression } from './record-batch.ts';

export interface KafkaSinkOptions {
  readonly url: string;
  readonly format: 'protobuf' | 'json';
  readonly template: { readonly ipv4: readonly string[]; readonly ipv6: readonly string[] };
  readonly isBiflow: boolean;
  readonly timestamps: 'capture' | 'now';
  readonly values: MessageValues;
  readonly head: HeadValues;
  readonly cluster: ClusterOptions;
  readonly compression: Compression;
  /** Longest that messages wait for others to share a batch with. */
  readonly lingerMs: number;
  /** How long an end or a replay waits for a cluster that takes nothing. */
  readonly giveUpAfterMs: number;
  readonly origin: string;
}
