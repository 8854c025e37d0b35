/** Where typed arrays are to lie: on the JavaScript heap, or in an engine's memory. */

/** Memory for `octets` octets, as zeroes; an engine's (engine.ts) begins on a cache line. */
export type AllocateMemory = (octets: number) => { buffer: ArrayBuffer; byteOffset: number };

/** Memory of its own for each array. */
export function allocateOnHeap(octets: number): { buffer: ArrayBuffer; byteOffset: number } {
  return { buffer: new ArrayBuffer(octets), byteOffset: 0 };
}

/** `length` words, zero. */
export function int32Array(allocate: AllocateMemory, length: number): Int32Array<ArrayBuffer> {
  const { buffer, byteOffset } = allocate(length * 4);
  return new Int32Array(buffer, byteOffset, length);
}

/** `length` doubles, zero. */
export function uint16Array(allocate: AllocateMemory, length: number): Uint16Array<ArrayBuffer> {
  const { buffer, byteOffset } = allocate(length * 2);
  return new Uint16Array(buffer, byteOffset, length);
}

export function float64Array(allocate: AllocateMemory, length: number): Float64Array<ArrayBuffer> {
  const { buffer, byteOffset } = allocate(length * 8);
  return new Float64Array(buffer, byteOffset, length);
}

/** `length` octets, zero. */
export function uint8Array(allocate: AllocateMemory, length: number): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset } = allocate(length);
  return new Uint8Array(buffer, byteOffset, length);
}
