/** The answers of a live probe to the API (control/routes.ts). */
import type { FlowtapConfig } from '../../config/config.ts';
import { observationPoints } from '../../config/types/live-interfaces.ts';
import { type FlowObject, flowObjects } from '../../control/flow-objects.ts';
import type { PathSources } from '../../control/paths.ts';
import type { ApiSources, FlowsFound } from '../../control/routes.ts';
import type { LiveState } from '../../metrics/state.ts';
import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import type { FlowQuery } from '../../records/flow-query.ts';
import { lossesOf } from './losses.ts';
import type { FoundFlows } from './messages.ts';

export interface LiveApiOptions {
  /** In effect now. */
  readonly config: () => FlowtapConfig;
  readonly state: () => LiveState;
  readonly measuresHealth: boolean;
  readonly isAnonymizing: boolean;
  readonly findFlows: (query: FlowQuery) => Promise<readonly FoundFlows[]>;
  /** Makes records as everybody sees them. */
  readonly prepare: (batch: FlowRecordBatch) => void;
  /** Undefined where none are configured. */
  readonly paths: PathSources | undefined;
}

/** The sources of this probe. */
export function liveApi(options: LiveApiOptions): ApiSources {
  const { config, state, measuresHealth, isAnonymizing, paths } = options;
  const points = () => observationPoints(config().live.interfaces).map(({ name }) => name);
  const findFlows = async (query: FlowQuery): Promise<FlowsFound> => {
    const all = await options.findFlows(query);
    const names = points();
    const nameOf = (point: number) => names[point - 1] ?? String(point);
    const flows: FlowObject[] = [];
    for (const { count, stride, words, timeBaseSeconds, clockNs } of all) {
      const doubles = new Float64Array(words.buffer);
      const batch: FlowRecordBatch = { count, stride, words, doubles, timeBaseSeconds, clockNs };
      options.prepare(batch);
      flows.push(...flowObjects(batch, nameOf, Date.now(), config().observation.domainId));
    }
    const sum = (read: (one: FoundFlows) => number) => all.reduce((total, one) => total + read(one), 0);
    return { flows, looked: sum(({ looked }) => looked), places: sum(({ places }) => places) };
  };
  return {
    config,
    state,
    losses: (now) => lossesOf(now, config()),
    asked: () => ({ points: points(), measuresHealth, isAnonymizing }),
    findFlows,
    paths,
  };
}
