/** Writes unsigned integers of odd sizes; common ones are written by DataView's own methods. */

/**
 * Writes `value` in network order.
 * @param octets 1 to 8; the caller has made sure that the value fits, or wants its upper bits cut off
 */
export function writeUnsigned(view: DataView, at: number, octets: number, value: number): void {
  let rest = value;
  for (let i = octets - 1; i >= 0; i--) {
    view.setUint8(at + i, rest % 256);
    rest = Math.floor(rest / 256);
  }
}
