/** Words of packets, which are in network byte order: WebAssembly's memory is little-endian. */

// @ts-expect-error: a decorator of AssemblyScript
@inline
export function word(place: usize): u32 {
  return bswap<u32>(load<u32>(place));
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
export function half(place: usize): u32 {
  return bswap<u16>(load<u16>(place)) as u32;
}

/** Four words at once. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function fourWords(place: usize): v128 {
  const octets = v128.load(place);
  return i8x16.shuffle(octets, octets, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}
