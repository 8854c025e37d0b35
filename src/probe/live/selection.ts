/**
 * Systematic sampling in the kernel for all workers of a probe: what those of an interface share is made here, before
 * any starts, and lives until the last has ended. Where the kernel has none of it, the workers sample by themselves.
 */

import { type SharedSelection, shareSelection } from '../../capture/selection/kernel-selection.ts';
import type { PlannedWorker } from './plan.ts';

export class LiveSelection {
  /** The planned workers, with what each needs. */
  readonly workers: readonly PlannedWorker[];
  readonly #shared: readonly SharedSelection[];

  /** @param workers of all interfaces, those of one after the other */
  constructor(workers: readonly PlannedWorker[]) {
    const shared = new Map<string, SharedSelection | undefined>();
    for (const { data } of workers) {
      const name = data.capture.interface;
      if (shared.has(name)) continue;
      const rings = workers.filter(({ data: { capture } }) => capture.interface === name).length;
      shared.set(name, shareSelection(data.capture, rings));
    }
    this.#shared = [...shared.values()].filter((one) => one !== undefined);
    this.workers = workers.map((worker) => {
      const kernelSelection = shared.get(worker.data.capture.interface)?.workers[worker.ring];
      return { ...worker, data: { ...worker.data, capture: { ...worker.data.capture, kernelSelection } } };
    });
  }

  /** Call this when no worker runs any more. */
  close(): void {
    for (const one of this.#shared) one.close();
  }
}
