/** One option of a running daemon, changed by its name. */
import { describe, expect, it } from 'vitest';
import { buildConfig } from '../../src/config/config.ts';
import { assignOption } from '../../src/control/assign-option.ts';

const CONFIG = buildConfig(new Map(), []);

describe('an option that is assigned', () => {
  it('changes alone, in a copy', () => {
    const changed = assignOption(CONFIG, 'metering.idleTimeout = 30s');
    expect(changed).toEqual({ ...CONFIG, metering: { ...CONFIG.metering, idleTimeoutMs: 30_000 } });
    expect(CONFIG.metering.idleTimeoutMs).toBe(15_000);
    expect(assignOption(CONFIG, 'log.level=debug').log.level).toBe('debug');
  });

  it.each([
    ['metering.idleTimeout=2h', 'found 2h; allowed: at most metering.activeTimeout, which is 60s'],
    ['metering.idleTimeout=soon', 'metering.idleTimeout: found "soon"; allowed: a duration'],
    ['metering.idleTimeout', 'found "metering.idleTimeout"; allowed: NAME=VALUE'],
    [
      'live.interfaces=eth9',
      'live.interfaces: found "live.interfaces=eth9"; allowed: NAME=VALUE with one of metering.',
    ],
    ['log.level=loud', 'log.level: found "loud"; allowed: error, warning, info or debug'],
    ['', 'option: found ""'],
  ])('is refused as in %j', (assignment, message) => {
    expect(() => assignOption(CONFIG, assignment)).toThrow(message);
  });
});
