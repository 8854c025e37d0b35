/** promtool, which lints the text of the metrics and tests the rules. */
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { createMetrics } from '../../src/metrics/registry.ts';
import { describeWithTools } from '../support/tools.ts';
import { liveState } from './states.ts';

describeWithTools(['promtool'], 'promtool', () => {
  it('finds nothing to improve in the text', async () => {
    const { body } = await createMetrics(() => liveState())();
    const ours = body.split(/\n(?=# HELP )/).filter((part) => part.includes('# HELP flowtap_'));
    const input = `${ours.join('\n').trimEnd()}\n`;
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input,
      encoding: 'utf8',
    });
    expect(`${stdout}${stderr}`).toBe('');
    expect(status).toBe(0);
  });
});
