/**
 * Tells systemd how the daemon is (sd_notify(3)): ready, reloading, stopping, a status line, and that it is alive. Does
 * nothing where there is no service manager.
 */
import { openNotifySocket } from '../sys/notify-socket.ts';

/** Microseconds of the clock that RELOADING=1 wants: CLOCK_MONOTONIC. */
function monotonicUs(): string {
  return String(process.hrtime.bigint() / 1000n);
}

export class ServiceManager {
  readonly #send: ((text: string) => boolean) | undefined;
  readonly #watchdogMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Why the service manager will hear nothing, though it wants to; for the log. */
  readonly fault: string | undefined;

  /** @param environment with NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, which it sets */
  constructor(environment: NodeJS.ProcessEnv = process.env) {
    const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID } = environment;
    this.isPresent = NOTIFY_SOCKET !== undefined;
    if (NOTIFY_SOCKET !== undefined) {
      this.#send = openNotifySocket(NOTIFY_SOCKET);
      if (this.#send === undefined) {
        this.fault = `cannot tell the service manager anything at ${NOTIFY_SOCKET}: koffi does not load here, or it is no address`;
      }
    }
    const isForUs = WATCHDOG_PID === undefined || WATCHDOG_PID === String(process.pid);
    const watchdogMs = Number(WATCHDOG_USEC) / 1000;
    if (isForUs && watchdogMs > 0) this.#watchdogMs = watchdogMs;
  }

  /** A service manager started the process and wants to hear of it. */
  readonly isPresent: boolean;

  ready(status: string): void {
    this.#send?.(`READY=1\nSTATUS=${status}`);
  }

  reloading(): void {
    this.#send?.(`RELOADING=1\nMONOTONIC_USEC=${monotonicUs()}`);
  }

  stopping(): void {
    clearInterval(this.#timer);
    this.#send?.('STOPPING=1\nSTATUS=exporting what is in the flow tables');
  }

  /** While it is ready. Says so again, too: a socket that was full would not have taken it the first time. */
  status(text: string): void {
    this.ready(text);
  }

  /** From now on says twice within the watchdog's time that the event loop turns. */
  startWatchdog(): void {
    if (this.#send === undefined || this.#watchdogMs === undefined) return;
    this.#timer = setInterval(() => this.#send?.('WATCHDOG=1'), this.#watchdogMs / 2).unref();
  }
}
