/** Instructions of classic BPF (struct sock_filter), and the tests that programs are put together from. */
import * as linux from '../../sys/linux-constants.ts';

/** code, jump if true, jump if false, k. */
export type Instruction = readonly [number, number, number, number];

/** All numbers from the first to the last. */
export type NumberRange = readonly [first: number, last: number];

/** Octets of the instructions, one behind the other. */
export function assemble(instructions: readonly Instruction[]): Uint8Array {
  const octets = new Uint8Array(instructions.length * linux.SOCK_FILTER_OCTETS);
  const view = new DataView(octets.buffer);
  instructions.forEach(([code, ifTrue, ifFalse, k], i) => {
    const at = i * linux.SOCK_FILTER_OCTETS;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, ifTrue);
    view.setUint8(at + 3, ifFalse);
    view.setUint32(at + 4, k, true);
  });
  return octets;
}

/** An instruction without jumps. */
export const step = (code: number, k = 0): Instruction => [code, 0, 0, k];

/** Ends the program: so many octets of the frame are kept; 0 drops it. */
export const keep = (octets: number): Instruction => step(linux.BPF_RET_K, octets);

/** Runs `instructions` if A compares with `k` so, and what follows them in any case. */
export function when(comparison: number, k: number, instructions: readonly Instruction[]): Instruction[] {
  return [[comparison, 1, 0, k], step(linux.BPF_JMP_JA, instructions.length), ...instructions];
}

/** Keeps `octets` if A compares with `k` so; what follows runs else. */
export const keepIf = (comparison: number, k: number, octets: number): Instruction[] => [
  [comparison, 0, 1, k],
  keep(octets),
];

/** Keeps `octets` if A is within one of the ranges, which are in order; what follows runs else. A tree of comparisons. */
export function keepWithin(ranges: readonly NumberRange[], octets: number): Instruction[] {
  if (ranges.length === 0) return [];
  if (ranges.length > 1) {
    const middle = ranges.length >>> 1;
    const low = keepWithin(ranges.slice(0, middle), octets);
    const high = keepWithin(ranges.slice(middle), octets);
    const isHigh: Instruction = [linux.BPF_JMP_JGE_K, low.length + 1, 0, ranges[middle]![0]];
    return [isHigh, ...low, step(linux.BPF_JMP_JA, high.length), ...high];
  }
  const [first, last] = ranges[0]!;
  if (first === last) return keepIf(linux.BPF_JMP_JEQ_K, first, octets);
  return [[linux.BPF_JMP_JGE_K, 0, 2, first], [linux.BPF_JMP_JGT_K, 1, 0, last], keep(octets)];
}

/** Ranges of numbers that may come in any order. */
export function rangesOf(numbers: Iterable<number>): NumberRange[] {
  const ranges: [number, number][] = [];
  for (const number of [...new Set(numbers)].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges;
}

/**
 * A program that goes on with `next` where it kept a packet. @returns undefined for one that works out how many octets it
 * keeps, as libpcap's never do
 */
export function followedBy(program: Uint8Array, next: readonly Instruction[]): Uint8Array | undefined {
  const octets = new Uint8Array(program.length + next.length * linux.SOCK_FILTER_OCTETS);
  octets.set(program);
  octets.set(assemble(next), program.length);
  const view = new DataView(octets.buffer);
  const count = program.length / linux.SOCK_FILTER_OCTETS;
  for (let i = 0; i < count; i++) {
    const at = i * linux.SOCK_FILTER_OCTETS;
    const code = view.getUint16(at, true);
    if (code === linux.BPF_RET_A) return undefined;
    if (code !== linux.BPF_RET_K || view.getUint32(at + 4, true) === 0) continue;
    view.setUint16(at, linux.BPF_JMP_JA, true);
    view.setUint32(at + 4, count - i - 1, true);
  }
  return octets;
}
