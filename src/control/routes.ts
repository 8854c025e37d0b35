/** The API of a probe, version 1: how it is, and which flows it meters. docs/openapi.yaml describes it. */
import { BusyError, ConfigError } from '../base/errors.ts';
import type { FlowtapConfig } from '../config/config.ts';
import type { LiveState } from '../metrics/state.ts';
import type { FlowQuery } from '../records/flow-query.ts';
import { type Answer, jsonAnswer, type Query, type Route } from '../web/route.ts';
import { type FlowObject, measureOf } from './flow-objects.ts';
import { type AskedProbe, parseFlowQuery } from './flow-query.ts';
import { type PathSources, pathsAnswer } from './paths.ts';
import { type LossInWords, statusOf } from './status.ts';

/** The flows of all tables that a question found. */
export interface FlowsFound {
  readonly flows: readonly FlowObject[];
  /** Places of the tables that were looked at, of so many. */
  readonly looked: number;
  readonly places: number;
}

/** Where the API has its answers from. */
export interface ApiSources {
  state(): LiveState;
  config(): FlowtapConfig;
  losses(): readonly LossInWords[];
  asked(): AskedProbe;
  /** @throws BusyError where too many ask at a time */
  findFlows(query: FlowQuery): Promise<FlowsFound>;
  /** Undefined where no named paths are configured. */
  readonly paths: PathSources | undefined;
}

const BAD_REQUEST = 400;
const TOO_MANY_REQUESTS = 429;

/** Faults of a question, each with what is allowed. */
function refusal(error: unknown): Answer {
  if (error instanceof ConfigError)
    return jsonAnswer({ error: 'the question cannot be answered', faults: error.faults }, BAD_REQUEST);
  if (error instanceof BusyError) return jsonAnswer({ error: error.message, faults: [] }, TOO_MANY_REQUESTS);
  throw error;
}

async function flowsAnswer(sources: ApiSources, given: Query): Promise<Answer> {
  try {
    const query = parseFlowQuery(given, sources.asked());
    const { flows, looked, places } = await sources.findFlows(query);
    const ordered = flows
      .map((flow) => ({ flow, measure: measureOf(flow, query.sort) }))
      .sort((a, b) => b.measure - a.measure)
      .slice(0, query.top)
      .map(({ flow }) => flow);
    return jsonAnswer({ sort: query.sort, looked, places, isComplete: looked >= places, flows: ordered });
  } catch (error) {
    return refusal(error);
  }
}

function statusAnswer({ state, config, losses }: ApiSources, given: Query): Answer {
  const [unknown] = Object.keys(given);
  if (unknown !== undefined)
    return refusal(new ConfigError('query', [{ path: unknown, found: 'it', allowed: 'no parameters' }]));
  return jsonAnswer(statusOf(state(), config(), losses()));
}

function namedPathsAnswer({ paths, state }: ApiSources, given: Query): Answer {
  try {
    return jsonAnswer(pathsAnswer(paths, given, state().nowMs));
  } catch (error) {
    return refusal(error);
  }
}

/** The routes of the API. */
export function apiRoutes(sources: ApiSources): readonly Route[] {
  return [
    { path: '/api/v1/status', answer: (query) => statusAnswer(sources, query) },
    { path: '/api/v1/flows', answer: (query) => flowsAnswer(sources, query) },
    { path: '/api/v1/paths', answer: (query) => namedPathsAnswer(sources, query) },
  ];
}
