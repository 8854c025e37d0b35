/** What `flowtap top` sees of a live probe: the API's answers, over a daemon's socket or from a probe in this process. */
import { ConfigError, type ConfigFault, ControlError } from '../base/errors.ts';
import { formatCounted, formatSpan } from '../base/units.ts';
import { askDaemon, type Reply, refusalOf } from '../control/daemon-client.ts';
import type { FlowObject } from '../control/flow-objects.ts';
import { FLOWS_TOP_MAX } from '../records/flow-query.ts';
import type { Route } from '../web/route.ts';
import type { Look, TopQuestion, TopSource } from './look.ts';

const BAD_REQUEST = 400;
const OK = 200;

/** Asks for a path with its query. */
type Ask = (path: string, query: Readonly<Record<string, string>>) => Promise<Reply>;

/** The parts of /api/v1/status that are shown. */
interface Status {
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly isReady: boolean;
  readonly isPaused: boolean;
  readonly interfaces: readonly {
    readonly name: string;
    readonly isUp: boolean;
    readonly packetTotalCount: number;
    readonly octetTotalCount: number;
    readonly droppedPackets: number;
    readonly activeFlows: number;
  }[];
  readonly losses: readonly {
    readonly subject: string;
    readonly count: number;
    readonly what: string;
    readonly remedy: string;
  }[];
}

interface Flows {
  readonly isComplete: boolean;
  readonly flows: readonly FlowObject[];
}

async function answerOf<T>(ask: Ask, path: string, query: Readonly<Record<string, string>>): Promise<T> {
  const reply = await ask(path, query);
  if (reply.status === OK) return JSON.parse(reply.text) as T;
  if (reply.status === BAD_REQUEST) {
    const { faults } = JSON.parse(reply.text) as { faults: readonly ConfigFault[] };
    throw new ConfigError('query', faults);
  }
  throw new ControlError(refusalOf(reply));
}

function titleOf({ version, uptimeSeconds, isReady, isPaused }: Status, place: string): string {
  const condition = isPaused ? 'metering is paused' : isReady ? 'ready' : 'not ready';
  return `flowtap ${version} ${place}, ${condition}, up ${formatSpan(uptimeSeconds * 1e3)}`;
}

function apiSource(ask: Ask, place: string, stop: () => Promise<void>): TopSource {
  const look = async ({ sort, filter }: TopQuestion): Promise<Look> => {
    const query = { sort, top: String(FLOWS_TOP_MAX), ...(filter === '' ? {} : { filter }) };
    const flows = await answerOf<Flows>(ask, '/api/v1/flows', query);
    const status = await answerOf<Status>(ask, '/api/v1/status', {});
    return {
      title: titleOf(status, place),
      nowMs: performance.now(),
      interfaces: status.interfaces.map((one) => ({
        name: one.name,
        isUp: one.isUp,
        packets: one.packetTotalCount,
        octets: one.octetTotalCount,
        droppedPackets: one.droppedPackets,
        activeFlows: one.activeFlows,
      })),
      losses: status.losses.map(
        ({ subject, count, what, remedy }) => `${subject}: ${formatCounted(count, what)}; ${remedy}`,
      ),
      flows: flows.flows,
      isComplete: flows.isComplete,
      isOver: false,
    };
  };
  const close = async () => {
    await stop();
    return [];
  };
  return { look, close };
}

/** A running daemon. @param socket its control socket */
export function daemonSource(socket: string): TopSource {
  const ask: Ask = (path, query) => {
    const text = new URLSearchParams(query).toString();
    return askDaemon(socket, 'GET', text === '' ? path : `${path}?${text}`);
  };
  return apiSource(ask, `at ${socket}`, async () => {});
}

/**
 * A probe in this process.
 * @param routes that a web server could serve of it
 * @param stop ends it
 */
export function probeSource(routes: readonly Route[], name: string, stop: () => Promise<void>): TopSource {
  const ask: Ask = async (path, query) => {
    const route = routes.find((one) => one.path === path)!;
    const { status = OK, body } = await route.answer(query, path);
    return { status, text: String(body) };
  };
  return apiSource(ask, `on ${name}`, stop);
}
