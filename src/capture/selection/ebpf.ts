/**
 * The packet filter as an eBPF program that keeps a count, which classic BPF cannot: of the packets that the filter lets
 * through, it takes every N-th (RFC 5475 §5.1), whichever processor and worker they come to, and counts those that it
 * leaves out. Instructions only (struct bpf_insn); sys/ebpf.ts loads them.
 *
 *     filter, translated ─▶ result 0? drop ─▶ sequence++ mod N is not the phase? left out++, drop ─▶ result
 *
 * The translation is the kernel's own (bpf_convert_filter in net/core/filter.c): A in r0, X in r7, the frame in r6, the
 * scratch memory on the stack. Loads behind the end of the frame end the program with 0 in both languages.
 */
import * as linux from '../../sys/linux-constants.ts';

/** code, destination, source, offset, immediate. */
type Instruction = readonly [number, number, number, number, number];

const INSTRUCTION_OCTETS = 8;

// Registers. r1 to r5 are lost with every load from the frame and every call.
const A = 0;
const VALUE = 1;
const MAP = 1;
const KEY = 2;
const FRAME = 6;
const X = 7;
const RESULT = 8;
const SAVED_A = 9;
const STACK = 10;

// Codes that classic BPF does not have.
const MOVE_32_K = 0xb4;
const MOVE_32_X = 0xbc;
const MOVE_64_K = 0xb7;
const MOVE_64_X = 0xbf;
const ADD_64_K = 0x07;
const MODULO_64_K = 0x97;
const SWAP_FROM_NETWORK = 0xdc;
const JUMP = 0x05;
const JUMP_NOT_EQUAL_K = 0x55;
const JUMP_32 = 0x06;
const JUMP_32_NOT_EQUAL_K = 0x56;
const LOAD_WORD = 0x61;
const STORE_WORD_K = 0x62;
const STORE_WORD = 0x63;
const LOAD_MAP = 0x18;
const PSEUDO_MAP_FD = 1;
const ATOMIC_64 = 0xdb;
const ATOMIC_ADD = 0;
const ATOMIC_FETCH_ADD = 1;
const CALL = 0x85;
const MAP_LOOKUP_ELEM = 1;
const EXIT = 0x95;

/** Where struct __sk_buff has what classic BPF's ancillary loads give; those of two octets are in network order. */
const ANCILLARY: ReadonlyMap<number, { at: number; isNetworkOrder: boolean }> = new Map([
  [linux.SKF_AD_PROTOCOL, { at: 16, isNetworkOrder: true }],
  [linux.SKF_AD_PKTTYPE, { at: 4, isNetworkOrder: false }],
  [linux.SKF_AD_IFINDEX, { at: 40, isNetworkOrder: false }],
  [linux.SKF_AD_VLAN_TAG, { at: 24, isNetworkOrder: false }],
  [linux.SKF_AD_VLAN_TAG_PRESENT, { at: 20, isNetworkOrder: false }],
  [linux.SKF_AD_VLAN_TPID, { at: 28, isNetworkOrder: true }],
]);
const SKB_LEN = 0;

/** Scratch memory lies at the top of the stack, the key of a map below it. */
const SCRATCH_WORDS = 16;
const KEY_AT = -4 * SCRATCH_WORDS - 4;

/** An instruction of classic BPF (struct sock_filter). */
interface Classic {
  readonly code: number;
  readonly ifTrue: number;
  readonly ifFalse: number;
  readonly k: number;
}

const CLASS = 0x07;
const SOURCE_X = 0x08;
const OPERATION = 0xf0;
const DIVIDE = 0x30;
const MODULO = 0x90;

function classicProgram(program: Uint8Array): Classic[] {
  const view = new DataView(program.buffer, program.byteOffset, program.length);
  return Array.from({ length: program.length / linux.SOCK_FILTER_OCTETS }, (_, i) => {
    const at = i * linux.SOCK_FILTER_OCTETS;
    return {
      code: view.getUint16(at, true),
      ifTrue: view.getUint8(at + 2),
      ifFalse: view.getUint8(at + 3),
      k: view.getInt32(at + 4, true),
    };
  });
}

const DROP: readonly Instruction[] = [
  [MOVE_32_K, A, 0, 0, 0],
  [EXIT, 0, 0, 0, 0],
];

/** Loads from the frame, what the kernel knows of it, constants and scratch memory; undefined if it is none of these. */
function translateLoad({ code, k }: Classic): Instruction[] | undefined {
  const scratch = 4 * k - 4 * SCRATCH_WORDS;
  switch (code) {
    case 0x20: // ld [k], ldh, ldb
    case 0x28:
    case 0x30: {
      if (k >= 0) return [[code, 0, 0, 0, k]];
      // The parts of a frame by their layers.
      if (k >= linux.SKF_LL_OFF && k < linux.SKF_AD_OFF) return [[code, 0, 0, 0, k]];
      const field = ANCILLARY.get(k - linux.SKF_AD_OFF);
      if (field === undefined) return undefined;
      const load: Instruction = [LOAD_WORD, A, FRAME, field.at, 0];
      return field.isNetworkOrder ? [load, [SWAP_FROM_NETWORK, A, 0, 0, 16]] : [load];
    }
    case 0x40: // ld [x + k], ldh, ldb
    case 0x48:
    case 0x50:
      return [[code, 0, X, 0, k]];
    case 0x00: // ld #k
      return [[MOVE_32_K, A, 0, 0, k]];
    case 0x01: // ldx #k
      return [[MOVE_32_K, X, 0, 0, k]];
    case 0x60: // ld M[k]
      return [[LOAD_WORD, A, STACK, scratch, 0]];
    case 0x61: // ldx M[k]
      return [[LOAD_WORD, X, STACK, scratch, 0]];
    case 0x02: // st M[k]
      return [[STORE_WORD, STACK, A, scratch, 0]];
    case 0x03: // stx M[k]
      return [[STORE_WORD, STACK, X, scratch, 0]];
    case 0x80: // ld len
      return [[LOAD_WORD, A, FRAME, SKB_LEN, 0]];
    case 0x81: // ldx len
      return [[LOAD_WORD, X, FRAME, SKB_LEN, 0]];
    case 0xb1: // ldxb 4*([k]&0xf)
      return [
        [MOVE_32_X, SAVED_A, A, 0, 0],
        [0x30, 0, 0, 0, k],
        [0x54, A, 0, 0, 0xf],
        [0x64, A, 0, 0, 2],
        [MOVE_32_X, X, A, 0, 0],
        [MOVE_32_X, A, SAVED_A, 0, 0],
      ];
    default:
      return undefined;
  }
}

function translateArithmetic({ code, k }: Classic): Instruction[] {
  const operation: Instruction = (code & SOURCE_X) !== 0 ? [code, A, X, 0, 0] : [code, A, 0, 0, k];
  const isDivision = (code & OPERATION) === DIVIDE || (code & OPERATION) === MODULO;
  // A division by 0 ends a classic program with 0.
  return isDivision && (code & SOURCE_X) !== 0
    ? [[JUMP_32_NOT_EQUAL_K, X, 0, DROP.length, 0], ...DROP, operation]
    : [operation];
}

/** A jump to an instruction of the classic program, or to what follows all of it. */
interface Jump {
  readonly at: number;
  readonly to: number;
}

/** @returns the program, its end reached with the result in RESULT; undefined if it has what cannot be translated */
function translate(program: readonly Classic[]): Instruction[] | undefined {
  const out: Instruction[] = [
    [MOVE_64_X, FRAME, 1, 0, 0],
    [MOVE_32_K, A, 0, 0, 0],
    [MOVE_32_K, X, 0, 0, 0],
  ];
  const starts: number[] = [];
  const jumps: Jump[] = [];
  const jump = (instruction: Instruction, to: number) => {
    jumps.push({ at: out.length, to });
    out.push(instruction);
  };
  const end = program.length;
  for (const [i, classic] of program.entries()) {
    const { code, ifTrue, ifFalse, k } = classic;
    starts.push(out.length);
    if (code === JUMP) jump([JUMP, 0, 0, 0, 0], i + 1 + k);
    else if ((code & CLASS) === 0x05) {
      // Comparisons of 32 bits, without a sign.
      const compare = (code & ~CLASS) | JUMP_32;
      jump((code & SOURCE_X) !== 0 ? [compare, A, X, 0, 0] : [compare, A, 0, 0, k], i + 1 + ifTrue);
      jump([JUMP, 0, 0, 0, 0], i + 1 + ifFalse);
    } else if ((code & CLASS) === 0x06) {
      const isConstant = code === 0x06;
      if (isConstant && k === 0) out.push(...DROP);
      else {
        out.push(isConstant ? [MOVE_32_K, RESULT, 0, 0, k] : [MOVE_32_X, RESULT, A, 0, 0]);
        jump([JUMP, 0, 0, 0, 0], end);
      }
    } else if ((code & CLASS) === 0x07) {
      out.push(code === 0x07 ? [MOVE_32_X, X, A, 0, 0] : [MOVE_32_X, A, X, 0, 0]);
    } else {
      const translated = (code & CLASS) === 0x04 ? translateArithmetic(classic) : translateLoad(classic);
      if (translated === undefined) return undefined;
      out.push(...translated);
    }
  }
  starts.push(out.length);
  for (const { at, to } of jumps) {
    const [code, destination, source, , immediate] = out[at]!;
    out[at] = [code, destination, source, starts[to]! - at - 1, immediate];
  }
  return out;
}

/** Adds 1 to an entry of the map. @returns with the former value in VALUE if `isFetched`; the map is never without it */
function addOne(map: number, entry: number, isFetched: boolean): Instruction[] {
  return [
    [STORE_WORD_K, STACK, 0, KEY_AT, entry],
    [LOAD_MAP, MAP, PSEUDO_MAP_FD, 0, map],
    [0, 0, 0, 0, 0],
    [MOVE_64_X, KEY, STACK, 0, 0],
    [ADD_64_K, KEY, 0, 0, KEY_AT],
    [CALL, 0, 0, 0, MAP_LOOKUP_ELEM],
    [JUMP_NOT_EQUAL_K, 0, 0, DROP.length, 0],
    ...DROP,
    [MOVE_64_K, VALUE, 0, 0, 1],
    [ATOMIC_64, 0, VALUE, 0, isFetched ? ATOMIC_FETCH_ADD : ATOMIC_ADD],
  ];
}

/** What a selecting program counts with: entries of 64 bits of an array map. */
export interface SelectionMap {
  /** File descriptor of the map. */
  readonly map: number;
  /** Entry that counts all packets that the filter lets through. */
  readonly sequenceEntry: number;
  /** Entry that counts those that are left out. */
  readonly leftOutEntry: number;
}

/**
 * A program that takes every `interval`-th packet that `filter` lets through.
 * @param filter classic BPF (struct sock_filter one after the other) that returns octets to keep, or 0
 * @param phase  from 0 to below `interval`: which of them
 * @returns struct bpf_insn one after the other; undefined if the filter has what cannot be translated
 */
export function createSelectionProgram(
  filter: Uint8Array,
  { map, sequenceEntry, leftOutEntry }: SelectionMap,
  interval: number,
  phase: number,
): Uint8Array | undefined {
  const translated = translate(classicProgram(filter));
  if (translated === undefined) return undefined;
  const program: Instruction[] = [
    ...translated,
    [JUMP_32_NOT_EQUAL_K, RESULT, 0, DROP.length, 0],
    ...DROP,
    ...addOne(map, sequenceEntry, true),
    [MODULO_64_K, VALUE, 0, 0, interval],
    [JUMP_NOT_EQUAL_K, VALUE, 0, 2, phase],
    [MOVE_64_X, A, RESULT, 0, 0],
    [EXIT, 0, 0, 0, 0],
    ...addOne(map, leftOutEntry, false),
    ...DROP,
  ];
  const octets = new Uint8Array(program.length * INSTRUCTION_OCTETS);
  const view = new DataView(octets.buffer);
  for (const [i, [code, destination, source, offset, immediate]] of program.entries()) {
    const at = i * INSTRUCTION_OCTETS;
    view.setUint8(at, code);
    view.setUint8(at + 1, destination | (source << 4));
    view.setInt16(at + 2, offset, true);
    view.setInt32(at + 4, immediate, true);
  }
  return octets;
}
