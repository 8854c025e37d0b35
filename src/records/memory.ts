/** Where typed arrays are to lie: on the JavaScript heap, or in an engine's memory. */

/** Memory for `octets` octets, as zeroes; an engine's (engine.ts) begins on a cache line. */
export type AllocateMemory = (octets: number) => { buffer: ArrayBuffer; byteOffset: number };

/** Memory of its own for each array. */
export function allocateOnHeap(octets: number): { buffer: ArrayBuffer; byteOffset: number } {
  return { buffer: new ArrayBuffer(octets), byteOffset: 0 };
}

/**
 * Hands out a memory piece by piece, from `start` to `end`.
 * @returns given a boundary to begin on, and octets, allocates as `AllocateMemory` does; it throws RangeError when the
 *   memory is full
 */
export function allocateFrom(
  buffer: ArrayBuffer,
  start: number,
  end: number,
): (boundary: number, octets: number) => { buffer: ArrayBuffer; byteOffset: number } {
  let used = start;
  return (boundary, octets) => {
    const byteOffset = Math.ceil(used / boundary) * boundary;
    used = byteOffset + octets;
    if (used > end) throw new RangeError(`engine memory of ${end - start} octets is full`);
    return { buffer, byteOffset };
  };
}

/** `length` words, zero. */
export function int32Array(allocate: AllocateMemory, length: number): Int32Array<ArrayBuffer> {
  const { buffer, byteOffset } = allocate(length * 4);
  return new Int32Array(buffer, byteOffset, length);
}

/** `length` half words, zero. */
export function uint16Array(allocate: AllocateMemory, length: number): Uint16Array<ArrayBuffer> {
  const { buffer, byteOffset } = allocate(length * 2);
  return new Uint16Array(buffer, byteOffset, length);
}

/** `length` doubles, zero. */
export function float64Array(allocate: AllocateMemory, length: number): Float64Array<ArrayBuffer> {
  const { buffer, byteOffset } = allocate(length * 8);
  return new Float64Array(buffer, byteOffset, length);
}

/** `length` octets, zero. */
export function uint8Array(allocate: AllocateMemory, length: number): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset } = allocate(length);
  return new Uint8Array(buffer, byteOffset, length);
}
