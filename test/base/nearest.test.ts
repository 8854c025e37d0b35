/** Which known name an unknown one was probably meant to be. */
import { describe, expect, it } from 'vitest';
import { nearest } from '../../src/base/nearest.ts';

describe('nearest', () => {
  it.each([
    ['idle_timeout', ['activeTimeout', 'idleTimeout'], 'idleTimeout'],
    ['IDLE-TIMEOUT', ['idleTimeout'], 'idleTimeout'],
    ['relpay', ['run', 'replay', 'elements'], 'replay'],
    ['check', ['count', 'check-config'], 'check-config'],
    ['octetDelta', ['octetDeltaCount', 'packetDeltaCount'], 'octetDeltaCount'],
    // A whole name that is as near as the beginning of another wins.
    ['outptu', ['outputFile', 'output'], 'output'],
    ['sampling', ['decapsulate', 'filter'], undefined],
    ['x', [], undefined],
  ] as const)('finds for %s among %j %s', (name, candidates, expected) => {
    expect(nearest(name, candidates)).toBe(expected);
  });
});
