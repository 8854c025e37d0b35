/**
 * The brokers as the sender needs them: how many partitions the topic has, who leads each, a producer id, and produce
 * requests with batches that are ready. The client library does connections, TLS, SASL, metadata and the
 * protocol around the batches. No retries here: kafka-sender.ts decides what is sent again.
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import {
  type Broker,
  type ClusterMetadata,
  Producer,
  produceV9,
  protocolErrors,
  protocolErrorsCodesById,
  ResponseError,
  type SASLOptions,
  Writer,
} from '@platformatic/kafka';
import { faultOf, type KafkaFault, protocolReason } from './kafka-fault.ts';
import type { ProducerState, RecordBatch } from './record-batch.ts';

/** Produce request: version 9, which every broker since Kafka 2.8 takes. */
const PRODUCE_KEY = 0;
const PRODUCE_VERSION = 9;
const ACKS_ALL = -1;
const DUPLICATE_SEQUENCE_NUMBER = 46;
/** A topic that is created on demand is there after a moment. */
const CREATION_ATTEMPTS = 10;
const CREATION_MS = 100;

export interface ClusterOptions {
  /** `host:port` of brokers to begin with. */
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly clientId: string;
  readonly autocreate: boolean;
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly tls?: ConnectionOptions | undefined;
  readonly sasl?: SASLOptions | undefined;
}

/** What became of a batch: undefined where the broker has it. */
export type Outcome = KafkaFault | undefined;

export class KafkaCluster {
  readonly #options: ClusterOptions;
  readonly #client: Producer;
  #metadata: ClusterMetadata | undefined;
  #producer: ProducerState | undefined;

  constructor(options: ClusterOptions) {
    this.#options = options;
    const { clientId, brokers, requestTimeoutMs, connectTimeoutMs, tls, sasl } = options;
    this.#client = new Producer({
      clientId,
      bootstrapBrokers: [...brokers],
      retries: 0,
      timeout: requestTimeoutMs,
      connectTimeout: connectTimeoutMs,
      // The connections' own limit; the type of the client does not name it, its connections read it.
      ...{ requestTimeout: requestTimeoutMs },
      ...(tls === undefined ? {} : { tls }),
      ...(tls?.servername === undefined ? {} : { tlsServerName: tls.servername }),
      ...(sasl === undefined ? {} : { sasl }),
    });
  }

  /**
   * Finds out what is needed to send, as far as it is not known.
   * @returns the number of partitions
   * @throws errors of the client library: see `faultOf`
   */
  async prepare(): Promise<number> {
    const { topic, autocreate } = this.#options;
    for (let attempt = 1; this.#metadata === undefined; attempt++) {
      try {
        const found = { topics: [topic], autocreateTopics: autocreate, forceUpdate: true, retries: 0 };
        this.#metadata = await this.#client.metadata(found);
      } catch (error) {
        // A broker that was asked to create the topic says first that there is none.
        const isNew = autocreate && attempt < CREATION_ATTEMPTS && faultOf(error).reason === 'unknownTopic';
        if (!isNew) throw error;
        await delay(CREATION_MS);
      }
    }
    if (this.#producer === undefined) {
      const { producerId, producerEpoch } = await this.#client.initIdempotentProducer({});
      this.#producer = { id: producerId, epoch: producerEpoch };
    }
    return this.partitions;
  }

  /** Partitions of the topic; 0 while that is not known. */
  get partitions(): number {
    return this.#metadata?.topics.get(this.#options.topic)?.partitionsCount ?? 0;
  }

  /** Known after `prepare`. */
  get producer(): ProducerState | undefined {
    return this.#producer;
  }

  /** Asks again who leads what before the next request. */
  forgetMetadata(): void {
    this.#metadata = undefined;
  }

  /** Gets a new producer id before the next request; the broker then knows none of the former's numbers. */
  forgetProducer(): void {
    this.#producer = undefined;
  }

  /**
   * Sends batches, at most one of each partition, with one request for each leader. Never rejects.
   * @returns what became of each
   */
  async produce(batches: readonly RecordBatch[]): Promise<Map<RecordBatch, Outcome>> {
    const byLeader = new Map<number, RecordBatch[]>();
    const partitions = this.#metadata?.topics.get(this.#options.topic)?.partitions ?? [];
    for (const batch of batches) {
      const leader = partitions[batch.rows.partition]?.leader ?? -1;
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), batch]);
    }
    const outcomes = await Promise.all(
      [...byLeader].map(async ([leader, group]) => {
        const broker = this.#metadata?.brokers.get(leader);
        const fault: KafkaFault = { reason: 'brokerUnreachable', message: 'a partition has no leader' };
        return broker === undefined ? sameFor(group, fault) : this.#produceTo(broker, group);
      }),
    );
    return new Map(outcomes.flatMap((group) => [...group]));
  }

  async #produceTo(broker: Broker, batches: readonly RecordBatch[]): Promise<Map<RecordBatch, Outcome>> {
    try {
      const connection = await this.#client.connections.get(broker);
      const response = await new Promise<produceV9.ProduceResponse>((resolve, reject) => {
        connection.send<produceV9.ProduceResponse>(
          PRODUCE_KEY,
          PRODUCE_VERSION,
          () => this.#request(batches),
          produceV9.parseResponse,
          true,
          true,
          (error, answer) => (error === null && answer !== undefined ? resolve(answer) : reject(error)),
        );
      });
      return outcomesOf(batches, response);
    } catch (error) {
      // A request that some partition refused is an error with the whole answer in it.
      if (error instanceof ResponseError && error.response !== undefined) {
        return outcomesOf(batches, error.response as produceV9.ProduceResponse);
      }
      return sameFor(batches, faultOf(error));
    }
  }

  /** Transactional id (none), acknowledgements, time limit, then topic, partitions and their batches. */
  #request(batches: readonly RecordBatch[]): Writer {
    const { topic, requestTimeoutMs } = this.#options;
    return Writer.create()
      .appendString(null)
      .appendInt16(ACKS_ALL)
      .appendInt32(requestTimeoutMs)
      .appendArray([topic], (writer, name) => {
        writer.appendString(name).appendArray([...batches], (inner, { rows, octets }) => {
          inner
            .appendInt32(rows.partition)
            .appendUnsignedVarInt(octets.length + 1)
            .append(octets);
        });
      })
      .appendTaggedFields();
  }

  /** Closes all connections. Never rejects. */
  async close(): Promise<void> {
    try {
      await this.#client.close(true);
    } catch {
      // Connections that are broken already cannot be closed in order; they are gone all the same.
    }
  }
}

function sameFor(batches: readonly RecordBatch[], outcome: Outcome): Map<RecordBatch, Outcome> {
  return new Map(batches.map((batch) => [batch, outcome]));
}

function outcomesOf(
  batches: readonly RecordBatch[],
  { responses }: produceV9.ProduceResponse,
): Map<RecordBatch, Outcome> {
  const answers = responses.flatMap(({ partitionResponses }) => partitionResponses);
  return new Map(
    batches.map((batch) => {
      const answer = answers.find(({ index }) => index === batch.rows.partition);
      if (answer === undefined) return [batch, { reason: 'other', message: 'no answer for a partition' }];
      const { errorCode, errorMessage } = answer;
      // A duplicate is what the broker had before: delivered.
      if (errorCode === 0 || errorCode === DUPLICATE_SEQUENCE_NUMBER) return [batch, undefined];
      const codes = protocolErrorsCodesById as Readonly<Record<number, string>>;
      const name = codes[errorCode] ?? `error ${errorCode}`;
      const texts = protocolErrors as Readonly<Record<string, { readonly message: string } | undefined>>;
      const message = `${name}: ${errorMessage ?? texts[name]?.message ?? ''}`;
      return [batch, { reason: protocolReason(name), message }];
    }),
  );
}
