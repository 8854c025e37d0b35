/**
 * The verdict on one direction of a flow: rules in a fixed order, the first that applies wins, each with the figures
 * that led to it. docs/diagnose.md states them with their sources. Pure: figures in, verdict out.
 */
import type { FlowFigures } from './figures.ts';
import type { Finding } from './finding.ts';
import { hasPackets, type Measures, measure } from './measures.ts';
import { completeExchange, tooLittle } from './rules-little.ts';
import { openingVerdict, resetVerdict } from './rules-opening.ts';
import { rateVerdict } from './rules-rate.ts';
import { stallVerdict } from './rules-stall.ts';

export interface Judgement extends Finding {
  readonly measures: Measures;
}

/** What kept a connection that was opened from being faster. */
function limitFinding(measures: Measures): Finding {
  return completeExchange(measures) ?? tooLittle(measures) ?? stallVerdict(measures) ?? rateVerdict(measures);
}

/** A reset ends a transfer; what held it back until then is among its reasons. */
function withHistory(reset: Finding, measures: Measures): Finding {
  const before = limitFinding(measures);
  if (before.verdict === 'unknown' || before.verdict === 'healthy') return reset;
  return { ...reset, reasons: [...reset.reasons, `until then ${before.conclusion}`, ...before.reasons] };
}

function find(measures: Measures): Finding {
  const opening = openingVerdict(measures);
  if (opening !== undefined) return opening;
  const reset = resetVerdict(measures);
  return reset === undefined ? limitFinding(measures) : withHistory(reset, measures);
}

/**
 * @param isReverse the direction from the responder to the initiator
 * @returns the verdict on one direction, or undefined when no packet came in it
 */
export function judge(flow: FlowFigures, isReverse: boolean): Judgement | undefined {
  if (!hasPackets(isReverse ? flow.reverse : flow.forward)) return undefined;
  const measures = measure(flow, isReverse);
  return { ...find(measures), measures };
}
