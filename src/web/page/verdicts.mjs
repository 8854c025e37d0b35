/** The verdicts of path health in a few words, those of `flowtap diagnose`; docs/diagnose.md has them in full. */
import { mark } from './dom.mjs';

/** Tone and meaning of each, the worst first. */
const VERDICTS = {
  refused: ['bad', 'the other side said no'],
  unanswered: ['bad', 'nothing came back'],
  reset: ['bad', 'broken off by one side'],
  stalled: ['bad', 'stood still for part of its time'],
  'loss-limited': ['warning', 'as slow as TCP is with this loss'],
  'window-limited': ['warning', 'one window each round trip'],
  'application-limited': ['neutral', 'its sender had no more to send'],
  unknown: ['neutral', 'too little to judge'],
  healthy: ['good', 'nothing wrong that can be seen'],
};

const ORDER = Object.keys(VERDICTS);

function of(verdict) {
  return Object.hasOwn(VERDICTS, verdict) ? VERDICTS[verdict] : ['neutral', ''];
}

/** A mark with the verdict, and before it so many. */
export function verdictMark(verdict, times = 1) {
  return mark(of(verdict)[0], times === 1 ? verdict : `${times} × ${verdict}`);
}

/** What it means. */
export function verdictMeaning(verdict) {
  return of(verdict)[1];
}

/** For sorting: the worst is the greatest. */
export function severity(verdict) {
  const place = ORDER.indexOf(verdict);
  return place < 0 ? 0 : ORDER.length - place;
}
