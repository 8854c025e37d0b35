/** `/api/v1/paths`: the named paths with the figures of all the time and of the last minutes, each direction apart. */
import { ConfigError, type ConfigFault } from '../base/errors.ts';
import { HISTORY_MINUTES, type PathHistory } from '../paths/path-history.ts';
import type { PathMeter } from '../paths/path-meter.ts';
import { pathObject } from '../records/path-record.ts';
import type { Query } from '../web/route.ts';

/** Where the answers come from. */
export interface PathSources {
  readonly meter: PathMeter;
  readonly history: PathHistory;
}

const MINUTES_DEFAULT = 60;
const PARAMETERS = ['path', 'minutes'];

/** What stands in a record of a minute, and not in one of all the time. */
const OF_A_MINUTE = { path: '', startMs: Number.NaN };

interface PathQuestion {
  /** Undefined: all. */
  readonly path: string | undefined;
  readonly minutes: number;
}

function parseQuestion(given: Query, names: readonly string[]): PathQuestion {
  const faults: ConfigFault[] = [];
  for (const name of Object.keys(given))
    if (!PARAMETERS.includes(name)) faults.push({ path: name, found: 'it', allowed: PARAMETERS.join(', ') });
  const { path, minutes: text = String(MINUTES_DEFAULT) } = given;
  if (path !== undefined && !names.includes(path)) {
    const allowed = names.length === 0 ? 'none: no paths are configured' : names.join(', ');
    faults.push({ path: 'path', found: JSON.stringify(path), allowed });
  }
  const minutes = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (minutes < 1 || minutes > HISTORY_MINUTES)
    faults.push({ path: 'minutes', found: JSON.stringify(text), allowed: `1 to ${HISTORY_MINUTES}` });
  if (faults.length > 0) throw new ConfigError('query', faults);
  return { path, minutes };
}

/**
 * @param sources undefined where no paths are configured
 * @throws ConfigError that names each fault of the question with what is allowed
 */
export function pathsAnswer(sources: PathSources | undefined, given: Query, nowMs: number): object {
  const paths = sources?.meter.paths ?? [];
  const question = parseQuestion(
    given,
    paths.map(({ name }) => name),
  );
  if (sources === undefined) return { lateRecords: 0, paths: [] };
  const { meter, history } = sources;
  const states = meter.states();
  const shown = paths.filter(({ name }) => question.path === undefined || name === question.path);
  return {
    lateRecords: meter.lateRecords,
    paths: shown.map(({ name, from, to }) => ({
      name,
      from,
      to,
      total: states
        .filter(({ path }) => path === name)
        .map(({ direction, total }) => {
          const {
            path: _,
            startTime: __,
            ...figures
          } = pathObject(
            meter.columns.filter(({ type }) => type !== 'time'),
            { ...OF_A_MINUTE, direction, ...total },
          );
          return figures;
        }),
      minutes: history
        .recordsOf(name, question.minutes, nowMs)
        .map((record) => pathObject(meter.columns, record)),
    })),
  };
}
