/**
 * The errors that flowtap raises on purpose, one class for each place where something outside can go wrong.
 * Packets never raise one: what is wrong with a packet is a reason code in `decode/reasons.ts`.
 *
 * Each message says what happened, with which value, and what to do about it.
 */

/** The base of all: a stable `code` for programs, a `remedy` for people, and the exit code of a run it ends. */
export abstract class FlowtapError extends Error {
  abstract readonly code: string;
  readonly remedy: string | undefined;
  /** 1: a fault while running; 2: a wrong command line or configuration. */
  readonly exitCode: 1 | 2 = 1;

  constructor(message: string, options: { remedy?: string | undefined; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.remedy = options.remedy;
  }
}

/** All lines for people: what happened, and what to do about it. */
export function errorLines({ message, remedy }: FlowtapError): string[] {
  return [...message.split('\n'), ...(remedy === undefined ? [] : [remedy])];
}

/** One fault of a configuration or command line: where, what was found, what is allowed. */
export interface ConfigFault {
  /** Dotted path of the value (`metering.idleTimeoutMs`) or the flag (`--idle-timeout`). */
  readonly path: string;
  /** What stands there now, as text. */
  readonly found: string;
  /** What may stand there. */
  readonly allowed: string;
  /** Line in the file, from 1, where one is known. */
  readonly line?: number | undefined;
}

/** A wrong configuration or command line: all of its faults at once. */
export class ConfigError extends FlowtapError {
  override readonly code = 'CONFIG';
  override readonly exitCode = 2;
  readonly faults: readonly ConfigFault[];

  /** @param origin the file's name, or `command line` */
  constructor(origin: string, faults: readonly ConfigFault[], remedy?: string) {
    const lines = faults.map((fault) => {
      const place = fault.line === undefined ? origin : `${origin}:${fault.line}`;
      return `${place}: ${fault.path}: found ${fault.found}; allowed: ${fault.allowed}`;
    });
    super(lines.join('\n'), { remedy });
    this.faults = faults;
  }
}

/** A capture that cannot be opened, or is damaged at `byteOffset`. What stands before the damage has been read. */
export class CaptureFileError extends FlowtapError {
  override readonly code = 'CAPTURE_FILE';
  readonly file: string;
  /** Octets from the start of the (uncompressed) file, or undefined where the file could not be opened. */
  readonly byteOffset: number | undefined;

  constructor(
    file: string,
    fault: { byteOffset?: number; expected: string; found: string; remedy?: string; cause?: unknown },
  ) {
    const place = fault.byteOffset === undefined ? file : `${file}: byte ${fault.byteOffset}`;
    super(`${place}: expected ${fault.expected}; found ${fault.found}`, {
      remedy: fault.remedy,
      cause: fault.cause,
    });
    this.file = file;
    this.byteOffset = fault.byteOffset;
  }
}

/** An exporter that cannot be set up: an address that does not resolve, a socket that does not open. */
export class ExportError extends FlowtapError {
  override readonly code = 'EXPORT';
  readonly collector: string;

  constructor(collector: string, message: string, options: { remedy?: string; cause?: unknown } = {}) {
    super(`${collector}: ${message}`, options);
    this.collector = collector;
  }
}

/** An error as it passes from one thread to another, which keeps no class. */
export interface PostedError {
  readonly code: string;
  readonly message: string;
  readonly remedy: string | undefined;
  readonly exitCode: 1 | 2;
}

export function postedError({ code, message, remedy, exitCode }: FlowtapError): PostedError {
  return { code, message, remedy, exitCode };
}

/** One of our errors that was raised on another thread. */
export class RelayedError extends FlowtapError {
  override readonly code: string;
  override readonly exitCode: 1 | 2;

  constructor(posted: PostedError) {
    super(posted.message, { remedy: posted.remedy });
    this.code = posted.code;
    this.exitCode = posted.exitCode;
  }
}

/** A live capture that cannot be opened or goes on no longer: no such interface, no permission, no memory. */
export class CaptureError extends FlowtapError {
  override readonly code = 'CAPTURE';
  override readonly exitCode: 1 | 2;
  /** The network interface. */
  readonly interface: string;

  /** @param options.exitCode 2 where the command line or configuration asks for what is not there */
  constructor(
    name: string,
    message: string,
    options: { remedy?: string | undefined; cause?: unknown; exitCode?: 1 | 2 } = {},
  ) {
    super(`${name}: ${message}`, options);
    this.interface = name;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** The one kind of it that time mends: there is no interface of that name, yet or any longer. */
export class NoInterfaceError extends CaptureError {}

/** A server of ours that cannot listen where it should. */
export class ListenError extends FlowtapError {
  override readonly code = 'LISTEN';
}

/** A daemon that does not answer, or has not done what it was told. */
export class ControlError extends FlowtapError {
  override readonly code = 'CONTROL';
}

/** A part of a running daemon that has too many questions before it. */
export class BusyError extends FlowtapError {
  override readonly code = 'BUSY';
}

/** A call of the operating system that failed, and what it was made for. */
export class SystemCallError extends FlowtapError {
  override readonly code = 'SYSTEM_CALL';
  /** The function of the C library. */
  readonly call: string;
  /** The errno's name: `EPERM`. */
  readonly errno: string;

  /** @param subject what it was made for: `eth0` */
  constructor(subject: string, fault: { call: string; errno: string; remedy?: string | undefined }) {
    super(`${subject}: ${fault.call} failed with ${fault.errno}`, { remedy: fault.remedy });
    this.call = fault.call;
    this.errno = fault.errno;
  }
}

/** A file that flowtap was asked to write and cannot. */
export class OutputFileError extends FlowtapError {
  override readonly code = 'OUTPUT_FILE';
  readonly file: string;

  constructor(file: string, cause: Error) {
    super(`${file}: cannot be written: ${cause.message}`, {
      remedy: 'check its folder, its permissions and the space on the disk',
      cause,
    });
    this.file = file;
  }
}
