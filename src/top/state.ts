/** What the keys of `flowtap top` do to what it shows. Pure: a state and a key in, a state and what is to be done out. */
import { FLOW_SORTS } from '../records/flow-query.ts';
import type { TopQuestion } from './look.ts';

export interface TopState {
  readonly question: TopQuestion;
  readonly isPaused: boolean;
  readonly isHelp: boolean;
  /** The first flow that is shown. */
  readonly offset: number;
  /** The filter that is being typed; undefined: none is. */
  readonly typed: string | undefined;
  /** What could not be done. */
  readonly message: string;
}

/** A key as Node's readline names it. */
export interface Key {
  readonly name?: string | undefined;
  readonly sequence?: string | undefined;
  readonly ctrl?: boolean;
}

/** `look`: the question has changed; `interrupt`: as by the signal of Ctrl-C. */
export type Action = 'draw' | 'look' | 'quit' | 'interrupt' | 'suspend';

/** Flows that a page up or down goes by, as nobody knows the terminal's height here. */
const PAGE = 10;

/** Keys of the help, and what they do. */
export const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ['q', 'quit'],
  ['s S', 'the next measure to sort by, the one before'],
  [`1 … ${FLOW_SORTS.length}`, `sort by ${FLOW_SORTS.join(', ')}`],
  ['f /', 'filter: address 192.0.2.0/24 port 443 protocol tcp interface eth1; empty for none'],
  ['p space', 'pause, go on'],
  ['↑ ↓ page', 'scroll through the flows; home goes to the first'],
  ['h ?', 'this help'],
];

export function firstState(question: TopQuestion): TopState {
  return { question, isPaused: false, isHelp: false, offset: 0, typed: undefined, message: '' };
}

function sorted(state: TopState, place: number): readonly [TopState, Action] {
  const sort = FLOW_SORTS[(place + FLOW_SORTS.length) % FLOW_SORTS.length]!;
  return [{ ...state, question: { ...state.question, sort }, offset: 0 }, 'look'];
}

function typing(
  state: TopState,
  typed: string,
  { name, sequence = '', ctrl }: Key,
): readonly [TopState, Action] {
  if (name === 'escape') return [{ ...state, typed: undefined }, 'draw'];
  if (name === 'return' || name === 'enter') {
    const question = { ...state.question, filter: typed.trim() };
    return [{ ...state, question, typed: undefined, offset: 0 }, 'look'];
  }
  if (name === 'backspace') return [{ ...state, typed: typed.slice(0, -1) }, 'draw'];
  if (ctrl === true && name === 'u') return [{ ...state, typed: '' }, 'draw'];
  const isText = ctrl !== true && /^[\x20-\x7e]+$/.test(sequence);
  return [isText ? { ...state, typed: typed + sequence } : state, 'draw'];
}

function scrolled(state: TopState, by: number): readonly [TopState, Action] {
  return [{ ...state, offset: Math.max(0, state.offset + by) }, 'draw'];
}

/** @returns the state after the key, and what is to be done */
export function pressed(before: TopState, key: Key): readonly [TopState, Action] {
  const { name = '', sequence = '', ctrl } = key;
  if (ctrl === true && name === 'c') return [before, 'interrupt'];
  if (ctrl === true && name === 'z') return [before, 'suspend'];
  const state = { ...before, message: '' };
  if (state.typed !== undefined) return typing(state, state.typed, key);
  const place = FLOW_SORTS.indexOf(state.question.sort);
  if (sequence === 'q') return [state, 'quit'];
  if (sequence === 's') return sorted(state, place + 1);
  if (sequence === 'S') return sorted(state, place - 1);
  if (/^[1-9]$/.test(sequence) && Number(sequence) <= FLOW_SORTS.length)
    return sorted(state, Number(sequence) - 1);
  if (sequence === 'f' || sequence === '/') return [{ ...state, typed: state.question.filter }, 'draw'];
  if (sequence === 'p' || sequence === ' ')
    return [{ ...state, isPaused: !state.isPaused }, state.isPaused ? 'look' : 'draw'];
  if (sequence === 'h' || sequence === '?') return [{ ...state, isHelp: !state.isHelp }, 'draw'];
  if (name === 'escape') return [{ ...state, isHelp: false }, 'draw'];
  if (name === 'down') return scrolled(state, 1);
  if (name === 'up') return scrolled(state, -1);
  if (name === 'pagedown') return scrolled(state, PAGE);
  if (name === 'pageup') return scrolled(state, -PAGE);
  if (name === 'home') return [{ ...state, offset: 0 }, 'draw'];
  return [state, 'draw'];
}
