/** Keys of `flowtap top`. */
import { describe, expect, it } from 'vitest';
import { FLOW_SORTS } from '../../src/records/flow-query.ts';
import { type Action, firstState, type Key, pressed, type TopState } from '../../src/top/state.ts';

const first = firstState({ sort: 'rate', filter: '' });
const key = (sequence: string): Key => ({ sequence, name: sequence });
function after(keys: readonly (string | Key)[], state: TopState = first): [TopState, Action] {
  let result: readonly [TopState, Action] = [state, 'draw'];
  for (const one of keys) result = pressed(result[0], typeof one === 'string' ? key(one) : one);
  return [...result];
}

describe('keys', () => {
  it('end the view', () => {
    expect(after(['q'])[1]).toBe('quit');
    expect(after([{ name: 'c', ctrl: true, sequence: '\x03' }])[1]).toBe('interrupt');
    expect(after(['f', { name: 'c', ctrl: true, sequence: '\x03' }])[1]).toBe('interrupt');
    expect(after([{ name: 'z', ctrl: true, sequence: '\x1a' }])[1]).toBe('suspend');
  });

  it('sort by one measure after the other, or by number', () => {
    const sorts = FLOW_SORTS.map((_, i) => after(new Array(i + 1).fill('s'))[0].question.sort);
    expect(new Set(sorts)).toEqual(new Set(FLOW_SORTS));
    expect(after(['s', 'S'])[0].question.sort).toBe('rate');
    expect(after(['1'])).toMatchObject([{ question: { sort: 'octets' } }, 'look']);
    expect(after(['9'])).toMatchObject([{ question: { sort: 'rate' } }, 'draw']);
  });

  it('type a filter, in which q is a letter', () => {
    const [typed] = after(['f', ...'tcp q', { name: 'backspace', sequence: '\x7f' }]);
    expect(typed.typed).toBe('tcp ');
    expect(after([{ name: 'return', sequence: '\r' }], typed)).toMatchObject([
      { question: { filter: 'tcp' }, typed: undefined },
      'look',
    ]);
    const [left] = after([{ name: 'escape', sequence: '\x1b' }], typed);
    expect(left).toMatchObject({ question: { filter: '' }, typed: undefined });
    // Nothing that a terminal would obey.
    expect(after(['f', '\x1b]0;x\x07', '\x00'])[0].typed).toBe('');
  });

  it('pause, go on, scroll and help', () => {
    expect(after(['p'])).toMatchObject([{ isPaused: true }, 'draw']);
    expect(after(['p', ' '])).toMatchObject([{ isPaused: false }, 'look']);
    expect(after([{ name: 'down' }, { name: 'pagedown' }, { name: 'up' }])[0].offset).toBe(10);
    expect(after([{ name: 'up' }])[0].offset).toBe(0);
    expect(after(['h'])[0].isHelp).toBe(true);
    expect(after(['h', '?'])[0].isHelp).toBe(false);
  });
});
