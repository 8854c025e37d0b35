/**
 * Files that are written under a temporary name and get their own when they are complete, so that a reader never sees
 * half a file. A new one begins by time (at multiples of the interval, so names are even) or by size; the oldest are
 * deleted by choice. A disk that is full, or any other fault of writing, is counted and tried again later, and what had
 * been written until then becomes a complete file.
 *
 * Compressed files are a row of gzip members or zstd frames (RFC 1952 §2.2, RFC 8878 §3), one for each piece that is
 * written: gzip, zstd and their libraries take such a file as one, memory is bounded, the work is done in another
 * thread, and the file is whole after each piece.
 */
import { promisify } from 'node:util';
import { gzip, zstdCompress } from 'node:zlib';
import { baseFolder, fileName } from './file-name.ts';
import { deleteOldFiles } from './retention.ts';
import { TemporaryFile } from './temporary-file.ts';

export type FileCompression = 'none' | 'gzip' | 'zstd';

export interface RotatingFileOptions {
  /** Path with strftime's conversions (file-name.ts). A name that another file has gets a number. */
  readonly pattern: string;
  readonly compression: FileCompression;
  /** 0: never. */
  readonly rotateMs: number;
  /** Octets before compression; 0: any number. */
  readonly rotateOctets: number;
  /** Files and octets that stay; 0: all. */
  readonly keepFiles: number;
  readonly keepOctets: number;
  /** A file that is cut short is worthless (Parquet's index stands at the end): nothing counts before the file is complete. */
  readonly isWorthlessWhenCut: boolean;
  /** What every file begins with. */
  header(): Uint8Array | undefined;
  /** Told of a complete file's name, and the one that it would have had, where that was another file's. */
  onNumbered?(name: string, wanted: string): void;
  /** Told of faults, and that writing works again (undefined). */
  onFault(error: NodeJS.ErrnoException | undefined, name: string): void;
}

export interface FileStatistics {
  /** Complete files. */
  files: number;
  /** Octets on disk, compressed. */
  octets: number;
  /** Pieces written. */
  writes: number;
  /** Records in what was written, and in what could not be. */
  records: number;
  failedRecords: number;
  /** Files that retention deleted. */
  deleted: number;
  /** Faults of the system by the name of the error, in lower case. */
  readonly errors: Record<string, number>;
}

/** A piece is written when it has this size or is this old; many small compressed ones would make a file much larger. */
const PLAIN_PIECE = { octets: 1 << 18, waitMs: 0 };
const COMPRESSED_PIECE = { octets: 1 << 20, waitMs: 10_000 };
/** Octets that may wait to be written before the caller has to. */
const WAITING_OCTETS_MAX = 4 << 20;
/** Pause after a fault; what comes meanwhile is counted as failed. */
const RETRY_MS = 1000;

const compressors = { gzip: promisify(gzip), zstd: promisify(zstdCompress) };

interface FilledFile {
  readonly on: TemporaryFile;
  records: number;
}

export class RotatingFile {
  readonly statistics: FileStatistics = {
    files: 0,
    octets: 0,
    writes: 0,
    records: 0,
    failedRecords: 0,
    deleted: 0,
    errors: {},
  };
  readonly #options: RotatingFileOptions;
  readonly #piece: typeof PLAIN_PIECE;
  readonly #base: string;
  #file: FilledFile | undefined;
  /** What waits for more, to be written together. */
  #parts: Buffer[] = [];
  #partOctets = 0;
  #partRecords = 0;
  #partSinceMs = 0;
  /** Everything that touches the disk happens one after the other, behind this. */
  #busy: Promise<void> = Promise.resolve();
  #waitingOctets = 0;
  /** Of the file that is being filled: octets given, and the interval it belongs to. */
  #filledOctets = 0;
  #isBegun = false;
  #slot = Number.NaN;
  #nowMs = 0;
  #retryAtMs = 0;
  #hasFault = false;
  /** A fault has ended the file that is being filled before its time. */
  #isCut = false;

  constructor(options: RotatingFileOptions) {
    this.#options = options;
    this.#piece = options.compression === 'none' ? PLAIN_PIECE : COMPRESSED_PIECE;
    this.#base = baseFolder(options.pattern);
  }

  /** Records that were taken and are neither written nor failed. */
  get pendingRecords(): number {
    return this.#takenRecords - this.statistics.records - this.statistics.failedRecords;
  }
  #takenRecords = 0;

  /** Whether something has been put into the file that is being filled, or is promised to be. */
  get isBegun(): boolean {
    return this.#isBegun;
  }

  /** Says that octets for this file will come: it belongs to this moment. */
  begin(): void {
    this.#isBegun = true;
  }

  /**
   * Whether a new file is to begin before what comes at this time; then call `finish`.
   * @param nowMs ms since 1970; times before earlier ones are taken as the same
   */
  isDue(nowMs: number): boolean {
    const { rotateMs, rotateOctets } = this.#options;
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    // After a fault the rest of its file is lost, however long its interval lasts.
    if (this.#isCut && performance.now() >= this.#retryAtMs) return true;
    if (!this.isBegun) {
      this.#slot = rotateMs === 0 ? 0 : Math.floor(this.#nowMs / rotateMs);
      return false;
    }
    if (rotateOctets > 0 && this.#filledOctets >= rotateOctets) return true;
    return rotateMs > 0 && Math.floor(this.#nowMs / rotateMs) > this.#slot;
  }

  /** A promise to wait for where the disk is behind, as `append` returns it. */
  get pressure(): Promise<void> | undefined {
    return this.#waitingOctets >= WAITING_OCTETS_MAX ? this.#busy : undefined;
  }

  /**
   * Takes octets, which are the caller's again at once.
   * @param records flow records in them
   * @returns a promise where the disk is behind: wait for it
   */
  append(octets: Uint8Array, records: number): Promise<void> | undefined {
    this.#takenRecords += records;
    if (this.#partOctets === 0) this.#partSinceMs = performance.now();
    this.#parts.push(Buffer.from(octets));
    this.#partOctets += octets.length;
    this.#partRecords += records;
    this.#filledOctets += octets.length;
    this.#isBegun = true;
    if (this.#partOctets >= this.#piece.octets) this.writeOut();
    return this.pressure;
  }

  /** Called every second: what waits is written soon, so that a crash loses little. */
  flush(): void {
    if (this.#options.isWorthlessWhenCut) return;
    if (performance.now() - this.#partSinceMs >= this.#piece.waitMs) this.writeOut();
  }

  /** Writes what waits. */
  writeOut(): void {
    if (this.#partOctets === 0) return;
    const piece = Buffer.concat(this.#parts);
    const records = this.#partRecords;
    this.#parts = [];
    this.#partOctets = this.#partRecords = 0;
    this.#waitingOctets += piece.length;
    const timeMs = this.#fileTimeMs();
    this.#busy = this.#busy.then(async () => {
      await this.#writePiece(piece, records, timeMs);
      this.#waitingOctets -= piece.length;
    });
  }

  /** Completes the file that is being filled; the next octets begin a new one. Resolves when it has its name. */
  finish(): Promise<void> {
    this.writeOut();
    this.#filledOctets = 0;
    this.#isBegun = false;
    this.#busy = this.#busy.then(() => this.#complete());
    return this.#busy;
  }

  /** Makes a file of what every file begins with, where there was nothing to write at all. */
  async finishEmpty(nowMs: number): Promise<void> {
    this.isDue(nowMs);
    const timeMs = this.#fileTimeMs();
    this.#busy = this.#busy.then(() => this.#writePiece(Buffer.alloc(0), 0, timeMs));
    await this.finish();
  }

  /** Resolves when everything that was handed over is on disk or has failed. */
  drain(): Promise<void> {
    this.writeOut();
    return this.#busy;
  }

  /** The time in a file's name: the start of its interval. */
  #fileTimeMs(): number {
    const { rotateMs } = this.#options;
    return rotateMs === 0 ? this.#nowMs : this.#slot * rotateMs;
  }

  async #writePiece(piece: Uint8Array, records: number, timeMs: number): Promise<void> {
    const { compression, isWorthlessWhenCut } = this.#options;
    const { statistics } = this;
    if (this.#isCut) {
      statistics.failedRecords += records;
      return;
    }
    let name = '';
    try {
      let whole = piece;
      if (this.#file === undefined) {
        const header = this.#options.header();
        if (header !== undefined) whole = Buffer.concat([header, piece]);
        name = fileName(this.#options.pattern, timeMs);
        this.#file = { on: await TemporaryFile.open(name, this.#base), records: 0 };
      }
      const file = this.#file;
      name = file.on.name;
      const written = compression === 'none' ? whole : await compressors[compression](whole);
      await file.on.write(written);
      file.records += records;
      statistics.octets += written.length;
      statistics.writes++;
      if (!isWorthlessWhenCut) statistics.records += records;
      if (this.#hasFault) this.#options.onFault(undefined, name);
      this.#hasFault = false;
    } catch (error) {
      statistics.failedRecords += records;
      this.#fault(error as NodeJS.ErrnoException, name);
      await this.#cutShort();
    }
  }

  #fault(error: NodeJS.ErrnoException, name: string): void {
    const reason = (error.code ?? 'other').toLowerCase();
    this.statistics.errors[reason] = (this.statistics.errors[reason] ?? 0) + 1;
    this.#retryAtMs = performance.now() + RETRY_MS;
    this.#hasFault = true;
    this.#options.onFault(error, name);
  }

  /** After a fault: what is good becomes a complete file, unless it is worthless. */
  async #cutShort(): Promise<void> {
    const file = this.#file;
    if (file !== undefined) await (this.#options.isWorthlessWhenCut ? this.#discard(file) : this.#keep(file));
    // The rest must not become the beginning of another file: it would lack what files begin with.
    this.#isCut = true;
  }

  async #keep(file: FilledFile): Promise<void> {
    // Where that fails too, half a piece stands at its end; the fault has been counted already.
    await file.on.cut().catch(() => undefined);
    await this.#complete();
  }

  async #discard(file: FilledFile): Promise<void> {
    this.#file = undefined;
    this.statistics.failedRecords += file.records;
    await file.on.discard();
  }

  async #complete(): Promise<void> {
    this.#isCut = false;
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    const { isWorthlessWhenCut, onNumbered } = this.#options;
    const { statistics } = this;
    let { name } = file.on;
    try {
      name = await file.on.complete();
      if (name !== file.on.name) onNumbered?.(name, file.on.name);
    } catch (error) {
      if (isWorthlessWhenCut) statistics.failedRecords += file.records;
      this.#fault(error as NodeJS.ErrnoException, file.on.name);
      return;
    }
    if (isWorthlessWhenCut) statistics.records += file.records;
    statistics.files++;
    try {
      statistics.deleted += await deleteOldFiles(this.#options, name);
    } catch (error) {
      this.#fault(error as NodeJS.ErrnoException, name);
    }
  }
}
