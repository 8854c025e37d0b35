/** Test files have the name of the project that they belong to: who looks at a folder sees what each needs to run. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kindOf, namedKind, nameFor, toolsStartedIn } from './support/kinds.ts';

const ROOT = join(import.meta.dirname, '..');

const FILES = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => `test/${name}`)
  .sort();
const TEST_FILES = FILES.filter((name) => name.endsWith('.test.ts'));

/** A call that starts a program; written out here, it would make a test of tools of this one. */
const started = (call: string, name: string) => `${call}('${name}', []);`;

describe('test files', () => {
  it('are named for what they start', () => {
    const wrong = TEST_FILES.map((file) => ({ file, ...kindOf(ROOT, file) })).filter(
      ({ file, kind }) => namedKind(file) !== kind,
    );
    const lines = wrong.map(
      ({ file, kind, because }) => `git mv ${file} ${nameFor(file, kind)}  # ${because}`,
    );
    expect(lines.length, `\n${lines.join('\n')}\n`).toBe(0);
  });

  it('are of all three kinds', () => {
    for (const kind of ['unit', 'process', 'tools']) {
      expect(TEST_FILES.filter((file) => namedKind(file) === kind).length, kind).toBeGreaterThan(20);
    }
  });

  it.each<[string, string, string]>([
    ['unit', "import type { Socket } from 'node:net';\nimport { a } from '../src/pure.ts';", 'unit'],
    ['a socket', "import {\n  createServer,\n} from 'node:net';", 'process'],
    ['a thread of ours', "import { a } from '../src/thread.ts';", 'process'],
    ['a helper that starts a process', "import { a } from './helper.ts';", 'process'],
    ['an outside tool', "import { describeWithTools } from './support/tools.ts';", 'tools'],
    ['a helper that starts a tool', "export { a } from './tshark.ts';", 'tools'],
  ])('that import %s would be told apart', (_, text, kind) => {
    const root = mkdtempSync(join(tmpdir(), 'flowtap-kinds-'));
    const files = {
      'src/pure.ts': "import { isIP } from 'node:net';",
      'src/thread.ts': "import { Worker } from 'node:worker_threads';\nnew Worker('x');",
      'test/helper.ts': "import { spawn } from 'node:child_process';",
      'test/tshark.ts': `import { spawnSync } from 'node:child_process';\n${started('spawnSync', 'tshark')}`,
      'test/support/tools.ts': "import { spawnSync } from 'node:child_process';",
      'test/x.test.ts': text,
    };
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), `${content}\n`);
    }
    expect(kindOf(root, 'test/x.test.ts').kind).toBe(kind);
    rmSync(root, { recursive: true });
  });

  it('that start a tool by its name would be found', () => {
    const text = [started('spawnSync', 'tshark'), started('execFileSync', 'nfdump'), started('spawn', 'sh')];
    expect(toolsStartedIn(text.join('\n'))).toEqual(['tshark', 'nfdump']);
    expect(toolsStartedIn('spawn(process.execPath)')).toEqual([]);
  });
});
