/** The writer of flows that `-o` asks for; each form is loaded only when it is asked for. */
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
  const form = config.replay.output;
  if (form === 'none') return undefined;
  if (form !== 'table') {
    const { LineWriter } = await import('./lines.ts');
    return new LineWriter(output, form, config);
  }
  const { TableWriter } = await import('./table.ts');
  const hasApplications = config.applications.inspect !== 'off';
  const color = columns !== undefined && !process.env.NO_COLOR;
  return new TableWriter(output, { top: config.replay.top, columns, color, hasApplications });
}
