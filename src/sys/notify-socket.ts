/**
 * Sends lines to the service manager's socket (sd_notify(3)): a UNIX datagram socket, through koffi, as Node has
 * none. It takes the address as the environment gives it, and knows nothing of what the lines mean.
 */
import { loadLibc } from './koffi.ts';
import * as linux from './linux-constants.ts';

/**
 * The structure for `address`: a path, or with `@` in front a name of Linux' abstract space.
 * @returns undefined where the address is neither, or too long
 */
export function unixAddress(address: string): Uint8Array | undefined {
  const path = Buffer.from(address, 'utf8');
  if (!/^[/@]./.test(address) || path.length > linux.SUN_PATH_OCTETS) return undefined;
  const isAbstract = address.startsWith('@');
  // A path ends with a zero octet where there is room for one; an abstract name is as long as it is.
  const octets = new Uint8Array(
    linux.SUN_PATH + path.length + (isAbstract || path.length === linux.SUN_PATH_OCTETS ? 0 : 1),
  );
  new Uint16Array(octets.buffer, 0, 1)[0] = linux.AF_UNIX;
  octets.set(path, linux.SUN_PATH);
  if (isAbstract) octets[linux.SUN_PATH] = 0;
  return octets;
}

/**
 * @param address of the socket, NOTIFY_SOCKET
 * @returns a function that sends a text and says whether the socket took it; undefined where there is no way to
 */
export function openNotifySocket(address: string): ((text: string) => boolean) | undefined {
  const to = unixAddress(address);
  if (to === undefined || process.platform !== 'linux') return undefined;
  try {
    const { library } = loadLibc();
    const socket = library.func('int socket(int, int, int)');
    const sendto = library.func('int64_t sendto(int, const void *, size_t, int, const void *, uint32_t)');
    const descriptor = socket(
      linux.AF_UNIX,
      linux.SOCK_DGRAM | linux.SOCK_NONBLOCK | linux.SOCK_CLOEXEC,
      0,
    ) as number;
    if (descriptor < 0) return undefined;
    return (text) => {
      const octets = Buffer.from(text, 'utf8');
      return (
        Number(sendto(descriptor, octets, octets.length, linux.MSG_NOSIGNAL, to, to.length)) === octets.length
      );
    };
  } catch {
    // No koffi for this platform: the caller says that the service manager cannot be told.
    return undefined;
  }
}
