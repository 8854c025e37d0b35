/** What the sender tells of faults when it is stopped in the middle of one. */
import { expect, it } from 'vitest';
import type { KafkaCluster } from '../../../src/export/kafka/kafka-cluster.ts';
import { KafkaSender } from '../../../src/export/kafka/kafka-sender.ts';
import type { MessageFeed } from '../../../src/export/kafka/message-feed.ts';
import { waitFor } from '../../support/wait.ts';

const failure = (message: string, code: string) => Object.assign(new Error(message), { code });

/** Brokers that refuse `refusals` times; then nothing comes until the connection is closed. */
function stubbornCluster(refusals: number) {
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  let attempts = 0;
  const prepare = async () => {
    if (attempts++ < refusals) throw failure('wrong password', 'PLT_KFK_AUTHENTICATION');
    await closed;
    throw failure('Connection closed while waiting for ready.', 'PLT_KFK_NETWORK');
  };
  const cluster = { partitions: 0, producer: undefined, prepare } as unknown as KafkaCluster;
  return { cluster, close, attempts: () => attempts };
}

const FEED = { take: () => ({ octets: new Uint8Array() }) } as unknown as MessageFeed;

it.each([
  [1, { authentication: 1 }, 'authentication'],
  // The only thing that is known.
  [0, { brokerUnreachable: 1 }, 'brokerUnreachable'],
])('after %i refusals its own closing hides none', async (refusals, faults, last) => {
  const { cluster, close, attempts } = stubbornCluster(refusals);
  const sender = new KafkaSender(cluster, FEED, 'none');
  await waitFor('it tries again', () => attempts() === refusals + 1);
  const stopped = sender.stop();
  close();
  await stopped;
  expect(sender.statistics.faults).toEqual(faults);
  expect(sender.statistics.lastFault?.reason).toBe(last);
});
