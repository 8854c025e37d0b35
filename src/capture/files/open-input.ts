/**
 * Opens what captures are read from: regular files, named pipes, devices, standard input. Opening a
 * pipe does not wait for its writer.
 */
import { closeSync, constants, createReadStream, fstatSync, openSync, readSync, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { CaptureFileError } from '../../base/errors.ts';
import { COMPRESSION_MAGIC_OCTETS } from './decompress.ts';

/** Standard input's name on the command line. */
export const STANDARD_INPUT = '-';

/** What a capture may be, for messages. */
export const READABLE = 'a pcap or pcapng capture, as it is or compressed with gzip or zstd';

/**
 * A pipe as a stream, of standard input too: `process.stdin` of a worker is an empty stream that nobody fills. It is read
 * by the event loop, not by a thread, so that a replay which waits for input can still be stopped.
 */
export function openPipe(fd: number): Readable {
  // Loaded here, since few replays read a pipe.
  const { Socket } = process.getBuiltinModule('node:net');
  return new Socket({ fd, readable: true, writable: false });
}

/** @throws CaptureFileError where standard input is a terminal */
export function openStandardInput(readOctets: number): { stream: Readable; isFollowed: boolean } {
  const stat = fstatSync(0);
  if (stat.isFIFO() || stat.isSocket()) return { stream: openPipe(0), isFollowed: true };
  if (stat.isCharacterDevice() && process.getBuiltinModule('node:tty').isatty(0)) {
    throw new CaptureFileError('standard input', {
      expected: READABLE,
      found: 'a terminal',
      remedy: 'Pipe a capture into it: tcpdump -U -w - | flowtap replay -',
    });
  }
  const stream = createReadStream('', { fd: 0, autoClose: false, highWaterMark: readOctets });
  return { stream, isFollowed: !stat.isFile() };
}

/** Whether packets of this input come as they are observed: it is a pipe or a device. */
export function isFollowedInput(file: string): boolean {
  if (file === STANDARD_INPUT) return !fstatSync(0).isFile();
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat !== undefined && !stat.isFile() && !stat.isDirectory();
}

/** A file that has been opened. */
export interface OpenFile {
  readonly fd: number;
  /** Its first octets, where it is a regular file. */
  readonly head: Buffer;
  /** Undefined for a pipe or device. */
  readonly size: number | undefined;
  readonly isPipe: boolean;
}

/**
 * Opens a file, without waiting for whoever is to write into a pipe.
 * @throws CaptureFileError
 */
export function openFile(file: string): OpenFile {
  let fd: number | undefined;
  try {
    const isPipe = statSync(file).isFIFO();
    fd = openSync(file, isPipe ? constants.O_RDONLY | constants.O_NONBLOCK : constants.O_RDONLY);
    const stat = fstatSync(fd);
    if (stat.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
    if (!stat.isFile()) return { fd, head: Buffer.alloc(0), size: undefined, isPipe };
    const head = Buffer.alloc(COMPRESSION_MAGIC_OCTETS);
    const octets = readSync(fd, head, 0, head.length, 0);
    return { fd, head: head.subarray(0, octets), size: stat.size, isPipe: false };
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    throw cannotOpen(file, error as NodeJS.ErrnoException);
  }
}

const OPEN_REMEDIES: Record<string, string> = {
  ENOENT: 'Check the name; - reads standard input.',
  EISDIR: 'Name the captures in it, e.g. DIRECTORY/*.pcap',
  EACCES: 'Give this user the right to read it.',
};

function cannotOpen(file: string, error: NodeJS.ErrnoException): CaptureFileError {
  const remedy = OPEN_REMEDIES[error.code ?? ''];
  return new CaptureFileError(file, {
    expected: READABLE,
    found: error.code === 'ENOENT' ? 'no such file' : error.message,
    ...(remedy === undefined ? {} : { remedy }),
    cause: error,
  });
}
