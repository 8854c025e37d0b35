/** Scripts with which shells complete flowtap's command lines, as `flowtap completion SHELL` prints them. */
import { parseCommandLine } from '../cli/arguments.ts';
import { COMPLETION } from '../cli/yargs-options.ts';

export function completionScript(shell: 'bash' | 'zsh' | 'fish'): string {
  const shown = parseCommandLine([COMPLETION, shell]);
  return shown.kind === 'show' ? `${shown.text.trimEnd()}\n` : '';
}
