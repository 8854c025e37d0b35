/** Questions about the past as text, `metric`, `interface`, `step` and `last` of a URL, and their answers as objects. */
import { ConfigError, type ConfigFault } from '../base/errors.ts';
import { type History, TIERS } from './history.ts';
import { MEASURES, type Series } from './measures.ts';

const NAMES = ['metric', 'interface', 'step', 'last'];

export interface PastObject {
  readonly metric: string;
  readonly unit: string;
  /** Null: all of them. */
  readonly interface: string | null;
  readonly stepSeconds: number;
  /** When the first step began, Unix time. */
  readonly startSeconds: number;
  /** The oldest first; null: nothing is known of that step. */
  readonly values: readonly (number | null)[];
}

interface PastQuery {
  readonly series: number;
  readonly stepSeconds: number;
  readonly count: number;
}

/** Seven digits, as many as single precision has. */
function rounded(value: number): number | null {
  return Number.isNaN(value) ? null : Number(value.toPrecision(7));
}

function stepsOf(text: string | undefined, stepSeconds: number, most: number): number | undefined {
  if (text === undefined) return most;
  if (!/^\d{1,7}$/.test(text)) return undefined;
  const steps = Math.ceil(Number(text) / stepSeconds);
  return steps >= 1 && steps <= most ? steps : undefined;
}

function parseQuery(given: Readonly<Record<string, string>>, all: readonly Series[]): PastQuery {
  const faults: ConfigFault[] = [];
  for (const name of Object.keys(given))
    if (!NAMES.includes(name)) faults.push({ path: name, found: 'it', allowed: NAMES.join(', ') });
  const { metric, interface: point, step = String(TIERS[0]!.stepSeconds), last } = given;
  const show = (text: string | undefined) => (text === undefined ? 'nothing' : JSON.stringify(text));
  const measure = MEASURES.find(({ name }) => name === metric);
  if (measure === undefined)
    faults.push({
      path: 'metric',
      found: show(metric),
      allowed: MEASURES.map(({ name }) => name).join(', '),
    });
  const points = [...new Set(all.map((one) => one.point).filter((name) => name !== undefined))];
  if (point !== undefined && !points.includes(point))
    faults.push({ path: 'interface', found: show(point), allowed: points.join(', ') });
  else if (point !== undefined && measure?.isOfAll)
    faults.push({
      path: 'interface',
      found: show(point),
      allowed: `none with ${measure.name}, which is of the whole probe`,
    });
  const tier = TIERS.find(({ stepSeconds }) => String(stepSeconds) === step);
  const { stepSeconds, steps } = tier ?? TIERS[0]!;
  if (tier === undefined) {
    const allowed = TIERS.map((one) => one.stepSeconds).join(', ');
    faults.push({ path: 'step', found: show(step), allowed: `${allowed} (seconds)` });
  }
  const count = stepsOf(last, stepSeconds, steps);
  if (count === undefined)
    faults.push({
      path: 'last',
      found: show(last),
      allowed: `1 to ${steps * stepSeconds} seconds in steps of ${stepSeconds}`,
    });
  if (faults.length > 0) throw new ConfigError('query', faults);
  const series = all.findIndex((one) => one.measure === measure && one.point === point);
  return { series, stepSeconds, count: count! };
}

/**
 * @param given the question's parameters
 * @param toUnixMs Unix time of a moment of the history's clock
 * @throws ConfigError that names each fault with what is allowed
 */
export function pastObject(
  given: Readonly<Record<string, string>>,
  all: readonly Series[],
  history: History,
  toUnixMs: (ms: number) => number,
): PastObject {
  const { series, stepSeconds, count } = parseQuery(given, all);
  const { measure, point } = all[series]!;
  const { startMs, values } = history.read(series, stepSeconds, count);
  return {
    metric: measure.name,
    unit: measure.unit,
    interface: point ?? null,
    stepSeconds,
    startSeconds: Math.round(toUnixMs(startMs) / 1e3),
    values: Array.from(values, rounded),
  };
}
