/**
 * What the system says of one network interface, by its calls rather than by /sys, which may show another network
 * namespace than the one this process is in. Linux, through koffi.
 */
import { loadLibc } from './koffi.ts';
import * as linux from './linux-constants.ts';

/** `gone`: there is none of this name and number; `down`: switched off; `no link`: no carrier or its like. */
export type InterfaceState = 'up' | 'no link' | 'down' | 'gone';

interface Calls {
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly ioctl: (fd: number, request: number, argument: Uint8Array) => number;
  readonly close: (fd: number) => number;
  readonly nameToIndex: (name: string) => number;
  /** Names of all interfaces. */
  readonly names: () => string[];
}

let calls: Calls | undefined;

function load(): Calls {
  const { koffi, library } = loadLibc();
  const ifNameIndex = library.func('uintptr_t if_nameindex()');
  const free = library.func('void if_freenameindex(uintptr_t)');
  // struct if_nameindex: index, name; an index of 0 ends the list.
  const entry = koffi.struct({ index: 'unsigned int', name: 'const char *' });
  const entryOctets = 16;
  return {
    socket: library.func('int socket(int, int, int)'),
    ioctl: library.func('int ioctl(int, unsigned long, void *)'),
    close: library.func('int close(int)'),
    nameToIndex: library.func('unsigned int if_nametoindex(const char *)'),
    names: () => {
      const list = BigInt(ifNameIndex() as number | bigint);
      if (list === 0n) return [];
      const found: string[] = [];
      for (let at = list; ; at += BigInt(entryOctets)) {
        const { index, name } = koffi.decode(at, entry) as { index: number; name: string };
        if (index === 0) break;
        found.push(name);
      }
      free(list);
      return found;
    },
  };
}

function loaded(): Calls {
  calls ??= load();
  return calls;
}

/** The number of the interface called `name`, or 0. */
export function interfaceIndex(name: string): number {
  return name.length === 0 || name.length >= linux.IFNAMSIZ ? 0 : loaded().nameToIndex(name);
}

/** Names of the interfaces that there are, whatever their state. */
export function interfaceNames(): string[] {
  return loaded().names();
}

/** Two octets of what the system answers about the interface; -1 where it has none of this name. */
function ask(name: string, request: number): number {
  const { socket, ioctl, close } = loaded();
  const descriptor = socket(linux.AF_UNIX, linux.SOCK_DGRAM | linux.SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  const argument = new Uint8Array(linux.IFREQ_OCTETS);
  new TextEncoder().encodeInto(name, argument.subarray(0, linux.IFNAMSIZ - 1));
  const result = ioctl(descriptor, request, argument);
  close(descriptor);
  return result < 0 ? -1 : new DataView(argument.buffer).getUint16(linux.IFREQ_DATA, true);
}

/** ARPHRD_ number of the interface's kind of link, or -1 where there is no such interface. */
export function hardwareType(name: string): number {
  return ask(name, linux.SIOCGIFHWADDR);
}

/** @param index that the interface had when the capture was opened: another one of its name does not count */
export function interfaceState(name: string, index: number): InterfaceState {
  if (interfaceIndex(name) !== index) return 'gone';
  const flags = ask(name, linux.SIOCGIFFLAGS);
  if (flags < 0) return 'gone';
  if ((flags & linux.IFF_UP) === 0) return 'down';
  return (flags & linux.IFF_RUNNING) === 0 ? 'no link' : 'up';
}
