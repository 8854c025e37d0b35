/** Where and when a benchmark was run, as its results say. */
import { cpus, loadavg } from 'node:os';

export interface Machine {
  readonly processors: number;
  readonly model: string;
  readonly node: string;
  /** UTC, as 2026-01-31. */
  readonly date: string;
  /** Programs that ran or wanted to when it began, on average of a minute: 0 on a machine that is the benchmark's alone. */
  readonly load: number;
}

/** This machine, now. */
export function describeMachine(): Machine {
  return {
    processors: cpus().length,
    model: cpus()[0]?.model ?? 'unknown processor',
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
    load: Number(loadavg()[0]!.toFixed(2)),
  };
}

/** The machine as words of a document. */
export function machineText({ processors, model, node, date, load }: Machine): string {
  return `${processors} × ${model}, Node ${node}, ${date}, load ${load.toFixed(1)} when it began`;
}

/** Of how many rounds a figure is the median. */
export function roundsText(rounds: number): string {
  return rounds === 1 ? 'one round' : `medians of ${rounds} rounds`;
}
