/**
 * What yargs has from its surroundings, for the bundle (rolldown.config.ts puts it in place of yargs' own, and the parser
 * that needs nothing of Node in place of the one that reads configuration files). yargs' own loads and looks up on each
 * start what only help needs, or nothing here: tables of Unicode, a locale, the package.json of the program. The sources
 * run with yargs' own, and test/cli/installed.process.test.ts compares what both say.
 */
// @ts-expect-error: the types of yargs-parser leave this entry out.
import Parser from 'yargs-parser/browser';

const { createRequire } = process.getBuiltinModule('node:module');
const path = process.getBuiltinModule('node:path');

/** A package that yargs depends on, loaded when help is shown. It may lie below yargs' own folder. */
function ofYargs(name: string): unknown {
  const require = createRequire(import.meta.url);
  return createRequire(require.resolve('yargs'))(name);
}

/** The default export of an ES module as `require` gives it. */
function defaultOf<T>(module: unknown): T {
  return (module as { default?: T }).default ?? (module as T);
}

/** English sentences, with those that updateStrings put in their place. */
const sentences = new Map<string, string>();

function say(sentence: string, values: readonly unknown[]): string {
  let next = 0;
  return (sentences.get(sentence) ?? sentence).replaceAll('%s', (mark) =>
    next < values.length ? String(values[next++]) : mark,
  );
}

function refuse(): never {
  throw new Error('this part of yargs is not in the bundle');
}

export default {
  assert: { notStrictEqual: () => {}, strictEqual: () => {} },
  cliui: (options: object) => defaultOf<(options: object) => unknown>(ofYargs('cliui'))(options),
  stringWidth: (text: string) => defaultOf<(text: string) => number>(ofYargs('string-width'))(text),
  findUp: () => undefined,
  getCallerFile: refuse,
  getEnv: (name: string) => process.env[name],
  getProcessArgvBin: () => process.argv[1],
  inspect: String,
  mainFilename: '',
  Parser,
  path,
  process: {
    argv: () => process.argv,
    cwd: () => process.cwd(),
    emitWarning: (warning: string, type: string) => process.emitWarning(warning, type),
    execPath: () => process.execPath,
    exit: (code: number) => process.exit(code),
    nextTick: process.nextTick,
    stdColumns: null,
  },
  // The package.json with the version, which is not found here.
  readFileSync: () => '{}',
  readdirSync: refuse,
  require: refuse,
  y18n: {
    __: (sentence: string, ...values: unknown[]) => say(sentence, values),
    __n: (one: string, several: string, count: number, ...values: unknown[]) =>
      say(count === 1 ? one : several, values),
    getLocale: () => 'en_US',
    setLocale: () => {},
    updateLocale: (changed: Readonly<Record<string, string>>) => {
      for (const [sentence, own] of Object.entries(changed)) sentences.set(sentence, own);
    },
  },
};
