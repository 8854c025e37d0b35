/** What carries messages from an arena to a collector. udp-transport.ts is one; tests have others. */
import { SEND_ERROR_REASONS, type SendErrorReason } from '../contract/fault-reasons.ts';

export interface TransportStatistics {
  /** Messages and octets that the system took. */
  messages: number;
  octets: number;
  /** Flow records in those messages. */
  flowRecords: number;
  /** Of these, those of the 2 s before a refusal by the receiving host (sent-window.ts): sent in vain. */
  refusedFlowRecords: number;
  /** Flow records in messages that it did not take, and packets and octets of their flows. */
  failedFlowRecords: number;
  failedFlowPackets: number;
  failedFlowOctets: number;
  /** Messages that it did not take. */
  readonly errors: Record<SendErrorReason, number>;
}

export function createTransportStatistics(): TransportStatistics {
  const errors = Object.fromEntries(SEND_ERROR_REASONS.map((reason) => [reason, 0]));
  return {
    messages: 0,
    octets: 0,
    flowRecords: 0,
    refusedFlowRecords: 0,
    failedFlowRecords: 0,
    failedFlowPackets: 0,
    failedFlowOctets: 0,
    errors: errors as Record<SendErrorReason, number>,
  };
}

/** The reason behind an error of the system, of name resolution or of TLS. */
export function sendErrorReason(error: unknown): SendErrorReason {
  const { code = '', syscall } = error as NodeJS.ErrnoException;
  if (syscall === 'getaddrinfo') return 'dns';
  const reason = SEND_ERROR_REASONS.find((name) => name.toUpperCase() === code);
  if (reason !== undefined) return reason;
  const isTls =
    code.startsWith('ERR_TLS') || code.startsWith('ERR_SSL') || /CERT|SIGNATURE|ISSUER|CRL/.test(code);
  return isTls ? 'tls' : 'other';
}

export interface Transport {
  readonly statistics: TransportStatistics;
  /** Sends what the builder has closed, as far as pacing allows; the rest follows by itself. */
  pump(): void;
  /** Resolves when the arena has a free slot. Never rejects. */
  room(): Promise<void>;
  /** Resolves when every closed message has been sent or has failed. Never rejects. */
  drain(): Promise<void>;
  /** Datagrams that a collector on this host dropped; null where that is not known. */
  collectorDrops(): number | null;
  /** Frees the socket. Call `drain` before. */
  close(): Promise<void>;
}
