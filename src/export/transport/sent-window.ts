/**
 * Flow records that were sent a short while ago. UDP does not say that a datagram arrived, but a host says, by an ICMP
 * message some time later, that nobody listens: what was sent in the time before that was sent in vain. Hosts limit how
 * many such messages they send, usually to one a second and receiver, so one stands for all datagrams of that time.
 */

const STEP_MS = 100;
/** 2 s: what a limit of one message a second leaves out, and the way back. */
const STEPS = 20;
export const SENT_WINDOW_MS = STEPS * STEP_MS;

export class SentWindow {
  /** Records sent in each of the last steps, at the number of the step modulo their count. */
  readonly #records = new Float64Array(STEPS);
  #step = 0;

  /** Counts flow records of a datagram. @param nowMs a monotonic clock */
  add(records: number, nowMs: number): void {
    this.#advance(nowMs);
    this.#records[this.#step % STEPS]! += records;
  }

  /**
   * Takes what was sent within the window before a refusal: the next refusal does not count it again.
   * @param nowMs a monotonic clock
   * @returns flow records
   */
  take(nowMs: number): number {
    const records = this.records(nowMs);
    this.#records.fill(0);
    return records;
  }

  /** Flow records sent within the window, and not taken yet. @param nowMs a monotonic clock */
  records(nowMs: number): number {
    this.#advance(nowMs);
    return this.#records.reduce((sum, one) => sum + one, 0);
  }

  #advance(nowMs: number): void {
    const step = Math.floor(nowMs / STEP_MS);
    if (step <= this.#step) return;
    const from = Math.max(this.#step + 1, step - STEPS + 1);
    for (let i = from; i <= step; i++) this.#records[i % STEPS] = 0;
    this.#step = step;
  }
}
