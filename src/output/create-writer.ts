/** The writer of flows that `-o` asks for; each form is loaded only when it is asked for. */
import { isEnriching } from '../config/asked.ts';
import type { FlowtapConfig } from '../config/config.ts';
import type { FlowWriter } from './flow-writer.ts';
import type { OutputStream } from './standard-output.ts';

/**
 * @param columns of the terminal that `output` is, or undefined
 * @returns undefined for `-o none`
 */
export async function createWriter(
  config: FlowtapConfig,
  output: OutputStream,
  columns: number | undefined,
): Promise<FlowWriter | undefined> {
  const { output: form, top, topBy } = config.replay;
  if (form === 'none') return undefined;
  if (topBy !== 'flow') {
    const { RankingWriter } = await import('./ranking-writer.ts');
    const health = config.metering.pathHealth === 'on';
    return new RankingWriter(output, { topBy, form, top, columns, health });
  }
  if (form !== 'table') {
    const { LineWriter } = await import('./lines.ts');
    return new LineWriter(output, form, config);
  }
  const { TableWriter } = await import('./table.ts');
  const hasApplications = config.applications.inspect !== 'off';
  const color = columns !== undefined && !process.env.NO_COLOR;
  const hasNetworks = isEnriching(config.enrichment);
  return new TableWriter(output, { top, columns, color, hasApplications, hasNetworks });
}
