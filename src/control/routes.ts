/** The API of a probe, version 1: how it is and was, and which flows it meters. docs/openapi.yaml describes it. */
import { BusyError, ConfigError } from '../base/errors.ts';
import type { FlowtapConfig } from '../config/config.ts';
import type { LiveState } from '../metrics/state.ts';
import type { FlowQuery } from '../records/flow-query.ts';
import { type Answer, jsonAnswer, type Query, type Route } from '../web/route.ts';
import { type FlowObject, greatestFlows } from './flow-objects.ts';
import { type AskedProbe, parseFlowQuery } from './flow-query.ts';
import { type PathSources, pathsAnswer } from './paths.ts';
import { Recorder } from './recorder.ts';
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
  losses(state: LiveState): readonly LossInWords[];
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
    const greatest = greatestFlows(flows, query.sort, query.top);
    return jsonAnswer({ sort: query.sort, looked, places, isComplete: looked >= places, flows: greatest });
  } catch (error) {
    return refusal(error);
  }
}

function refuseAll(given: Query): void {
  const [unknown] = Object.keys(given);
  if (unknown !== undefined)
    throw new ConfigError('query', [{ path: unknown, found: 'it', allowed: 'no parameters' }]);
}

/** An answer, or why there is none. */
function answered(make: (query: Query) => Answer): (query: Query) => Answer {
  return (query) => {
    try {
      return make(query);
    } catch (error) {
      return refusal(error);
    }
  };
}

function statusAnswer({ state, config, losses }: ApiSources, recorder: Recorder, given: Query): Answer {
  refuseAll(given);
  const now = state();
  return jsonAnswer(statusOf(now, config(), losses(now), recorder.listeners));
}

function streamAnswer(recorder: Recorder, given: Query): Answer {
  refuseAll(given);
  // A proxy is to hand each event on at once.
  const headers = { 'X-Accel-Buffering': 'no' };
  return { contentType: 'text/event-stream', body: recorder.listen(), headers };
}

/** The API, and what looks at the probe for it while it is started. */
export interface Api {
  readonly routes: readonly Route[];
  readonly recorder: Recorder;
}

/** Makes the API. */
export function createApi(sources: ApiSources): Api {
  const { points } = sources.asked();
  const recorder = new Recorder({ points, state: sources.state, losses: sources.losses });
  const routes: Route[] = [
    { path: '/api/v1/status', answer: answered((query) => statusAnswer(sources, recorder, query)) },
    { path: '/api/v1/flows', answer: (query) => flowsAnswer(sources, query) },
    {
      path: '/api/v1/paths',
      answer: answered((query) => jsonAnswer(pathsAnswer(sources.paths, query, sources.state().nowMs))),
    },
    { path: '/api/v1/history', answer: answered((query) => jsonAnswer(recorder.past(query))) },
    { path: '/api/v1/stream', isStream: true, answer: answered((query) => streamAnswer(recorder, query)) },
  ];
  return { routes, recorder };
}
