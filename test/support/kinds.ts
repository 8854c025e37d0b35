/**
 * Which of vitest's projects a test file belongs to, by what it imports through other files of test/ and src/: what starts
 * outside tools, or else processes, threads and sockets.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

export type TestKind = 'unit' | 'process' | 'tools';

/** Helpers that find or start outside tools; others start one by its name. */
const TOOL_HELPERS: ReadonlySet<string> = new Set(
  ['tools', 'duckdb', 'elastic-reader', 'goflow2'].map((name) => `test/support/${name}.ts`),
);
/** Modules of Node that start something or listen, where a test imports them. */
const STARTING = /^node:(child_process|cluster|dgram|http|https|net|tls|worker_threads)$/;
/** Where our own sources do so; they import net and dgram for other reasons too. Fastify listens. */
const STARTING_IN_SRC =
  /\bfrom 'node:child_process'|\bnew Worker\(|\bimport\('fastify'\)|^import (?!type)[^;]*from 'fastify'/m;

/** A program that is started by its name. The shell and the like are on every system. */
const STARTED = /\b(?:spawn|spawnSync|execFile|execFileSync)\(\s*'([^']+)'/g;
const OF_EVERY_SYSTEM: ReadonlySet<string> = new Set(['sh', 'bash', 'cat', 'gzip', 'mkfifo', 'truncate']);

/** Code that is imported at run time, with what types say left out: `import type` starts nothing. */
function importsOf(path: string, text: string): string[] {
  const clause = /^(?:import|export)\s+(?!type\s)(?:[^;'"]*?\sfrom\s+)?'([^']+)'/gm;
  const called = /\b(?:import\(|new URL\()\s*'(\.[^']+\.(?:ts|mjs))'/g;
  return [...text.matchAll(clause), ...text.matchAll(called)].map(([, name]) =>
    name!.startsWith('.') ? normalize(join(dirname(path), name!)) : name!,
  );
}

/** All that a file imports, itself among it, with the file that does: paths from `root`, names of packages. */
export function reachedFrom(root: string, file: string): Map<string, string> {
  const reached = new Map([[file, file]]);
  for (const path of reached.keys()) {
    if (!/\.(ts|mjs)$/.test(path) || !existsSync(join(root, path))) continue;
    for (const name of importsOf(path, readFileSync(join(root, path), 'utf8'))) {
      if (!reached.has(name)) reached.set(name, path);
    }
  }
  return reached;
}

/** The project that a test file belongs to, and the imported file that says so. */
export function kindOf(root: string, file: string): { readonly kind: TestKind; readonly because: string } {
  const reached = reachedFrom(root, file);
  for (const [path, from] of reached) {
    if (!path.startsWith('test/')) continue;
    const [started] = existsSync(join(root, path))
      ? toolsStartedIn(readFileSync(join(root, path), 'utf8'))
      : [];
    if (started !== undefined) return { kind: 'tools', because: `${path} starts ${started}` };
    if (TOOL_HELPERS.has(path)) return { kind: 'tools', because: `${from} imports ${path}` };
  }
  for (const [path, from] of reached) {
    if (STARTING.test(path) && from.startsWith('test/')) {
      return { kind: 'process', because: `${from} imports ${path}` };
    }
    const isSource = path.startsWith('src/') && existsSync(join(root, path));
    if (isSource && STARTING_IN_SRC.test(readFileSync(join(root, path), 'utf8'))) {
      return { kind: 'process', because: `${reached.get(path)} imports ${path}` };
    }
  }
  return { kind: 'unit', because: 'nothing that it imports starts anything' };
}

/** The kind that a file's name tells. */
export function namedKind(file: string): TestKind {
  return (/\.(process|tools)\.test\.ts$/.exec(file)?.[1] as TestKind | undefined) ?? 'unit';
}

/** The name that a file has to have for its kind. */
export function nameFor(file: string, kind: TestKind): string {
  const stem = file.replace(/(\.(process|tools))?\.test\.ts$/, '');
  return kind === 'unit' ? `${stem}.test.ts` : `${stem}.${kind}.test.ts`;
}

/** Outside programs that a file starts by name. */
export function toolsStartedIn(text: string): string[] {
  return [...text.matchAll(STARTED)].map(([, name]) => name!).filter((name) => !OF_EVERY_SYSTEM.has(name));
}
