/** What a daemon can be told on its control socket: the words, and where each is posted to. */

export const CONTROL_PATH = '/api/v1/control';

export const CONTROL_WORDS = ['export-all', 'templates', 'pause', 'resume', 'set', 'reload', 'stop'] as const;
export type ControlWord = (typeof CONTROL_WORDS)[number];
