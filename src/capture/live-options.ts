/**
 * The options of a live capture that main gives a worker: plain data that can be posted. live-source.ts and the sources
 * behind it follow them.
 */

/** How packets reach us: the ring of AF_PACKET (Linux), libpcap, or the optional package cap. */
export type CaptureKind = 'ring' | 'libpcap' | 'cap';

/** Which packets are metered (RFC 5475): each with a chance of 1 in N, every N-th, or by a hash of their content. */
export interface SamplingOptions {
  readonly method: 'random' | 'systematic' | 'hash';
  /** One packet in so many, 1 or more. */
  readonly interval: number;
}

/**
 * What the kernel's systematic sampling counts with (capture/selection/ebpf.ts); the workers of an interface share the
 * map.
 */
export interface KernelSelectionOptions {
  /** File descriptor of the map, good in every thread. */
  readonly map: number;
  /** Entry of the packets that this worker is not given; entry 0 counts those of all. */
  readonly leftOutEntry: number;
  /** Which packet of an interval: 0 to below it. */
  readonly phase: number;
}

/** How frames are cut whose payload can say nothing to an inspection. */
export interface HeadersSnap {
  /** Octets that are kept of them. */
  readonly octets: number;
  /** UDP ports of tunnels that are looked into. */
  readonly tunnelPorts: readonly number[];
}

export interface LiveCaptureOptions {
  readonly capture: CaptureKind;
  /** Name of the network interface, or of the group of `members`. */
  readonly interface: string;
  /** Names of the interfaces that are captured as one, 8 at most (kind `ring` only). Default: `interface` alone. */
  readonly members?: readonly string[] | undefined;
  /** If it is not there at the start, wait for it instead of failing. Default: no. */
  readonly waitForInterface?: boolean;
  /** Which of the run's interfaces this is, from 0: flows get observation point number one above. */
  readonly interfaceIndex: number;
  /** Octets of a block of the ring: a multiple of the page size. */
  readonly blockOctets: number;
  readonly blocks: number;
  /** A block that is not full is handed over after this time. */
  readonly blockTimeoutMs: number;
  /** Octets of each frame that are captured; 0 for whole frames. */
  readonly snapLength: number;
  /** Frames whose payload can say nothing to an inspection are cut to this (kind `ring` only); undefined: none is. */
  readonly headersSnap?: HeadersSnap | undefined;
  /** In tcpdump's syntax; undefined or `''` for every packet. */
  readonly filter?: string | undefined;
  /** Undefined or an interval of 1: every packet. */
  readonly sampling?: SamplingOptions | undefined;
  /** Where the kernel samples systematically; undefined: the worker does. */
  readonly kernelSelection?: KernelSelectionOptions | undefined;
  /** Receive frames for other stations too, until the capture ends. */
  readonly promiscuous: boolean;
  /** Capture what this machine sends, too. */
  readonly outgoing: boolean;
  /**
   * Number (1 to 65,535) that the workers of one interface share: the kernel divides the packets among them, both
   * directions of a flow to the same. Undefined for a single worker.
   */
  readonly fanoutGroup?: number | undefined;
}

/** The ring as the kernel made it; NaN where a source does not know. */
export interface RingSize {
  readonly blocks: number;
  readonly blockOctets: number;
  readonly octets: number;
}

/**
 * What stays open in the process when a worker thread dies without its own clean-up; `releaseRing` (sys/packet-socket.ts)
 * frees it.
 */
export interface RingHandles {
  readonly descriptor: number;
  /** The socket as /proc/self names it, `socket:[INODE]`: no other one of the process ever has that name. */
  readonly socket: string;
  readonly address: bigint;
  readonly octets: number;
  /** It lies in place of memory of an engine. */
  readonly isInPlace: boolean;
}
