/** Sends frames on an interface, and counts what the system refuses by errno. */
import { getSystemErrorName } from 'node:util';
import { SystemCallError } from '../base/errors.ts';
import type { PacketBatch } from '../records/packet-batch.ts';
import type { PacketSender } from '../sys/packet-send.ts';
import type { FrameSink } from './frame-sink.ts';

/** Nothing more can be sent after these. */
const FATAL: ReadonlySet<string> = new Set(['ENETDOWN', 'ENXIO', 'ENODEV', 'EBADF', 'EPERM']);
/** The call was cut short, not the frame refused. */
const AGAIN: ReadonlySet<string> = new Set(['EINTR', 'EAGAIN']);

export class LinkSink implements FrameSink {
  readonly errors = new Map<string, number>();
  packets = 0;
  octets = 0;
  readonly #name: string;
  readonly #sender: PacketSender;

  constructor(name: string, sender: PacketSender) {
    this.#name = name;
    this.#sender = sender;
  }

  send(batch: PacketBatch, from: number, count: number): void {
    const end = from + count;
    for (let i = from; i < end; ) {
      const sent = this.#sender.send(batch, i, end - i);
      if (sent > 0) {
        for (let k = i; k < i + sent; k++) {
          this.octets += Math.max(batch.wireLength[k]!, batch.capturedLength[k]!);
        }
        this.packets += sent;
        i += sent;
        continue;
      }
      const errno = getSystemErrorName(sent);
      if (AGAIN.has(errno)) continue;
      this.errors.set(errno, (this.errors.get(errno) ?? 0) + 1);
      i++;
      if (FATAL.has(errno)) {
        const remedy = 'the interface is down, gone, or closed to this process; see: flowtap interfaces';
        throw new SystemCallError(this.#name, { call: 'sendmmsg', errno, remedy });
      }
    }
  }

  close(): void {
    this.#sender.close();
  }
}
