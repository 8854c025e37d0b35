/** Every way to read captures needs these: the context of a run, the opening of files, and the errors. */
import { CaptureFileError, type FlowtapError } from '../../base/errors.ts';
import type { Engine } from '../../engine/engine.ts';
import type { PacketBatch } from '../../records/packet-batch.ts';
import type { FileLinkTypes, MissingPackets, PacketSource, SourceInterface } from '../source.ts';
import { CaptureFile, type CaptureFileOptions } from './capture-file.ts';
import { CaptureContext } from './capture-format.ts';

/** What hands frames out in the order in which they stand. */
export interface FrameSupply extends PacketSource {
  /** Adds frames as far as they are at hand, and leaves those that are in the batch where they are. */
  fillNow(batch: PacketBatch): void;
  /** Brings more to hand, in the memory of earlier frames; it may add some to the empty batch. False where it cannot. */
  moveOn(batch: PacketBatch): boolean;
  /** Of direct records: brings more behind those in their window, to so many octets; false at the end of the file. */
  ensure(octets: number): Promise<boolean>;
}

/** What both orders share: the run's context, opening, and errors. */
export abstract class Captures implements FrameSupply {
  protected readonly context: CaptureContext;
  readonly errors: FlowtapError[] = [];
  readonly linkTypesRead: FileLinkTypes[] = [];
  readonly interfaces: readonly SourceInterface[];
  readonly #options: CaptureFileOptions;

  constructor(options: CaptureFileOptions, engine?: Engine) {
    this.context = new CaptureContext(engine, options.isDirectionApart);
    this.interfaces = this.context.interfaces;
    this.#options = options;
  }

  get timeBaseSeconds(): number {
    return this.context.timeBaseSeconds;
  }

  get filesRead(): readonly string[] {
    return this.context.filesRead;
  }

  get missing(): MissingPackets {
    return this.context.missing;
  }

  protected open(file: string): CaptureFile | undefined {
    try {
      return CaptureFile.open(file, this.context, this.#options);
    } catch (error) {
      if (!(error instanceof CaptureFileError)) throw error;
      this.errors.push(error);
      return undefined;
    }
  }

  protected finish(file: CaptureFile): void {
    if (file.fault !== undefined) this.errors.push(file.fault);
    this.linkTypesRead.push({ file: file.file, linkTypes: file.linkTypes });
    file.close();
  }

  abstract readonly isFollowed: boolean;
  abstract readonly octetsConsumed: number;
  abstract readonly octetsTotal: number | undefined;
  abstract readBatch(batch: PacketBatch): number;
  abstract fillNow(batch: PacketBatch): void;
  abstract moveOn(batch: PacketBatch): boolean;
  abstract ensure(octets: number): Promise<boolean>;
  abstract more(): Promise<boolean>;
  abstract close(): void;
}
