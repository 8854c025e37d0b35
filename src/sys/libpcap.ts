/**
 * libpcap through koffi: loaded when a filter is to be compiled or when it is to capture. Its functions by their own
 * names (pcap(3pcap)); handles are addresses.
 */

import { CaptureError } from '../base/errors.ts';
import { loadLibc } from './koffi.ts';

const PCAP_ERRBUF_SIZE = 256;
/** struct bpf_program: number of instructions, their address. */
const BPF_PROGRAM_OCTETS = 16;
const BPF_INSN_OCTETS = 8;
/** Names that libraries of the 1.x series go by. */
const LIBRARY_NAMES = ['libpcap.so.0.8', 'libpcap.so.1', 'libpcap.so'];

type Handle = number | bigint;

export interface Libpcap {
  readonly create: (device: string, errors: Uint8Array) => Handle;
  readonly setSnapLength: (pcap: Handle, octets: number) => number;
  readonly setPromiscuous: (pcap: Handle, on: number) => number;
  readonly setTimeout: (pcap: Handle, ms: number) => number;
  readonly setBufferSize: (pcap: Handle, octets: number) => number;
  readonly setTimestampPrecision: (pcap: Handle, precision: number) => number;
  readonly setDirection: (pcap: Handle, direction: number) => number;
  readonly activate: (pcap: Handle) => number;
  readonly setNonBlocking: (pcap: Handle, on: number, errors: Uint8Array) => number;
  readonly selectableDescriptor: (pcap: Handle) => number;
  readonly datalink: (pcap: Handle) => number;
  readonly compile: (
    pcap: Handle,
    program: Uint8Array,
    text: string,
    optimize: number,
    netmask: number,
  ) => number;
  readonly setFilter: (pcap: Handle, program: Uint8Array) => number;
  readonly freeCode: (program: Uint8Array) => void;
  readonly openDead: (dlt: number, snapLength: number) => Handle;
  readonly statistics: (pcap: Handle, into: Uint8Array) => number;
  readonly errorText: (pcap: Handle) => string;
  readonly statusText: (status: number) => string;
  readonly version: () => string;
  readonly close: (pcap: Handle) => void;
  /** pcap_dispatch with pcap_dump as its callback: packets go to a dump without a call of ours for each. */
  readonly dispatchToDump: (pcap: Handle, count: number, dumper: Handle) => number;
  readonly dumpOpen: (pcap: Handle, file: Handle) => Handle;
  readonly dumpClose: (dumper: Handle) => void;
  /** C streams over our own memory. */
  readonly openMemory: (memory: Uint8Array, octets: number) => Handle;
  readonly seekStart: (file: Handle) => number;
  readonly flush: (file: Handle) => number;
  readonly position: (file: Handle) => number | bigint;
  readonly poll: (descriptors: Uint8Array, count: number, timeoutMs: number) => number;
  /** A copy of the instructions of a compiled program. */
  readonly instructions: (program: Uint8Array) => Uint8Array;
}

let library: Libpcap | undefined;

/**
 * The library, loaded on first use.
 * @param wanted what needs it, for the error: `a filter`
 * @throws CaptureError where it is not installed
 */
export function libpcap(name: string, wanted: string): Libpcap {
  try {
    library ??= load();
  } catch (cause) {
    throw new CaptureError(name, `${wanted} needs libpcap, which cannot be loaded (${LIBRARY_NAMES[0]})`, {
      remedy: 'install it: apt-get install libpcap0.8, dnf install libpcap, apk add libpcap',
      cause,
    });
  }
  return library;
}

function load(): Libpcap {
  const { koffi, library: libc } = loadLibc();
  let pcap: ReturnType<typeof koffi.load> | undefined;
  let failure: unknown;
  for (const name of LIBRARY_NAMES) {
    try {
      pcap ??= koffi.load(name);
    } catch (error) {
      failure ??= error;
    }
  }
  if (pcap === undefined) throw failure;
  // The address of a function of the library, to be handed to another one as a callback.
  const pcapDump = koffi.address(pcap.symbol('pcap_dump', 'void'));
  const dispatch = pcap.func('int pcap_dispatch(uintptr_t, int, uintptr_t, uintptr_t)');
  const fmemopen = libc.func('uintptr_t fmemopen(void *, size_t, const char *)');
  const fseek = libc.func('int fseek(uintptr_t, long, int)');
  return {
    create: pcap.func('uintptr_t pcap_create(const char *, void *)'),
    setSnapLength: pcap.func('int pcap_set_snaplen(uintptr_t, int)'),
    setPromiscuous: pcap.func('int pcap_set_promisc(uintptr_t, int)'),
    setTimeout: pcap.func('int pcap_set_timeout(uintptr_t, int)'),
    setBufferSize: pcap.func('int pcap_set_buffer_size(uintptr_t, int)'),
    setTimestampPrecision: pcap.func('int pcap_set_tstamp_precision(uintptr_t, int)'),
    setDirection: pcap.func('int pcap_setdirection(uintptr_t, int)'),
    activate: pcap.func('int pcap_activate(uintptr_t)'),
    setNonBlocking: pcap.func('int pcap_setnonblock(uintptr_t, int, void *)'),
    selectableDescriptor: pcap.func('int pcap_get_selectable_fd(uintptr_t)'),
    datalink: pcap.func('int pcap_datalink(uintptr_t)'),
    compile: pcap.func('int pcap_compile(uintptr_t, void *, const char *, int, uint32_t)'),
    setFilter: pcap.func('int pcap_setfilter(uintptr_t, void *)'),
    freeCode: pcap.func('void pcap_freecode(void *)'),
    openDead: pcap.func('uintptr_t pcap_open_dead(int, int)'),
    statistics: pcap.func('int pcap_stats(uintptr_t, void *)'),
    errorText: pcap.func('const char *pcap_geterr(uintptr_t)'),
    statusText: pcap.func('const char *pcap_statustostr(int)'),
    version: pcap.func('const char *pcap_lib_version()'),
    close: pcap.func('void pcap_close(uintptr_t)'),
    dispatchToDump: (handle, count, dumper) => dispatch(handle, count, pcapDump, dumper) as number,
    dumpOpen: pcap.func('uintptr_t pcap_dump_fopen(uintptr_t, uintptr_t)'),
    dumpClose: pcap.func('void pcap_dump_close(uintptr_t)'),
    openMemory: (memory, octets) => fmemopen(memory, octets, 'w') as Handle,
    seekStart: (file) => fseek(file, 0, 0) as number,
    flush: libc.func('int fflush(uintptr_t)'),
    position: libc.func('long ftell(uintptr_t)'),
    poll: libc.func('int poll(void *, unsigned long, int)'),
    instructions: (program) => {
      const view = new DataView(program.buffer, program.byteOffset, program.length);
      const octets = view.getUint32(0, true) * BPF_INSN_OCTETS;
      return new Uint8Array(koffi.view(view.getBigUint64(8, true), octets)).slice();
    },
  };
}

/** Text that ends at its first zero octet. */
export function errorText(buffer: Uint8Array): string {
  const end = buffer.indexOf(0);
  return new TextDecoder().decode(buffer.subarray(0, end < 0 ? buffer.length : end));
}

export function errorBuffer(): Uint8Array {
  return new Uint8Array(PCAP_ERRBUF_SIZE);
}

export function programBuffer(): Uint8Array {
  return new Uint8Array(BPF_PROGRAM_OCTETS);
}
