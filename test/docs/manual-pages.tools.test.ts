/** The manual pages and the scripts for shells, read by the programs that they are for. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { CONFIG_OPTIONS } from '../../src/config/schema.ts';
import { describeWithTools } from '../support/tools.ts';

const ROOT = join(import.meta.dirname, '../..');
const SHARE = join(ROOT, 'packaging/share');
const PAGES = ['man1/flowtap.1', 'man5/flowtap.yaml.5'];

let folder: string;

/** Runs with `flowtap` in the path. */
function run(command: string, ...args: string[]): { code: number | null; output: string; errors: string } {
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, XDG_DATA_DIRS: SHARE, HOME: folder };
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', env });
  return { code: status, output: stdout, errors: stderr };
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-share-'));
  const launcher = join(folder, 'flowtap');
  writeFileSync(launcher, `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'src/flowtap.mjs')}' "$@"\n`);
  chmodSync(launcher, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeWithTools(['man', 'mandoc'], 'manual pages', () => {
  it.each(PAGES)('%s has nothing that man or mandoc warns of', (page) => {
    const file = join(SHARE, 'man', page);
    const shown = run('env', 'MANWIDTH=80', 'man', '--warnings', '--encoding=UTF-8', '--local-file', file);
    expect(shown).toMatchObject({ code: 0, errors: '' });
    expect(run('mandoc', '-T', 'lint', file)).toEqual({ code: 0, output: '', errors: '' });
  });

  it('name every command, every flag and every option', () => {
    const text = (page: string) => run('mandoc', '-T', 'ascii', join(SHARE, 'man', page)).output;
    const plain = (page: string) =>
      text(page)
        .split('\b')
        .reduce((before, after) => before.slice(0, -1) + after);
    const [commands, options] = PAGES.map(plain);
    for (const { name, flags } of COMMANDS) {
      expect(commands).toContain(`flowtap ${name}`);
      for (const flag of flags) expect(commands).toMatch(new RegExp(`^ +(-\\w, )?--${flag.name}\\b`, 'm'));
    }
    for (const { path } of CONFIG_OPTIONS) expect(options).toMatch(new RegExp(`^ +${path}( |$)`, 'm'));
  });
});

describe('completion', () => {
  it('is refused for another shell, with those that there are', () => {
    expect(run('flowtap', 'completion', 'tcsh')).toMatchObject({
      code: 2,
      errors: expect.stringContaining('SHELL: found "tcsh"; allowed: bash, zsh, fish'),
    });
  });
});

describeWithTools(['bash'], 'the script for bash', () => {
  it('is what the package bash-completion loads', () => {
    const library = '/usr/share/bash-completion/bash_completion';
    const text = `source ${library} && _completion_loader flowtap; complete -p flowtap`;
    expect(run('bash', '-c', text).output).toContain('-F _flowtap_yargs_completions flowtap');
  });
});

describeWithTools(['zsh'], 'the script for zsh', () => {
  it('is what compinit finds', () => {
    const text = `fpath=('${SHARE}/zsh/vendor-completions' $fpath); autoload -U compinit; compinit -u -D; print $_comps[flowtap]`;
    expect(run('zsh', '-fc', text)).toEqual({ code: 0, output: '_flowtap\n', errors: '' });
  });
});

describeWithTools(['fish'], 'the script for fish', () => {
  it.each([
    ['flowtap rep', 'replay'],
    ['flowtap replay x -o js', 'json'],
    ['flowtap run --capt', '--capture'],
    // A file.
    [`flowtap replay ${ROOT}/package.j`, `${ROOT}/package.json`],
  ])('completes %s with %s', (line, expected) => {
    const script = join(SHARE, 'fish/vendor_completions.d/flowtap.fish');
    const { output } = run('fish', '-c', `source '${script}'; complete -C '${line}'`);
    expect(output.split('\n').map((word) => word.split('\t')[0])).toContain(expected);
  });
});
