/** How many cases random tests try: fewer in a run that somebody waits for, all of them where FLOWTAP_TEST_CASES=all. */

const SHARE = 1 / 4;

/** For `numRuns` of fast-check: `all`, or a quarter of them. The kinds of input are the same, there are fewer of each. */
export function cases(all: number): number {
  return process.env.FLOWTAP_TEST_CASES === 'all' ? all : Math.ceil(all * SHARE);
}
