/**
 * A collector over TCP or TLS for tests: keeps, session by session, what RFC 7011 says about the stream. It knows one
 * template: flow records that hold nothing but octetDeltaCount, which tests use as a number of the record.
 */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket, type TlsOptions } from 'node:tls';

/** Template option for exporters whose records this collector understands. */
export const NUMBERED = { templateIpv4: ['octetDeltaCount'], templateIpv6: ['octetDeltaCount'] };

export interface ReceivedSession {
  /** Sequence numbers in the headers of messages, in order. */
  readonly sequenceNumbers: number[];
  /** Sets with template records, by id, as often as they came. */
  readonly templateIds: number[];
  /** Numbers of the flow records, in order. */
  readonly records: number[];
  /** Data records of all kinds: what the sequence counts. */
  dataRecords: number;
}

export class StreamCollector {
  readonly sessions: ReceivedSession[] = [];
  readonly sockets: Socket[] = [];
  /** Versions of TLS, session by session. */
  readonly versions: (string | null)[] = [];
  /** While true, nothing is read. */
  isPaused = false;
  readonly #server: Server;

  constructor(tls?: TlsOptions) {
    const accept = (socket: Socket) => this.#accept(socket);
    this.#server = tls === undefined ? createServer(accept) : createTlsServer(tls, accept);
    this.#server.on('tlsClientError', () => {});
  }

  /** @returns the port */
  async listen(port = 0, address = '127.0.0.1'): Promise<number> {
    this.#server.listen(port, address);
    await once(this.#server, 'listening');
    return (this.#server.address() as { port: number }).port;
  }

  /** Ends all sessions with a reset, and listens no more. */
  async kill(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.sockets) socket.resetAndDestroy();
    await closed;
  }

  /** Numbers of all records of all sessions. */
  get records(): number[] {
    return this.sessions.flatMap((session) => session.records);
  }

  #accept(socket: Socket): void {
    const session: ReceivedSession = { sequenceNumbers: [], templateIds: [], records: [], dataRecords: 0 };
    this.sessions.push(session);
    this.sockets.push(socket);
    if (socket instanceof TLSSocket) this.versions.push(socket.getProtocol());
    socket.on('error', () => {});
    if (this.isPaused) return void socket.pause();
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 16 && rest.length >= rest.readUInt16BE(2)) {
        const octets = rest.readUInt16BE(2);
        readMessage(rest.subarray(0, octets), session);
        rest = rest.subarray(octets);
      }
    });
  }
}

function readMessage(message: Buffer, session: ReceivedSession): void {
  if (message.readUInt16BE(0) !== 10) throw new Error('not IPFIX');
  session.sequenceNumbers.push(message.readUInt32BE(8));
  for (let at = 16; at < message.length; at += message.readUInt16BE(at + 2)) {
    const setId = message.readUInt16BE(at);
    const end = at + message.readUInt16BE(at + 2);
    if (setId === 2) session.templateIds.push(message.readUInt16BE(at + 4));
    if (setId < 256) continue;
    for (let record = at + 4; record + 8 <= end; record += 8) {
      session.records.push(Number(message.readBigUInt64BE(record)));
      session.dataRecords++;
    }
  }
}
