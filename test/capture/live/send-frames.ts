/**
 * Sends frames from an interface, for tests that start it in a network namespace of theirs:
 *
 *     node send-frames.ts FILE        with {"interface":"veth0a","frames":["hex",…],"count":1000,"perSecond":20000}
 *
 * The frames go out one after the other, again and again, until `count` have been sent. Prints how many the kernel took.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';

const {
  interface: name,
  frames,
  count,
  perSecond,
} = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as {
  interface: string;
  frames: string[];
  count: number;
  perSecond: number;
};
const AF_PACKET = 17;
const SOCK_RAW = 3;
const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
const libc = koffi.load('libc.so.6');
const socket = libc.func('int socket(int, int, int)');
const sendto = libc.func('int64_t sendto(int, const void *, size_t, int, const void *, uint32_t)');
const nameToIndex = libc.func('unsigned int if_nametoindex(const char *)');
const descriptor = socket(AF_PACKET, SOCK_RAW, 0) as number;
const address = new DataView(new ArrayBuffer(20));
address.setUint16(0, AF_PACKET, true);
address.setInt32(4, nameToIndex(name) as number, true);
const to = new Uint8Array(address.buffer);
const octets = frames.map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')));
const start = performance.now();
let sent = 0;
for (let i = 0; i < count; i++) {
  const frame = octets[i % octets.length]!;
  if (Number(sendto(descriptor, frame, frame.length, 0, to, to.length)) === frame.length) sent++;
  const aheadMs = (i / perSecond) * 1000 - (performance.now() - start);
  if (aheadMs > 2) await delay(aheadMs);
}
process.stdout.write(`${sent}\n`);
