/**
 * What a daemon can be told, on its control socket alone: POST of each word of `CONTROL_WORDS` below /api/v1/control. Each
 * answer says in a sentence what was done, or why it was not; the log has the same.
 */
import { errorLines, FlowtapError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { formatCounted } from '../base/units.ts';
import { type Answer, jsonAnswer, type Query, type Route } from '../web/route.ts';
import { CONTROL_PATH, CONTROL_WORDS, type ControlWord } from './control-words.ts';

/** Paths of the options that were changed, and of those that wait for a start. */
export interface Changed {
  readonly applied: readonly string[];
  readonly needRestart: readonly string[];
}

/** The daemon's hands. What they throw becomes the answer. */
export interface ControlActions {
  exportAll(): Promise<number>;
  announceTemplates(): readonly string[];
  /** @returns false where it was so already */
  pause(isPaused: boolean): boolean;
  /** @param assignment NAME=VALUE of an option that a running daemon takes over */
  set(assignment: string): Promise<Changed>;
  reload(): Promise<Changed>;
  stop(): void;
}

/** A word, and what it is told with: nothing, or an assignment. */
type Action = (actions: ControlActions, argument: string) => Promise<string> | string;

function changedText({ applied, needRestart }: Changed): string {
  const what = applied.length === 0 ? 'nothing has changed' : `changed: ${applied.join(', ')}`;
  return needRestart.length === 0
    ? what
    : `${what}; takes effect at the next start: ${needRestart.join(', ')}`;
}

const ACTIONS: Readonly<Record<ControlWord, Action>> = {
  'export-all': async (actions) => `exported ${formatCounted(await actions.exportAll(), 'flows')}`,
  templates: (actions) => {
    const urls = actions.announceTemplates();
    return urls.length === 0
      ? 'no exporter has templates to announce again: only those over UDP do'
      : `templates announced to ${urls.join(', ')}`;
  },
  pause: (actions) =>
    actions.pause(true) ? 'paused: packets are counted and left out' : 'it is paused already',
  resume: (actions) => (actions.pause(false) ? 'packets are metered again' : 'it is not paused'),
  set: async (actions, argument) => changedText(await actions.set(argument)),
  reload: async (actions) => `configuration read again; ${changedText(await actions.reload())}`,
  stop: (actions) => {
    actions.stop();
    return 'exporting what is in the flow tables, then ending';
  },
};

const CONFLICT = 409;

/** What could not be done, with the remedy where there is one. */
function faultLines(error: unknown): readonly string[] {
  const errors: unknown[] = error instanceof AggregateError ? error.errors : [error];
  return errors.flatMap((each) =>
    each instanceof FlowtapError
      ? errorLines(each)
      : String(each instanceof Error ? each.message : each).split('\n'),
  );
}

async function act(word: ControlWord, actions: ControlActions, given: Query, log: Log): Promise<Answer> {
  const argument = given.argument ?? '';
  const what = `control: ${word}${argument === '' ? '' : ` ${argument}`}`;
  try {
    const done = await ACTIONS[word](actions, argument);
    log.write('info', undefined, `${what}: ${done}`);
    return jsonAnswer({ isDone: true, message: done });
  } catch (error) {
    const lines = faultLines(error);
    log.write('error', undefined, `${what}: not done: ${lines.join('; ')}`);
    return jsonAnswer({ isDone: false, message: lines.join('\n') }, CONFLICT);
  }
}

/** The routes, for a Unix socket. */
export function controlRoutes(actions: ControlActions, log: Log): readonly Route[] {
  return CONTROL_WORDS.map((word) => ({
    path: `${CONTROL_PATH}/${word}`,
    method: 'POST',
    answer: (query) => act(word, actions, query, log),
  }));
}
