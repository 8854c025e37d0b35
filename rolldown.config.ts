/**
 * How `npm run build` makes the package's bundle in dist/ (docs/decisions/0018-the-package-is-a-bundle.md). Node finds,
 * reads and links each module by itself, which for a hundred and more of them takes longer than all else that a short
 * replay does. So what a replay and its threads start with is put together in six chunks; what only some commands
 * and collectors need stays apart, and is loaded when it is asked for, as in the sources.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { type ChunkingContext, type CodeSplittingGroup, defineConfig, type Plugin } from 'rolldown';

const SOURCES = `${import.meta.dirname}/src`;

/** What processes and threads start with: `startModule` of src/package-files.ts names them. */
const STARTED = [
  'main',
  'probe/live/worker',
  'probe/replay/worker',
  'probe/replay/reader-worker',
  'probe/replay/export-worker',
  'capture/live/cap-process',
];

// What each part of a replay begins with. The rest is what these import.
const COMMAND_LINE = ['cli/cli'];
const REPLAY = ['cli/replay', 'probe/replay/probe'];
const READER = ['probe/replay/reader-worker'];
const EXPORT = [
  'probe/replay/export-worker',
  'export/exporting-process',
  'export/sessions/udp-sink',
  'base/log',
];

/** Paths of sources. */
function paths(names: readonly string[]): string[] {
  return names.map((name) => `${SOURCES}/${name}.ts`);
}

/** These modules, and all that is loaded with them, but those that run something as soon as they are loaded. */
function loadedWith(names: readonly string[], graph: ChunkingContext): Set<string> {
  const found = new Set(paths(names));
  // Modules that are added on the way come by too.
  for (const id of found) for (const next of graph.getModuleInfo(id)?.importedIds ?? []) found.add(next);
  for (const id of paths(STARTED)) found.delete(id);
  return found;
}

/** A chunk of the modules that all parts of one of these lists load; those of an earlier chunk stay there. */
function chunk(name: string, ...lists: (readonly (readonly string[])[])[]): CodeSplittingGroup {
  const isLoadedBy = (id: string, graph: ChunkingContext) => (parts: readonly (readonly string[])[]) =>
    parts.every((names) => loadedWith(names, graph).has(id));
  return { debugName: name, name: (id, graph) => (lists.some(isLoadedBy(id, graph)) ? name : null) };
}

/**
 * Takes what a chunk imports of Node's own modules off the modules as `require` gives them. Around those, an ES module is
 * made when one is imported, and for that Node reads all that they export: of node:fs, which loads streams and promises
 * only when they are asked for, that is ten further modules for each thread.
 */
const plainBuiltins: Plugin = {
  name: 'plain-builtins',
  renderChunk: (code) =>
    code.replace(
      /^import \{ ([^}]+) \} from "(node:[a-z_/]+)";$/gm,
      (_, names: string, from: string) =>
        `const { ${names.replaceAll(' as ', ': ')} } = process.getBuiltinModule("${from}");`,
    ),
};

/**
 * Writes characters beyond ASCII as escapes. V8 holds a source with a single one of them in two octets a character, and
 * Node decodes it from UTF-8: at each start, for a file whose functions are then taken from the compile cache.
 */
const asciiAlone: Plugin = {
  name: 'ascii-alone',
  renderChunk: (code) =>
    code.replace(/\P{ASCII}/gu, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
};

/** npm packages that a replay starts with: put in, since each file costs. Their licences go along. */
const BUNDLED = ['yargs', 'yargs-parser', 'fastest-levenshtein'];

/**
 * yargs with surroundings of ours (src/cli/yargs-platform.ts), and without the checks of how it is called, which the
 * compiler has made already and which take a third of its time.
 */
const leanYargs: Plugin = {
  name: 'lean-yargs',
  resolveId: (id) => (id.endsWith('/platform-shims/esm.mjs') ? `${SOURCES}/cli/yargs-platform.ts` : null),
  transform: (_, id) => (id.endsWith('/yargs/build/lib/argsert.js') ? 'export function argsert() {}' : null),
};

/** The files of the page, as they are: src/web/page-routes.ts serves them. */
const page: Plugin = {
  name: 'page',
  generateBundle() {
    for (const name of readdirSync(`${SOURCES}/web/page`)) {
      const source = readFileSync(`${SOURCES}/web/page/${name}`);
      this.emitFile({ type: 'asset', fileName: `page/${name}`, source });
    }
  },
};

const licences: Plugin = {
  name: 'licences',
  generateBundle() {
    for (const name of BUNDLED) {
      const folder = `${import.meta.dirname}/node_modules/${name}`;
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      if (file === undefined)
        throw new Error(`${folder}: found no licence; allowed: a package that brings its own`);
      const source = readFileSync(`${folder}/${file}`);
      this.emitFile({ type: 'asset', fileName: `LICENSE.${name}`, source });
    }
  },
};

export default defineConfig({
  input: {
    flowtap: 'src/flowtap.mjs',
    ...Object.fromEntries(STARTED.map((name) => [name, `src/${name}.ts`])),
  },
  platform: 'node',
  // Other npm packages stay what they are, and Node's own modules.
  external: (id) => /^[^./]/.test(id) && !BUNDLED.some((name) => id === name || id.startsWith(`${name}/`)),
  // Constants of layouts are folded into the code: a module's exports are loaded from memory at each use.
  optimization: { inlineConst: { mode: 'all', pass: 4 } },
  plugins: [plainBuiltins, asciiAlone, leanYargs, licences, page],
  output: {
    dir: 'dist',
    cleanDir: true,
    minify: false,
    // Comments stand in the sources; here they would be read at each start.
    comments: { legal: true, annotation: false, jsdoc: false },
    minifyInternalExports: false,
    entryFileNames: ({ name }) => (name === 'flowtap' ? '[name].mjs' : '[name].js'),
    // Right in dist/, so that src/package-files.ts finds the package's files from wherever it ends up.
    chunkFileNames: '[name].js',
    codeSplitting: {
      groups: [
        chunk('base', [COMMAND_LINE, EXPORT], [COMMAND_LINE, READER], [REPLAY, EXPORT, READER]),
        chunk('command-line', [COMMAND_LINE]),
        chunk('common', [REPLAY, EXPORT]),
        chunk('reading', [REPLAY, READER]),
        chunk('replaying', [REPLAY]),
        chunk('exporting', [EXPORT]),
      ],
    },
  },
});
