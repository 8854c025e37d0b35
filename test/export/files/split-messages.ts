/** Takes a file of length-delimited messages apart, with no code of ours. */

/** Splits a file: each message behind its length, a varint (protobuf, "Base 128 Varints"). */
export function split(octets: Buffer): { whole: Buffer; message: Buffer }[] {
  const found: { whole: Buffer; message: Buffer }[] = [];
  for (let at = 0; at < octets.length; ) {
    let length = 0;
    let from = at;
    for (let shift = 0; ; shift += 7) {
      const octet = octets[from++]!;
      length += (octet & 0x7f) * 2 ** shift;
      if (octet < 0x80) break;
    }
    found.push({ whole: octets.subarray(at, from + length), message: octets.subarray(from, from + length) });
    at = from + length;
  }
  return found;
}
