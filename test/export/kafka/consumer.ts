/** Reads topics with kcat, Debian's consumer of librdkafka: independent of our client and our encoder. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Consumed {
  readonly partition: number;
  readonly key: Buffer;
  readonly value: Buffer;
}

/** Everything that is in a topic now. */
export async function consumeAll(address: string, topic: string): Promise<Consumed[]> {
  const { stdout } = await run(
    'kcat',
    // Lengths in front, since values are any octets: partition, key and value.
    ['-b', address, '-C', '-t', topic, '-o', 'beginning', '-e', '-q', '-f', '%p %K %S\\n%k%s'],
    { encoding: 'buffer', maxBuffer: 1 << 30, timeout: 120_000 },
  );
  const messages: Consumed[] = [];
  for (let at = 0; at < stdout.length; ) {
    const line = stdout.indexOf(0x0a, at);
    const [partition, keyOctets, valueOctets] = stdout.toString('latin1', at, line).split(' ').map(Number);
    const value = line + 1 + keyOctets!;
    messages.push({
      partition: partition!,
      key: stdout.subarray(line + 1, value),
      value: stdout.subarray(value, value + valueOctets!),
    });
    at = value + valueOctets!;
  }
  return messages;
}
