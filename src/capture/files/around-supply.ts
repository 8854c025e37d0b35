/** A source around a supply of frames passes on all that it does not answer itself. */
import type { FlowtapError } from '../../base/errors.ts';
import type { FileLinkTypes, PacketSource, SourceInterface } from '../source.ts';
import type { FrameSupply } from './captures.ts';

export abstract class AroundSupply {
  protected readonly supply: FrameSupply;

  constructor(supply: FrameSupply) {
    this.supply = supply;
  }

  get interfaces(): readonly SourceInterface[] {
    return this.supply.interfaces;
  }

  get timeBaseSeconds(): number {
    return this.supply.timeBaseSeconds;
  }

  get octetsConsumed(): number {
    return this.supply.octetsConsumed;
  }

  get octetsTotal(): number | undefined {
    return this.supply.octetsTotal;
  }

  get filesRead(): readonly string[] {
    return this.supply.filesRead ?? [];
  }

  get linkTypesRead(): readonly FileLinkTypes[] {
    return this.supply.linkTypesRead ?? [];
  }

  get missing(): PacketSource['missing'] {
    return this.supply.missing;
  }

  get isFollowed(): boolean {
    return this.supply.isFollowed === true;
  }

  look(): void {
    this.supply.look?.();
  }

  get errors(): readonly FlowtapError[] {
    return this.supply.errors;
  }
}
