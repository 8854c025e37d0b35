/**
 * The bpf(2) system call through koffi: an array map of counters, and loading a socket filter. Both need CAP_BPF, unless
 * kernel.unprivileged_bpf_disabled is 0, and a kernel of 5.12 (atomic operations that give the former value). Linux on
 * x86-64 and arm64. Programs are made by capture/selection/ebpf.ts.
 */
import { addressOf, loadLibc } from './koffi.ts';
import * as linux from './linux-constants.ts';

/** Memory of 256 octets and more lies outside the garbage collector's reach and does not move. */
const FIXED_OCTETS_MIN = 256;
const ENTRY_OCTETS = 8;
const INSTRUCTION_OCTETS = 8;
const LICENSE = 'Apache-2.0\0';

interface Calls {
  readonly bpf: (command: number, attributes: Uint8Array) => number;
  readonly close: (descriptor: number) => number;
  readonly errno: () => number;
}

let loaded: Calls | undefined;

/** @returns undefined where there is no such call, or no koffi */
function calls(): Calls | undefined {
  const number = linux.BPF_SYSTEM_CALLS[process.arch];
  if (process.platform !== 'linux' || number === undefined) return undefined;
  if (loaded !== undefined) return loaded;
  try {
    const { koffi, library } = loadLibc();
    const syscall = library.func('long syscall(long, long, void *, unsigned long)');
    loaded = {
      bpf: (command, attributes) => Number(syscall(number, command, attributes, attributes.length)),
      close: library.func('int close(int)'),
      errno: () => koffi.errno(),
    };
  } catch {
    // Callers do without it, and say so.
    loaded = undefined;
  }
  return loaded;
}

/** A file descriptor, or the errno of what the kernel refused. */
export type EbpfResult =
  | { readonly descriptor: number; readonly errno: 0 }
  | { readonly descriptor: -1; readonly errno: number };

function called(command: number, attributes: DataView): EbpfResult {
  const system = calls();
  if (system === undefined) return { descriptor: -1, errno: linux.ENOSYS };
  const descriptor = system.bpf(command, new Uint8Array(attributes.buffer));
  return descriptor < 0 ? { descriptor: -1, errno: system.errno() } : { descriptor, errno: 0 };
}

function attributesOf(): DataView {
  return new DataView(new ArrayBuffer(linux.BPF_ATTR_OCTETS));
}

/** Makes an array map of 64-bit counters, all 0. Its descriptor holds good in every thread until `closeEbpf`. */
export function createCounterMap(entries: number): EbpfResult {
  const attributes = attributesOf();
  attributes.setUint32(linux.MAP_TYPE, linux.BPF_MAP_TYPE_ARRAY, true);
  attributes.setUint32(linux.MAP_KEY_SIZE, 4, true);
  attributes.setUint32(linux.MAP_VALUE_SIZE, ENTRY_OCTETS, true);
  attributes.setUint32(linux.MAP_MAX_ENTRIES, entries, true);
  return called(linux.BPF_MAP_CREATE, attributes);
}

/** The count in an entry of a map of `createCounterMap`; NaN if the kernel does not tell. */
export function readCounter(map: number, entry: number): number {
  const system = calls();
  if (system === undefined) return Number.NaN;
  const memory = new Uint8Array(FIXED_OCTETS_MIN);
  const address = addressOf(memory);
  const view = new DataView(memory.buffer);
  view.setUint32(0, entry, true);
  const attributes = attributesOf();
  attributes.setUint32(linux.LOOKUP_MAP_FD, map, true);
  attributes.setBigUint64(linux.LOOKUP_KEY, address, true);
  attributes.setBigUint64(linux.LOOKUP_VALUE, address + BigInt(ENTRY_OCTETS), true);
  if (called(linux.BPF_MAP_LOOKUP_ELEM, attributes).errno !== 0) return Number.NaN;
  return Number(view.getBigUint64(ENTRY_OCTETS, true));
}

/** Loads a socket filter (struct bpf_insn one after the other), which the kernel verifies first. */
export function loadSocketFilter(program: Uint8Array): EbpfResult {
  const system = calls();
  if (system === undefined) return { descriptor: -1, errno: linux.ENOSYS };
  const memory = new Uint8Array(Math.max(FIXED_OCTETS_MIN, program.length + LICENSE.length));
  memory.set(program);
  memory.set(new TextEncoder().encode(LICENSE), program.length);
  const address = addressOf(memory);
  const attributes = attributesOf();
  attributes.setUint32(linux.LOAD_PROG_TYPE, linux.BPF_PROG_TYPE_SOCKET_FILTER, true);
  attributes.setUint32(linux.LOAD_INSN_CNT, program.length / INSTRUCTION_OCTETS, true);
  attributes.setBigUint64(linux.LOAD_INSNS, address, true);
  attributes.setBigUint64(linux.LOAD_LICENSE, address + BigInt(program.length), true);
  const result = called(linux.BPF_PROG_LOAD, attributes);
  // Read after the call, so that it lives until then.
  memory[0] = 0;
  return result;
}

/** Closes a map or a program; what is attached or used by a program lives on without it. */
export function closeEbpf(descriptor: number): void {
  calls()?.close(descriptor);
}
