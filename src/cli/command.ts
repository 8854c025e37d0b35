/**
 * What a command of the command line is: its operands, flags and help, and how to load what it does. yargs, its
 * help and the suggestions all read these tables. Nothing here does anything.
 */
import type { OptionType } from '../config/types/option-types.ts';

/** Where faults of flags stand, for messages. */
export const COMMAND_LINE = 'command line';

export interface Flag {
  /** Without its dashes. */
  readonly name: string;
  readonly letter?: string;
  /** What stands behind the flag; undefined for a switch. */
  readonly type?: OptionType;
  /** One sentence, at most about 60 columns. */
  readonly help: string;
  /** Heading in help; without one, the first. */
  readonly group?: string;
}

/** A command line taken apart; nothing in it is checked but the names of the flags. */
export interface Arguments {
  readonly operands: readonly string[];
  /** Texts of each flag that was given, in order; `''` for a switch. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
}

export interface Command {
  readonly name: string;
  /** Operands and the like, behind `flowtap NAME`. */
  readonly usage: string;
  /** One sentence. */
  readonly summary: string;
  readonly operands: {
    readonly name: string;
    readonly min: number;
    readonly max: number;
    /** All that the first one can be, for completion; undefined where it is a name or a file. */
    readonly words?: readonly string[];
  };
  readonly flags: readonly Flag[];
  /** Command lines, each with what it does. */
  readonly examples: readonly (readonly [string, string])[];
  /** Loads and runs the command; resolves to the exit code. */
  run(args: Arguments): Promise<number>;
}
