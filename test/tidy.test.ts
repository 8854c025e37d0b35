/**
 * The rules of the house that a program can check, by reading the sources: which part may import which, how long files
 * are, what may not stand in the code that runs for every packet or record, what lies at the top level. The rule that is
 * enforced is the one stated here.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, matchesGlob, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { namedKind, reachedFrom } from './support/kinds.ts';

const ROOT = join(import.meta.dirname, '..');

/**
 * The floors of src/, the lowest first. A floor has wings that do not know each other, as the stages of the packet's path
 * do not: they meet in `records` and in the contracts below them. A wing has rooms, the lowest first. A room is a folder,
 * and imports from floors below its own and from rooms below it in its wing; types count as code does.
 */
const FLOORS: readonly (readonly (readonly string[])[])[] = [
  [['package-files']],
  [['base']],
  [['records']],
  [['sys'], ['engine/assembly', 'engine'], ['ie']],
  [['capture'], ['applications']],
  [
    ['capture/files'],
    ['capture/selection', 'capture/live'],
    ['decode'],
    ['metering/table', 'metering/path-health', 'metering/applications', 'metering'],
    [
      ...[
        'export/anonymization',
        'export/contract',
        'export/transport',
        'export/messages',
        'export/options-data',
      ],
      ...['export/collector', 'export/spool', 'export/sessions', 'export/flow-messages', 'export/files'],
      ...['export/kafka', 'export'],
    ],
  ],
  [['config/types', 'config/options', 'config'], ['generate'], ['web', 'metrics']],
  [['output']],
  [['diagnose']],
  [['paths']],
  [['networks']],
  [['control']],
  [['probe', 'probe/replay', 'probe/live']],
  [['top']],
  [['cli']],
  [['docs'], ['main']],
];

/** Folders of test/ beside those that are rooms of src/: what tests share, and what they test is more than one room. */
const TEST_FOLDERS: ReadonlySet<string> = new Set([
  ...['support', 'support/elastic-reader', 'lab'],
  ...['bench', 'golden', 'interop', 'networks/databases', 'packaging', 'service'],
]);

const FILE_LINES_MAX = 300;
const FUNCTION_LINES_MAX = 60;

/** Files that are allowed to be longer for now, and how long; one that no longer needs it fails the test. */
const LONGER_FILES: Readonly<Record<string, number>> = {};

/** Files of the hot folders that are all set-up, tables or for readers of counters: nothing in them runs for a packet or a record. */
const SET_UP_FILES: ReadonlySet<string> = new Set([
  'decode/ether-type-names.ts',
  'decode/link-type-names.ts',
  'decode/notices.ts',
  'decode/reasons.ts',
  'decode/refused-numbers.ts',
  'metering/table/application-memory.ts',
]);

/** Files of other folders in which all runs for each packet. */
const HOT_FILES: ReadonlySet<string> = new Set([
  'capture/live/ring-walk.ts',
  'capture/selection/selection.ts',
  'capture/live/super-packets.ts',
  'export/flow-messages/flow-encoder.ts',
  'export/flow-messages/put-json.ts',
  'export/flow-messages/put-other.ts',
  'export/flow-messages/put-protobuf.ts',
  'export/flow-messages/put-varint.ts',
  'ie/read-value.ts',
  'ie/text-values.ts',
  'networks/enrichment.ts',
  'paths/path-match.ts',
  'paths/prefix-table.ts',
]);

/** Functions that run once: their names say so, or they stand here. */
const SET_UP_FUNCTION = /^(create|compile|constructor|allocate|open|close)|^(conditionOf|batchViews)$/;

/** What may not stand where every packet or record comes by, and why. */
const BANNED: readonly [name: string, pattern: RegExp, why: string][] = [
  ['spread', /\.\.\./, 'allocates'],
  ['template string', /`/, 'allocates'],
  ['throw', /\bthrow\b/, 'costs microseconds; return a code'],
  ['try', /\btry\s*\{/, 'nothing here raises'],
  ['Buffer method', /\.(read|write)(U?Int|BigU?Int|Float|Double)\w*\(/, 'ten times the price of a DataView'],
  ['slice', /\.(slice|subarray)\(/, 'allocates a view'],
  [
    'array callback',
    /\.(map|forEach|filter|reduce|some|every|find|flatMap)\(/,
    'a closure and a call for each element',
  ],
  ['for … of', /\bfor \((const|let) .* of /, 'an iterator'],
  ['closure', /=>/, 'allocates'],
  ['object or array', /=\s*(\[|\{)(?!\s*$)|return (\[|\{)/, 'allocates'],
  ['new', /\bnew [A-Z]/, 'allocates'],
];

interface Source {
  /** Path within src/, with `/`. */
  readonly path: string;
  readonly text: string;
}

function sourcesIn(folder: string): Source[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') || name.endsWith('.mjs'))
    .sort()
    .map((name) => ({
      path: name.replaceAll('\\', '/'),
      text: readFileSync(join(ROOT, folder, name), 'utf8'),
    }));
}

const SOURCES = sourcesIn('src');

/** The room a file is in; the few files beside the rooms are rooms of their own. */
function roomOf(path: string): string {
  if (path.includes('/')) return dirname(path);
  return path === 'flowtap.mjs' ? 'main' : path.replace(/\.ts$/, '');
}

/** Floor, wing and height within the wing of a room; undefined for one that the table does not have. */
function levelOf(room: string): readonly [floor: number, wing: number, height: number] | undefined {
  for (const [floor, wings] of FLOORS.entries()) {
    const wing = wings.findIndex((rooms) => rooms.includes(room));
    if (wing >= 0) return [floor, wing, wings[wing]!.indexOf(room)];
  }
  return undefined;
}

/** Whether src/ has a room of this name. */
function isRoom(folder: string): boolean {
  return levelOf(folder) !== undefined;
}

/** Whether an import from one room to another leads down. */
export function leadsDown(from: string, to: string): boolean {
  const [upper, lower] = [levelOf(from), levelOf(to)];
  if (upper === undefined || lower === undefined) return false;
  if (upper[0] !== lower[0]) return upper[0] > lower[0];
  return upper[1] === lower[1] && upper[2] > lower[2];
}

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isType: boolean;
}

/** Imports of our own files: static, dynamic, and workers started by URL. */
function importsOf(source: Source): Import[] {
  const found: Import[] = [];
  const add = (specifier: string, isType: boolean) => {
    // AssemblyScript names files without their ending.
    const ending = source.path.startsWith('engine/assembly/') ? '.ts' : '';
    const to = normalize(join(dirname(source.path), specifier)).replaceAll('\\', '/') + ending;
    found.push({ from: source.path, to, isType });
  };
  const fromClause = /^(?:import|export)\s+(type\s+)?(?:[^;'"]*?\sfrom\s+)?'(\.[^']+)'/gm;
  for (const [, type, specifier] of source.text.matchAll(fromClause)) add(specifier!, type !== undefined);
  const called = /\b(?:import\(|new URL\()\s*'(\.[^']+\.(?:ts|mjs))'/g;
  for (const [, specifier] of source.text.matchAll(called)) add(specifier!, false);
  return found;
}

const IMPORTS = SOURCES.flatMap(importsOf);

/** Comments and the insides of strings as blanks; line numbers stay. */
export function withoutComments(text: string): string {
  const blank = (found: string) => found.replace(/[^\n]/g, ' ');
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'/g, (found) =>
    found.startsWith("'") ? `'${blank(found.slice(2))}'` : blank(found),
  );
}

/** Line numbers (from 1) and text of a file's functions and methods that are not set-up. */
export function hotLines(text: string): [number, string][] {
  const lines = withoutComments(text).split('\n');
  const hot: [number, string][] = [];
  let closing: string | undefined;
  let isSetUp = false;
  lines.forEach((line, i) => {
    if (closing === undefined) {
      const start = /^(\s{0,2})(?:export |static |private |async )*(?:function )?(\w+)\(/.exec(line);
      const isFunction = /^(export )?(async )?function /.test(line) || (start !== null && start[1] === '  ');
      if (
        start === null ||
        !isFunction ||
        /;\s*$/.test(line) ||
        /^\s*(if|for|while|switch|return)\b/.test(line)
      )
        return;
      if (/\}\s*$/.test(line)) return;
      closing = `${start[1]}}`;
      isSetUp = SET_UP_FUNCTION.test(start[2]!);
      return;
    }
    if (line === closing) closing = undefined;
    else if (!isSetUp) hot.push([i + 1, line]);
  });
  return hot;
}

/** The functions, methods and functions without a name of a file, and how many lines each has. */
export function functionLengths(text: string): [name: string, lines: number][] {
  const lines = withoutComments(text).split('\n');
  return lines.flatMap((line, i): [string, number][] => {
    const named =
      /^(\s*)(?:export |default |static |private |async |get |set )*(?:function\*? )?(?:\*)?(#?\w+)(?:<.*>)?\(/.exec(
        line,
      );
    const isCall = /^\s*(if|for|while|switch|return|await|catch|do|else)\b/.test(line) || /;\s*$/.test(line);
    const arrow = /=> (?:\(?\{|\()$/.exec(line);
    if ((named === null || isCall) && arrow === null) return [];
    const indent = /^\s*/.exec(line)![0];
    const end = lines.findIndex(
      (next, at) =>
        at > i &&
        next.startsWith(indent) &&
        /^\S/.test(next.slice(indent.length)) &&
        !/^\)(?!;?$)/.test(next.slice(indent.length)),
    );
    if (end < 0 || !lines[end]!.startsWith(`${indent}}`)) return [];
    return [[arrow === null ? named![2]! : `=> in line ${i + 1}`, end - i + 1]];
  });
}

/** Violations of BANNED in one file's hot lines. */
export function bannedIn(source: Source): string[] {
  return hotLines(source.text).flatMap(([number, line]) =>
    BANNED.filter(([, pattern]) => pattern.test(line)).map(
      ([name, , why]) => `${source.path}:${number}: ${name} (${why}): ${line.trim()}`,
    ),
  );
}

function isHot(path: string): boolean {
  if (SET_UP_FILES.has(path)) return false;
  if (HOT_FILES.has(path)) return true;
  return /^(decode|metering)\//.test(path) || /^export\/messages\/columns[\w-]*\.ts$/.test(path);
}

/** Every file but those that .gitignore leaves out, as `git ls-files` lists them; no program is started for it. */
function trackedFiles(): string[] {
  const ignored = readFileSync(join(ROOT, '.gitignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const patterns = ['.git', ...ignored.map((line) => line.replace(/\/$/, ''))];
  const isIgnored = (path: string) =>
    patterns.some((pattern) => matchesGlob(pattern.includes('/') ? path : basename(path), pattern));
  const filesIn = (folder: string): string[] =>
    readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (isIgnored(path)) return [];
      return entry.isDirectory() ? filesIn(path) : [path];
    });
  return filesIn('').sort();
}

/** Fails with every offender on a line of its own. */
function expectNone(offenders: readonly string[]): void {
  expect(offenders.length, `\n${offenders.join('\n')}\n`).toBe(0);
}

describe('dependencies', () => {
  it('go down the floors, types too', () => {
    const wrong = IMPORTS.filter(({ from, to }) => {
      const [importer, imported] = [roomOf(from), roomOf(to)];
      return importer !== imported && !leadsDown(importer, imported);
    });
    expectNone(wrong.map(({ from, to }) => `${from} imports ${to}`));
  });

  it('are of rooms that the table of floors has, and it has no others', () => {
    const rooms = new Set(SOURCES.filter(({ path }) => path.endsWith('.ts')).map(({ path }) => roomOf(path)));
    const named = FLOORS.flat(2);
    expectNone([...rooms].filter((room) => levelOf(room) === undefined));
    expectNone(named.filter((room, i) => !rooms.has(room) || named.indexOf(room) !== i));
  });

  it.each([
    ['probe/live', 'export/contract', true],
    ['export', 'export/kafka', true],
    ['export/contract', 'export', false],
    ['decode', 'metering', false],
    ['metering', 'decode', false],
    ['records', 'ie', false],
    ['cli', 'attic', false],
  ])('from %s to %s lead down: %s', (from, to, isDown) => {
    expect(leadsDown(from, to)).toBe(isDown);
  });

  it('make no circle of code', () => {
    const next = new Map<string, string[]>();
    for (const { from, to, isType } of IMPORTS) if (!isType) next.set(from, [...(next.get(from) ?? []), to]);
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: string[]) => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      if (path.includes(file) || done.has(file)) return;
      for (const to of next.get(file) ?? []) visit(to, [...path, file]);
      done.add(file);
    };
    for (const file of next.keys()) visit(file, []);
    expectNone(circles);
  });

  it('lead to files that exist', () => {
    const paths = new Set(SOURCES.map((source) => source.path));
    expectNone(IMPORTS.filter(({ to }) => !paths.has(to) && !to.startsWith('..')).map(({ to }) => to));
  });

  it('at run time each has its reason in the README', () => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    const unexplained = Object.keys(dependencies).filter(
      (name) => !new RegExp(`^\\| \`${name}\` +\\| \\w`, 'm').test(readme),
    );
    expectNone(unexplained);
  });
});

describe('files', () => {
  it(`in src/ have at most ${FILE_LINES_MAX} lines`, () => {
    const tooLong = SOURCES.map(
      ({ path, text }) => [path, text.trimEnd().split('\n').length] as const,
    ).filter(([path, lines]) => lines > (LONGER_FILES[path] ?? FILE_LINES_MAX));
    expectNone(tooLong.map(([path, lines]) => `${path}: ${lines} lines`));
    const short = SOURCES.filter(({ text }) => text.trimEnd().split('\n').length <= FILE_LINES_MAX);
    expectNone(short.map(({ path }) => path).filter((path) => path in LONGER_FILES));
  });

  it(`have functions of at most ${FUNCTION_LINES_MAX} lines`, () => {
    const bench = sourcesIn('bench').map(({ path, text }) => ({ path: `bench/${path}`, text }));
    const all = [...SOURCES, ...bench].flatMap(({ path, text }) =>
      functionLengths(text).map(([name, lines]): [string, number] => [`${path} ${name}`, lines]),
    );
    expect(all.length).toBeGreaterThan(2000);
    const tooLong = all.filter(([, lines]) => lines > FUNCTION_LINES_MAX);
    expectNone(tooLong.map(([name, lines]) => `${name}: ${lines} lines`));
  });

  it.each([
    ['function', 'export async function f(\n  a: number,\n): Promise<void> {', '}', 'f'],
    ['method', '  private async #read<T>(a: T): Promise<T> {', '  }', '#read'],
    ['function without a name', 'const f = (a: number) => {', '};', '=> in line 1'],
    ['callback', '  all.forEach((one) => {', '  });', '=> in line 1'],
  ])('that have a %s which is too long would be found', (_, start, end, name) => {
    const body = '    const a = { b: [1] };\n\n    if (a) {\n      f();\n    }\n'.repeat(12);
    const lines = `${start}\n${body}${end}`.split('\n').length;
    expect(functionLengths(`${start}\n${body}${end}\n`)).toEqual([[name, lines]]);
  });

  it('begin with a comment that says what they are for', () => {
    const folders = ['src', 'bench', 'test/support'];
    const silent = folders.flatMap((folder) =>
      sourcesIn(folder)
        .filter(({ text }) => !/^(#![^\n]*\n)?\/\*\*/.test(text))
        .map(({ path }) => `${folder}/${path}`),
    );
    expectNone(silent);
  });

  it('hold no stub, no leftover, no path of one machine', () => {
    const pattern = new RegExp(
      ['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', '/wo' + 'rk/', '/tmp/' + 'wt'].join('|'),
    );
    const wrong = trackedFiles()
      .filter(
        (name) => /\.(ts|mjs|md|json|yaml|sh|py|svg)$|^\.ci\//.test(name) && name !== 'package-lock.json',
      )
      .filter((name) => pattern.test(readFileSync(join(ROOT, name), 'utf8')));
    expectNone(wrong);
  });

  it('say how many of what there are by formatCounted, which knows of one', () => {
    const byHand =
      /\$\{(formatCount\([^}]*\)|count|more|records|packets|flows|messages|dataRecords|\w+\.(records|packets|flows|messages|count))\} (flow )?(packets|flows|records|octets|messages|batches|files)\b/;
    expectNone(
      SOURCES.flatMap(({ path, text }) =>
        text
          .split('\n')
          .flatMap((line, i) => (byHand.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : [])),
      ),
    );
  });

  it('say it in plain English: no sentence begins with “What is”, nothing is somebody’s business', () => {
    const beginning = /(^|[.:;] |\* |\/\/ |# |\| )What (is|are|was|were|has|had) /m;
    const pattern = new RegExp(
      `${beginning.source}|'s busi${'ness'}|[Ww]ho(ever)? reads (it|this|them)\\b`,
      'm',
    );
    const wrong = trackedFiles()
      .filter((name) => /\.(ts|mjs|md)$/.test(name) && !/^docs\/decisions\/|^CHANGELOG/.test(name))
      .flatMap((name) =>
        readFileSync(join(ROOT, name), 'utf8')
          .split('\n')
          .flatMap((line, i) => (pattern.test(line) ? [`${name}:${i + 1}: ${line.trim()}`] : [])),
      );
    expectNone(wrong.filter((line) => !line.startsWith('test/tidy.test.ts')));
  });

  it('at the top level are the known ones', () => {
    const known = new Set(
      [
        ...['package.json', 'package-lock.json', 'tsconfig.json', 'biome.json'],
        ...['rolldown.config.ts', 'vitest.config.ts'],
        ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'LICENSE-JA4'],
        ...['src', 'config', 'systemd', 'test', 'pcaps', 'bench', 'docs', 'packaging'],
        ...['.ci', '.gitignore', '.gitattributes', '.npmrc'],
      ].map(String),
    );
    const strange = new Set(trackedFiles().map((name) => name.split('/')[0]!));
    expectNone([...strange].filter((name) => !known.has(name)));
  });

  it('of the package are found through package-files.ts: in the bundle, every other module is in another place', () => {
    const places = /(?<!createRequire\()import\.meta\.(url|dirname|filename)|new URL\('\./;
    // The launcher has its own ways, and those who make files of the sources are not in the bundle.
    const mayKnow = [
      'flowtap.mjs',
      'package-files.ts',
      'docs/generate.ts',
      'engine/build.ts',
      'engine/digest.ts',
    ];
    const wrong = SOURCES.filter(({ path, text }) => !mayKnow.includes(path) && places.test(text));
    expectNone(wrong.map(({ path }) => path));
  });

  it('of captures come with a page each, and stay small', () => {
    const names = readdirSync(join(ROOT, 'pcaps'));
    const captures = names.filter((name) => /\.(pcap|pcapng)(\.gz)?$/.test(name));
    expect(captures.length).toBeGreaterThan(10);
    const pageless = captures.filter(
      (name) => !names.includes(name.replace(/\.(pcap|pcapng)(\.gz)?$/, '.md')),
    );
    expectNone(pageless);
    const large = captures.filter(
      (name) => statSync(join(ROOT, 'pcaps', name)).size > (name.startsWith('demo') ? 400_000 : 20_000),
    );
    expectNone(large);
  });
});

/** A name with an ending that only our own files have, or a path that begins with a folder of the top level. */
const FILE_NAME =
  /(?<![\w./%-])(?:\.{1,2}\/)*(?:[\w@*-]+\/)*[\w*-]+(?:\.[\w-]+)*\.(?:ts|mjs|md|svg|wasm)\b|(?<![\w./:-])(?:src|test|bench|docs|config|systemd|pcaps)\/[\w./*@-]*\w/g;
const GONE = ['gone', 'ts'].join('.');
/** Folders that are made and not tracked, and a word in place of a name. */
const MADE_NAMES: ReadonlySet<string> = new Set(['bench/data', 'pcaps/NAME.flows.json']);

/** Every run of parts of the paths: a file's name alone, with some of its folders, a folder. */
function partsOfPaths(paths: readonly string[]): ReadonlySet<string> {
  const known = new Set<string>();
  for (const path of paths) {
    const parts = path.split('/');
    for (let from = 0; from < parts.length; from++) {
      for (let to = from + 1; to <= parts.length; to++) known.add(parts.slice(from, to).join('/'));
    }
  }
  return known;
}

/** Names in a file's comments, or in all of a document, that no file or folder has: alone, or as the end of its path. */
export function strangeNames(path: string, text: string, known: ReadonlySet<string>): string[] {
  const isKnown = (name: string) => {
    if (name.startsWith('.')) return known.has(normalize(join(dirname(path), name)));
    // Decisions are named by their number alone, rows of files with a star.
    if (!/\*|\/\d{4}$/.test(name)) return known.has(name);
    const pattern = new RegExp(`^${name.replaceAll('.', '\\.').replace(/\*+/g, '[^/]*')}(-[^/]*)?$`);
    return [...known].some((one) => pattern.test(one));
  };
  const isSource = /\.(ts|mjs)$/.test(path);
  const parts = isSource
    ? [...text.matchAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/[^\n]*/g)].map(([part]) => part)
    : [text];
  return parts
    .flatMap((part) => [...part.matchAll(FILE_NAME)].map(([name]) => name))
    .filter((name) => !MADE_NAMES.has(name) && !isKnown(name));
}

describe('names of files', () => {
  it('in comments and documents are those of files that exist', () => {
    const tracked = trackedFiles();
    const read = tracked.filter((name) => /\.(ts|mjs|md|svg)$|^config\/[^/]+$|^\.ci\//.test(name));
    const known = partsOfPaths(tracked);
    const wrong = read.flatMap((path) => {
      const text = readFileSync(join(ROOT, path), 'utf8');
      return strangeNames(path, text, known).map((name) => `${path}: ${name}`);
    });
    expectNone(wrong);
  });

  it('in comments point to no document outside', () => {
    const pointer = new RegExp(`desig${'n'}:? §`);
    expectNone(SOURCES.filter(({ text }) => pointer.test(text)).map(({ path }) => path));
  });

  it.each([
    ['src/a.ts', `/** See ${GONE}. */`, [GONE]],
    ['src/a.ts', "// docs/decisions/0099 says why\nimport 'x.ts';", ['docs/decisions/0099']],
    ['docs/a.md', '`export/none/file.ts` and [b](b.md), `src/rooms/`', ['export/none/file.ts', 'src/rooms']],
    ['docs/a.md', '`files/file.ts`, docs/decisions/0004, ../src/export/files/file.ts, files/fi*.ts', []],
  ])('in %s, %j would be found', (path, text, found) => {
    const tracked = ['src/export/files/file.ts', 'docs/decisions/0004-hot.md', 'docs/b.md'];
    expect(strangeNames(path, text, partsOfPaths(tracked))).toEqual(found);
  });
});

describe('tests', () => {
  const files = trackedFiles()
    .filter((path) => path.startsWith('test/'))
    .map((path) => ({ path, folder: dirname(path).slice('test/'.length) }));

  it('lie in the rooms that src/ has, or in folders that are known', () => {
    const isKnown = (folder: string) => folder === '' || TEST_FOLDERS.has(folder) || isRoom(folder);
    expectNone(files.filter(({ folder }) => !isKnown(folder)).map(({ path }) => path));
    const folders = new Set(files.map(({ folder }) => folder));
    expectNone([...TEST_FOLDERS].filter((folder) => !folders.has(folder) || isRoom(folder)));
  });

  it('of one process test the room that they lie in', () => {
    const strangers = files.filter(({ path, folder }) => {
      if (!path.endsWith('.test.ts') || namedKind(path) !== 'unit' || !isRoom(folder)) return false;
      return ![...reachedFrom(ROOT, path).keys()].some((reached) => dirname(reached) === `src/${folder}`);
    });
    expectNone(strangers.map(({ path }) => path));
  });

  it.each([
    ['export/kafka', true],
    ['probe', true],
    ['export/attic', false],
    ['src', false],
  ])('would be in a room in test/%s: %s', (folder, expected) => {
    expect(isRoom(folder)).toBe(expected);
  });
});

describe('hot path', () => {
  it('allocates nothing and calls nothing slow', () => {
    expectNone(SOURCES.filter(({ path }) => isHot(path)).flatMap(bannedIn));
  });

  it('is really looked at', () => {
    const lines = SOURCES.filter(({ path }) => isHot(path)).flatMap(({ text }) => hotLines(text));
    expect(lines.length).toBeGreaterThan(1000);
  });

  it.each([
    ['spread', 'f(...args);'],
    ['template string', 'const s = `a`;'],
    ['throw', "throw new RangeError('x');"],
    ['Buffer method', 'x = buffer.readUInt16BE(3);'],
    ['slice', 'x = view.subarray(3, 4);'],
    ['array callback', 'list.forEach(f);'],
    ['for … of', 'for (const x of list) f(x);'],
    ['closure', 'f(() => 1);'],
    ['object or array', 'const p = [a, b];'],
    ['new', 'x = new Uint8Array(4);'],
  ])('%s would be found', (name, line) => {
    const text = `export function walk(view: DataView): number {\n  ${line}\n  return 0;\n}\n`;
    expect(bannedIn({ path: 'x.ts', text }).join()).toContain(name);
    expect(bannedIn({ path: 'x.ts', text: text.replace('walk', 'createWalk') })).toEqual([]);
    expect(bannedIn({ path: 'x.ts', text: text.replace(line, `// ${line}`) })).toEqual([]);
  });
});
